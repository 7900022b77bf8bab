import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { DatasetGuard } from '../src/index.js';
import { collectLog } from './report/support/log-lines.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['title'],
    properties: {
        title: { type: 'string' },
        price: { type: 'number' },
        offers: { type: 'array', items: { type: 'object', properties: { price: { type: ['number', 'null'] } } } },
    },
    additionalProperties: false,
};

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('repair of items that fail here', () => {
    it("removes what the schema forbids, and stores the rest, with 'prune'", async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ repair: 'prune', ack: 'stored' });
        const result = await guard.pushData([{ title: 'Alien', price: 'n/a', more: 1 }, { title: 'Aliens' }]);
        expect(run.server.items(id)).toEqual([{ title: 'Alien' }, { title: 'Aliens' }]);
        expect(result).toMatchObject({ acceptedItems: 2, quarantinedItems: 0, repairedItems: 1 });
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, quarantinedItems: 0, reasons: [] });
    });

    it('repairs an item of 40,000 objects that the schema describes by $ref', async () => {
        const offer = { properties: { price: { $ref: '#/definitions/price' } } };
        const price = { properties: { amount: { type: 'number' } } };
        const id = run.freshDataset({
            properties: { offers: { items: { $ref: '#/definitions/offer' } } },
            definitions: { offer, price },
        });
        const guard = await run.open({ repair: 'prune', ack: 'stored' });
        const offers = Array.from({ length: 40_000 }, () => ({ price: {} }));
        await guard.pushData({ offers: [{ price: { amount: 'n/a' } }, ...offers.slice(1)] });
        expect(run.server.items(id)).toEqual([{ offers }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, repairedItems: 1 });
    });

    it('quarantines an item with 10,000 errors as it was pushed, with the first hundred of them', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ repair: 'prune', ack: 'stored' });
        const item = (count: number) => ({ title: 'Alien', offers: new Array<number>(count).fill(1) });
        await guard.pushData([item(9_999), item(10_000)]);
        expect(run.server.items(id)).toEqual([{ title: 'Alien', offers: [] }]);
        const [record] = run.quarantined(id);
        expect(record).toMatchObject({ reason: 'schema', item: item(10_000) });
        expect(record!.errors).toHaveLength(100);
    });

    it('coerces by a policy, and counts each kind of repair with samples of values', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ repair: { coerce: true, invalid: 'null' } });
        await guard.pushData([
            { title: 'A', price: '$1,200.50', offers: [{ price: 'x' }, { price: 3 }, { price: 'y' }] },
            { title: 'B', price: '7' },
        ]);
        await guard.flush();
        expect(run.server.items(id)).toEqual([
            { title: 'A', price: 1200.5, offers: [{ price: null }, { price: 3 }, { price: null }] },
            { title: 'B', price: 7 },
        ]);
        expect(guard.report()).toMatchObject({
            repairedItems: 2,
            repairs: [
                {
                    path: '/price',
                    action: 'coerced',
                    count: 2,
                    samples: [
                        { before: '"$1,200.50"', after: '1200.5' },
                        { before: '"7"', after: '7' },
                    ],
                },
                { path: '/offers/*/price', action: 'nulled', count: 1 },
            ],
        });
    });

    it('applies the steps of a list one after another, until the item is valid', async () => {
        const id = run.freshDataset(FIELDS);
        const asked: unknown[] = [];
        const guard = await run.open({
            repair: [
                { coerce: true },
                (item) => {
                    asked.push(item);
                    return undefined;
                },
                'prune',
            ],
        });
        await guard.pushData([
            { title: 'A', price: '5' },
            { title: 'B', price: '5', more: 1 },
        ]);
        await guard.flush();
        expect(asked).toEqual([{ title: 'B', price: 5, more: 1 }]);
        expect(run.server.items(id)).toEqual([
            { title: 'A', price: 5 },
            { title: 'B', price: 5 },
        ]);
    });

    it('quarantines an item that cannot be repaired as it was pushed, without the errors that were repaired', async () => {
        const id = run.freshDataset({ ...FIELDS, required: ['title', 'price'] });
        const guard = await run.open({ repair: 'prune' });
        await guard.pushData({ title: 'A', more: 1 });
        await guard.close();
        expect(run.server.items(id)).toEqual([]);
        const records = run.quarantined(id);
        expect(records).toMatchObject([{ item: { title: 'A', more: 1 }, rejectedBy: 'guard' }]);
        expect(records[0]!.errors.map(({ keyword }) => keyword)).toEqual(['required']);
        expect(guard.report()).toMatchObject({ repairedItems: 0, repairs: [], quarantinedItems: 1 });
    });

    it('logs each kind of repair once, without values and without names that only the data knows', async () => {
        run.freshDataset(FIELDS);
        const lines = collectLog();
        const guard = await run.open({ repair: ['prune'] });
        await guard.pushData([
            { title: 'A', secret1: 1, price: 'cheap' },
            { title: 'B', secret2: 2, price: 'free', offers: [{ price: 'x' }] },
        ]);
        await guard.close();
        expect(lines.filter((line) => line.includes('Repaired: '))).toEqual([
            expect.stringContaining('Repaired: /* was removed. Counted from now on.'),
            expect.stringContaining('Repaired: /price was removed. Counted from now on.'),
            expect.stringContaining('Repaired: /offers/*/price was removed. Counted from now on.'),
        ]);
        expect(lines.join('\n')).not.toMatch(/secret|cheap/);
        expect(guard.report().repairs.map(({ path }) => path)).toContain('/secret1');
    });

    it('does not show in samples what redact hides', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ repair: { coerce: true }, redact: ({ price: _, ...rest }) => rest });
        await guard.pushData({ title: 7, price: '5' });
        await guard.flush();
        expect(guard.report().repairs).toMatchObject([
            { path: '/title', samples: [{ before: '7', after: '"7"' }] },
            { path: '/price', samples: [] },
        ]);
    });

    it('shows in samples what a function of the user changed, unless there is a redact, which has not seen it', async () => {
        const repair = (item: object) => ({ ...item, price: 0 });
        for (const [redact, samples] of [
            [undefined, [{ before: '"free"', after: '0' }]],
            [(item: object) => item, []],
        ] as const) {
            run.freshDataset(FIELDS);
            const guard = await run.open({ repair, redact });
            await guard.pushData({ title: 'Alien', price: 'free' });
            await guard.close();
            expect(guard.report().repairs).toEqual([{ path: '/price', action: 'custom', count: 1, samples }]);
        }
    });

    it('counts a repaired item that is given back as discarded, not as repaired', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ repair: 'prune', ack: 'stored' }, { maxRetries: 0, listingLagMillis: 0 });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1, fault: { status: 403 } });
        await expect(guard.pushData({ title: 'A', more: 1 })).rejects.toThrow();
        expect(guard.report()).toMatchObject({ discardedItems: 1, repairedItems: 0, repairs: [] });
        await guard.pushData({ title: 'A', more: 1 });
        expect(run.server.items(id)).toEqual([{ title: 'A' }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, repairedItems: 1 });
    });
});

