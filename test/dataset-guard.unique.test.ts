import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { DatasetGuard } from '../src/index.js';
import { accountedItems, type PlatformRun, startPlatformRun } from './support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'number' } },
};
/** As the support server's listings do not lag. */
const QUICK = { listingLagMillis: 50, firstRetryDelayMillis: 10 };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** Holds the next push to the dataset until the returned function is called. */
function holdPush(id: string, fault: object = {}): () => void {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
        release = resolve;
    });
    run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { until, ...fault } });
    return release;
}

/** Each received item is in exactly one figure. */
function expectAccount(guard: DatasetGuard<any>, expected: Record<string, number>): void {
    const report = guard.report();
    expect(report).toMatchObject(expected);
    expect(accountedItems(report)).toBe(report.receivedItems);
}

const names = (id: string) => run.server.items<{ name: string }>(id).map(({ name }) => name);

describe('unique', () => {
    it('stores the first item with a key, and counts later ones as duplicates, in one push and in several', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', ack: 'stored' });
        const first = await guard.pushData([
            { url: 'a', name: '1' },
            { url: 'b', name: '2' },
            { url: 'a', name: '3' },
        ]);
        const second = await guard.pushData([
            { url: 'b', name: '4' },
            { url: 'c', name: '5' },
        ]);
        expect(names(id)).toEqual(['1', '2', '5']);
        expect(first).toMatchObject({ acceptedItems: 2, duplicateItems: 1, quarantinedItems: 0, trimmedItems: 0 });
        expect(second).toMatchObject({ acceptedItems: 1, duplicateItems: 1 });
        expectAccount(guard, { receivedItems: 5, storedItems: 3, duplicateItems: 2, pendingItems: 0 });
        expect(guard.report().duplicates).toEqual({ found: 2, samples: ['a', 'b'] });
    });

    it('makes a buffered push say which items are known to be duplicates, and counts those that wait as accepted', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', flushIntervalMillis: 600_000 });
        await guard.pushData({ url: 'a', name: '1' });
        expect(await guard.pushData([{ url: 'a' }, { url: 'b' }])).toMatchObject({
            acceptedItems: 2,
            duplicateItems: 0,
        });
        expectAccount(guard, { receivedItems: 3, pendingItems: 3, duplicateItems: 0 });
        await guard.flush();
        expectAccount(guard, { storedItems: 2, pendingItems: 0, duplicateItems: 1 });
        expect(await guard.pushData([{ url: 'a' }, { url: 'c' }])).toMatchObject({
            acceptedItems: 1,
            duplicateItems: 1,
        });
        await guard.flush();
        expect(run.server.items(id)).toHaveLength(3);
    });

    it('does not let a push that waits for its items wait for the flush interval of others', async () => {
        run.freshDataset();
        const guard = await run.open({ unique: 'url', flushIntervalMillis: 600_000 });
        await guard.pushData({ url: 'a' });
        guard.install();
        const { Actor } = await import('apify');
        await Actor.pushData({ url: 'a' });
        expectAccount(guard, { storedItems: 1, duplicateItems: 1 });
    });

    it('keeps every item without a key: missing, null, empty text, an object, an array', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', ack: 'stored' });
        const items = [{}, { url: null }, { url: '' }, { url: {} }, { url: [] }].flatMap((item) => [item, item]);
        await guard.pushData(items);
        expect(run.server.items(id)).toEqual(items);
        expectAccount(guard, { storedItems: 10, duplicateItems: 0 });
    });

    it('tells numbers, text and booleans apart', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'id', ack: 'stored' });
        const items = [{ id: 1 }, { id: '1' }, { id: true }, { id: 'true' }];
        await guard.pushData([...items, ...items]);
        expect(run.server.items(id)).toEqual(items);
    });

    it('takes all parts of a list, by pointers, too', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: ['shop', '/product/id'], ack: 'stored' });
        await guard.pushData([
            { shop: 'a', product: { id: 1 }, name: '1' },
            { shop: 'a', product: { id: 2 }, name: '2' },
            { shop: 'a', product: { id: 1 }, name: '3' },
            { shop: 'a', name: '4' },
            { shop: 'a', name: '5' },
        ]);
        expect(names(id)).toEqual(['1', '2', '4', '5']);
    });

    it('asks a function for the key of the item as it will be stored', async () => {
        const id = run.freshDataset();
        const seen: unknown[] = [];
        const guard = await run.open({
            unique: (item) => {
                seen.push(item);
                return item.at?.slice(0, 10);
            },
            ack: 'stored',
        });
        const date = new Date('2025-01-31T12:00:00Z');
        await guard.pushData([{ at: date, name: '1' }, { at: '2025-01-31', name: '2' }, { name: '3' }]);
        expect(names(id)).toEqual(['1', '3']);
        expect(seen[0]).toEqual({ at: '2025-01-31T12:00:00.000Z', name: '1' });
    });

    it.each([
        ['throws', () => expect.fail('of the test')],
        ['returns a promise', async () => 'a'],
    ])('keeps the items whose function %s', async (_what, unique: any) => {
        const id = run.freshDataset();
        const guard = await run.open({ unique, ack: 'stored' });
        await guard.pushData([{ url: 'a' }, { url: 'a' }]);
        expect(run.server.items(id)).toHaveLength(2);
        expectAccount(guard, { storedItems: 2, duplicateItems: 0 });
    });

    it('lets a function that changes its item change nothing that is stored', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({
            unique: (item) => {
                item.n = 'bad';
                return item.url;
            },
            ack: 'stored',
        });
        const item = { url: 'a', n: 1 };
        await guard.pushData(item);
        expect(run.server.items(id)).toEqual([{ url: 'a', n: 1 }]);
        expect(item).toEqual({ url: 'a', n: 1 });
    });

    it('gives its place to a later item when the guard rejects the first', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ unique: 'url', ack: 'stored' });
        await guard.pushData([
            { url: 'a', n: 'bad' },
            { url: 'a', n: 1, name: '2' },
        ]);
        expect(names(id)).toEqual(['2']);
        expectAccount(guard, { storedItems: 1, quarantinedItems: 1, duplicateItems: 0 });
    });

    it('takes the key of a repaired item', async () => {
        const id = run.freshDataset({ type: 'object', properties: { id: { type: 'number' } } });
        const guard = await run.open({ unique: 'id', repair: { coerce: true }, ack: 'stored' });
        const result = await guard.pushData([
            { id: '7', name: '1' },
            { id: 7, name: '2' },
        ]);
        expect(names(id)).toEqual(['1']);
        expect(result).toMatchObject({ acceptedItems: 1, repairedItems: 1, duplicateItems: 1 });
    });

    it.each(['warn', 'fail'] as const)("drops a duplicate with mode: '%s'", async (mode) => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', mode, schema: FIELDS, ack: 'stored' });
        const result = await guard.pushData([
            { url: 'a', n: 1, name: '1' },
            { url: 'a', n: 2, name: '2' },
        ]);
        expect(names(id)).toEqual(['1']);
        expect(result).toMatchObject({ acceptedItems: 1, duplicateItems: 1 });
    });

    it('takes the key of an item that fails the schema and is sent nevertheless', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', mode: 'warn', schema: FIELDS, ack: 'stored' });
        await guard.pushData([
            { url: 'a', n: 'bad', name: '1' },
            { url: 'a', n: 2, name: '2' },
        ]);
        expect(names(id)).toEqual(['1']);
    });

    it('shows samples of keys without what redact hides, and without credentials', async () => {
        run.freshDataset();
        const guard = await run.open({
            unique: (item) => `${item.url} ${item.email}`,
            redact: ({ email: _, ...shown }) => shown,
            ack: 'stored',
        });
        const item = { url: 'https://user:secret@example.com/', email: 'sam@example.com' };
        await guard.pushData([item, item]);
        const { samples } = guard.report().duplicates;
        expect(samples).toHaveLength(1);
        expect(samples[0]).toContain('example.com');
        expect(samples[0]).not.toMatch(/secret|sam@/);
    });

    it('shows no keys with samples: false', async () => {
        run.freshDataset();
        const guard = await run.open({ unique: 'url', samples: false, ack: 'stored' });
        await guard.pushData([{ url: 'a' }, { url: 'a' }]);
        expect(guard.report().duplicates).toEqual({ found: 1, samples: [] });
    });

    it('counts what waits beside others as a part of maxBufferedBytes', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', maxPayloadBytes: 1_024, maxBufferedBytes: 4_096 });
        const release = holdPush(id);
        const text = 'x'.repeat(1_000);
        let accepted = 0;
        const pushes = Array.from({ length: 20 }, async (_, n) => {
            await guard.pushData({ url: 'a', n, text });
            accepted++;
        });
        await vi.waitFor(() => expect(run.server.faults.pending).toBe(0));
        expect(accepted).toBeGreaterThan(0);
        expect(accepted).toBeLessThan(5);
        expectAccount(guard, { pendingItems: accepted });
        release();
        await Promise.all(pushes);
        await guard.flush();
        expect(run.server.items(id)).toHaveLength(1);
        expectAccount(guard, { receivedItems: 20, storedItems: 1, duplicateItems: 19 });
    });
});

