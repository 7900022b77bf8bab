import fc from './support/fast-check.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from './support/platform-run.js';
import { accountedItems, QUARANTINE, startPlatformRun } from './support/platform-run.js';
import { IS_LONG } from './support/mode.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('report()', () => {
    it('names the quarantine after a restart of the run, before another item is rejected', async () => {
        run.freshDataset(FIELDS);
        const first = await run.open();
        await first.pushData([{ n: 'bad' }, { n: 1 }]);
        const { quarantineId } = await first.close();
        expect(quarantineId).toBe(run.server.dataset(QUARANTINE)!.id);
        const second = await run.open();
        expect(second.report()).toMatchObject({ storedItems: 1, quarantinedItems: 1, quarantineId });
        await second.close();
        const page = run.server.records().get('DATASET-GUARD-REPORT-HTML')!.value.toString();
        expect(page).toContain(`storage/datasets/${quarantineId}`);
    });

    it('is a frozen snapshot', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 'bad' }, { n: 1 }]);
        const early = guard.report();
        await guard.close();
        expect(early).toMatchObject({ receivedItems: 2, storedItems: 0, pendingItems: 2, requests: 0 });
        for (const part of [
            early,
            early.reasons,
            early.reasons[0]!,
            early.reasons[0]!.samples,
            early.fields,
            early.verdict,
        ]) {
            expect(Object.isFrozen(part)).toBe(true);
        }
        expect(early.startedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
        expect(Object.keys(early).toSorted()).toEqual(
            [
                'receivedItems',
                'storedItems',
                'quarantinedItems',
                'trimmedItems',
                'discardedItems',
                'pendingItems',
                'unsentItems',
                'requests',
                'rejectedRequests',
                'retriedRequests',
                'sentBytes',
                'startedAt',
                'reasons',
                'repairedItems',
                'repairs',
                'duplicateItems',
                'duplicates',
                'warnedItems',
                'datasetId',
                'runId',
                'schema',
                'verdict',
                'fields',
            ].toSorted(),
        );
    });

    it('groups the reasons, most frequent first, with up to 3 short samples of the failing value alone', async () => {
        run.freshDataset({
            ...FIELDS,
            properties: { n: { type: 'number' }, list: { type: 'array', items: { type: 'string' } } },
        });
        const guard = await run.open();
        for (let n = 0; n < 5; n++) await guard.pushData({ n: 1, list: ['a', n, { other: 'x'.repeat(300) }] });
        await guard.pushData({ other: 'secret' });
        await guard.pushData({ n: 'bad' });
        await guard.close();
        const { reasons } = guard.report();
        expect(reasons.map(({ path, keyword, count }) => [path, keyword, count])).toEqual([
            ['/list/*', 'type', 5],
            ['', 'required', 1],
            ['/n', 'type', 1],
        ]);
        expect(reasons[0]!.samples).toHaveLength(5);
        expect(reasons[0]!.samples.every(({ value }) => value!.length <= 200)).toBe(true);
        expect(reasons[2]!.samples).toEqual([{ value: '"bad"', count: 1, path: '/n' }]);
        expect(JSON.stringify(reasons)).not.toContain('secret');
    });

    it('holds no samples where the option says so', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ samples: false });
        await guard.pushData({ n: 'bad' });
        expect(guard.report().reasons).toMatchObject([{ path: '/n', samples: [] }]);
    });

    it('names at most 100 reasons, then one "other"', async () => {
        const properties = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`key${n}`, { type: 'number' }]));
        run.freshDataset({ type: 'object', properties });
        const guard = await run.open();
        await guard.pushData(Array.from({ length: 150 }, (_, n) => ({ [`key${n}`]: 'bad' })));
        const { reasons } = guard.report();
        expect(reasons).toHaveLength(101);
        expect(reasons.at(-1)).toMatchObject({ reason: 'other', count: 50 });
    });
});

/** Good, failing here, failing on the platform alone, no JSON, no object. */
const item = fc.oneof(
    { weight: 6, arbitrary: fc.record({ n: fc.nat(), text: fc.string({ maxLength: 200, unit: 'grapheme' }) }) },
    { weight: 1, arbitrary: fc.record({ n: fc.constant('bad') }) },
    { weight: 1, arbitrary: fc.record({ n: fc.integer({ min: -9, max: -1 }) }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 5, [], { big: 1n }) },
);
const step = fc.record({
    items: fc.array(item, { maxLength: 12 }),
    flush: fc.boolean(),
    wait: fc.boolean(),
    fault: fc.option(fc.constantFrom({ status: 403 }, { status: 404 }, { delayMillis: 5 }), {
        freq: 4,
        nil: undefined,
    }),
    where: fc.constantFrom<'items' | 'quarantine'>('items', 'quarantine'),
});

describe('received = stored + quarantined + trimmed + discarded + pending + unsent', () => {
    it.each(['buffered', 'stored'] as const)("at every moment, whatever goes wrong (ack: '%s')", async (ack) => {
        await fc.assert(
            fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
                const id = run.freshDataset(null, {
                    schema: { actorSpecification: 1, fields: FIELDS },
                    enforcedFields: { ...FIELDS, properties: { n: { type: 'number', minimum: 0 } } },
                });
                const guard = await run.open({ ack, maxPayloadBytes: 1_024, maxBufferedBytes: 4_096 });
                const check = () => {
                    const report = guard.report();
                    expect(accountedItems(report)).toBe(report.receivedItems);
                    for (const key of ['pendingItems', 'unsentItems', 'discardedItems', 'storedItems'] as const) {
                        expect(report[key], key).toBeGreaterThanOrEqual(0);
                    }
                };
                const watch = setInterval(check, 1);
                const underWay: Promise<unknown>[] = [];
                for (const { items, flush, wait, fault, where } of steps) {
                    const quarantineId = run.server.dataset(QUARANTINE)?.id;
                    const target = where === 'items' ? id : quarantineId;
                    if (fault && target) run.server.faults.next({ method: 'POST', path: `${target}/items`, fault });
                    underWay.push(guard.pushData(items).catch(() => undefined));
                    check();
                    if (wait) await underWay.at(-1);
                    check();
                    if (flush) underWay.push(guard.flush().catch(() => undefined));
                    check();
                }
                await Promise.all(underWay);
                check();
                run.server.faults.clear();
                await guard.flush();
                const report = await guard.close();
                clearInterval(watch);
                check();
                expect(report).toMatchObject({ pendingItems: 0, unsentItems: 0 });
                expect(report.storedItems).toBe(run.server.items(id).length);
                expect(report.quarantinedItems).toBe(run.quarantined(id).length);
            }),
            { numRuns: IS_LONG ? 100 : 10 },
        );
    });
});
