import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const ROOT = new URL('../../', import.meta.url);

/** Compiles a module of `src/` with all that it imports, which the built library does not export. Returns the address of the result. */
export async function compiledModule(path: string): Promise<string> {
    const name = createHash('sha256').update(`${path} ${process.pid}`).digest('hex').slice(0, 16);
    const outfile = new URL(`node_modules/.cache/test-modules/${name}.mjs`, ROOT);
    await build({
        entryPoints: [fileURLToPath(new URL(`src/${path}`, ROOT))],
        outfile: fileURLToPath(outfile),
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node20',
        packages: 'external',
        logLevel: 'warning',
    });
    return outfile.href;
}