describe('an item that waits beside another one with its key', () => {
    it('is a duplicate once that is stored', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', ack: 'stored' });
        const release = holdPush(id);
        const pushes = [guard.pushData({ url: 'a', name: '1' }), guard.pushData({ url: 'a', name: '2' })];
        await new Promise(setImmediate);
        expectAccount(guard, { receivedItems: 2, pendingItems: 2, duplicateItems: 0 });
        release();
        expect(await Promise.all(pushes)).toMatchObject([{ acceptedItems: 1 }, { duplicateItems: 1 }]);
        expect(names(id)).toEqual(['1']);
    });

    it('takes its place when the platform rejects that', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ unique: 'url', schema: false, ack: 'stored' });
        const results = await Promise.all([
            guard.pushData([
                { url: 'a', n: 'bad', name: '1' },
                { url: 'b', n: 1, name: '2' },
            ]),
            guard.pushData({ url: 'a', n: 'bad', name: '3' }),
            guard.pushData({ url: 'a', n: 1, name: '4' }),
            guard.pushData({ url: 'a', n: 1, name: '5' }),
        ]);
        expect(names(id)).toEqual(['2', '4']);
        expect(results).toMatchObject([
            { acceptedItems: 1, quarantinedItems: 1 },
            { quarantinedItems: 1 },
            { acceptedItems: 1 },
            { duplicateItems: 1 },
        ]);
        expectAccount(guard, { receivedItems: 5, storedItems: 2, quarantinedItems: 2, duplicateItems: 1 });
    });

    it('is stored by the flush that waits for both', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ unique: 'url', schema: false, flushIntervalMillis: 600_000 });
        await guard.pushData([
            { url: 'a', n: 'bad', name: '1' },
            { url: 'a', n: 'bad', name: '2' },
            { url: 'a', n: 1, name: '3' },
        ]);
        await guard.flush();
        expect(names(id)).toEqual(['3']);
        expectAccount(guard, { storedItems: 1, quarantinedItems: 2, pendingItems: 0 });
    });

    it('is given back with it when nothing can be sent, and neither is a duplicate when it is pushed again', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', ack: 'stored' }, QUICK);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { status: 403 } });
        const pushes = [guard.pushData({ url: 'a', name: '1' }), guard.pushData([{ url: 'a', name: '2' }, {}])];
        const errors = await Promise.all(pushes.map(async (push) => push.catch((error: unknown) => error)));
        expect(errors).toMatchObject([
            { name: 'DeliveryError', storedItems: 0, unstored: [0] },
            { name: 'DeliveryError', storedItems: 0, unstored: [0, 1] },
        ]);
        expectAccount(guard, { receivedItems: 3, discardedItems: 3, pendingItems: 0 });
        await guard.pushData({ url: 'a', name: '2' });
        await guard.pushData({ url: 'a', name: '1' });
        expect(names(id)).toEqual(['2']);
        expectAccount(guard, { receivedItems: 5, storedItems: 1, duplicateItems: 1 });
    });

    it('is kept with it in the buffer when nothing can be sent and nobody waits', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', flushIntervalMillis: 600_000 }, QUICK);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { status: 403 } });
        await guard.pushData([
            { url: 'a', name: '1' },
            { url: 'a', name: '2' },
        ]);
        await expect(guard.flush()).rejects.toMatchObject({ name: 'DeliveryError', keptItems: 2 });
        expectAccount(guard, { pendingItems: 2 });
        await guard.flush();
        expect(names(id)).toEqual(['1']);
        expectAccount(guard, { storedItems: 1, duplicateItems: 1, pendingItems: 0 });
    });

    it('waits through a retry of the request, which is no duplicate of itself', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', ack: 'stored' }, QUICK);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { status: 500 } });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { when: 'after', cut: true } });
        const results = await Promise.all([guard.pushData({ url: 'a' }), guard.pushData({ url: 'a' })]);
        expect(results).toMatchObject([{ acceptedItems: 1 }, { duplicateItems: 1 }]);
        expect(run.server.items(id)).toHaveLength(1);
    });

    it('is no duplicate of an item that lost its key to a repair by the errors of the platform', async () => {
        const id = run.freshDataset({ type: 'object', properties: { url: { type: 'string', maxLength: 3 } } });
        const guard = await run.open({ unique: 'url', schema: false, repair: 'prune', ack: 'stored' });
        await guard.pushData([{ url: 'too long', name: '1' }]);
        await guard.pushData([{ url: 'too long', name: '2' }]);
        expect(run.server.items(id)).toEqual([{ name: '1' }, { name: '2' }]);
        expectAccount(guard, { storedItems: 2, repairedItems: 2, duplicateItems: 0 });
    });
});

