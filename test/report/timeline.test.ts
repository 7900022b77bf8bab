import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { type ItemTotals, Timeline } from '../../src/report/timeline.js';

const NINE = Date.UTC(2026, 10, 24, 9);
const MINUTE_MILLIS = 60_000;

/** A timeline that is looked at as a guard does: `minutes` after the start, with the given counts of items. */
function looked(...looks: [minutes: number, storedItems: number, quarantinedItems?: number][]) {
    const timeline = new Timeline(NINE);
    for (const [minutes, storedItems, quarantinedItems = 0] of looks) {
        timeline.look(NINE + minutes * MINUTE_MILLIS, { storedItems, quarantinedItems });
    }
    return timeline;
}

const stored = (timeline: Timeline) => timeline.figures().buckets.map(({ storedItems }) => storedItems);

function totalsOf(timeline: Timeline): ItemTotals {
    const { buckets } = timeline.figures();
    return buckets.reduce(
        (sum, { storedItems, quarantinedItems }) => ({
            storedItems: sum.storedItems + storedItems,
            quarantinedItems: sum.quarantinedItems + quarantinedItems,
        }),
        { storedItems: 0, quarantinedItems: 0 },
    );
}

describe('the timeline', () => {
    it('holds what came in each minute, not the totals', () => {
        const { buckets, ...rest } = looked([1, 10, 1], [2, 30, 1], [3, 30, 4]).figures();
        expect(rest).toEqual({
            startedAt: '2026-11-24T09:00:00.000Z',
            endedAt: '2026-11-24T09:03:00.000Z',
            bucketMillis: MINUTE_MILLIS,
        });
        expect(buckets).toEqual([
            { storedItems: 10, quarantinedItems: 1 },
            { storedItems: 20, quarantinedItems: 0 },
            { storedItems: 0, quarantinedItems: 3 },
        ]);
    });

    it('puts what a late look finds into the minute in which it came', () => {
        expect(stored(looked([1.01, 10], [2.02, 30], [2.5, 31]))).toEqual([10, 20, 1]);
    });

    it('has a minute for each that went by, also where nothing came', () => {
        expect(stored(looked([1, 5], [5, 5], [6, 6]))).toEqual([5, 0, 0, 0, 0, 1]);
    });

    it('is empty where it was never looked at, and has one bucket from the first look on', () => {
        expect(stored(new Timeline(NINE))).toEqual([]);
        expect(stored(looked([0, 3]))).toEqual([3]);
    });

    it('does not mind a clock that is set back', () => {
        expect(stored(looked([1, 5], [-90, 7], [2, 8]))).toEqual([8]);
    });

    it('merges two minutes into one once there are 120, and so on', () => {
        const timeline = new Timeline(NINE);
        for (let minute = 1; minute <= 121; minute++) {
            timeline.look(NINE + minute * MINUTE_MILLIS, { storedItems: minute, quarantinedItems: 2 * minute });
        }
        const { bucketMillis, buckets } = timeline.figures();
        expect(bucketMillis).toBe(2 * MINUTE_MILLIS);
        expect(buckets).toHaveLength(61);
        expect(buckets.slice(0, 60).every((bucket) => bucket.storedItems === 2 && bucket.quarantinedItems === 4)).toBe(
            true,
        );
        expect(buckets.at(-1)).toEqual({ storedItems: 1, quarantinedItems: 2 });
    });

    it('goes on in the next process of the run from where it was', () => {
        const before = looked([1, 10, 1], [2, 30, 1]);
        const saved = JSON.parse(JSON.stringify(before.save()));
        const after = new Timeline(NINE + 4 * MINUTE_MILLIS);
        after.restore(saved, { storedItems: 30, quarantinedItems: 1 });
        after.look(NINE + 5 * MINUTE_MILLIS, { storedItems: 37, quarantinedItems: 1 });
        expect(stored(after)).toEqual([10, 20, 0, 0, 7]);
        expect(after.figures().startedAt).toBe('2026-11-24T09:00:00.000Z');
    });

    it('holds the items of several earlier processes, each in its minute', () => {
        const saved = [looked([1, 10, 1], [2, 30, 1]), new Timeline(NINE + MINUTE_MILLIS)];
        saved[1]!.look(NINE + 2 * MINUTE_MILLIS, { storedItems: 5, quarantinedItems: 2 });
        for (const order of [saved, saved.toReversed()]) {
            const after = new Timeline(NINE + 4 * MINUTE_MILLIS);
            for (const timeline of order) {
                after.restore(timeline.save(), totalsOf(timeline));
            }
            after.look(NINE + 5 * MINUTE_MILLIS, { storedItems: 42, quarantinedItems: 3 });
            expect(stored(after)).toEqual([10, 25, 0, 0, 7]);
            expect(totalsOf(after)).toEqual({ storedItems: 42, quarantinedItems: 3 });
        }
    });

    it('loses no item and stays small, however long the run is and whenever it is looked at', () => {
        const step = fc.record({
            minutes: fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.integer({ min: 0, max: 500_000 })),
            storedItems: fc.nat(1_000),
            quarantinedItems: fc.nat(10),
        });
        fc.assert(
            fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
                const timeline = new Timeline(NINE);
                let now = NINE;
                const totals = { storedItems: 0, quarantinedItems: 0 };
                for (const { minutes, storedItems, quarantinedItems } of steps) {
                    now += minutes * MINUTE_MILLIS;
                    totals.storedItems += storedItems;
                    totals.quarantinedItems += quarantinedItems;
                    timeline.look(now, totals);
                }
                const { buckets, bucketMillis } = timeline.figures();
                const sum = { storedItems: 0, quarantinedItems: 0 };
                for (const { storedItems, quarantinedItems } of buckets) {
                    sum.storedItems += storedItems;
                    sum.quarantinedItems += quarantinedItems;
                }
                expect(sum).toEqual(totals);
                expect(buckets.length).toBeLessThanOrEqual(120);
                expect((buckets.length - 1) * bucketMillis).toBeLessThanOrEqual(Math.max(0, now - NINE));
            }),
        );
    });
});
