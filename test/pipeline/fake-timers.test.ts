import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { settlesWithin } from '../support/platform-faults.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const TIMES = { listingLagMillis: 200, firstRetryDelayMillis: 10 };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => {
    vi.useRealTimers();
    // What hangs after a failure must not hang the tests behind it.
    await settlesWithin(3_000, 'Closing the guards', run.reset());
});
afterAll(async () => settlesWithin(3_000, 'Stopping the run', run.stop()));

describe("in a user's test with fake timers that nobody advances", () => {
    it.each([
        ['before the guard is opened', true],
        ['after the guard was opened', false],
    ])('a push that waits until its items are stored resolves, where they come %s', async (_name, isBefore) => {
        const id = run.freshDataset(FIELDS);
        if (isBefore) vi.useFakeTimers();
        const guard = await run.open({ ack: 'stored' }, TIMES);
        vi.useFakeTimers();
        const push = guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 2 }]);
        expect(await settlesWithin(5_000, 'pushData()', push)).toMatchObject({ acceptedItems: 2, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('flush() and close() resolve', async () => {
        const id = run.freshDataset(FIELDS);
        vi.useFakeTimers();
        const guard = await run.open({}, TIMES);
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        await settlesWithin(5_000, 'flush()', guard.flush());
        await guard.pushData({ n: 2 });
        await settlesWithin(5_000, 'close()', guard.close());
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('a request that failed is tried again', async () => {
        const id = run.freshDataset(FIELDS);
        vi.useFakeTimers();
        const guard = await run.open({ ack: 'stored' }, TIMES);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 2, fault: { status: 503 } });
        await settlesWithin(5_000, 'pushData()', guard.pushData({ n: 1 }));
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });

    it('an array so large that the event loop has to turn meanwhile is accepted', async () => {
        const id = run.freshDataset(null);
        vi.useFakeTimers();
        const guard = await run.open({ ack: 'stored' }, TIMES);
        const items = Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'x'.repeat(50) }));
        await settlesWithin(15_000, 'pushData()', guard.pushData(items));
        expect(run.server.items(id)).toHaveLength(50_000);
    });

    it('the flush interval is what the test makes of it', async () => {
        const id = run.freshDataset(FIELDS);
        vi.useFakeTimers();
        const guard = await run.open({ flushIntervalMillis: 60_000 }, TIMES);
        await guard.pushData({ n: 1 });
        await vi.advanceTimersByTimeAsync(61_000);
        vi.useRealTimers();
        await expect.poll(() => run.server.items(id), { timeout: 5_000 }).toEqual([{ n: 1 }]);
    });
});