describe("duplicates: 'quarantine'", () => {
    it('records a duplicate with its reason, and counts it neither for the tolerance nor as rejected', async () => {
        const id = run.freshDataset();
        const guard = await run.open({
            unique: 'url',
            duplicates: 'quarantine',
            mode: 'fail',
            tolerance: { maxItems: 0 },
        });
        const result = await guard.pushData([
            { url: 'a', name: '1' },
            { url: 'a', name: '2' },
        ]);
        expect(result).toMatchObject({ acceptedItems: 1, quarantinedItems: 1, duplicateItems: 0 });
        await guard.pushData({ url: 'a', name: '3' });
        expect(names(id)).toEqual(['1']);
        expect(run.quarantined(id)).toMatchObject([
            { reason: 'duplicate', rejectedBy: 'guard', item: { url: 'a', name: '2' }, itemPosition: 1 },
            { reason: 'duplicate', rejectedBy: 'guard', item: { url: 'a', name: '3' }, itemPosition: 0 },
        ]);
        expectAccount(guard, { receivedItems: 3, storedItems: 1, quarantinedItems: 2, duplicateItems: 0 });
        expect(guard.report().reasons).toMatchObject([{ reason: 'duplicate', message: 'is a duplicate', count: 2 }]);
        expect(guard.report().duplicates).toEqual({ found: 2, samples: ['a'] });
    });

    it('gives a duplicate back whose record cannot be written, and takes it when it is pushed again', async () => {
        const id = run.freshDataset();
        const guard = await run.open(
            { unique: 'url', duplicates: 'quarantine', ack: 'stored', tolerance: { maxItems: 0 } },
            QUICK,
        );
        await guard.pushData({ url: 'a', name: '1' });
        run.server.faults.use(({ method }) => (method === 'GET' ? undefined : { status: 403 }));
        await expect(guard.pushData({ url: 'a', name: '2' })).rejects.toMatchObject({
            name: 'QuarantineError',
            unstored: [0],
        });
        run.server.faults.clear();
        await guard.pushData({ url: 'a', name: '3' });
        expect(names(id)).toEqual(['1']);
        expectAccount(guard, { receivedItems: 3, storedItems: 1, quarantinedItems: 1, discardedItems: 1 });
    });

    it('is left out by redrive unless it is asked for', async () => {
        const { redriveQuarantine } = await import('../src/index.js');
        const id = run.freshDataset();
        const quarantine = 'unique-quarantine';
        const guard = await run.open({ unique: 'url', duplicates: 'quarantine', quarantine, ack: 'stored' });
        await guard.pushData([
            { url: 'a', name: '1' },
            { url: 'a', name: '2' },
        ]);
        expect(await redriveQuarantine({ quarantine })).toMatchObject({
            readRecords: 1,
            storedItems: 0,
            skipped: { filtered: 1 },
        });
        expect(await redriveQuarantine({ quarantine, reason: 'duplicate' })).toMatchObject({ storedItems: 1 });
        expect(names(id)).toEqual(['1', '2']);
    });
});

describe("duplicates: 'count'", () => {
    it('stores every item, and says how many came after another one with their key', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ unique: 'url', duplicates: 'count', ack: 'stored' });
        const result = await guard.pushData(['a', 'b', 'a', 'a'].map((url) => ({ url })));
        expect(run.server.items(id)).toHaveLength(4);
        expect(result).toMatchObject({ acceptedItems: 4, duplicateItems: 0 });
        expectAccount(guard, { storedItems: 4, duplicateItems: 0 });
        expect(guard.report().duplicates).toEqual({ found: 2, samples: ['a'] });
    });
});
