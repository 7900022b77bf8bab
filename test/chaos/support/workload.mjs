/**
 * An Actor that pushes items, through a guard or bare, and notes in a file how many were accepted. A process that
 * is started again goes on where the last one stopped. `WORKLOAD` in its environment says what to do.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor } from 'apify';

const workload = JSON.parse(process.env.WORKLOAD);
const calls = JSON.parse(readFileSync(workload.callsFile, 'utf8'));
const isBare = workload.kind === 'bare';

process.on('unhandledRejection', (error) => {
    console.error('UNHANDLED', error);
    process.exit(99);
});

const progress = openSync(workload.progressFile, 'a');
let accepted = Number(readFileSync(workload.progressFile, 'utf8').trim().split('\n').at(-1));

/** Written before anything else may happen: what is in the file was accepted, also after a `SIGKILL`. */
function note(count) {
    accepted += count;
    writeSync(progress, `${accepted}\n`);
}

await Actor.init();
// The delays of the SDK's own client are cut short like the guard's.
Object.assign(Actor.apifyClient.httpClient, {
    minDelayBetweenRetriesMillis: workload.tuning.firstRetryDelayMillis,
    timeoutMillis: workload.tuning.requestTimeoutSecs * 1_000,
});

let isStopping = false;
let pushing = Promise.resolve();
// As Crawlee does: nothing new begins, and what is under way ends.
for (const event of ['migrating', 'aborting']) {
    Actor.on(event, async () => {
        isStopping = true;
        await pushing;
    });
}

let guard;
if (!isBare) {
    const { DatasetGuard } = await import(workload.library);
    guard = await DatasetGuard.open(workload.options, workload.tuning);
}
console.log('ready');

pushing = pushAll();
await pushing;
if (!isStopping) await Actor.exit({ timeoutSecs: 20 });

async function pushAll() {
    let position = 0;
    for (const call of calls) {
        position += call.length;
        if (position > accepted) await push(call.slice(accepted - position));
        if (isStopping) return;
        if (workload.pauseMillis) await sleep(workload.pauseMillis);
    }
}

async function push(items) {
    if (isBare) {
        // What most Actors do: say so, and go on.
        await Actor.pushData(items).catch((error) => console.error('pushData failed:', error.message));
        note(items.length);
        return;
    }
    for (let rest = items; rest.length > 0 && !isStopping;) {
        try {
            await guard.pushData(rest);
            note(rest.length);
            return;
        } catch (error) {
            if (error.code === 'GUARD_CLOSED') return;
            if (error.code !== 'DELIVERY' && error.code !== 'QUARANTINE') throw error;
            // Buffered items of the call are kept; those of a call that waits are not.
            if (workload.options.ack !== 'stored') {
                note(error.acceptedItems ?? 0);
                rest = rest.slice(error.acceptedItems ?? 0);
            }
            await sleep(20);
            await guard.flush().catch(() => {});
        }
    }
}
