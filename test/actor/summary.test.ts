import { describe, expect, it } from 'vitest';

import type { RunOutcome } from '../../src/actor/summary.js';
import { isComplete, statusMessage, summaryLines } from '../../src/actor/summary.js';
import type { GuardReport } from '../../src/index.js';

const where = { dataset: 'dataset "default", storage/datasets/default', quarantine: 'dataset "q", storage/datasets/q' };

function outcome(report: Partial<GuardReport>, rest: Partial<RunOutcome> = {}): RunOutcome {
    const zero = {
        receivedItems: 0,
        storedItems: 0,
        quarantinedItems: 0,
        pendingItems: 0,
        unsentItems: 0,
        reasons: [],
    };
    return { loadedFeeds: 1, failedFeeds: [], report: { ...zero, ...report } as unknown as GuardReport, ...rest };
}

function reason(path: string, message: string, count: number): GuardReport['reasons'][number] {
    return { reason: 'schema', keyword: 'type', path, message, count, rejectedBy: 'guard', samples: [] };
}

describe('the summary', () => {
    it('tells what was received, stored and quarantined, why, and where to look', () => {
        const reasons = [reason('/Title', 'must be string', 10), reason('/Budget', 'must be integer', 1)];
        const run = outcome({ receivedItems: 3201, storedItems: 3190, quarantinedItems: 11, reasons });
        expect(summaryLines(run, where)).toEqual([
            '3,201 items received from 1 feed.',
            '3,190 stored: dataset "default", storage/datasets/default',
            '11 quarantined, each with the reason: dataset "q", storage/datasets/q',
            '         10 × "/Title" must be string',
            '          1 × "/Budget" must be integer',
        ]);
        expect(statusMessage(run, 'q')).toBe(
            'Stored 3,190 of 3,201 items; 11 in quarantine (q), most often because "/Title" must be string.',
        );
        expect(isComplete(run)).toBe(true);
    });

    it('names no quarantine that does not exist', () => {
        const run = outcome({ receivedItems: 1, storedItems: 1 });
        expect(summaryLines(run, where)).toEqual([
            '1 item received from 1 feed.',
            '1 stored: dataset "default", storage/datasets/default',
            '0 quarantined.',
        ]);
        expect(statusMessage(run, 'q')).toBe('Stored 1 of 1 item.');
    });

    it('tells which feeds failed', () => {
        const failedFeeds = [{ url: 'https://example.com/a', message: 'The server answered 404.\nstack' }];
        const run = outcome({ receivedItems: 2, storedItems: 2 }, { loadedFeeds: 2, failedFeeds });
        expect(summaryLines(run, where)).toContain('Failed feed: https://example.com/a: The server answered 404.');
        expect(statusMessage(run, 'q')).toBe('Stored 2 of 2 items; 1 feed failed: The server answered 404.');
        expect(isComplete(run)).toBe(false);
    });

    it('tells of items that have no place yet', () => {
        const run = outcome(
            { receivedItems: 9, storedItems: 2, pendingItems: 3, unsentItems: 4 },
            { problem: 'No way.' },
        );
        expect(statusMessage(run, 'q')).toBe('Stored 2 of 9 items; 7 items without a place yet: No way.');
        expect(isComplete(run)).toBe(false);
        expect(isComplete(outcome({ receivedItems: 1, pendingItems: 1 }))).toBe(false);
    });

    it('says in plain words what a validator says in code, and keeps a reason to one line of the log', () => {
        const pattern = {
            ...reason('/Release Date', `must match pattern "${'x'.repeat(500)}"`, 2),
            keyword: 'pattern',
        };
        const long = reason('/Title', 'x'.repeat(500), 1);
        const run = outcome({ receivedItems: 3, quarantinedItems: 3, reasons: [pattern, long] });
        expect(summaryLines(run, where).at(-2)).toMatch(/2 × "\/Release Date" does not match its pattern$/);
        expect(summaryLines(run, where).at(-1)!.length).toBeLessThan(140);
    });

    it('names the reason where there is no field to name', () => {
        const none = { ...reason('', '', 1), reason: 'not-an-object' as const, keyword: undefined, message: undefined };
        const run = outcome({ receivedItems: 1, quarantinedItems: 1, reasons: [none as never] });
        expect(summaryLines(run, where).at(-1)).toMatch(/1 × not-an-object$/);
    });
});
