import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { RejectionStyle } from './support/api-server.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'number' }, tags: { type: 'array', items: { type: 'string' } } },
};

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('a request that the platform rejects, naming the items', () => {
    const styles: Partial<RejectionStyle>[] = [
        { shape: 'array-path', countFrom: 0 },
        { shape: 'array-path', countFrom: 1 },
        { shape: 'item-path', countFrom: 0 },
        { shape: 'item-path', countFrom: 1 },
        { shape: 'array-path', countFrom: 0, type: 'schema-validation-failed' },
        { shape: 'item-path', countFrom: 0, type: 'schema-validation' },
    ];
    it.each(styles)('stores the rest in order and quarantines the named items: %j', async (style) => {
        const id = run.freshDataset(FIELDS);
        run.server.rejectAs(style);
        const guard = await run.open({ schema: false });
        const items = Array.from({ length: 20 }, (_, n) => ({ n: [0, 7, 8, 19].includes(n) ? `bad ${n}` : n }));
        const result = await guard.pushData(items);
        await guard.flush();

        expect(result).toMatchObject({ acceptedItems: 20, quarantinedItems: 0 });
        expect(run.server.items(id)).toEqual(items.filter(({ n }) => typeof n === 'number'));
        const records = run.quarantined(id);
        expect(records.map(({ item }) => item)).toEqual(items.filter(({ n }) => typeof n !== 'number'));
        for (const [index, record] of records.entries()) {
            expect(record).toMatchObject({
                reason: 'schema',
                rejectedBy: 'platform',
                itemPosition: [0, 7, 8, 19][index],
                errors: [
                    {
                        instancePath: '/n',
                        schemaPath: '#/properties/n/type',
                        keyword: 'type',
                        params: { type: 'number' },
                        message: 'must be number',
                    },
                ],
            });
        }
        expect(guard.report()).toMatchObject({
            receivedItems: 20,
            storedItems: 16,
            quarantinedItems: 4,
            pendingItems: 0,
            reasons: [{ reason: 'schema', keyword: 'type', path: '/n', count: 4, rejectedBy: 'platform' }],
        });
    });

    it.each([{ shape: 'array-path' }, { shape: 'item-path' }] as const)(
        'needs one further request where positions count from 0: %j',
        async (style) => {
            const id = run.freshDataset(FIELDS);
            run.server.rejectAs(style);
            const guard = await run.open({ schema: false });
            await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }, {}]);
            await guard.flush();
            expect(run.server.pushRequests(id).map(({ status, itemCount }) => [status, itemCount])).toEqual([
                [400, 4],
                [201, 2],
            ]);
            expect(guard.report()).toMatchObject({ requests: 2, rejectedRequests: 1, retriedRequests: 0 });
        },
    );

    it('has its paths cut in the record, however long the names in the schema are', async () => {
        const name = 'k'.repeat(5_000);
        const id = run.freshDataset({ type: 'object', properties: { [name]: { pattern: `^${'a'.repeat(100)}` } } });
        const guard = await run.open({ schema: false });
        await guard.pushData({ [name]: 'x' });
        await guard.close();
        const [{ instancePath, schemaPath, message } = {}] = run.quarantined(id)[0]!.errors;
        expect(instancePath).toMatch(/^\/k{198}…$/);
        expect(schemaPath).toMatch(/^#\/properties\/k{986}…$/);
        expect(message).toBe(`must match pattern "^${'a'.repeat(100)}"`);
    });

    it('needs one further request where positions count from 1 and the paths say so', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.rejectAs({ shape: 'array-path', countFrom: 1 });
        const guard = await run.open({ schema: false });
        await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }]);
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
        expect(run.server.pushRequests(id)).toHaveLength(2);
    });

    it('learns what positions count from, and asks once only', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.rejectAs({ shape: 'item-path', countFrom: 1 });
        const guard = await run.open({ schema: false });
        const batch = [{ n: 1 }, { n: 'bad' }, { n: 3 }, { n: 4 }];
        for (let round = 0; round < 3; round++) {
            await guard.pushData(batch);
            await guard.flush();
        }
        expect(run.server.items(id)).toEqual([...batch, ...batch, ...batch].filter(({ n }) => n !== 'bad'));
        expect(run.quarantined(id)).toHaveLength(3);
        const statuses = run.server.pushRequests(id).map(({ status }) => status);
        expect(statuses.slice(-4)).toEqual([400, 201, 400, 201]);
    });

    it('gives every error of an item, and the paths of required and nested properties', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false });
        await guard.pushData([{ n: 0 }, { tags: ['a', 5, null] }]);
        await guard.flush();
        const [record] = run.quarantined(id);
        expect(
            record!.errors.map(({ instancePath, schemaPath, keyword }) => [instancePath, schemaPath, keyword]),
        ).toEqual([
            ['', '#/required', 'required'],
            ['/tags/1', '#/properties/tags/items/type', 'type'],
            ['/tags/2', '#/properties/tags/items/type', 'type'],
        ]);
        expect(guard.report().reasons.map(({ path, count }) => [path, count])).toEqual([
            ['', 1],
            ['/tags/*', 1],
        ]);
    });

    it('makes no second request when every item is named, and none for a single item', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false });
        await guard.pushData([{ n: 'a' }, { n: 'b' }]);
        await guard.flush();
        await guard.pushData({ n: 'c' });
        await guard.flush();
        expect(run.server.items(id)).toEqual([]);
        expect(run.quarantined(id).map(({ item }) => item)).toEqual([{ n: 'a' }, { n: 'b' }, { n: 'c' }]);
        expect(run.server.pushRequests(id).map(({ itemCount }) => itemCount)).toEqual([2, 1]);
    });

    it('keeps the order of all items when requests are rejected while others wait', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 2;
        const guard = await run.open({ schema: false, maxPayloadBytes: 1_024, maxBufferedBytes: 8_192 });
        const items = Array.from({ length: 2_000 }, (_, n) => ({ n: n % 97 === 5 ? `bad ${n}` : n }));
        for (const item of items) await guard.pushData(item);
        await guard.flush();
        expect(run.server.items(id)).toEqual(items.filter(({ n }) => typeof n === 'number'));
        expect(run.quarantined(id).map(({ item }) => item)).toEqual(items.filter(({ n }) => typeof n !== 'number'));
    });

    it('writes the records of a request in one request to the quarantine', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false, quarantine: 'one-request' });
        await guard.pushData(Array.from({ length: 100 }, (_, n) => ({ n: n % 2 === 0 ? n : `bad ${n}` })));
        await guard.flush();
        expect(run.quarantined(id, 'one-request')).toHaveLength(50);
        expect(run.server.pushRequests('one-request')).toHaveLength(1);
    });
});
