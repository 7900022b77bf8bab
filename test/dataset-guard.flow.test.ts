import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { createGate } from './support/platform-faults.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const KILOBYTE = 'x'.repeat(1_000);

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const sleep = async (millis: number) =>
    new Promise((resolve) => {
        setTimeout(resolve, millis);
    });

describe('flushIntervalMillis', () => {
    it('is how long an item waits at most, without anybody flushing', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 150 });
        const pushedAt = Date.now();
        await guard.pushData({ n: 1 });
        await sleep(60);
        await guard.pushData({ n: 2 });
        expect(run.server.items(id)).toEqual([]);
        await expect.poll(() => run.server.items(id).length, { timeout: 1_000, interval: 5 }).toBe(2);
        const [push] = run.server.pushRequests(id);
        expect(push!.at - pushedAt).toBeGreaterThanOrEqual(145);
        expect(push!.at - pushedAt).toBeLessThan(450);
        await expect.poll(() => guard.report().storedItems).toBe(2);
    });

    it('counts from when an item came in: what came in while a request was under way is sent right after it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 60 });
        const gate = createGate();
        run.server.faults.next({ path: `${id}/items`, fault: { until: gate.opened } });
        await guard.pushData({ n: 1 });
        await expect.poll(() => run.server.pushRequests(id).length, { timeout: 10_000 }).toBe(1);
        await guard.pushData({ n: 2 });
        await sleep(60);
        gate.open();
        await expect.poll(() => run.server.items(id), { timeout: 10_000 }).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('holds in a loop of awaited pushes that waits for nothing else', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 100 });
        const pushedAt = Date.now();
        let n = 0;
        while (run.server.pushRequests(id).length < 2 && Date.now() - pushedAt < 10_000)
            await guard.pushData({ n: n++ });
        const requests = run.server.pushRequests(id);
        expect(requests.length).toBe(2);
        // Not full yet: nothing but the interval can have sent it.
        expect(requests[0]!.byteLength).toBeLessThan(4_000_000);
        await guard.flush();
        expect(run.server.items(id)).toHaveLength(n);
    });

    it('concerns what failed here, too', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 50 });
        await guard.pushData({ n: 'bad' });
        await expect.poll(() => run.quarantined(id).length, { timeout: 1_000, interval: 5 }).toBe(1);
        await expect.poll(() => guard.report().quarantinedItems).toBe(1);
    });

    it('of 0 sends at once; pushes of one tick still share a request', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 0 });
        await Promise.all(Array.from({ length: 20 }, async (_, n) => guard.pushData({ n })));
        await expect.poll(() => run.server.items(id).length, { timeout: 1_000, interval: 5 }).toBe(20);
        expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(2);
    });

    it('does not hold back a full payload', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 60_000, maxPayloadBytes: 2_000 });
        for (let n = 0; n < 3; n++) await guard.pushData({ n, KILOBYTE });
        await expect.poll(() => run.server.items(id).length, { timeout: 1_000, interval: 5 }).toBe(2);
    });
});

