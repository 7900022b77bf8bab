// Shows that `infer` reads any number of items in bounded memory, and how fast it is beside `check`: 1,000,000 items of 1 KB
// as JSON Lines, each command in a process of its own. Ends with exit code 1 if `infer` takes more than 300 MB, or more than
// three times as long as `check`.
//
//     node bench/infer.mjs [--items 1000000] [--item-bytes 1024] [--json]
//
// The items are written to a temporary file, 1 GB by default. The commands are built from `src/` as it is now.

import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { compileBench } from './compile.mjs';

const MAX_MEMORY_MB = 300;
const MAX_TIMES_AS_LONG = 3;

const { values } = parseArgs({
    options: {
        'items': { type: 'string', default: '1000000' },
        'item-bytes': { type: 'string', default: '1024' },
        'json': { type: 'boolean', default: false },
    },
});
const items = positiveInteger('items');
const itemBytes = positiveInteger('item-bytes');

const root = new URL('../', import.meta.url);
const { createItem, FIELDS } = await import(new URL('bench/memory/item.js', compileBench()));
const build = spawnSync(
    process.execPath,
    [file('node_modules/typescript/bin/tsc'), '-p', file('tsconfig.build.json')],
    {
        stdio: 'inherit',
    },
);
if (build.status !== 0) throw new Error('The commands do not compile.');

const folder = mkdtempSync(join(tmpdir(), 'guard-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const source = join(folder, 'items.jsonl');
const schema = join(folder, 'schema.json');
writeFileSync(schema, JSON.stringify(FIELDS));
await writeItems();
show(run('check', '--schema', schema), run('infer'));

async function writeItems() {
    const stream = createWriteStream(source);
    for (let number = 0; number < items; number += 1_000) {
        const count = Math.min(1_000, items - number);
        const lines = Array.from({ length: count }, (_, index) =>
            JSON.stringify(createItem(number + index, itemBytes)),
        );
        if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain');
    }
    stream.end();
    await once(stream, 'close');
}

/** Runs a command on the items; its own process tells how much memory it took at most. */
function run(command, ...args) {
    const tell = `process.on('exit', () => console.error('maxRSS ' + process.resourceUsage().maxRSS))`;
    const cli = fileURLToPath(new URL('dist/cli/main.js', root));
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`, cli, command, source, ...args];
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [...nodeArgs, '--json'], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
    });
    const seconds = (performance.now() - start) / 1_000;
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
    const memoryMb = Math.round((Number(/maxRSS (\d+)/.exec(stderr)[1]) * 1_024) / 1e6);
    return { command, seconds: Number(seconds.toFixed(1)), itemsPerSecond: Math.round(items / seconds), memoryMb };
}

function show(check, infer) {
    const problems = [];
    if (infer.memoryMb > MAX_MEMORY_MB) problems.push(`infer takes ${infer.memoryMb} MB, more than ${MAX_MEMORY_MB}.`);
    if (infer.seconds > check.seconds * MAX_TIMES_AS_LONG) {
        problems.push(
            `infer takes ${infer.seconds} s, more than ${MAX_TIMES_AS_LONG} times the ${check.seconds} s of check.`,
        );
    }
    if (values.json) console.log(JSON.stringify({ items, itemBytes, check, infer }));
    else console.table([check, infer]);
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
}

function file(path) {
    return fileURLToPath(new URL(path, root));
}

function positiveInteger(name) {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive integer.`);
    return value;
}
