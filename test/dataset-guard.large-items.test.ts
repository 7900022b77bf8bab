import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PlatformRun } from './support/platform-run.js';
import { QUARANTINE, startPlatformRun } from './support/platform-run.js';

const ITEMS_STORE = `${QUARANTINE}-items`;
const PLATFORM_LIMIT = 9_437_184;

const item = (bytes: number, n: number) => ({ n, text: 'é'.repeat((bytes - 18) >> 1) });
const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** From now on the platform takes pushes of at most `maxBytes`. */
function limitPushes(maxPayloadBytes: number): void {
    run.server.faults.use(({ method, path, body }) =>
        method === 'POST' && path.endsWith('/items') && body.length > maxPayloadBytes ? { status: 413 } : undefined,
    );
}

describe.each([
    ['9 MiB, as the storage guide says', PLATFORM_LIMIT],
    ['5 MB, as the page of the endpoint says', 5_000_000],
])('where the platform takes %s', (_, maxPayloadBytes) => {
    beforeEach(() => limitPushes(maxPayloadBytes));

    it('an item of 6 MB goes alone, and the platform decides; its neighbours are stored', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ ack: 'stored' });
        const large = item(6_000_000, 1);
        const result = await guard.pushData([{ n: 0 }, large, { n: 2 }, { n: 3 }]);
        const pushes = run.server.pushRequests(id);
        expect(pushes.map(({ itemCount }) => itemCount)).toEqual([1, 1, 2]);
        expect(pushes[1]!.byteLength).toBe(sizeOf([large]));

        if (maxPayloadBytes === PLATFORM_LIMIT) {
            expect(result).toMatchObject({ acceptedItems: 4, quarantinedItems: 0 });
            expect(run.server.items(id).map(({ n }) => n)).toEqual([0, 1, 2, 3]);
            expect(run.server.items(id)[1]).toEqual(large);
            return;
        }
        expect(result).toMatchObject({ acceptedItems: 3, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ n: 0 }, { n: 2 }, { n: 3 }]);
        const [record] = run.quarantined(id);
        expect(record).toMatchObject({
            reason: 'too-large',
            rejectedBy: 'platform',
            itemBytes: sizeOf(large),
            errors: [{ instancePath: '', message: expect.stringContaining('too large') }],
        });
        expect(record).not.toHaveProperty('item');
        expect(storedText(record)).toBe(JSON.stringify(large));
        expect(guard.report().reasons).toMatchObject([{ reason: 'too-large', rejectedBy: 'platform', count: 1 }]);
    });

    it('an item of 10 MB is never sent; it lies beside the quarantine to the byte, its neighbours in the dataset', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ flushIntervalMillis: 60_000 });
        const huge = item(10_000_000, 1);
        expect(await guard.pushData([{ n: 0 }, huge, { n: 2 }])).toMatchObject({
            acceptedItems: 2,
            quarantinedItems: 1,
        });
        await guard.close();
        expect(run.server.items(id)).toEqual([{ n: 0 }, { n: 2 }]);
        expect(run.server.pushRequests(id).map(({ itemCount }) => itemCount)).toEqual([2]);
        const [record] = run.quarantined(id);
        expect(record).toMatchObject({
            reason: 'too-large',
            rejectedBy: 'guard',
            itemPosition: 1,
            itemBytes: sizeOf(huge),
        });
        expect(record).not.toHaveProperty('item');
        expect(storedText(record)).toBe(JSON.stringify(huge));
    });

    it('close() says why the item of a record could not be stored, and stores it once that has passed', async () => {
        const id = run.freshDataset();
        const guard = await run.open();
        run.server.faults.use(({ method, path }) =>
            method === 'PUT' && path.includes('/records/item-')
                ? { status: 403, message: 'no room for items' }
                : undefined,
        );
        await guard.pushData([{ n: 0 }, item(10_000_000, 1)]);
        const error: unknown = await guard.close().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'DELIVERY', keptItems: 1, cause: { code: 'QUARANTINE' } });
        expect((error as Error).message).toMatch(/^1 items could not be sent: .*no room for items/);
        run.server.faults.clear();
        expect(await guard.close()).toMatchObject({ storedItems: 1, quarantinedItems: 1, unsentItems: 0 });
        expect(run.quarantined(id)).toMatchObject([{ reason: 'too-large' }]);
    });

    it('a large item that fails the schema lies beside the quarantine when its record would be too large', async () => {
        const id = run.freshDataset({ type: 'object', required: ['title'] });
        const guard = await run.open();
        const small = item(4_000_000, 1);
        const large = item(5_500_000, 2);
        await guard.pushData([small, large]);
        await guard.close();
        const records = run.quarantined(id);
        expect(records.map(({ reason }) => reason)).toEqual(['schema', 'schema']);
        expect(records[0]!.item).toEqual(small);
        expect(records[1]).not.toHaveProperty('item');
        expect(storedText(records[1])).toBe(JSON.stringify(large));
        expect(run.server.pushRequests(id)).toEqual([]);
    });

    it('redact is applied to what lies beside the quarantine, too', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ redact: ({ secret: _secret, ...rest }) => rest });
        await guard.pushData({ ...item(10_000_000, 1), secret: 'hush' });
        await guard.close();
        const [record] = run.quarantined(id);
        expect(storedText(record)).toBe(JSON.stringify(item(10_000_000, 1)));
    });

    function storedText(record: any): string | undefined {
        expect(record.itemStoreId).toEqual(expect.any(String));
        expect(run.server.records(ITEMS_STORE).has(record.itemKey)).toBe(true);
        const stored = run.server.record(record.itemStoreId, record.itemKey);
        expect(stored!.contentType).toMatch(/^application\/json/);
        return stored!.value.toString();
    }
});

