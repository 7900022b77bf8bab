import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { GuardClosedError } from '../src/index.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const NO_CHARGE = { eventChargeLimitReached: false, chargedCount: 0, chargeableWithinLimit: {} };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** The result of a push of three items, one of which fails the schema. */
const TWO_OF_THREE = {
    ...NO_CHARGE,
    acceptedItems: 2,
    quarantinedItems: 1,
    duplicateItems: 0,
    repairedItems: 0,
    trimmedItems: 0,
};

describe("ack: 'buffered'", () => {
    it('resolves before anything is sent, and says what passed and what failed here', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        expect(await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }])).toEqual(TWO_OF_THREE);
        expect(run.server.pushRequests(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ receivedItems: 3, storedItems: 0, pendingItems: 3 });
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, quarantinedItems: 1, pendingItems: 0 });
    });

    it('stores the item as it was when it was pushed, whatever the caller does to it afterwards', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        const good = { n: 1, nested: { list: [1] } };
        const bad: any = { n: 'bad' };
        const pushes = [guard.pushData(good), guard.pushData(bad)];
        good.n = 99;
        good.nested.list.push(2);
        bad.n = 5;
        await Promise.all(pushes);
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1, nested: { list: [1] } }]);
        expect(run.quarantined(id).map(({ item }) => item)).toEqual([{ n: 'bad' }]);
    });

    it('may be passed around unbound', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        // oxlint-disable-next-line typescript/unbound-method -- that it may be is what is tested
        const { pushData } = guard;
        await Promise.all([{ n: 1 }, { n: 2 }].map(async (item) => pushData(item)));
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('flushes all that was accepted before, also what comes while it flushes later', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 20;
        const guard = await run.open({ flushIntervalMillis: 60_000 });
        await guard.pushData({ n: 1 });
        const flushes = [guard.flush()];
        await guard.pushData({ n: 2 });
        flushes.push(guard.flush());
        await Promise.all(flushes);
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });
});

describe("ack: 'stored'", () => {
    it('resolves when the items are stored or quarantined, and says how many', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored', flushIntervalMillis: 60_000 });
        expect(await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }])).toEqual(TWO_OF_THREE);
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
        expect(run.quarantined(id)).toHaveLength(1);
    });

    it('counts what the platform rejects, too', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored', schema: false });
        expect(await guard.pushData([{ n: 1 }, { n: 'bad' }, null, {}] as any)).toMatchObject({
            acceptedItems: 1,
            quarantinedItems: 3,
        });
        expect(run.quarantined(id).map(({ rejectedBy, itemPosition }) => [rejectedBy, itemPosition])).toEqual([
            ['guard', 2],
            ['platform', 1],
            ['platform', 2],
        ]);
    });

    it('lets 50 concurrent pushes share requests, in the order of the pushes', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 20;
        const guard = await run.open({ ack: 'stored' });
        const settled: number[] = [];
        const push = async (n: number) => {
            const result = await guard.pushData({ n });
            settled.push(n);
            return result;
        };
        const results = await Promise.all(Array.from({ length: 50 }, async (_, n) => push(n)));
        expect(results.every(({ acceptedItems }) => acceptedItems === 1)).toBe(true);
        expect(run.server.items(id)).toEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
        expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(2);
        expect(settled).toEqual(Array.from({ length: 50 }, (_, n) => n));
    });

    it('puts whatever arrives while a request is under way into the next', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 60;
        const guard = await run.open({ ack: 'stored' });
        const pushes = [guard.pushData({ n: 0 })];
        for (let n = 1; n <= 20; n++) {
            await new Promise((resolve) => {
                setTimeout(resolve, 2);
            });
            pushes.push(guard.pushData({ n }));
        }
        await Promise.all(pushes);
        expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: 21 }, (_, n) => n));
        expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(4);
        expect(run.server.pushRequests(id)[0]!.itemCount).toBe(1);
    });

    it('tells each of several concurrent calls about its own items alone', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored', schema: false });
        const results = await Promise.all([
            guard.pushData([{ n: 1 }, { n: 'bad' }]),
            guard.pushData([{ n: 2 }, { n: 3 }]),
            guard.pushData([{ n: 'bad' }]),
        ]);
        expect(results.map(({ acceptedItems, quarantinedItems }) => [acceptedItems, quarantinedItems])).toEqual([
            [1, 1],
            [2, 0],
            [0, 1],
        ]);
    });

    it('resolves for an empty array, and for one of which nothing is left', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored' });
        expect(await guard.pushData([])).toMatchObject({ acceptedItems: 0, quarantinedItems: 0 });
        expect(await guard.pushData([null, 'x'] as any)).toMatchObject({ acceptedItems: 0, quarantinedItems: 2 });
    });
});

describe('close()', () => {
    it('stores what is left, gives the report, and is idempotent', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        const [first, second] = await Promise.all([guard.close(), guard.close()]);
        const third = await guard.close();
        expect(first).toMatchObject({ receivedItems: 2, storedItems: 1, quarantinedItems: 1, pendingItems: 0 });
        expect(second).toEqual(first);
        expect(third).toEqual(first);
        expect(Object.isFrozen(first)).toBe(true);
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(run.server.pushRequests(id)).toHaveLength(1);
    });

    it('waits for pushes that are under way', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 30;
        const guard = await run.open({ ack: 'stored' });
        const push = guard.pushData({ n: 1 });
        const report = await guard.close();
        expect(report).toMatchObject({ storedItems: 1, pendingItems: 0 });
        expect(await push).toMatchObject({ acceptedItems: 1 });
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });

    it('makes later pushes reject with GuardClosedError, counting nothing; flush() and report() still answer', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        const closing = guard.close();
        await expect(guard.pushData({ n: 1 })).rejects.toThrow(GuardClosedError);
        await closing;
        await expect(guard.pushData({ n: 1 })).rejects.toMatchObject({ code: 'GUARD_CLOSED' });
        await guard.flush();
        expect(guard.report()).toMatchObject({ receivedItems: 0, discardedItems: 0 });
        expect(run.server.items(id)).toEqual([]);
    });
});
