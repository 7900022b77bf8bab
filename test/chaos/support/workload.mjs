/**
 * An Actor that pushes items, through a guard or bare, and notes in a file which it has begun to push and which were accepted.
 * A process that is started again pushes what was not accepted. `WORKLOAD` in its environment says what to do.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor } from 'apify';

const workload = JSON.parse(process.env.WORKLOAD);
const calls = JSON.parse(readFileSync(workload.callsFile, 'utf8'));
const isBare = workload.kind === 'bare';
/** Where an end is to come, these calls wait for it, so that it comes in the middle of the work on a slow machine, too. */
const SHARE_BEFORE_END = 0.8;
/** Where the end that was announced does not come, some more go on before the next one. */
const SHARE_BEFORE_NEXT = 0.95;
/** A user's listener waits for what is under way, but not for ever: while the platform is down a push may wait for it. */
const MAX_WAIT_MILLIS = 1_000;

const failUnhandled = (error) => {
    console.error('UNHANDLED', error);
    process.exit(99);
};
process.on('unhandledRejection', failUnhandled);

const accepted = new Set();
for (const line of readFileSync(workload.progressFile, 'utf8').split('\n')) {
    const [what, ...positions] = line.split(' ');
    if (what === 'accepted') for (const position of positions) accepted.add(Number(position));
}
const progress = openSync(workload.progressFile, 'a');

/** Written before anything else may happen: what is in the file is true, also after a `SIGKILL`. */
function note(what, positions) {
    if (positions.length > 0) writeSync(progress, `${what} ${positions.join(' ')}\n`);
}

await Actor.init();
// The delays of the SDK's own client are cut short like the guard's.
Object.assign(Actor.apifyClient.httpClient, {
    minDelayBetweenRetriesMillis: workload.tuning.firstRetryDelayMillis,
    timeoutMillis: workload.tuning.requestTimeoutSecs * 1_000,
});

let isStopping = false;
let waitsAt = process.env.WAITS_FOR_END ? calls.length * SHARE_BEFORE_END : Infinity;
let comesNot = false;
let pushing = Promise.resolve();
// As Crawlee does: nothing new begins, and what is under way ends.
for (const event of ['migrating', 'aborting']) {
    Actor.on(event, async (data) => {
        // What is only announced does not come, and the Actor goes on. The SDK calls its listeners a second time with nothing.
        comesNot ||= data?.comesNot === true;
        if (data?.comesNot && process.env.WAITS_FOR_END) waitsAt = calls.length * SHARE_BEFORE_NEXT;
        if (comesNot && (data?.comesNot || data?.timeRemainingSecs === undefined)) return;
        isStopping = true;
        await Promise.race([pushing, sleep(MAX_WAIT_MILLIS, undefined, { ref: false })]);
    });
}

/** How a process ends by itself, in the middle of its work. */
const ends = {
    'Actor.exit()': () => void Actor.exit({ timeoutSecs: 20 }),
    'Actor.fail()': () => void Actor.fail('This had to fail.', { timeoutSecs: 20 }),
    'process.exit()': () => process.exit(3),
    'an uncaught error': () => {
        setTimeout(() => {
            throw new Error('Nobody catches this.');
        });
    },
    'an unhandled rejection': () => {
        process.off('unhandledRejection', failUnhandled);
        void Promise.reject(new Error('Nobody handles this.'));
    },
};
Actor.on('chaos', ({ end }) => ends[end]());

let guard;
if (!isBare) {
    const { DatasetGuard } = await import('apify-dataset-guard');
    guard = await DatasetGuard.open(workload.options, workload.tuning);
}
console.log('ready');

pushing = pushAll();
await pushing;
if (!isStopping) await Actor.exit({ timeoutSecs: 20 });

async function pushAll() {
    let position = 0;
    for (const [index, call] of calls.entries()) {
        if (index >= waitsAt) console.log('waits');
        while (index >= waitsAt && !isStopping) await sleep(20);
        const first = position;
        position += call.length;
        const rest = call.map((item, index) => ({ item, position: first + index }));
        await push(rest.filter((entry) => !accepted.has(entry.position)));
        if (isStopping) return;
        if (workload.pauseMillis) await sleep(workload.pauseMillis);
    }
}

async function push(entries) {
    const positionsOf = (some) => some.map(({ position }) => position);
    if (entries.length === 0) return;
    note('begun', positionsOf(entries));
    if (isBare) {
        // What most Actors do: say so, and go on.
        await Actor.pushData(entries.map(({ item }) => item)).catch((error) =>
            console.error('pushData failed:', error.message),
        );
        note('accepted', positionsOf(entries));
        return;
    }
    for (let rest = entries; rest.length > 0 && !isStopping;) {
        try {
            await guard.pushData(rest.map(({ item }) => item));
            note('accepted', positionsOf(rest));
            return;
        } catch (error) {
            if (error.code === 'GUARD_CLOSED') return;
            if (error.code !== 'DELIVERY' && error.code !== 'QUARANTINE') throw error;
            const unstored = new Set(error.unstored);
            note('accepted', positionsOf(rest.filter((_, index) => !unstored.has(index))));
            rest = rest.filter((_, index) => unstored.has(index));
            await sleep(20);
            await guard.flush().catch(() => {});
        }
    }
}
