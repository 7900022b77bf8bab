// Bundles an Actor that uses the package, as it would be published, with each bundler, and runs the result in a folder
// without packages against the test platform. Downloads the bundlers: `node scripts/bundlers.mjs [name …]`.
// The suite does the same with esbuild alone: test/bundle.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { actorSource, FIELDS, INPUT, LAST_ITEM } from '../test/bundle/support/actor.mjs';
import { checked, installPackage } from './support/install-package.mjs';

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const ESBUILD = ['main.mjs', '--bundle', '--platform=node', '--keep-names', '--log-level=error'];

/** The command line of each bundler, and the file of `out/<name>/` that it writes. The SDK alone needs the same flags. */
const BUNDLERS = {
    'esbuild-esm': {
        command: [
            'esbuild',
            ...ESBUILD,
            '--format=esm',
            '--outfile=out/esbuild-esm/main.mjs',
            `--banner:js=${REQUIRE}`,
        ],
        file: 'main.mjs',
    },
    'esbuild-cjs': {
        command: ['esbuild', ...ESBUILD, '--format=cjs', '--outfile=out/esbuild-cjs/main.cjs'],
        file: 'main.cjs',
    },
    'rollup': { command: ['rollup', '-c', 'rollup.config.mjs', '--silent'], file: 'main.mjs' },
    'webpack': { command: ['webpack', '-c', 'webpack.config.cjs'], file: 'main.cjs' },
    'ncc': { command: ['ncc', 'build', 'main.mjs', '-o', 'out/ncc', '-q'], file: 'index.mjs' },
};

const FILES = {
    'main.mjs': actorSource('apify-dataset-guard'),
    'rollup.config.mjs': `
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';
export default {
    input: 'main.mjs',
    output: { file: 'out/rollup/main.mjs', format: 'es', inlineDynamicImports: true },
    // It reads files beside its own, and the SDK loads it only for its sendRequest.
    external: ['got-scraping'],
    plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs({ ignoreDynamicRequires: true }), json()],
};
`,
    'webpack.config.cjs': `
module.exports = {
    mode: 'production',
    target: 'node20',
    entry: './main.mjs',
    // The SDK looks storages up by the names of its classes.
    optimization: { minimize: false },
    output: { path: __dirname + '/out/webpack', filename: 'main.cjs', asyncChunks: false },
    ignoreWarnings: [() => true],
    performance: false,
};
`,
};

const TOOLS = [
    'esbuild',
    'rollup',
    '@rollup/plugin-commonjs',
    '@rollup/plugin-json',
    '@rollup/plugin-node-resolve',
    'webpack',
    'webpack-cli',
    '@vercel/ncc',
];

const wanted = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'guard-bundlers-'));
let failures = 0;
try {
    const project = join(work, 'project');
    installPackage(project, { packages: ['apify', ...TOOLS] });
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(project, name), content);
    const { startPlatform } = await import(
        pathToFileURL(join(project, 'node_modules/apify-dataset-guard/dist/testing/index.js')).href
    );
    for (const [name, { command, file }] of Object.entries(BUNDLERS)) {
        if (wanted.length > 0 && !wanted.includes(name)) continue;
        const outcome = await bundleAndRun(name, command, file, project, startPlatform).catch(String);
        if (outcome !== 'ok') failures += 1;
        console.log(`${name.padEnd(12)} ${outcome}`);
    }
} finally {
    rmSync(work, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);

async function bundleAndRun(name, command, file, project, startPlatform) {
    checked('npx', ['--no-install', ...command], project);
    const folder = join(work, name);
    // ncc writes a second file, for what the library loads later.
    cpSync(join(project, 'out', name), folder, { recursive: true });
    const platform = await startPlatform({ schema: FIELDS, input: INPUT, cwd: folder });
    try {
        const { exitCode, output } = await platform.run(file);
        assert.equal(exitCode, 0, output);
        assert.deepEqual(platform.items(), [...INPUT.good, LAST_ITEM], output);
        assert.equal(platform.quarantine().length, 1);
        return 'ok';
    } finally {
        await platform.close();
    }
}