describe("repair with mode: 'fail'", () => {
    it('takes the call where each of its items is valid after the repair', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail', repair: 'prune' });
        expect(await guard.pushData([{ title: 'A', more: 1 }, { title: 'B' }])).toMatchObject({ repairedItems: 1 });
        expect(run.server.items(id)).toEqual([{ title: 'A' }, { title: 'B' }]);
    });

    it('rejects the call, and counts no repair, where one item cannot be repaired', async () => {
        const id = run.freshDataset({ ...FIELDS, required: ['title', 'price'] });
        const guard = await run.open({ mode: 'fail', repair: 'prune' });
        const rejected = guard.pushData([{ title: 'A', price: 1, more: 1 }, { title: 'B' }]);
        await expect(rejected).rejects.toMatchObject({ code: 'ITEMS_REJECTED', rejectedItems: [{ itemPosition: 1 }] });
        expect(run.server.items(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ discardedItems: 2, repairedItems: 0, repairs: [] });
    });
});

describe("repair with mode: 'warn'", () => {
    it('stores what could be repaired as repaired, and what could not as it was pushed', async () => {
        const id = run.freshDataset();
        const schema = { ...FIELDS, required: ['title', 'price'] };
        const guard = await run.open({ mode: 'warn', repair: 'prune', schema, ack: 'stored' });
        await guard.pushData([
            { title: 'A', price: 1, more: 1 },
            { title: 'B', more: 1 },
        ]);
        expect(run.server.items(id)).toEqual([
            { title: 'A', price: 1 },
            { title: 'B', more: 1 },
        ]);
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, reasons: [{ keyword: 'required' }] });
    });
});

