import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openInNextProcess, openQuickly, savedItems, unsentKeys } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const refuse = (id: string) =>
    run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 403 } });

describe('what is saved', () => {
    it('is in records under 5 MB, however large an item is, and is sent as it was', { timeout: 60_000 }, async () => {
        const id = run.freshDataset(FIELDS);
        refuse(id);
        run.server.faults.next({ path: /\/v2\/datasets$/, times: 100, fault: { status: 503, delayMillis: 6_500 } });
        const items = [
            { n: 1 },
            { n: 2, text: '日本"\\'.repeat(1_000_000).slice(0, 2_900_000) },
            { n: 3 },
            { n: 'too large', text: 'x"'.repeat(6_000_000) },
        ];
        const before = await openQuickly({ quarantine: 'large-ones', flushIntervalMillis: 60_000 });
        const pushed = before.pushData(items).catch(() => undefined);
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        await pushed;
        const records = unsentKeys(run.server, id).map((key) => run.server.records().get(key)!);
        expect(records.length).toBeGreaterThan(5);
        for (const { value, contentType } of records) {
            expect(value.length).toBeLessThan(5_000_000);
            expect(contentType).toContain('application/x-ndjson');
            for (const line of value.toString().trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
        }

        run.server.faults.clear();
        const after = await openInNextProcess({ quarantine: 'large-elsewhere' });
        await after.close();
        expect(run.server.items(id)).toEqual(items.slice(0, 3));
        const [{ itemStoreId, itemKey }] = run.quarantined(id, 'large-elsewhere') as [any];
        expect(run.server.record(itemStoreId, itemKey)!.value.toString()).toBe(JSON.stringify(items[3]));
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('is complete although a second signal sends a part of it in the meantime', async () => {
        const id = run.freshDataset(FIELDS);
        const items = Array.from({ length: 40 }, (_, n) => ({ n, text: 'x'.repeat(50) }));
        refuse(id);
        const before = await openQuickly({ flushIntervalMillis: 60_000 });
        await before.pushData(items);
        // Saving takes its time, and the platform is back meanwhile, for one small request.
        run.server.faults.next({ method: 'PUT', path: 'DATASET-GUARD-UNSENT', fault: { delayMillis: 800 } });
        const first = emitEvent('migrating', { timeRemainingSecs: 10 });
        const puts = () => run.server.requestCount({ method: 'PUT', path: 'DATASET-GUARD-UNSENT' });
        await expect.poll(puts, { timeout: 10_000 }).toBe(1);
        run.server.faults.clear();
        run.server.faults.use(({ method, path, body }) => {
            if (method !== 'POST' || !path.includes(id)) return undefined;
            if (body.length > 2_000) return { status: 413 };
            return run.server.items(id).length > 0 ? { status: 403 } : undefined;
        });
        await Promise.all([first, emitEvent('migrating', { timeRemainingSecs: 10 })]);
        expect(run.server.items(id)).toEqual(items.slice(0, 20));
        expect(savedItems(run.server, id)).toEqual(items.slice(20));

        run.server.faults.clear();
        const after = await openInNextProcess();
        await after.close();
        expect(run.server.items(id)).toEqual(items);
    });

    it('is each item once although a flush sends a part of a batch while that is being saved', async () => {
        const id = run.freshDataset(FIELDS);
        const items = Array.from({ length: 60 }, (_, n) => ({ n, text: 'x'.repeat(50) }));
        refuse(id);
        const before = await openQuickly({ flushIntervalMillis: 60_000, maxPayloadBytes: 2_700 });
        await before.pushData(items);
        // The second of two batches is saved sooner than the first, of which meanwhile a part is sent.
        for (const delayMillis of [2_500, 1_500]) {
            run.server.faults.next({ method: 'PUT', path: 'DATASET-GUARD-UNSENT', fault: { delayMillis } });
        }
        const signal = emitEvent('migrating', { timeRemainingSecs: 10 });
        const puts = () => run.server.requestCount({ method: 'PUT', path: 'DATASET-GUARD-UNSENT' });
        await expect.poll(puts, { timeout: 10_000 }).toBe(2);
        run.server.faults.clear();
        run.server.faults.use(({ method, path, body }) => {
            if (method !== 'POST' || !path.includes(id)) return undefined;
            if (body.length > 2_000) return { status: 413 };
            return run.server.items(id).length > 0 ? { status: 403 } : undefined;
        });
        await expect(before.flush()).rejects.toMatchObject({ code: 'DELIVERY' });
        await signal;
        const { length } = run.server.items(id);
        expect(length).toBeGreaterThan(0);
        expect(run.server.items(id)).toEqual(items.slice(0, length));
        const byNumber = () =>
            (savedItems(run.server, id) as { n: number }[]).toSorted((one, other) => one.n - other.n);
        await expect.poll(byNumber, { timeout: 10_000 }).toEqual(items.slice(length));
    });

    it('is everything that was accepted, also where the buffer was full and pushes waited in line', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 100, fault: { hang: true } });
        const guard = await openQuickly({ maxPayloadBytes: 1_024, maxBufferedBytes: 3_000 });
        const items = Array.from({ length: 60 }, (_, n) => ({ n, text: 'x'.repeat(200) }));
        const pushes = Promise.allSettled([
            guard.pushData(items.slice(0, 40)),
            ...items.slice(40).map(async (item) => guard.pushData(item)),
        ]);
        await emitEvent('aborting', { timeRemainingSecs: 2 });
        const [large, ...single] = await pushes;
        expect(large).toMatchObject({ status: 'rejected', reason: { code: 'DELIVERY' } });
        const { acceptedItems } = (large as PromiseRejectedResult).reason as { acceptedItems: number };
        expect(acceptedItems).toBeGreaterThan(0);
        expect(single.filter(({ status }) => status === 'fulfilled')).toEqual([]);
        expect(savedItems(run.server, id)).toEqual(items.slice(0, acceptedItems));
    });

    it('is not kept from the rest by a record that cannot be written', async () => {
        const id = run.freshDataset(FIELDS);
        refuse(id);
        run.server.faults.next({ method: 'PUT', path: 'DATASET-GUARD-UNSENT', fault: { status: 400 } });
        const guard = await openQuickly({ maxPayloadBytes: 1_024, flushIntervalMillis: 60_000 });
        const items = Array.from({ length: 8 }, (_, n) => ({ n, text: 'x'.repeat(300) }));
        await guard.pushData(items.slice(0, 4));
        await guard.pushData(items.slice(4)).catch(() => undefined);
        await emitEvent('migrating', { timeRemainingSecs: 4 });
        expect(savedItems(run.server, id).length).toBeGreaterThanOrEqual(guard.report().pendingItems - 3);
        run.server.faults.clear();
    });

    it('is sent by the next process without anybody pushing', async () => {
        const id = run.freshDataset(FIELDS);
        refuse(id);
        const before = await openQuickly();
        await before.pushData([{ n: 1 }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        const after = await openInNextProcess();
        await expect.poll(() => run.server.items(id), { timeout: 10_000 }).toEqual([{ n: 1 }]);
        await after.close();
    });
});
