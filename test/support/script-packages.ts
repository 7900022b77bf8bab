import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { childEnv } from './platform-env.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** Inside the repository, so that scripts find all its packages; not in its tree of sources. */
export const SCRIPTS = join(REPOSITORY, 'node_modules/.cache/test-scripts');
const LIBRARY = join(REPOSITORY, 'dist/index.js');
const LOADER = fileURLToPath(new URL('script-packages/', import.meta.url));

/** By the name under which scripts import them. */
const PACKAGES: Record<string, string> = {
    'apify': 'apify',
    'apify-client': 'apify-client',
    'apify-dataset-guard': LIBRARY,
    '@crawlee/core': '@crawlee/core',
    '@crawlee/memory-storage': '@crawlee/memory-storage',
    '@crawlee/basic': '@crawlee/basic',
    '@crawlee/http': '@crawlee/http',
    '@crawlee/cheerio': '@crawlee/cheerio',
};

/**
 * Makes the packages that scripts of tests import: the real ones and the built library, bundled into one file, with V8's code cache
 * beside it. Most of the time that a short process takes goes into finding, loading and compiling a thousand modules, and the
 * suite starts many hundreds.
 */
export async function makeScriptPackages(): Promise<void> {
    // Tests that need the build say so themselves.
    if (!existsSync(LIBRARY)) return;
    const stamp = join(SCRIPTS, 'made-from');
    const inputs = await hashOfInputs();
    if ((await readFile(stamp, 'utf8').catch(() => '')) === inputs) return;
    await rm(SCRIPTS, { recursive: true, force: true });
    await mkdir(SCRIPTS, { recursive: true });
    await bundle();
    // The HTTP client of the crawlers reads them from beside its code.
    await cp(join(REPOSITORY, 'node_modules/header-generator/data_files'), join(SCRIPTS, 'data_files'), {
        recursive: true,
    });
    for (const name of Object.keys(PACKAGES)) await writePackage(name);
    // What it runs is what is compiled beforehand.
    const run = promisify(execFile);
    await run(process.execPath, [join(SCRIPTS, 'make-cache.mjs'), ...Object.keys(PACKAGES)], {
        env: childEnv({ CRAWLEE_STORAGE_DIR: join(SCRIPTS, 'storage') }),
        cwd: SCRIPTS,
    });
    await writeFile(stamp, inputs);
}

/** Where vitest finds the bundled packages for what a test file imports itself: loading the real ones takes a second for each file. */
export function bundledPackages(): { find: RegExp; replacement: string }[] {
    if (!existsSync(LIBRARY)) return [];
    const names = Object.keys(PACKAGES).filter((name) => PACKAGES[name] === name);
    const fileOf = (name: string) => join(SCRIPTS, 'node_modules', name, 'index.js');
    return [
        ...names.map((name) => ({ find: new RegExp(`^${name}$`), replacement: fileOf(name) })),
        { find: /^crawlee$/, replacement: join(LOADER, 'crawlee.mjs') },
    ];
}

async function hashOfInputs(): Promise<string> {
    const hash = createHash('sha256').update(process.version);
    const files = [LIBRARY, join(REPOSITORY, 'package-lock.json'), fileURLToPath(import.meta.url)];
    for (const file of [...files, join(LOADER, 'load.mjs'), join(LOADER, 'make-cache.mjs')]) {
        hash.update(await readFile(file));
    }
    return hash.digest('hex');
}

async function bundle(): Promise<void> {
    const modules = Object.entries(PACKAGES).map(
        ([name, path]) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(path)});`,
    );
    await build({
        stdin: { contents: modules.join('\n'), resolveDir: REPOSITORY },
        outfile: join(SCRIPTS, 'packages.cjs'),
        bundle: true,
        format: 'cjs',
        platform: 'node',
        // The SDK looks storages up by the names of its classes.
        keepNames: true,
        // Code from the cache cannot import.
        supported: { 'dynamic-import': false },
        // Each process reads all of it.
        minifyWhitespace: true,
        legalComments: 'none',
        logLevel: 'error',
    });
    for (const name of ['load.mjs', 'make-cache.mjs']) {
        await writeFile(join(SCRIPTS, name), await readFile(join(LOADER, name)));
    }
}

/** A package that hands out what the bundle has of the one with this name. */
async function writePackage(name: string): Promise<void> {
    const { load } = (await import(pathToFileURL(join(SCRIPTS, 'load.mjs')).href)) as {
        load: (name: string) => object;
    };
    const named = Object.keys(load(name)).filter((key) => /^\w+$/.test(key) && key !== 'default');
    const folder = join(SCRIPTS, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
    const toLoader = join(...name.split('/').map(() => '..'), '../load.mjs');
    await writeFile(
        join(folder, 'index.js'),
        `import { load } from './${toLoader}';\n` +
            `const names = load(${JSON.stringify(name)});\n` +
            `export default names;\n` +
            `export const { ${named.join(', ')} } = names;\n`,
    );
}
