import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { build, type OnLoadArgs } from 'esbuild';

import { childEnv } from './platform-env.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** Inside the repository, so that scripts find all its packages; not in its tree of sources. */
export const SCRIPTS = join(REPOSITORY, 'node_modules/.cache/test-scripts');
const LIBRARY = join(REPOSITORY, 'dist/index.js');
const COMMAND_LINE = 'apify-dataset-guard/cli';
/** Bundled packages, each by its name. */
export const BUNDLED_PACKAGES = join(SCRIPTS, 'node_modules');
/** Starts the built command line; what it imports comes from the bundle. */
export const BUNDLED_COMMAND_LINE = join(SCRIPTS, 'cli.mjs');
/** The built Actor of this repository, on the packages of the bundle. */
export const BUNDLED_ACTOR = join(SCRIPTS, 'actor/main.js');
const FILES_OF_LIBRARY = /[\\/]dist[\\/](?:cli|chunks)[\\/][\w-]+\.js$/;
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
    await writePackage('crawlee', ['@crawlee/core', '@crawlee/basic', '@crawlee/http', '@crawlee/cheerio']);
    await writeEntries();
    // What it runs is what is compiled beforehand.
    const run = promisify(execFile);
    await run(process.execPath, [join(SCRIPTS, 'make-cache.mjs'), COMMAND_LINE, ...Object.keys(PACKAGES)], {
        env: childEnv({ CRAWLEE_STORAGE_DIR: join(SCRIPTS, 'storage') }),
        cwd: SCRIPTS,
    });
    await writeFile(stamp, inputs);
}

/** Where vitest finds the bundled packages for what a test file imports itself: loading the real ones takes a second for each file. */
export function bundledPackages(): { find: RegExp; replacement: string }[] {
    if (!existsSync(LIBRARY)) return [];
    const names = Object.keys(PACKAGES).filter((name) => PACKAGES[name] === name);
    const fileOf = (name: string) => join(BUNDLED_PACKAGES, name, 'index.js');
    return [
        ...names.map((name) => ({ find: new RegExp(`^${name}$`), replacement: fileOf(name) })),
        { find: /^crawlee$/, replacement: join(LOADER, 'crawlee.mjs') },
    ];
}

async function hashOfInputs(): Promise<string> {
    const hash = createHash('sha256').update(process.version);
    const built = [LIBRARY, join(REPOSITORY, 'dist/cli/main.js'), join(REPOSITORY, 'dist/actor/main.js')];
    const files = [...built, join(REPOSITORY, 'package-lock.json'), fileURLToPath(import.meta.url)];
    for (const file of [...files, join(LOADER, 'load.mjs'), join(LOADER, 'make-cache.mjs')]) {
        hash.update(await readFile(file));
    }
    return hash.digest('hex');
}

async function bundle(): Promise<void> {
    const modules = Object.entries({ ...PACKAGES, [COMMAND_LINE]: join(REPOSITORY, 'dist/cli/main.js') }).map(
        ([name, path]) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(path)});`,
    );
    const file = join(SCRIPTS, 'packages.cjs');
    await build({
        stdin: { contents: modules.join('\n'), resolveDir: REPOSITORY },
        outfile: file,
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
        plugins: [
            { name: 'imports of a user', setup: ({ onLoad }) => onLoad({ filter: FILES_OF_LIBRARY }, loadLibrary) },
        ],
    });
    await writeFile(file, toAscii(await readFile(file, 'utf8')));
    for (const name of ['load.mjs', 'make-cache.mjs']) {
        await writeFile(join(SCRIPTS, name), await readFile(join(LOADER, name)));
    }
}

/** Code from the cache cannot import, so that the loader imports the modules that the user of the command line names. */
async function loadLibrary({ path }: OnLoadArgs) {
    const code = await readFile(path, 'utf8');
    return { contents: code.replaceAll('import(pathToFileURL(', 'importForUser(pathToFileURL(') };
}

/** Escapes all other characters: a file of ASCII is read without decoding. */
function toAscii(code: string): string {
    return code.replaceAll(/[^\0-\u007F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Writes a package whose exports are those of the bundled `parts`. */
async function writePackage(name: string, parts = [name]): Promise<void> {
    const { load } = (await import(pathToFileURL(join(SCRIPTS, 'load.mjs')).href)) as {
        load: (name: string) => object;
    };
    const named = new Set(parts.flatMap((part) => Object.keys(load(part))).filter(isNameOfExport));
    const folder = join(BUNDLED_PACKAGES, name);
    await mkdir(folder, { recursive: true });
    await writeFile(
        join(folder, 'package.json'),
        // Only the library has a file for the second.
        JSON.stringify({ type: 'module', exports: { '.': './index.js', './testing': './testing.js' } }),
    );
    const toLoader = join(...name.split('/').map(() => '..'), '../load.mjs');
    await writeFile(
        join(folder, 'index.js'),
        `import { load } from './${toLoader}';\n` +
            `const names = Object.assign({}, ...${JSON.stringify(parts)}.map(load));\n` +
            `export default names;\n` +
            `export const { ${[...named].join(', ')} } = names;\n`,
    );
}

const isNameOfExport = (key: string) => /^\w+$/.test(key) && key !== 'default';

/** What else a user of the library starts or imports, on the packages of the bundle. */
async function writeEntries(): Promise<void> {
    await writeFile(BUNDLED_COMMAND_LINE, `import { load } from './load.mjs';\nload('${COMMAND_LINE}');\n`);
    const testing = pathToFileURL(join(REPOSITORY, 'dist/testing/index.js')).href;
    await writeFile(join(BUNDLED_PACKAGES, 'apify-dataset-guard/testing.js'), `export * from '${testing}';\n`);
    await writeFile(join(SCRIPTS, 'index.js'), `export * from 'apify-dataset-guard';\n`);
    await cp(join(REPOSITORY, 'dist/actor'), join(SCRIPTS, 'actor'), { recursive: true });
}
