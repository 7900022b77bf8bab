import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const BUNDLES = join(REPOSITORY, 'node_modules/.cache/test-programs');
const LIBRARY = join(REPOSITORY, 'dist/index.js');

const bundles = new Map<string, Promise<string>>();

/**
 * Bundles a program with the SDK and the built library, which it imports as `apify-dataset-guard`, into one file, as an Actor may be
 * bundled. Most of the time that a short process takes goes into finding and loading a thousand modules; the suite starts hundreds.
 */
export async function bundledProgram(file: string | URL): Promise<string> {
    const path = typeof file === 'string' ? file : fileURLToPath(file);
    const bundle = bundles.get(path) ?? makeBundle(path);
    bundles.set(path, bundle);
    return bundle;
}

async function makeBundle(path: string): Promise<string> {
    const folder = dirname(path);
    const modules = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
    const hash = createHash('sha256');
    for (const input of [
        ...modules.map((name) => join(folder, name)),
        LIBRARY,
        join(REPOSITORY, 'package-lock.json'),
    ]) {
        hash.update(await readFile(input));
    }
    const outfile = join(BUNDLES, `${hash.update(path).digest('hex').slice(0, 20)}.mjs`);
    if (existsSync(outfile)) return outfile;
    await mkdir(BUNDLES, { recursive: true });
    // Other test files may make the same bundle at the same time.
    const unfinished = join(BUNDLES, `${randomUUID()}.mjs`);
    await build({
        entryPoints: [path],
        outfile: unfinished,
        alias: { 'apify-dataset-guard': LIBRARY },
        bundle: true,
        format: 'esm',
        platform: 'node',
        // The SDK looks storages up by the names of its classes.
        keepNames: true,
        logLevel: 'error',
        banner: {
            js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
        },
    });
    await rename(unfinished, outfile);
    return outfile;
}
