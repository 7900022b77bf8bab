import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor } from 'apify';

import { CallTimes } from './call-times.js';
import type { ContenderName } from './contenders.js';
import { BARE } from './contenders/bare.js';
import type { Prepare } from './contenders/contender.js';
import { GROWTH, GUARD } from './contenders/guard.js';
import { FLOOR } from './floor.js';
import type { Measured, Task } from './measurement.js';
import { peakRssBytes, resetPeakRss } from './peak-rss.js';
import { startProfile } from './profile.js';
import { SHAPES } from './shapes.js';

/** One sample: does the task that the command line has as JSON, and sends what it measured to the parent process. */
const LOOK_MILLIS = 2;
/** For the histogram to begin before the items come, and to see the last delay. Reset, it would miss the first. */
const SETTLING_MILLIS = 20;

// Without the process that asked nobody is left to answer to.
process.once('disconnect', () => process.exit(1));

const [taskText, profilePath] = process.argv.slice(2);
const task = JSON.parse(taskText!) as Task;
await Actor.init();
const prepare = await load(task.contender);
const store = await prepare(task);
const items = Array.from({ length: task.warmUpItems + task.items }, SHAPES[task.shape].maker());
const warmUp = items.splice(0, task.warmUpItems);
if (warmUp.length > 0) await store(warmUp, new CallTimes());

const calls = new CallTimes();
const delays = monitorEventLoopDelay({ resolution: LOOK_MILLIS });
const profile = profilePath === undefined ? undefined : await startProfile();
(globalThis as { gc?: () => void }).gc?.();
delays.enable();
await sleep(SETTLING_MILLIS);
resetPeakRss();
const startRssBytes = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();

await store(items, calls);

const millis = performance.now() - startedAt;
const cpu = process.cpuUsage(cpuBefore);
const peak = peakRssBytes();
await sleep(SETTLING_MILLIS);
delays.disable();
await profile?.write(profilePath!);
process.send?.({
    millis,
    cpuMillis: (cpu.user + cpu.system) / 1_000,
    startRssBytes,
    peakRssBytes: peak,
    longestDelayMillis: Math.max(0, delays.max / 1e6 - LOOK_MILLIS),
    pushP50Millis: calls.quantile(0.5),
    pushP99Millis: calls.quantile(0.99),
} satisfies Measured);
await Actor.exit();

async function load(contender: ContenderName): Promise<Prepare> {
    // All of Crawlee takes as long to load as all the rest.
    if (contender === 'bare-crawl' || contender === 'guard-crawl') {
        const { CRAWL } = await import('./contenders/crawl.js');
        return CRAWL[contender];
    }
    return { ...BARE, ...GUARD, ...GROWTH, floor: FLOOR }[contender];
}
