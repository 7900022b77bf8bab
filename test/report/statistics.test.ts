import { describe, expect, it } from 'vitest';

import { Statistics } from '../../src/report/statistics.js';

const NOON = Date.UTC(2025, 0, 1, 12);
const failure = (path: string) => ({
    instancePath: path,
    schemaPath: '#/type',
    keyword: 'type',
    params: {},
    message: 'must be number',
});

function start() {
    const statistics = new Statistics(() => NOON, true);
    return { statistics, counters: statistics.counters };
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
            repairedItems: 0,
            warnedItems: 0,
            duplicateItems: 0,
            fields: [],
            repairs: [],
            duplicates: { found: 0, samples: [] },
            requests: 0,
            rejectedRequests: 0,
            retriedRequests: 0,
            sentBytes: 0,
            startedAt: '2025-01-01T12:00:00.000Z',
            reasons: [],
        });
    });

    it('is a snapshot: it neither changes nor can be changed', () => {
        const { statistics, counters } = start();
        reject(statistics, '/price');
        const report = statistics.report();
        counters.received(8);
        counters.stored(5);
        counters.requestSent(100);
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

    it('is carried over into another process, without what was under way', () => {
        const { statistics, counters } = start();
        counters.received(20);
        counters.stored(10);
        counters.rejected(5);
        counters.quarantined(5);
        counters.trimmed(2);
        counters.discarded(1);
        reject(statistics, '/price', 5);
        const saved = JSON.parse(JSON.stringify(statistics.save())) as ReturnType<Statistics['save']>;

        const next = new Statistics(() => NOON + 60_000, true);
        next.restore(saved);
        expect(statistics.report()).toMatchObject({ receivedItems: 20, pendingItems: 2 });
        expect(next.report()).toEqual({ ...statistics.report(), receivedItems: 18, pendingItems: 0 });
        expect(next.counters.rejectedItems).toBe(5);
    });

    it.each([
        ['no timeline', { timeline: undefined }],
        ['reasons that are no list', { reasons: 'many' }],
        ['no fields', { fields: undefined }],
        ['an invalid time', { startedAt: 'yesterday evening' }],
        ['an invalid count', { storedItems: '10' }],
    ])('takes nothing over from counters of another shape: %s', (_name, wrong) => {
        const { statistics, counters } = start();
        counters.received(3);
        counters.stored(3);
        const saved = { ...statistics.save(), ...wrong } as never;
        const next = new Statistics(() => NOON + 60_000, true);
        const before = next.report();
        expect(() => next.restore(saved)).toThrow(TypeError);
        expect(next.report()).toEqual(before);
    });
});

describe('the top reasons', () => {
    it('are said in words, the most frequent first, no more than asked for', () => {
        const { statistics } = start();
        statistics.useSchema({ properties: { price: {}, tags: {} } });
        reject(statistics, '/price');
        reject(statistics, '/tags/4', 3);
        reject(statistics, '', 2);
        expect(statistics.topReasons(2)).toBe('3 × /tags/* must be number; 2 × the item must be number');
        expect(start().statistics.topReasons(3)).toBe('');
    });

    it('hold no value of an item', () => {
        const { statistics } = start();
        reject(statistics, '/price');
        expect(statistics.topReasons(3)).not.toContain('much');
    });
});
