import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { type DeliveryError, SchemaLoadError } from '../src/index.js';
import type { LocalRun } from './support/local-run.js';
import { startLocalRun } from './support/local-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const ACTOR = { actorSpecification: 1, name: 'local-actor' };
const withDataset = (fields: unknown) => ({
    '.actor/actor.json': { ...ACTOR, storages: { dataset: './dataset_schema.json' } },
    '.actor/dataset_schema.json': { actorSpecification: 1, fields, views: {} },
});

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('a local guard', () => {
    it('stores items on disk, to the letter and in order', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ maxPayloadBytes: 1_024 });
        const items = [
            { n: 1, text: 'ü€😀\u2028"\\', nested: { list: [1, null, { a: [] }] } },
            JSON.parse('{"n":2,"__proto__":{"x":1}}'),
            JSON.parse(String.raw`{"n":3,"lone":"\ud800"}`),
            ...Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(n * 10) })),
        ];
        for (const item of items) await guard.pushData(item);
        const report = await guard.close();
        expect(await run.texts(name)).toEqual(items.map((item) => JSON.stringify(item)));
        expect(report).toMatchObject({ storedItems: items.length, quarantinedItems: 0, pendingItems: 0 });
    });

    it('keeps the order of fifty callers who wait, each of whom pushes again at once', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ ack: 'stored' });
        let next = 0;
        const work = async () => {
            while (next < 400) await guard.pushData({ n: next, text: 'x'.repeat((next++ % 5) * 10_000) });
        };
        await Promise.all(Array.from({ length: 50 }, work));
        expect((await run.items(name)).map(({ n }) => n)).toEqual(Array.from({ length: 400 }, (_, n) => n));
        expect(await guard.close()).toMatchObject({ storedItems: 400, pendingItems: 0 });
    });

    it('writes an item while one that came before it is still being written', async () => {
        await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ ack: 'stored' });
        const { client } = await Actor.openDataset();
        const pushItems = client.pushItems.bind(client);
        let calls = 0;
        const areBothBegun = new Promise<void>((resolve) => {
            client.pushItems = async (...args) => {
                if (++calls === 2) resolve();
                await areBothBegun;
                await pushItems(...args);
            };
        });
        const first = guard.pushData({ n: 1 });
        await vi.waitFor(() => expect(calls).toBe(1));
        const second = guard.pushData({ n: 2 });
        expect(await Promise.all([first, second])).toMatchObject([{ acceptedItems: 1 }, { acceptedItems: 1 }]);
    });

    it('gives back at once exactly what could not be written, as a bare push fails at once', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ ack: 'stored' });
        await guard.pushData({ n: 0 });
        // Nothing can be written where a folder is, whoever writes.
        const inTheWay = join(run.folderOf(name), '000000004.json');
        await mkdir(inTheWay);
        const items = Array.from({ length: 40 }, (_, n) => ({ n: n + 1 }));
        const begunAt = performance.now();
        const error: unknown = await guard.pushData(items).catch((thrown: unknown) => thrown);
        expect(performance.now() - begunAt).toBeLessThan(5_000);
        expect(error).toMatchObject({ code: 'DELIVERY', cause: { code: 'EISDIR' } });
        await rmdir(inTheWay);

        const { unstored, storedItems } = error as DeliveryError;
        const stored = (await run.items(name)).map(({ n }) => n);
        expect(stored).toEqual(expect.arrayContaining([0, 1, 2]));
        expect(stored).not.toContain(3);
        expect(storedItems).toBe(stored.length - 1);
        expect(unstored.map((position) => items[position]!.n)).toEqual(
            items.map(({ n }) => n).filter((n) => !stored.includes(n)),
        );
        await guard.pushData(unstored.map((position) => items[position]!));
        await guard.close();
        expect((await run.items(name)).map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: 41 }, (_, n) => n),
        );
    });

    it('validates although nothing else does there, and quarantines on disk beside the dataset', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ ack: 'stored' });
        expect(await guard.pushData([{ n: 1 }, { n: 'bad' }, null, { n: 2 }] as any)).toMatchObject({
            acceptedItems: 2,
            quarantinedItems: 2,
        });
        expect(await run.items(name)).toEqual([{ n: 1 }, { n: 2 }]);
        const records = (await run.items('local-actor-quarantine')).slice(-2);
        expect(records).toMatchObject([
            { item: { n: 'bad' }, reason: 'schema', itemPosition: 1, attempt: 1 },
            { item: null, reason: 'not-an-object', itemPosition: 2 },
        ]);
        expect(records[0].datasetName ?? records[0].datasetId).toBe(name);
    });

    it('puts a too large item into a key-value store on disk', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ quarantine: 'large-quarantine' });
        const huge = { n: 1, text: 'ü'.repeat(5_000_000) };
        await guard.pushData([huge, { n: 2 }]);
        await guard.close();
        expect(await run.items(name)).toEqual([{ n: 2 }]);
        const [record] = await run.items('large-quarantine');
        expect(record).toMatchObject({ reason: 'too-large', itemBytes: Buffer.byteLength(JSON.stringify(huge)) });
        const records = await run.records('large-quarantine-items');
        expect(Object.keys(records)).toEqual([`${record.itemKey}.json`]);
        expect(JSON.stringify(JSON.parse(Object.values(records)[0]!))).toBe(JSON.stringify(huge));
    });

    it('stores a large item that the platform would be asked about', async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open();
        const items = [{ n: 0 }, { n: 1, text: 'x'.repeat(6_000_000) }, { n: 2 }];
        await guard.pushData(items);
        await guard.close();
        expect(await run.items(name)).toEqual(items);
    });

    it('has named datasets, without a schema of their own', async () => {
        await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ dataset: 'named-local' });
        await guard.pushData([{ n: 'anything' }]);
        await guard.close();
        expect(await run.items('named-local')).toEqual([{ n: 'anything' }]);
    });

    it('has the schemas of aliases', async () => {
        await run.fresh({
            '.actor/actor.json': {
                ...ACTOR,
                storages: {
                    datasets: {
                        default: { actorSpecification: 1, fields: FIELDS },
                        reviews: { actorSpecification: 1, fields: { type: 'object', required: ['stars'] } },
                    },
                },
            },
        });
        const guard = await run.open({ dataset: { alias: 'reviews' }, quarantine: 'reviews-quarantine' });
        await guard.pushData([{ stars: 5 }, { n: 1 }]);
        await guard.close();
        expect(await run.items('reviews')).toEqual([{ stars: 5 }]);
        expect(await run.items('reviews-quarantine')).toMatchObject([{ item: { n: 1 }, datasetName: 'reviews' }]);
        const other = await run.open();
        expect(await other.pushData({ n: 'bad' })).toMatchObject({ quarantinedItems: 1 });
    });

    it.each([
        ['there is no .actor', {}],
        ['actor.json declares no dataset', { '.actor/actor.json': ACTOR }],
        ['fields are {}', withDataset({})],
        ['fields are absent', withDataset(undefined)],
        ['fields are an array schema', withDataset({ type: 'array' })],
        ['fields are a bare map of properties', withDataset({ title: { type: 'string' } })],
        ['a $ref is broken', withDataset({ type: 'object', properties: { n: { $ref: '#/none' } } })],
        ['a format is unknown', withDataset({ type: 'object', properties: { n: { type: 'string', format: 'isbn' } } })],
    ])('takes every object where %s', async (_, files) => {
        const name = await run.fresh(files);
        const guard = await run.open();
        await guard.pushData([{ n: 'anything' }, {}]);
        await guard.close();
        expect(await run.items(name)).toEqual([{ n: 'anything' }, {}]);
    });

    it.each([
        ['actor.json is not JSON', { '.actor/actor.json': '{ "name": "x", }' }, '.actor/actor.json'],
        [
            'the schema file is missing',
            { '.actor/actor.json': { ...ACTOR, storages: { dataset: './none.json' } } },
            '.actor/actor.json',
        ],
        [
            'the schema file is not JSON',
            { ...withDataset({}), '.actor/dataset_schema.json': 'fields:' },
            '.actor/dataset_schema.json',
        ],
        ['fields are no JSON Schema', withDataset({ type: 'object', required: 'title' }), '.actor/dataset_schema.json'],
        [
            'dataset and datasets exclude each other',
            { '.actor/actor.json': { ...ACTOR, storages: { dataset: {}, datasets: { default: {} } } } },
            '.actor/actor.json',
        ],
    ])('does not open where %s, and names the file', async (_, files, source) => {
        await run.fresh(files);
        const error: any = await run.open().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SchemaLoadError);
        expect(error.source).toBe(source);
        expect(error.message).toContain(source);
    });

    it("waits, warns and fails as on the platform: mode 'warn' stores what fails here", async () => {
        const name = await run.fresh(withDataset(FIELDS));
        const guard = await run.open({ mode: 'warn' });
        expect(await guard.pushData({ n: 'bad' })).toMatchObject({ acceptedItems: 1, quarantinedItems: 0 });
        await guard.close();
        expect(await run.items(name)).toEqual([{ n: 'bad' }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, reasons: [{ path: '/n', count: 1 }] });
    });
});
