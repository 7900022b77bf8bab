import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { QuarantineError } from '../../../src/errors.js';
import type { Dictionary } from '../../../src/records.js';
import { deferred, turns } from '../../support/stage-clock.js';
import { RecordingOwner } from '../../support/stage-parts.js';
import { startQuarantine } from '../../support/stage-quarantine.js';

const AWAY = new Error('The quarantine is away');
const failing = async () => {
    throw AWAY;
};
const numbers = (records: Dictionary[]) => records.map(({ item }) => item.n as number);
const ERROR = {
    instancePath: '/n',
    schemaPath: '#/properties/n/type',
    keyword: 'type',
    params: {},
    message: 'must be string',
};

describe('a record', () => {
    it('says all that is known of the item and of why it was rejected', async () => {
        const { quarantine, add, stored, clock } = startQuarantine();
        const request = { url: 'https://example.com', retryCount: 2 };
        add({ n: 'ж' }, { errors: [ERROR], itemPosition: 7, owner: new RecordingOwner('ann', request) });
        await clock.advance(60_000);
        await quarantine.flush();
        expect(stored()).toEqual([
            {
                item: { n: 'ж' },
                itemBytes: 10,
                reason: 'schema',
                rejectedBy: 'guard',
                errors: [ERROR],
                itemPosition: 7,
                request,
                datasetId: 'movies',
                actorRunId: 'run',
                schemaHash: 'abc',
                attempt: 1,
                quarantinedAt: '2025-01-01T00:00:00.000Z',
            },
        ]);
    });

    it('holds what is no object, too', async () => {
        const { quarantine, add, stored } = startQuarantine();
        for (const item of [null, 'text', 5, [1]]) add(item, { reason: 'not-an-object' });
        await quarantine.flush();
        expect(stored().map(({ item, itemBytes }) => [item, itemBytes])).toEqual([
            [null, 4],
            ['text', 6],
            [5, 1],
            [[1], 3],
        ]);
    });

    it('of what has no JSON is without it', async () => {
        const { quarantine, add, stored, store } = startQuarantine();
        add(undefined, { reason: 'not-serializable' });
        await quarantine.flush();
        expect(stored()[0]).toMatchObject({ reason: 'not-serializable', itemBytes: 0 });
        expect(stored()[0]).not.toHaveProperty('item');
        expect(store.items.size).toBe(0);
    });

    it('keeps an own __proto__ key of the item', async () => {
        const { quarantine, stored } = startQuarantine();
        const text = '{"__proto__":{"a":1}}';
        quarantine.add({ text, reason: 'schema', rejectedBy: 'guard', errors: [], itemPosition: 0, owner: undefined });
        await quarantine.flush();
        expect(JSON.stringify(stored()[0]?.item)).toBe(text);
    });
});

describe('an item that is too large for a record', () => {
    it('goes into the store beside the quarantine, whole, and the record tells where', async () => {
        const { quarantine, add, stored, store } = startQuarantine({ maxRecordBytes: 500 });
        const item = { n: 1, text: 'x'.repeat(500) };
        add(item);
        add({ n: 2 });
        await quarantine.flush();
        const [large, small] = stored();
        expect(large).toMatchObject({
            itemStoreId: 'store',
            itemKey: expect.any(String),
            itemBytes: JSON.stringify(item).length,
        });
        expect(large).not.toHaveProperty('item');
        expect(JSON.parse(store.items.get(large!.itemKey!)!)).toEqual(item);
        expect(small?.item).toEqual({ n: 2 });
    });

    it('does so exactly when its record would not fit', async () => {
        const { quarantine, add, requests } = startQuarantine({ maxRecordBytes: 10_000 });
        add({ text: '' });
        await quarantine.flush();
        const room = 400 - Buffer.byteLength(JSON.stringify(requests[0]));
        for (const [bytes, isBeside] of [
            [room - 1, false],
            [room - 2, false],
            [room + 1, true],
        ] as const) {
            const { quarantine: other, add: addTo, store } = startQuarantine({ maxRecordBytes: 400 });
            // The length of the item is in the record, too: one digit more.
            addTo({ text: 'x'.repeat(bytes - 1) });
            await other.flush();
            expect(store.items.size).toBe(isBeside ? 1 : 0);
        }
    });

    it('goes there also when the platform said so, whatever its size', async () => {
        const { quarantine, add, stored, store } = startQuarantine();
        add({ n: 1 }, { reason: 'too-large' });
        await quarantine.flush();
        expect([...store.items.values()]).toEqual(['{"n":1}']);
        expect(stored()[0]).not.toHaveProperty('item');
    });

    it('is stored there once, even if the record has to be sent again', async () => {
        const { quarantine, add, stored, store, state } = startQuarantine();
        add({ n: 1 }, { reason: 'too-large' });
        const { gate } = state;
        state.gate = failing;
        await expect(quarantine.flush()).rejects.toThrow(QuarantineError);
        state.gate = gate;
        await quarantine.flush();
        expect([store.items.size, stored().length]).toEqual([1, 1]);
    });

    it('is kept while the store is away', async () => {
        const { quarantine, add, stored, store } = startQuarantine();
        add({ n: 1 }, { reason: 'too-large' });
        add({ n: 2 });
        store.failure = AWAY;
        await expect(quarantine.flush()).rejects.toMatchObject({ code: 'QUARANTINE', cause: AWAY });
        expect([quarantine.pendingItems, stored().length]).toEqual([2, 0]);
        store.failure = undefined;
        await quarantine.flush();
        expect([quarantine.pendingItems, store.items.size, stored().length]).toEqual([0, 1, 2]);
    });
});