describe('memory of repaired items', () => {
    const LARGE = 'x'.repeat(2_000);
    const LIMITS = {
        repair: 'prune',
        maxPayloadBytes: 5_000,
        maxBufferedBytes: 20_000,
        flushIntervalMillis: 0,
    } as const;

    /** Pushes items one by one while a request waits for its answer. Returns how many are taken meanwhile, and how to go on. */
    async function pushWhileHeld(id: string, guard: DatasetGuard<any>, items: readonly object[]) {
        let release = (): void => undefined;
        const until = new Promise<void>((resolve) => {
            release = resolve;
        });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { until } });
        let taken = 0;
        const pushes = items.map(async (item) => {
            await guard.pushData(item);
            taken++;
        });
        await vi.waitFor(() => expect(run.server.faults.pending).toBe(0));
        // All that may enter has entered once many turns of the event loop bring no further item.
        for (let before = -1; before !== taken;) {
            before = taken;
            for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        }
        const finish = async (): Promise<void> => {
            release();
            await Promise.all(pushes);
            await guard.flush();
        };
        return { taken, finish };
    }

    it('is a part of maxBufferedBytes: pushes wait while large items that were repaired to small ones are under way', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(LIMITS);
        const items = Array.from({ length: 100 }, (_, n) => ({ title: String(n), more: LARGE }));
        const { taken, finish } = await pushWhileHeld(id, guard, items);
        await finish();
        expect(taken).toBeGreaterThan(2);
        expect(taken * LARGE.length).toBeLessThanOrEqual(LIMITS.maxBufferedBytes);
        expect(run.server.items(id)).toEqual(items.map(({ title }) => ({ title })));
        expect(guard.report()).toMatchObject({ storedItems: 100, repairedItems: 100, pendingItems: 0 });
    });

    it('counts also while they wait beside an item with their key', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...LIMITS, unique: 'title' });
        const items = Array.from({ length: 100 }, () => ({ title: 'Alien', more: LARGE }));
        const { taken, finish } = await pushWhileHeld(id, guard, items);
        await finish();
        expect(taken).toBeGreaterThan(2);
        expect(taken * LARGE.length).toBeLessThanOrEqual(LIMITS.maxBufferedBytes);
        expect(run.server.items(id)).toEqual([{ title: 'Alien' }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, duplicateItems: 99, pendingItems: 0 });
    });

    it.each([
        ['have been quarantined', { unknown: 'remove' }, 20],
        ['have been repaired with the errors of the platform', 'prune', 40],
    ] as const)('is free again once they are stored, and their neighbours %s', async (_, repair, storedItems) => {
        const id = run.freshDataset({ ...FIELDS, properties: { title: { maxLength: 3 } } });
        // The platform is stricter, until its first rejection has told the guard.
        const guard = await run.open({ ...LIMITS, schema: { ...FIELDS, properties: { title: {} } }, repair });
        await guard.pushData(
            Array.from({ length: 40 }, (_item, n) => ({ title: n % 2 === 0 ? 'A' : 'too long', more: LARGE })),
        );
        await guard.flush();
        expect(run.server.items(id)).toHaveLength(storedItems);
        const items = Array.from({ length: 100 }, () => ({ title: 'B', more: LARGE }));
        const { taken, finish } = await pushWhileHeld(id, guard, items);
        await finish();
        expect(taken).toBeGreaterThan(2);
        expect(taken * LARGE.length).toBeLessThanOrEqual(LIMITS.maxBufferedBytes);
        expect(guard.report()).toMatchObject({ storedItems: storedItems + 100, pendingItems: 0 });
    });
});

