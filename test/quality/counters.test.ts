import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { CounterValues, SavedCounters } from '../../src/quality/counters.js';
import { Counters } from '../../src/quality/counters.js';

const sumOf = (values: CounterValues) =>
    values.storedItems +
    values.quarantinedItems +
    values.duplicateItems +
    values.trimmedItems +
    values.discardedItems +
    values.pendingItems +
    values.unsentItems;

/** Events of items, each with the count that it adds to. */
const VERBS = {
    stored: 'storedItems',
    quarantined: 'quarantinedItems',
    duplicates: 'duplicateItems',
    trimmed: 'trimmedItems',
    discarded: 'discardedItems',
} as const;
type Verb = keyof typeof VERBS;
const verbs = Object.keys(VERBS) as Verb[];

describe('the counters of a run', () => {
    it('account for each received item in exactly one figure, at every moment and after each end', () => {
        const step = fc.oneof(
            fc.record({ what: fc.constant('received' as const), items: fc.nat(50) }),
            fc.record({ what: fc.constantFrom(...verbs), items: fc.nat(50) }),
            fc.record({ what: fc.constantFrom('ends' as const, 'goes on' as const), items: fc.constant(0) }),
        );
        fc.assert(
            fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
                const counters = new Counters();
                const expected = {
                    receivedItems: 0,
                    storedItems: 0,
                    quarantinedItems: 0,
                    duplicateItems: 0,
                    trimmedItems: 0,
                };
                const model = { ...expected, discardedItems: 0, left: 0, isEnded: false };
                for (const { what, items } of steps) {
                    if (what === 'ends' || what === 'goes on') {
                        model.isEnded = what === 'ends';
                        counters.ended(model.isEnded);
                    } else if (what === 'received') {
                        model.receivedItems += items;
                        model.left += items;
                        counters.received(items);
                    } else {
                        const some = Math.min(items, model.left);
                        model.left -= some;
                        model[VERBS[what]] += some;
                        counters[what](some);
                    }
                    const values = counters.values();
                    const { left, isEnded, ...counts } = model;
                    expect(values).toMatchObject({
                        ...counts,
                        pendingItems: isEnded ? 0 : left,
                        unsentItems: isEnded ? left : 0,
                    });
                    expect(sumOf(values)).toBe(values.receivedItems);
                    expect(counters.unaccountedItems).toBe(left);
                    expect(counters.keptItems).toBe(model.receivedItems - model.discardedItems);
                }
            }),
        );
    });

    it('do not count a rejected item for the tolerance once it was given back', () => {
        const counters = new Counters();
        counters.received(5);
        counters.rejected(3);
        counters.rejectedGivenBack(2);
        expect(counters.rejectedItems).toBe(1);
        expect(counters.values()).toMatchObject({ discardedItems: 2, pendingItems: 3 });
    });

    it('count requests, those rejected and those retried, and the bytes that were sent', () => {
        const counters = new Counters();
        for (const bytes of [10, 200, 30]) counters.requestSent(bytes);
        counters.requestRejected();
        counters.requestRetried();
        counters.requestRetried();
        expect(counters.values()).toMatchObject({
            requests: 3,
            sentBytes: 240,
            rejectedRequests: 1,
            retriedRequests: 2,
        });
    });

    it('go on from the sum of what several processes have saved, without what those had under way', () => {
        const count = fc.nat(1_000);
        const process = fc.record({
            stored: count,
            quarantined: count,
            duplicates: count,
            trimmed: count,
            discarded: count,
            pending: count,
            rejected: count,
            bytes: count,
            rejections: fc.nat(3),
            retries: fc.nat(3),
        });
        fc.assert(
            fc.property(fc.array(process, { maxLength: 3 }), (processes) => {
                const next = new Counters();
                for (const each of processes) {
                    const counters = new Counters();
                    for (const verb of verbs) counters[verb](each[verb]);
                    counters.received(verbs.reduce((sum, verb) => sum + each[verb], each.pending));
                    counters.rejected(each.rejected);
                    counters.requestSent(each.bytes);
                    for (let n = 0; n < each.rejections; n++) counters.requestRejected();
                    for (let n = 0; n < each.retries; n++) counters.requestRetried();
                    counters.repaired(each.retries);
                    counters.warned(each.rejections);
                    next.restore(JSON.parse(JSON.stringify(counters.save())) as SavedCounters);
                }
                const sum = (pick: (each: (typeof processes)[number]) => number) =>
                    processes.reduce((total, each) => total + pick(each), 0);
                expect(next.values()).toEqual({
                    receivedItems: sum((each) => verbs.reduce((total, verb) => total + each[verb], 0)),
                    storedItems: sum(({ stored }) => stored),
                    quarantinedItems: sum(({ quarantined }) => quarantined),
                    duplicateItems: sum(({ duplicates }) => duplicates),
                    trimmedItems: sum(({ trimmed }) => trimmed),
                    discardedItems: sum(({ discarded }) => discarded),
                    pendingItems: 0,
                    unsentItems: 0,
                    repairedItems: sum(({ retries }) => retries),
                    warnedItems: sum(({ rejections }) => rejections),
                    requests: processes.length,
                    sentBytes: sum(({ bytes }) => bytes),
                    rejectedRequests: sum(({ rejections }) => rejections),
                    retriedRequests: sum(({ retries }) => retries),
                });
                expect(next.rejectedItems).toBe(sum(({ rejected }) => rejected));
            }),
        );
    });

    it.each(Object.keys(new Counters().save()) as (keyof SavedCounters)[])(
        'refuse saved counters whose %s is no count, and take none of the others over',
        (key) => {
            const saved = new Counters();
            saved.received(9);
            for (const verb of verbs) saved[verb](2);
            for (const wrong of ['2', -1, 1.5, NaN, null, undefined, {}]) {
                const counters = new Counters();
                expect(() => counters.restore({ ...saved.save(), [key]: wrong } as SavedCounters)).toThrow(key);
                expect(counters.values()).toEqual(new Counters().values());
            }
        },
    );
});
