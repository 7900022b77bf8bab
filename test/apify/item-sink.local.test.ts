import { Actor } from 'apify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { INTERNAL_DEFAULTS } from '../../src/apify/environment.js';
import { createItemSink } from '../../src/apify/item-sink.js';
import { PayloadPool } from '../../src/delivery/payload.js';
import type { LocalRun } from '../support/local-run.js';
import { startLocalRun } from '../support/local-run.js';

describe('the sink of a dataset in the memory storage', () => {
    let local: LocalRun;
    beforeAll(async () => {
        local = await startLocalRun();
    });
    afterAll(async () => local.stop());

    it('stores items one by one, to the letter, and lists them', async () => {
        const dataset = await Actor.openDataset('local-sink');
        const sink = createItemSink(dataset, INTERNAL_DEFAULTS);
        const payload = new PayloadPool(1_000).open('{"n":1,"__proto__":{"x":1}}');
        payload.tryAppend('{"text":"ü😀"}');
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        expect(await local.texts('local-sink')).toEqual(['{"n":1,"__proto__":{"x":1}}', '{"text":"ü😀"}']);
        expect(await sink.list(1, 10)).toEqual({ items: [{ text: 'ü😀' }], total: 2 });
        expect(sink).toMatchObject({ datasetName: 'local-sink', retries: false });
    });

    it('writes many at once, and each in its place', async () => {
        const sink = createItemSink(await Actor.openDataset('local-order'), INTERNAL_DEFAULTS);
        // The longer one is, the longer writing it takes.
        const texts = Array.from({ length: 300 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat((n % 7) * 20_000) }));
        const payload = new PayloadPool(100_000_000).open(texts[0]!);
        for (const text of texts.slice(1)) payload.tryAppend(text);
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        expect(await local.texts('local-order')).toEqual(texts);
    });

    it('takes payloads while others are under way: together they write at most as many items at a time as allowed, in order', async () => {
        const dataset = await Actor.openDataset('local-overlap');
        const { client } = dataset;
        const pushItems = client.pushItems.bind(client);
        const counts: number[] = [];
        let underWay = 0;
        client.pushItems = async (...args) => {
            counts.push(++underWay);
            await pushItems(...args).finally(() => underWay--);
        };
        const sink = createItemSink(dataset, { ...INTERNAL_DEFAULTS, maxLocalWrites: 5 });
        const texts = Array.from({ length: 40 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat((n % 7) * 20_000) }));
        const payloads = [texts.slice(0, 1), texts.slice(1, 18), texts.slice(18, 21), texts.slice(21)].map((part) => {
            const payload = new PayloadPool(100_000_000).open(part[0]!);
            for (const text of part.slice(1)) payload.tryAppend(text);
            return payload;
        });
        const results = await Promise.all(payloads.map(async (payload) => sink.send(payload)));
        expect(results).toEqual(payloads.map(() => ({ kind: 'stored' })));
        expect(await local.texts('local-overlap')).toEqual(texts);
        // Five from the first on, whichever payload they are of.
        expect(counts).toEqual([1, 2, 3, 4, ...new Array(36).fill(5)]);
    });

    it.each([
        ['one at a time, nothing behind it', 1, ['stored', 'unavailable', 'unavailable', 'unavailable'], ['{"n":1}']],
        [
            'four at a time, what had begun already',
            4,
            ['stored', 'unavailable', 'stored', 'unavailable'],
            ['{"n":1}', '{"n":9}', '{"n":2}'],
        ],
    ])('stores, where an item cannot be stored: %s', async (_, maxLocalWrites, kinds, texts) => {
        const name = `local-failure-of-one-${maxLocalWrites}`;
        const sink = createItemSink(await Actor.openDataset(name), { ...INTERNAL_DEFAULTS, maxLocalWrites });
        const payloads = [['{"n":1}'], ['["no object"]', '{"n":9}'], ['{"n":2}'], ['{"n":3}', '{"n":4}']].map((all) => {
            const payload = new PayloadPool(1_000).open(all[0]!);
            for (const text of all.slice(1)) payload.tryAppend(text);
            return payload;
        });
        const results = await Promise.all(payloads.map(async (payload) => sink.send(payload)));
        expect(results.map(({ kind }) => kind)).toEqual(kinds);
        expect(await local.texts(name)).toEqual(texts);
        // What failed before does not stop what comes after all that has ended.
        expect(await sink.send(new PayloadPool(1_000).open('{"n":5}'))).toEqual({ kind: 'stored' });
    });

    it('answers only when no write is under way any more, also when one has failed', async () => {
        const dataset = await Actor.openDataset('local-failure');
        const sink = createItemSink(dataset, INTERNAL_DEFAULTS);
        const payload = new PayloadPool(1_000).open('{"n":1}');
        payload.tryAppend('["no object"]');
        for (let n = 2; n <= 20; n++) payload.tryAppend(`{"n":${n}}`);
        expect(await sink.send(payload)).toMatchObject({
            kind: 'unavailable',
            outcomeUnknown: false,
            storedIndexes: new Set(Array.from({ length: 21 }, (_, index) => index).filter((index) => index !== 1)),
        });
        const stored = await local.texts('local-failure');
        expect(stored).toContain('{"n":1}');
        expect(stored).toContain('{"n":20}');
    });
});