describe('repair of items that the platform rejects', () => {
    it('sends all rejected items together once they are repaired, with schema: false', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false, repair: 'prune', ack: 'stored' });
        const items = Array.from({ length: 10 }, (_, n) => ({ title: `${n}`, ...(n % 3 === 0 && { more: n }) }));
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 10, repairedItems: 4, quarantinedItems: 0 });
        const requests = run.server.pushRequests(id).map(({ status, itemCount }) => [status, itemCount]);
        expect(requests).toEqual([
            [400, 10],
            [201, 6],
            [201, 4],
        ]);
        const titles = run.server.items<{ title: string }>(id).map(({ title }) => title);
        expect(titles).toEqual(['1', '2', '4', '5', '7', '8', '0', '3', '6', '9']);
        expect(guard.report()).toMatchObject({
            storedItems: 10,
            repairedItems: 4,
            reasons: [],
            repairs: [{ path: '/more', action: 'removed', count: 4 }],
        });
    });

    it('quarantines as it was pushed what is rejected after the repair as well', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false, repair: { unknown: 'remove', coerce: true }, ack: 'stored' });
        const items = [{ title: 'A', more: 1 }, { title: null, more: 2 }, { title: 'C' }];
        expect(await guard.pushData(items)).toMatchObject({ repairedItems: 1, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ title: 'C' }, { title: 'A' }]);
        expect(run.quarantined(id)).toMatchObject([{ item: { title: null, more: 2 }, rejectedBy: 'platform' }]);
    });

    it.each([
        ['nested too deeply', () => Array.from({ length: 1_500 }).reduce((inner: object) => ({ inner }), {})],
        ['too large', () => 'x'.repeat(9_500_000)],
    ])('sends nothing that a function has made %s, and quarantines the item as it was pushed', async (_, more) => {
        const id = run.freshDataset({ type: 'object', properties: { title: { type: 'string' } } });
        const guard = await run.open({ schema: false, repair: () => ({ title: 'A', more: more() }), ack: 'stored' });
        expect(await guard.pushData({ title: 1 })).toMatchObject({ quarantinedItems: 1, repairedItems: 0 });
        expect(run.server.pushRequests(id).map(({ status }) => status)).toEqual([400]);
        expect(run.quarantined(id)).toMatchObject([{ item: { title: 1 }, rejectedBy: 'platform' }]);
    });

    it('stores a repaired item once when an outage hides whether its request was stored', async () => {
        const id = run.freshDataset(FIELDS);
        const times = { maxRetries: 1, listingLagMillis: 0, firstRetryDelayMillis: 1 };
        const guard = await run.open({ schema: false, repair: 'prune', flushIntervalMillis: 600_000 }, times);
        await guard.pushData([{ title: 'A', more: 1 }, { title: 'B' }]);
        const path = `${id}/items`;
        // The request as pushed is rejected and the rest is stored; so is the repaired item, and the answer is lost.
        run.server.faults.next({ method: 'POST', path, skip: 2, fault: { status: 500, when: 'after' } });
        run.server.faults.next({ method: 'POST', path, skip: 2, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'GET', path, times: 1_000, fault: { status: 404 } });
        await expect(guard.flush()).rejects.toMatchObject({ code: 'DELIVERY' });
        expect(guard.report()).toMatchObject({ storedItems: 1, pendingItems: 1, repairedItems: 0 });
        run.server.faults.clear();
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ title: 'B' }, { title: 'A' }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, quarantinedItems: 0 });
    });

    it('repairs what was rejected before an outage once that has passed', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(
            { schema: false, repair: 'prune', flushIntervalMillis: 600_000 },
            { maxRetries: 0 },
        );
        const pushes = { method: 'POST', path: `${id}/items` };
        // Each half goes in a request of its own: one is rejected, and the other meets the outage.
        run.server.faults.next({ ...pushes, fault: { status: 413 } });
        run.server.faults.next({ ...pushes, skip: 1, fault: { status: 503 } });
        await guard.pushData([{ title: 'A', more: 1 }, { title: 'B' }]);
        await expect(guard.flush()).rejects.toMatchObject({ code: 'DELIVERY' });
        expect(guard.report()).toMatchObject({ pendingItems: 2, quarantinedItems: 0 });
        await guard.flush();
        expect(run.server.items(id)).toEqual(expect.arrayContaining([{ title: 'A' }, { title: 'B' }]));
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, quarantinedItems: 0 });
    });

    it('gives back what it repaired where the platform does not take the request', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: false, repair: 'prune', ack: 'stored' });
        run.server.faults.next({
            method: 'POST',
            path: `${id}/items`,
            times: 1,
            fault: { status: 403 },
            skip: 1,
        });
        await guard.pushData({ title: 'A', more: 1 }).catch(() => undefined);
        const { receivedItems, storedItems, quarantinedItems, discardedItems } = guard.report();
        expect(storedItems + quarantinedItems + discardedItems).toBe(receivedItems);
    });
});
