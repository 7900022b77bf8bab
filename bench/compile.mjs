import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

const ROOT = new URL('../', import.meta.url);
/** One for each process: two benchmarks at once do not disturb each other. */
const OUTPUT = new URL(`node_modules/.cache/bench/${process.pid}/`, ROOT);

/**
 * Compiles the benchmarks, with the library and the support server that they use, unchecked: `npm run typecheck` does that.
 * Returns the folder, laid out as here; it is there until this process ends.
 */
export function compileBench() {
    const output = fileURLToPath(OUTPUT);
    process.once('exit', () => rmSync(output, { recursive: true, force: true }));
    // A process that a signal ends has no 'exit'.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
    const sources = ['bench', 'src', 'test/support'].flatMap((folder) =>
        readdirSync(new URL(folder, ROOT), { recursive: true })
            .filter((file) => file.endsWith('.ts'))
            .map((file) => `${folder}/${file}`),
    );
    buildSync({
        absWorkingDir: fileURLToPath(ROOT),
        entryPoints: sources,
        outdir: output,
        outbase: '.',
        format: 'esm',
        target: 'node20',
        logLevel: 'warning',
    });
    // Below `node_modules` no file belongs to this package any more, and its "type" does not count.
    writeFileSync(new URL('package.json', OUTPUT), '{ "type": "module" }\n');
    return OUTPUT;
}
