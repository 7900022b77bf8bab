// Builds `dist/`. Loading a hundred modules would cost the start of an Actor 50 ms more, so each entry point becomes one file, with
// what is shared or loaded later in chunks. The command line has a copy of its own: sharing would cut the library into small pieces.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const ROOT = new URL('../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

/** Node.js looks this up in the `imports` of `package.json`, from whichever chunk asks for it. */
const CRAWLEE_CORE = '#crawlee-core';
const CRAWLEE_CORE_NAMES = ['checkStorageAccess', 'Configuration', 'CriticalError', 'Dataset', 'NonRetryableError'];

/** All modules with their types. Their JavaScript is made below. */
function buildTypes() {
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT));
    const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
        cwd: fileURLToPath(ROOT),
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) process.exit(1);
}

/**
 * Node.js reads a CommonJS package whole before an ES module may import names of it: all of `@crawlee/core` once more, 20 ms. A
 * `require` takes the module that the SDK has loaded. It stands in a file of CommonJS, where each bundler follows it.
 */
function writeCrawleeCore() {
    const names = CRAWLEE_CORE_NAMES.map((name) => `exports.${name} = core.${name};`);
    const lines = ["'use strict';", "const core = require('@crawlee/core');", ...names, ''];
    writeFileSync(new URL('dist/crawlee-core.cjs', ROOT), lines.join('\n'));
}

const external = (filter, path) => ({
    name: `external ${path}`,
    setup: ({ onResolve }) => onResolve({ filter }, () => ({ path, external: true })),
});

async function buildEntries(entries, { outdir, plugins = [] }) {
    const { metafile } = await build({
        absWorkingDir: fileURLToPath(ROOT),
        entryPoints: entries,
        outdir,
        bundle: true,
        splitting: true,
        chunkNames: 'chunks/[name]-[hash]',
        format: 'esm',
        platform: 'node',
        target: 'node20',
        packages: 'external',
        define: { LIBRARY_VERSION: JSON.stringify(version) },
        plugins: [external(/^@crawlee\/core$/, CRAWLEE_CORE), ...plugins],
        metafile: true,
        logLevel: 'warning',
    });
    removeOldChunks(new URL(`${outdir}/chunks/`, ROOT), Object.keys(metafile.outputs));
}

/** After the new ones are there: a program that starts meanwhile finds either. */
function removeOldChunks(folder, outputs) {
    const built = new Set(outputs.map((file) => basename(file)));
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
        if (!built.has(name)) rmSync(new URL(name, folder));
    }
}

if (!process.argv.includes('--no-types')) buildTypes();
mkdirSync(new URL('dist/', ROOT), { recursive: true });
writeCrawleeCore();
await buildEntries({ 'index': 'src/index.ts', 'testing/index': 'src/testing/index.ts' }, { outdir: 'dist' });
await buildEntries({ main: 'src/cli/main.ts' }, { outdir: 'dist/cli' });
// The Actor of this repository uses the library as others do.
await buildEntries(
    { main: 'src/actor/main.ts' },
    { outdir: 'dist/actor', plugins: [external(/^\.\.\/index\.js$/, '../index.js')] },
);