describe('back-pressure', () => {
    it('makes pushData wait while maxBufferedBytes are waiting or under way, and keeps the order', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 10;
        const guard = await run.open({ maxPayloadBytes: 10_000, maxBufferedBytes: 20_000 });
        let maxPending = 0;
        let waited = 0;
        for (let n = 0; n < 300; n++) {
            const startedAt = performance.now();
            await guard.pushData({ n, KILOBYTE });
            if (performance.now() - startedAt > 3) waited++;
            maxPending = Math.max(maxPending, guard.report().pendingItems);
        }
        await guard.flush();
        expect(maxPending).toBeLessThanOrEqual(20);
        expect(maxPending).toBeGreaterThan(9);
        expect(waited).toBeGreaterThan(10);
        expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    });

    it('makes pushes of items that fail here wait while the quarantine takes none', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ maxPayloadBytes: 10_000 });
        const gate = createGate();
        run.server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith('/items') && !path.includes(id) ? { until: gate.opened } : undefined,
        );
        const bad = Array.from({ length: 100 }, (_, n) => ({ n: `${n}`, KILOBYTE }));
        let resolved = 0;
        const pushing = (async () => {
            for (const item of bad.slice(0, 50)) {
                await guard.pushData(item);
                resolved++;
            }
            await guard.pushData(bad.slice(50));
        })();
        await sleep(300);
        // Each has its record around it.
        expect(resolved).toBeGreaterThan(3);
        expect(resolved).toBeLessThan(12);
        expect(guard.report().pendingItems).toBeLessThan(12);
        gate.open();
        run.server.faults.clear();
        await pushing;
        expect(guard.report().pendingItems).toBeLessThan(12);
        await guard.flush();
        expect(run.quarantined(id).map(({ item }) => item)).toEqual(bad);
    });

    it('takes a large array in slices as room appears', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 5;
        const guard = await run.open({ maxPayloadBytes: 10_000, maxBufferedBytes: 20_000 });
        let maxPending = 0;
        const watch = setInterval(() => {
            maxPending = Math.max(maxPending, guard.report().pendingItems);
        }, 1);
        const push = guard.pushData(Array.from({ length: 300 }, (_, n) => ({ n, KILOBYTE })));
        expect(await push).toMatchObject({ acceptedItems: 300 });
        expect(guard.report().pendingItems).toBeLessThanOrEqual(20);
        await guard.flush();
        clearInterval(watch);
        expect(maxPending).toBeLessThanOrEqual(20);
        expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    });

    it('keeps the order of calls that nobody waits for, arrays and items', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 5;
        const guard = await run.open({ maxPayloadBytes: 10_000, maxBufferedBytes: 20_000 });
        let next = 0;
        const array = (length: number) => Array.from({ length }, () => ({ n: next++, KILOBYTE }));
        const changed = { n: -1, KILOBYTE };
        const pushes = [array(100), array(1)[0]!, array(50), [], array(1)[0]!].map(async (data) =>
            guard.pushData(data),
        );
        changed.n = next++;
        pushes.push(guard.pushData(changed));
        changed.n = -2;
        pushes.push(guard.pushData(array(10)));
        await Promise.all(pushes);
        await guard.flush();
        expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: next }, (_, n) => n));
    });

    it('serves those in line first come, first served', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 5;
        const guard = await run.open({ maxPayloadBytes: 2_000, maxBufferedBytes: 4_000 });
        await Promise.all(Array.from({ length: 40 }, async (_, n) => guard.pushData({ n, KILOBYTE })));
        await guard.flush();
        expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    });

    it('holds for pushes that wait until they are stored, as well', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored', maxPayloadBytes: 2_000, maxBufferedBytes: 4_000 });
        const batch = (from: number) => Array.from({ length: 10 }, (_, n) => ({ n: from + n, KILOBYTE }));
        const results = await Promise.all([0, 10, 20].map(async (from) => guard.pushData(batch(from))));
        expect(results.map(({ acceptedItems }) => acceptedItems)).toEqual([10, 10, 10]);
        expect(run.server.items(id)).toHaveLength(30);
    });
});

describe('maxParallelRequests', () => {
    it('of 1 has one request under way at most', async () => {
        expect(await mostAtOnce(1)).toBe(1);
    });

    it('of 4 has four under way at once, never more, and loses nothing', async () => {
        expect(await mostAtOnce(4)).toBe(4);
    });

    async function mostAtOnce(maxParallelRequests: number): Promise<number> {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 100;
        const guard = await run.open({ maxParallelRequests, maxPayloadBytes: 2_000 });
        await guard.pushData(Array.from({ length: 12 }, (_, n) => ({ n, KILOBYTE })));
        await guard.flush();
        const stored = run.server.items(id).map(({ n }) => n);
        expect(stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
        // A request is under way for at least the latency.
        const arrivals = run.server.pushRequests(id).map(({ at }) => at);
        return Math.max(...arrivals.map((at) => arrivals.filter((other) => other <= at && other > at - 80).length));
    }
});