describe('at the limits', () => {
    it('an item whose request is exactly 9 MiB is stored, one byte more is too large', async () => {
        const id = run.freshDataset();
        const guard = await run.open();
        const text = (bytes: number) => ({ t: 'x'.repeat(bytes - 10) });
        await guard.pushData([text(PLATFORM_LIMIT), text(PLATFORM_LIMIT + 1)]);
        await guard.close();
        expect(run.server.pushRequests(id).map(({ byteLength }) => byteLength)).toEqual([PLATFORM_LIMIT]);
        expect(run.quarantined(id)).toMatchObject([{ reason: 'too-large', rejectedBy: 'guard', itemPosition: 1 }]);
    });

    it('an item larger than maxBufferedBytes still finds its way', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ maxPayloadBytes: 1_024, maxBufferedBytes: 2_048 });
        const items = [{ n: 0 }, item(100_000, 1), { n: 2 }, item(50_000, 3), { n: 4 }];
        for (const one of items) await guard.pushData(one);
        await guard.close();
        expect(run.server.items(id)).toEqual(items);
    });

    it('a request of many items that the platform finds too large is split, and later ones are smaller', async () => {
        limitPushes(3_000);
        const id = run.freshDataset();
        const guard = await run.open({ maxPayloadBytes: 10_000 });
        const items = Array.from({ length: 60 }, (_, n) => ({ n, text: 'x'.repeat(500) }));
        await guard.pushData(items.slice(0, 30));
        await guard.flush();
        expect(run.server.items(id)).toEqual(items.slice(0, 30));
        run.server.resetLogs();
        await guard.pushData(items.slice(30));
        await guard.close();
        expect(run.server.items(id)).toEqual(items);
        expect(run.quarantined(id)).toEqual([]);
        expect(Math.max(...run.server.pushRequests(id).map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(5_000);
    });
});

describe('a 413 for small items', () => {
    const answer413 = (isMeant: (body: string) => boolean) =>
        run.server.faults.use(({ method, path, body }) =>
            method === 'POST' && path.endsWith('/items') && isMeant(body.toString()) ? { status: 413 } : undefined,
        );

    it('quarantines none while the platform answers so to everything, and all are stored once that has passed', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ack: 'stored', compression: 'none' });
        answer413(() => true);
        const items = Array.from({ length: 20 }, (_, n) => ({ n }));
        const push = guard.pushData(items);
        await vi.waitFor(() => expect(run.server.pushRequests(id).length).toBeGreaterThan(20), 10_000);
        expect(run.quarantined(id)).toEqual([]);
        run.server.faults.clear();
        await guard.flush();
        expect(await push).toMatchObject({ acceptedItems: 20, quarantinedItems: 0 });
        expect(await guard.close()).toMatchObject({ storedItems: 20, quarantinedItems: 0 });
        // Those that waited for a contrast come behind the others.
        expect(run.server.items(id).toSorted((a, b) => a.n - b.n)).toEqual(items);
    });

    it('quarantines the one that is answered so while others are accepted', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ack: 'stored', compression: 'none' });
        answer413((body) => body.includes('"n":7}'));
        const items = Array.from({ length: 20 }, (_, n) => ({ n }));
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 19, quarantinedItems: 1 });
        await guard.close();
        expect(run.server.items(id)).toEqual(items.filter(({ n }) => n !== 7));
        expect(run.quarantined(id)).toMatchObject([{ reason: 'rejected', rejectedBy: 'platform', item: { n: 7 } }]);
    });
});
