import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('what a guard sends', () => {
    it('sends 10,000 awaited pushes of one item in at most 20 requests, loses none and keeps the order', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 20;
        const guard = await run.open();
        for (let n = 0; n < 10_000; n++) await guard.pushData({ n, title: `item ${n}` });
        await guard.flush();

        expect(run.server.items(id)).toEqual(Array.from({ length: 10_000 }, (_, n) => ({ n, title: `item ${n}` })));
        expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(20);
        expect(guard.report()).toMatchObject({ receivedItems: 10_000, storedItems: 10_000, pendingItems: 0 });
    });

    it('sends an array always, of one item or of many', async () => {
        const id = run.freshDataset();
        const guard = await run.open();
        for (const data of [{ n: 1 }, [{ n: 2 }], [{ n: 3 }, { n: 4 }]]) {
            await guard.pushData(data);
            await guard.flush();
        }
        expect(run.server.pushRequests(id).map(({ bodyText }) => bodyText)).toEqual([
            '[{"n":1}]',
            '[{"n":2}]',
            '[{"n":3},{"n":4}]',
        ]);
    });

    it('makes no request for an empty array, nor for a flush of nothing', async () => {
        const id = run.freshDataset();
        const guard = await run.open();
        expect(await guard.pushData([])).toMatchObject({ acceptedItems: 0, quarantinedItems: 0, trimmedItems: 0 });
        await guard.flush();
        await guard.close();
        expect(run.server.pushRequests(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ receivedItems: 0, requests: 0, sentBytes: 0 });
    });

    it('compresses bodies of 16 KiB and more with brotli, and smaller ones not', async () => {
        const id = run.freshDataset();
        const guard = await run.open();
        const sizes = [16_383, 16_384, 100_000];
        for (const size of sizes) {
            await guard.pushData({ text: 'é'.repeat((size - 13) >> 1).padEnd(size - 13 - ((size - 13) >> 1), 'x') });
            await guard.flush();
        }
        const pushes = run.server.pushRequests(id);
        expect(pushes.map(({ byteLength }) => byteLength)).toEqual(sizes);
        expect(pushes.map(({ contentEncoding }) => contentEncoding)).toEqual(['identity', 'br', 'br']);
        expect(pushes[2]!.wireBytes).toBeLessThan(1_000);
        expect(pushes.map(({ bodyText }) => bodyText)).toEqual(
            run.server.items(id).map((item) => JSON.stringify([item])),
        );
    });

    it('fills requests up to maxPayloadBytes, brackets and commas included, and never beyond', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ maxPayloadBytes: 2_000 });
        const items = Array.from({ length: 300 }, (_, n) => ({ n, text: 'ü€😀'.repeat((n * 7) % 50) }));
        for (const item of items) await guard.pushData(item);
        await guard.flush();

        const pushes = run.server.pushRequests(id);
        expect(pushes.flatMap(({ bodyText }) => JSON.parse(bodyText!))).toEqual(items);
        for (const [index, { byteLength }] of pushes.entries()) {
            expect(byteLength).toBeLessThanOrEqual(2_000);
            const next = pushes[index + 1];
            if (next === undefined) continue;
            const [first] = JSON.parse(next.bodyText!);
            expect(byteLength + 1 + Buffer.byteLength(JSON.stringify(first))).toBeGreaterThan(2_000);
        }
        expect(guard.report()).toMatchObject({
            requests: pushes.length,
            rejectedRequests: 0,
            retriedRequests: 0,
            sentBytes: pushes.reduce((sum, { byteLength }) => sum + byteLength, 0),
        });
    });

    it('fits items exactly: 2,000 bytes go in one request, 2,001 in two', async () => {
        for (const [extra, requests] of [
            [0, 1],
            [1, 2],
        ] as const) {
            const id = run.freshDataset();
            const guard = await run.open({ maxPayloadBytes: 2_000 });
            // Two items of 998 bytes and their comma and brackets make 1,999.
            await guard.pushData([{ t: 'x'.repeat(990) }, { t: 'x'.repeat(991 + extra) }]);
            await guard.flush();
            const pushes = run.server.pushRequests(id);
            expect(pushes).toHaveLength(requests);
            expect(run.server.items(id)).toHaveLength(2);
            if (requests === 1) expect(pushes[0]!.byteLength).toBe(2_000);
        }
    });

    it('sends large arrays in order, in requests of 2 MB, and larger ones while those wait for the platform', async () => {
        const id = run.freshDataset();
        const guard = await run.open({
            flushIntervalMillis: 60_000,
            maxBufferedBytes: 12_000_000,
            maxParallelRequests: 1,
        });
        run.server.faults.next({ path: `${id}/items`, method: 'POST', fault: { delayMillis: 2_000 } });
        const items = Array.from({ length: 24_000 }, (_, n) => ({ n, text: 'x'.repeat(1_000) }));
        await guard.pushData(items);
        await guard.flush();
        expect(run.server.items(id).map(({ n }) => n)).toEqual(items.map(({ n }) => n));
        const sizes = run.server.pushRequests(id).map(({ byteLength }) => byteLength);
        expect(sizes[0]).toBeGreaterThanOrEqual(2_000_000);
        expect(sizes[0]).toBeLessThan(2_002_000);
        const largest = Math.max(...sizes);
        expect(largest).toBeGreaterThan(4_990_000);
        expect(largest).toBeLessThanOrEqual(5_000_000);
    });

    it('goes to the dataset that the option names, in every form', async () => {
        run.freshDataset();
        run.server.addDataset({ id: 'FormDataset000001', name: 'forms-taken' });
        const { Actor } = await import('apify');
        const forms = {
            'forms-taken': 'forms-taken',
            'FormDataset000001': 'FormDataset000001',
            '{ id }': { id: 'FormDataset000001' },
            '{ name }': { name: 'forms-taken' },
            'an open Dataset': await Actor.openDataset('forms-taken'),
        };
        for (const [form, dataset] of Object.entries(forms)) {
            const guard = await run.open({ dataset });
            await guard.pushData({ form });
            await guard.close();
        }
        expect(run.server.items('forms-taken').map(({ form }) => form)).toEqual(Object.keys(forms));
    });
});
