import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GuardReport } from '../../src/report/statistics.js';
import { Statistics, summarize } from '../../src/report/statistics.js';

const NOON = Date.UTC(2025, 0, 1, 12);
const failure = (path: string) => ({
    instancePath: path,
    schemaPath: path === '/tags/4' ? '#/properties/tags/items/type' : `#/properties${path}/type`,
    keyword: 'type',
    params: { type: 'number' },
    message: 'must be number',
});

function start(pending = 0) {
    const state = { pending };
    const statistics = new Statistics(
        () => NOON,
        true,
        () => state.pending,
    );
    return { statistics, state };
}

function reject(statistics: Statistics, path: string, times = 1): void {
    for (let time = 0; time < times; time++) {
        statistics.countReasons({
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [failure(path)],
            item: () => ({ price: 'much' }),
        });
    }
}

const sumOf = (report: GuardReport) =>
    report.storedItems +
    report.quarantinedItems +
    report.trimmedItems +
    report.discardedItems +
    report.pendingItems +
    report.unsentItems;

describe('a report', () => {
    it('begins at nothing', () => {
        expect(start().statistics.report()).toEqual({
            receivedItems: 0,
            storedItems: 0,
            quarantinedItems: 0,
            trimmedItems: 0,
            discardedItems: 0,
            pendingItems: 0,
            unsentItems: 0,
            requests: 0,
            rejectedRequests: 0,
            retriedRequests: 0,
            sentBytes: 0,
            startedAt: '2025-01-01T12:00:00.000Z',
            reasons: [],
        });
    });

    it('is a snapshot: it neither changes nor can be changed', () => {
        const { statistics, state } = start();
        reject(statistics, '/price');
        const report = statistics.report();
        Object.assign(statistics, { receivedItems: 5, storedItems: 5, requests: 1 });
        state.pending = 3;
        reject(statistics, '/price');
        expect(report).toMatchObject({
            receivedItems: 0,
            storedItems: 0,
            requests: 0,
            pendingItems: 0,
            reasons: [{ count: 1 }],
        });
        for (const part of [report, report.reasons, report.reasons[0], report.reasons[0]?.samples])
            expect(Object.isFrozen(part)).toBe(true);
        expect(() => Object.assign(report, { storedItems: 1 })).toThrow(TypeError);
    });

    it('accounts for every item: received is all that became of them, at every moment', () => {
        const step = fc.constantFrom('receive', 'store', 'quarantine', 'discard', 'trim', 'give up') as fc.Arbitrary<
            'receive' | 'store' | 'quarantine' | 'discard' | 'trim' | 'give up'
        >;
        fc.assert(
            fc.property(fc.array(step, { size: 'max', maxLength: 100 }), (steps) => {
                const { statistics, state } = start();
                const done = {
                    store: 'storedItems',
                    quarantine: 'quarantinedItems',
                    discard: 'discardedItems',
                } as const;
                for (const what of steps) {
                    if (what === 'receive') {
                        statistics.receivedItems++;
                        state.pending++;
                    } else if (what === 'trim') {
                        statistics.receivedItems++;
                        statistics.trimmedItems++;
                    } else if (what === 'give up') {
                        statistics.unsentItems = state.pending;
                    } else if (state.pending > statistics.unsentItems) {
                        state.pending--;
                        statistics[done[what]]++;
                    }
                    const report = statistics.report();
                    expect(sumOf(report)).toBe(report.receivedItems);
                    expect(report.pendingItems).toBeGreaterThanOrEqual(0);
                }
            }),
        );
    });

    it('is carried over into another process, without what was under way', () => {
        const { statistics } = start(2);
        Object.assign(statistics, {
            receivedItems: 20,
            storedItems: 10,
            quarantinedItems: 5,
            trimmedItems: 2,
            discardedItems: 1,
        });
        Object.assign(statistics, {
            requests: 4,
            rejectedRequests: 1,
            retriedRequests: 2,
            sentBytes: 900,
            rejectedItems: 5,
        });
        reject(statistics, '/price', 5);
        const saved = JSON.parse(JSON.stringify(statistics.save())) as ReturnType<Statistics['save']>;

        const next = new Statistics(
            () => NOON + 60_000,
            true,
            () => 0,
        );
        next.restore(saved);
        expect(next.report()).toEqual({ ...statistics.report(), receivedItems: 18, pendingItems: 0 });
        expect(next.rejectedItems).toBe(5);
        expect(sumOf(next.report())).toBe(18);
    });
});

describe('the top reasons', () => {
    it('are said in words, the most frequent first, no more than asked for', () => {
        const { statistics } = start();
        reject(statistics, '/price');
        reject(statistics, '/tags/4', 3);
        reject(statistics, '', 2);
        expect(statistics.topReasons(2)).toBe('3 × /tags/* must be a number; 2 × the item must be a number');
        expect(start().statistics.topReasons(3)).toBe('');
    });

    it('hold no value of an item', () => {
        const { statistics } = start();
        reject(statistics, '/price');
        expect(statistics.topReasons(3)).not.toContain('much');
    });
});

describe('the summary', () => {
    it.each([
        [{}, 'Stored 0 items'],
        [{ storedItems: 1 }, 'Stored 1 item'],
        [{ storedItems: 1_234_567, quarantinedItems: 1_000 }, 'Stored 1,234,567 items, 1,000 in quarantine'],
        [
            { storedItems: 2, quarantinedItems: 1, trimmedItems: 3, unsentItems: 4 },
            'Stored 2 items, 1 in quarantine, 3 over the budget, 4 not sent',
        ],
        [{ discardedItems: 5 }, 'Stored 0 items'],
    ])('of %o is one sentence', (counts, words) => {
        const { statistics } = start();
        Object.assign(statistics, counts);
        expect(summarize(statistics.report())).toBe(words);
    });
});
