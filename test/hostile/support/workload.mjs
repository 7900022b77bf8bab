/**
 * An Actor that pushes hostile items and prints what became of them. Arguments: the address of the library, how many items, a
 * seed, and `repair` where they are to be repaired.
 */
import { Actor } from 'apify';

import { HostileItems, SCHEMA } from './items.mjs';

const [library, count, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const repair = process.argv[5] === 'repair' ? 'prune' : undefined;
const { DatasetGuard } = await import(library);

/** Below a megabyte of JSON no item may hold the event loop for longer. A repair looks several times, also at a list of 50,000 objects. */
const MAX_STALL_MILLIS = repair === undefined ? 200 : 600;
const MAX_BYTES = 1_000_000;
const CALLS_AT_ONCE = 50;

await Actor.init();
const result = { pushed: 0, slowest: 0, slow: [], largestExtra: 0 };
const guard = await DatasetGuard.open({
    schema: SCHEMA,
    repair,
    onQuarantine: (record) => {
        const { item, ...head } = record;
        result.largestExtra = Math.max(result.largestExtra, Buffer.byteLength(JSON.stringify(head)));
    },
});

function bytesOf(item) {
    try {
        return Buffer.byteLength(JSON.stringify(item) ?? '');
    } catch {
        return 0;
    }
}

/** Pushes an item, and returns how long the call held the event loop, less what other processes took of the time. */
function push(item, calls) {
    const [before, cpuBefore] = [performance.now(), process.cpuUsage()];
    calls.push(guard.pushData([item]));
    result.pushed++;
    const { user, system } = process.cpuUsage(cpuBefore);
    return Math.min(performance.now() - before, (user + system) / 1_000);
}

const items = new HostileItems(seed);
let calls = [];
for (let index = 0; index < count; index++) {
    const item = items.next();
    let millis = push(item, calls);
    // What is slow again and again is not the machine.
    for (let again = 0; again < 4 && millis > MAX_STALL_MILLIS; again++) millis = Math.min(millis, push(item, calls));
    if (millis > result.slowest && bytesOf(item) < MAX_BYTES) result.slowest = millis;
    if (millis > MAX_STALL_MILLIS && bytesOf(item) < MAX_BYTES) result.slow.push({ index, millis });
    if (calls.length >= CALLS_AT_ONCE) {
        await Promise.all(calls);
        calls = [];
    }
}
await Promise.all(calls);
await guard.flush();
const report = await guard.close();
const { storedItems, quarantinedItems, repairedItems, receivedItems, pendingItems, unsentItems, reasons } = report;
console.log(
    `RESULT ${JSON.stringify({
        ...result,
        ...{ storedItems, quarantinedItems, repairedItems, receivedItems, pendingItems, unsentItems },
        reasonCount: reasons.length,
        reportBytes: Buffer.byteLength(JSON.stringify(report)),
        peakBytes: process.resourceUsage().maxRSS * 1_024,
    })}`,
);
await Actor.exit();
