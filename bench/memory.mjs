// Shows that the guard's memory is bounded whatever the number of items: 2 GB of items, made one by one and pushed with
// `await guard.pushData(item)`, and the peak of the process's memory beside what it was before the first push. Ends with
// exit code 1 if the peak is more than 200 MB above the start, or if an item is missing.
//
//     npm run bench:memory -- [--items 1000000] [--item-bytes 2048] [--json]
//
// The server that stands for the platform is a process of its own, so that its memory does not count. The guard is
// compiled from `src/` as it is now.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { compileBench } from './compile.mjs';

const MAX_GROWTH_MB = 200;
const MEBIBYTE = 1024 * 1024;

const { values } = parseArgs({
    options: {
        'items': { type: 'string', default: '1000000' },
        'item-bytes': { type: 'string', default: '2048' },
        'json': { type: 'boolean', default: false },
    },
});
const items = positiveInteger('items');
const itemBytes = positiveInteger('item-bytes');

const folder = compileBench();
const server = fork(new URL('bench/memory/server.js', folder));
try {
    const { env } = await message(server);
    const guard = fork(new URL('bench/memory/push.js', folder), [String(items), String(itemBytes)], {
        env: { PATH: process.env.PATH, APIFY_LOG_LEVEL: 'ERROR', ...env },
    });
    const result = await message(guard);
    const stored = message(server);
    server.send('count');
    process.exitCode = show({ ...result, server: await stored });
} finally {
    server.disconnect();
}

function show({ seconds, startBytes, peakBytes, samples, report, server: counts }) {
    const growthMb = megabytes(peakBytes - startBytes);
    const problems = [];
    if (growthMb > MAX_GROWTH_MB)
        problems.push(`The peak is ${growthMb} MB above the start, more than ${MAX_GROWTH_MB}.`);
    if (report.storedItems !== items)
        problems.push(`The guard reports ${report.storedItems} stored items of ${items}.`);
    if (counts.storedItems !== items) problems.push(`The server has ${counts.storedItems} items of ${items}.`);
    if (values.json) {
        console.log(JSON.stringify({ items, itemBytes, seconds, startBytes, peakBytes, report, server: counts }));
    } else {
        console.table(
            samples.map(({ pushedItems, rssBytes, peakSoFarBytes }) => ({
                'items pushed': pushedItems,
                'JSON (MB)': megabytes(pushedItems * itemBytes),
                'memory (MB)': megabytes(rssBytes),
                'peak (MB)': megabytes(peakSoFarBytes),
            })),
        );
        console.log(
            `${items} items of ${itemBytes} bytes in ${seconds.toFixed(1)} s and ${counts.requests} requests. ` +
                `Memory: ${megabytes(startBytes)} MB at the start, ${megabytes(peakBytes)} MB at the peak, ` +
                `${growthMb} MB more (limit: ${MAX_GROWTH_MB}).`,
        );
    }
    for (const problem of problems) console.error(problem);
    return problems.length === 0 ? 0 : 1;
}

/** The next message of a child; rejects when it ends without one. */
async function message(child) {
    const ended = once(child, 'exit').then(([exitCode, signal]) => {
        throw new Error(`${child.spawnargs[1]} ended with ${signal ?? exitCode} and said nothing.`);
    });
    const [value] = await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return value;
}

function megabytes(bytes) {
    return Math.round((bytes / MEBIBYTE) * 10) / 10;
}

function positiveInteger(name) {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive integer.`);
    return value;
}
