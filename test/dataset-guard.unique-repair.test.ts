import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { accountedItems, type PlatformRun, startPlatformRun } from './support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'number' }, name: { type: 'string', maxLength: 9 } },
    additionalProperties: false,
};
/** Only the platform validates, so that its errors have items repaired that were let through with another key. */
const OPTIONS = { schema: false, unique: 'id', repair: { coerce: true, unknown: 'remove' }, ack: 'stored' } as const;
const QUICK = { listingLagMillis: 50, firstRetryDelayMillis: 10 };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const names = (id: string) => run.server.items<{ name: string }>(id).map(({ name }) => name);

describe("an item that the platform's errors repair to the key of another one", () => {
    it('is not stored beside that, and is in quarantine as it was pushed, from the same push', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(OPTIONS);
        const items = [
            { id: 1, name: 'number' },
            { id: '1', name: 'text' },
            { id: '2.0', name: 'first' },
            { id: '2', name: 'second' },
        ];
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 2, quarantinedItems: 2, repairedItems: 1 });
        expect(names(id)).toEqual(['number', 'first']);
        expect(run.quarantined(id).map(({ item }) => item)).toEqual([items[1], items[3]]);
        expect(accountedItems(guard.report())).toBe(4);
    });

    it('is not stored beside that from a later push, nor that from a push after it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(OPTIONS);
        await guard.pushData({ id: '1', name: 'text' });
        await guard.pushData({ id: 1, name: 'number' });
        await guard.pushData({ id: '1.0', name: 'again' });
        expect(names(id)).toEqual(['text']);
        expect(guard.report()).toMatchObject({ storedItems: 1, duplicateItems: 1, quarantinedItems: 1 });
    });

    it('makes a later item with that key wait, which takes its place when it is rejected again', async () => {
        // A long name is an error only beside a number.
        const condition = { properties: { id: { type: 'number' } } };
        const id = run.freshDataset({ ...FIELDS, if: condition, then: { properties: { name: { maxLength: 4 } } } });
        const guard = await run.open(OPTIONS);
        let release = (): void => undefined;
        const until = new Promise<void>((resolve) => {
            release = resolve;
        });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, skip: 1, fault: { until } });
        const first = guard.pushData({ id: '1', name: 'longer' });
        await expect.poll(() => run.server.pushRequests(id).length).toBe(2);
        const second = guard.pushData({ id: 1, name: 'good' });
        await new Promise(setImmediate);
        expect(guard.report()).toMatchObject({ receivedItems: 2, pendingItems: 2 });
        release();
        expect(await Promise.all([first, second])).toMatchObject([{ quarantinedItems: 1 }, { acceptedItems: 1 }]);
        expect(names(id)).toEqual(['good']);
        expect(run.server.pushRequests(id).map(({ status }) => status)).toEqual([400, 400, 201]);
    });

    it('leaves its former key to the item that waits for it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...OPTIONS, unique: ['id', 'name'], repair: 'prune' });
        const items = [
            { id: 1, name: 'much too long' },
            { id: 1, name: 'much too long', more: 1 },
        ];
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 2, repairedItems: 2, duplicateItems: 0 });
        expect(run.server.items(id)).toEqual([{ id: 1 }, { id: 1 }]);
    });

    it('keeps its new key while the platform does not answer, and is given back with it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(OPTIONS, QUICK);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, skip: 1, fault: { status: 403 } });
        await expect(guard.pushData({ id: '1', name: 'text' })).rejects.toMatchObject({ code: 'DELIVERY' });
        await guard.pushData({ id: 1, name: 'number' });
        await guard.pushData({ id: '1', name: 'text' });
        expect(names(id)).toEqual(['number']);
        expect(accountedItems(guard.report())).toBe(3);
    });

    it("is stored and counted as a duplicate with duplicates: 'count'", async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...OPTIONS, duplicates: 'count' });
        await guard.pushData([
            { id: 1, name: 'number' },
            { id: '1', name: 'text' },
        ]);
        expect(names(id)).toEqual(['number', 'text']);
        expect(guard.report().duplicates).toEqual({ found: 1, samples: ['1'] });
    });
});

describe('a repaired item that is a duplicate', () => {
    it("is in quarantine as it was pushed, with duplicates: 'quarantine'", async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ unique: 'id', repair: 'prune', duplicates: 'quarantine', ack: 'stored' });
        const items = [
            { id: 1, name: 'kept' },
            { id: 1, name: 'much too long', more: 1 },
        ];
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 1, quarantinedItems: 1, repairedItems: 0 });
        expect(names(id)).toEqual(['kept']);
        expect(run.quarantined(id)).toMatchObject([{ reason: 'duplicate', item: items[1] }]);
    });
});