describe('writing', () => {
    it('puts many records into a request, as many as fit, in order', async () => {
        const { quarantine, add, requests, stored, state } = startQuarantine({ maxRecordBytes: 1_000 });
        for (let n = 0; n < 20; n++) add({ n });
        expect([quarantine.pendingItems, quarantine.pendingBytes]).toEqual([20, 10 * 7 + 10 * 8]);
        await quarantine.flush();
        expect(numbers(stored())).toEqual(Array.from({ length: 20 }, (_, n) => n));
        expect(requests.length).toBeLessThan(10);
        expect(requests.every((records) => Buffer.byteLength(JSON.stringify(records)) <= 1_000)).toBe(true);
        expect([quarantine.pendingItems, quarantine.pendingBytes, state.storedItems]).toEqual([0, 0, 20]);
    });

    it('is done by one writer, whoever flushes, and takes along what comes meanwhile', async () => {
        const { quarantine, add, requests, state } = startQuarantine();
        const gate = deferred<void>();
        state.gate = async () => gate.promise;
        add({ n: 1 });
        const flushes = [quarantine.flush(), quarantine.flush()];
        await turns();
        add({ n: 2 });
        flushes.push(quarantine.flush());
        await turns();
        gate.resolve();
        await Promise.all(flushes);
        expect(requests.map(numbers)).toEqual([[1], [2]]);
    });

    it('makes no request for nothing', async () => {
        const { quarantine, requests } = startQuarantine();
        await quarantine.flush();
        expect(requests).toEqual([]);
    });

    it('tells owners when their item is in quarantine, and not before', async () => {
        const { quarantine, add, state } = startQuarantine();
        const ann = new RecordingOwner('ann');
        const gate = deferred<void>();
        state.gate = async () => gate.promise;
        add({ n: 1 }, { owner: ann });
        const flush = quarantine.flush();
        await turns();
        expect(ann.settlements).toEqual([]);
        gate.resolve();
        await flush;
        expect(ann.settlements).toEqual([{ quarantined: 1 }]);
    });

    it('keeps all records when it fails, and writes them with the next flush, once', async () => {
        const { quarantine, add, stored, state } = startQuarantine();
        const { gate } = state;
        for (let n = 0; n < 3; n++) add({ n });
        state.gate = failing;
        await expect(quarantine.flush()).rejects.toThrow(
            '3 rejected items could not be written to the quarantine: The quarantine is away',
        );
        expect([quarantine.pendingItems, state.storedItems]).toEqual([3, 0]);
        state.gate = gate;
        await quarantine.flush();
        expect(numbers(stored())).toEqual([0, 1, 2]);
    });

    it('runs in the async context of whoever made the quarantine', async () => {
        const context = new AsyncLocalStorage<string>();
        const seen: (string | undefined)[] = [];
        const { quarantine, add, state } = context.run('open', () => startQuarantine());
        state.gate = async () => void seen.push(context.getStore());
        add({ n: 1 });
        await context.run('a handler', async () => quarantine.flush());
        expect(seen).toEqual(['open']);
    });
});
