import { defineConfig } from '@apify/oxlint-config';

/**
 * Imports go down only:
 * actor, cli → index → dataset-guard → crawlee, redrive, infer → run-end → pipeline → quarantine → report → quality → delivery;
 * schema, apify, sources and testing stand beside them → ports, records, options, errors, waiter → utils.
 * The command line may also use the rooms below it: what it alone needs is no part of the API.
 * Each entry names a room of `src/`, and all that its files may import from the house.
 */
const SDK = {
    regex: '^(apify|apify-client|@apify/.*)$',
    message: 'Only src/apify/ and src/actor/ use the SDK; take a port instead.',
    allowTypeImports: true,
};
/** Types too: a user need not have more of Crawlee than the SDK brings along. */
const CRAWLEE_CORE_ONLY = {
    group: ['crawlee', '@crawlee/*', '!@crawlee/core'],
    message: 'A user need not have more of Crawlee than @crawlee/core.',
};
const CRAWLEE = {
    regex: '^@crawlee/core$',
    message: 'Only src/apify/ uses Crawlee; take its types, or what src/apify/crawlee-core.ts has.',
    allowTypeImports: true,
};

const FLOOR = ['ports', 'records', 'options', 'errors', 'waiter'];
/** Files of `from` in the house are out of bounds, but for those in `allowed` and the helpers in `utils/`. */
const only = (from, allowed, message) => ({
    group: [`${from}*`, `${from}*/**`, ...[...allowed, 'utils/*'].map((file) => `!${from}${file}.js`)],
    message,
});
const restrict = (files, ...patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
const room = (files, ...patterns) => restrict(files, CRAWLEE_CORE_ONLY, ...patterns);

const DOWN = 'Imports go down only.';
/** The rooms below the pipeline, from the bottom. */
const BELOW_PIPELINE = ['delivery/*', 'quality/*', 'report/*', 'apify/*', 'quarantine/*'];

export default defineConfig({
    // What scripts/types.mjs compiles sees the package as users do.
    ignorePatterns: ['dist', 'coverage', 'storage', 'node_modules', 'test/types'],
    rules: {
        'import/no-cycle': 'error',
        'prefer-destructuring': 'off',
        // Files are read from the top: the public contract first, what it stands on below.
        'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
        // A counted array is what `new Array(length)` is for; the preset says the same of the last two.
        'unicorn/no-new-array': 'off',
        'typescript/unbound-method': 'off',
    },
    overrides: [
        {
            files: ['test/**'],
            rules: {
                // Properties hold for random cases, and some of them only for some cases.
                'jest/no-conditional-expect': 'off',
                'vitest/no-conditional-expect': 'off',
                // `(x) => void list.push(x)` is how a recorder says that it answers nothing.
                'no-void': 'off',
                'vitest/expect-expect': [
                    'error',
                    { assertFunctionNames: ['expect', 'expect*', 'assert*', 'fc.assert', 'accepts'] },
                ],
            },
        },
        { files: ['bench/**', 'scripts/**'], rules: { 'no-console': 'off' } },
        room(['src/*.ts'], SDK, CRAWLEE, { group: ['./actor/**', './cli/**'], message: DOWN }),
        room(
            FLOOR.map((file) => `src/${file}.ts`),
            SDK,
            CRAWLEE,
            only(
                './',
                [...FLOOR, 'pipeline/repair/options', 'pipeline/unique/options', 'quality/expectations'],
                'The floor imports nothing above it.',
            ),
        ),
        room(['src/delivery/*.ts'], SDK, CRAWLEE, only('../', FLOOR, DOWN)),
        room(
            ['src/quarantine/*.ts'],
            SDK,
            CRAWLEE,
            only('../', [...FLOOR, 'delivery/*', 'quality/*', 'report/*'], DOWN),
        ),
        room(['src/pipeline/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, ...BELOW_PIPELINE], DOWN)),
        room(
            ['src/pipeline/*/*.ts'],
            SDK,
            CRAWLEE,
            only('../../', [...FLOOR, 'schema/*'], DOWN),
            only('../', [], 'The rooms of the pipeline know nothing of it.'),
        ),
        room(['src/run-end/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, ...BELOW_PIPELINE, 'pipeline/*'], DOWN)),
        room(['src/utils/*.ts'], SDK, CRAWLEE, only('../', FLOOR, DOWN)),
        room(['src/schema/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, 'quality/words'], DOWN)),
        room(['src/quality/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, 'delivery/delivery-counters'], DOWN)),
        // Repair and duplicates know nothing of the pipeline that they are part of.
        room(
            ['src/report/*.ts'],
            SDK,
            CRAWLEE,
            only('../', [...FLOOR, 'quality/*', 'pipeline/repair/*', 'pipeline/unique/*'], DOWN),
        ),
        room(['src/report/*/*.ts'], SDK, CRAWLEE, only('../../', [...FLOOR, 'quality/*'], DOWN)),
        room(['src/apify/*.ts'], only('../', FLOOR, DOWN)),
        room(['src/crawlee/*.ts', 'src/redrive/*.ts'], SDK, CRAWLEE, {
            group: ['../actor/**', '../cli/**', '../index.js', '../dataset-guard.js'],
            message: DOWN,
        }),
        room(['src/sources/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, 'schema/json-syntax'], DOWN)),
        room(['src/infer/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, 'schema/*'], DOWN)),
        room(['src/infer/*/*.ts'], SDK, CRAWLEE, only('../../', [...FLOOR, 'schema/*', 'pipeline/repair/*'], DOWN)),
        room(['src/testing/*.ts'], SDK, CRAWLEE, only('../', [...FLOOR, 'schema/*'], DOWN)),
        room(['src/testing/server/*.ts'], SDK, CRAWLEE, only('../', [], 'The server knows nothing of the guard.')),
        room(['src/cli/**/*.ts'], SDK, CRAWLEE, { group: ['../actor/**', '../dataset-guard.js'], message: DOWN }),
        restrict(
            ['src/actor/**/*.ts'],
            only('../', ['index'], 'The Actor uses the library through ../index.js alone.'),
        ),
    ],
});
