import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { SCRIPTS } from './script-packages.js';

const ROOT = new URL('../../', import.meta.url);

const compiled = new Map<string, Promise<string>>();

/** Compiles a module of `src/` with all that it imports, which the built library does not export. Returns the address of the result. */
export async function compiledModule(path: string): Promise<string> {
    return pathToFileURL(await compiledProgram(new URL(`src/${path}`, ROOT))).href;
}

/** Puts a program, with the modules beside it, where it finds the packages of scripts. Returns the path of the result. */
export async function compiledProgram(file: string | URL): Promise<string> {
    const path = typeof file === 'string' ? file : fileURLToPath(file);
    const result = compiled.get(path) ?? compile(path);
    compiled.set(path, result);
    return result;
}

async function compile(path: string): Promise<string> {
    // Other test files may compile the same one at the same time.
    const name = createHash('sha256').update(`${path} ${process.pid}`).digest('hex').slice(0, 16);
    const outfile = join(SCRIPTS, 'programs', `${name}.mjs`);
    await build({
        entryPoints: [path],
        outfile,
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node20',
        packages: 'external',
        logLevel: 'warning',
    });
    return outfile;
}
