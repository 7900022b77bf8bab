import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../', import.meta.url);
/** One for each process: two benchmarks at once do not disturb each other. */
const OUTPUT = new URL(`node_modules/.cache/bench/${process.pid}/`, ROOT);

/**
 * Compiles the benchmarks, with the library and the support server that they use, unchecked: `npm run typecheck` does that.
 * Returns the folder, laid out as here; it is there until this process ends.
 */
export function compileBench() {
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT));
    const project = fileURLToPath(new URL('tsconfig.bench.json', ROOT));
    const output = fileURLToPath(OUTPUT);
    process.once('exit', () => rmSync(output, { recursive: true, force: true }));
    // A process that a signal ends has no 'exit'.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
    const { status } = spawnSync(process.execPath, [tsc, '-p', project, '--outDir', output, '--noCheck'], {
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) throw new Error('The benchmarks do not compile.');
    mkdirSync(OUTPUT, { recursive: true });
    // Below `node_modules` no file belongs to this package any more, and its "type" does not count.
    writeFileSync(new URL('package.json', OUTPUT), '{ "type": "module" }\n');
    return OUTPUT;
}
