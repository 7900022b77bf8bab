import { defineConfig } from '@apify/oxlint-config';

/**
 * Imports go down only:
 * actor, cli → index → dataset-guard, crawlee, redrive → pipeline, schema, apify, report → ports, options, errors.
 * Each entry names a room of `src/` and what its files must not reach for.
 */
const SDK = {
    regex: '^(apify|apify-client|@apify/.*)$',
    message: 'Only src/apify/ and src/actor/ use the SDK; take a port instead.',
    allowTypeImports: true,
};
const CRAWLEE = {
    regex: '^(crawlee|@crawlee/.*)$',
    message: 'The library uses Crawlee as types only.',
    allowTypeImports: true,
};
const upper = (...rooms) => ({ regex: `^\\.\\./(${rooms.join('|')})(/|\\.js$)`, message: 'Imports go down only.' });

const room = (files, ...patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
const ALL_ABOVE_THE_FLOOR = ['actor', 'cli', 'index', 'dataset-guard', 'crawlee', 'redrive'];

export default defineConfig({
    ignorePatterns: ['dist', 'storage', 'node_modules'],
    rules: {
        'import/no-cycle': 'error',
    },
    overrides: [
        room(['src/ports.ts', 'src/options.ts', 'src/errors.ts'], SDK, CRAWLEE, {
            regex: '^\\./(?!ports|options|errors)',
            message: 'The floor imports nothing above it.',
        }),
        room(['src/pipeline/*.ts'], SDK, CRAWLEE, upper(...ALL_ABOVE_THE_FLOOR, 'schema', 'apify', 'report'), {
            regex: '^\\./',
            message: 'No stage of the pipeline imports another.',
        }),
        room(['src/pipeline/*/*.ts'], SDK, CRAWLEE, {
            regex: '^\\.\\./(?!\\.\\./(ports|options|errors)\\.js$)',
            message: 'No stage of the pipeline imports another.',
        }),
        room(['src/schema/*.ts'], SDK, CRAWLEE, upper(...ALL_ABOVE_THE_FLOOR, 'pipeline', 'apify', 'report')),
        room(['src/apify/*.ts'], CRAWLEE, upper(...ALL_ABOVE_THE_FLOOR, 'pipeline', 'schema', 'report')),
        room(['src/report/*.ts'], SDK, CRAWLEE, upper(...ALL_ABOVE_THE_FLOOR, 'pipeline', 'schema', 'apify')),
        room(['src/dataset-guard.ts'], SDK, CRAWLEE, {
            regex: '^\\./(index|cli|actor)',
            message: 'Imports go down only.',
        }),
        room(['src/crawlee/*.ts', 'src/redrive/*.ts'], SDK, CRAWLEE, upper('actor', 'cli', 'index')),
        room(['src/index.ts'], SDK, CRAWLEE, { regex: '^\\./(cli|actor)', message: 'Imports go down only.' }),
        room(['src/cli/**/*.ts'], SDK, CRAWLEE, {
            regex: '^\\.\\./(?!index\\.js$)',
            message: 'The command line uses the library through ../index.js alone.',
        }),
        room(['src/actor/**/*.ts'], {
            regex: '^\\.\\./(?!index\\.js$)',
            message: 'The Actor uses the library through ../index.js alone.',
        }),
    ],
});
