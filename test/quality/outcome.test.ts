import { describe, expect, it } from 'vitest';

import { describeOutcome, redriveCommand, summarize, summarizeCheck } from '../../src/quality/outcome.js';
import { judge } from '../../src/quality/verdict.js';
import type { GuardReport } from '../../src/quality/guard-report.js';
import { reasonWith, reportWith } from './support-report.js';

const half: Partial<GuardReport> = {
    receivedItems: 300,
    storedItems: 155,
    quarantinedItems: 145,
    reasons: [reasonWith({ count: 140 }), reasonWith({ path: '', message: 'is missing "title"', count: 5 })],
};

function judged(changes: Partial<GuardReport>, expectOption?: object): GuardReport {
    const report = reportWith(changes);
    return { ...report, verdict: judge(report, { expect: expectOption, isDefaultDataset: true }) };
}

describe('the outcome of a run', () => {
    it('tells share and first cause of what is in quarantine, where the page is, and how to bring items back', () => {
        expect(
            describeOutcome(judged(half), { quarantine: 'joe-shop-quarantine', reportPlace: 'storage/report.html' }),
        ).toEqual({
            level: 'warning',
            message:
                'Stored 155 of 300 items; 145 (48 %) in quarantine, most often /price must be a number. ' +
                'Report: storage/report.html. To bring items back: npx apify-dataset-guard redrive joe-shop-quarantine',
        });
    });

    it('names no command where only duplicates are in quarantine: it would leave them there', () => {
        const changes = { receivedItems: 10, storedItems: 1, quarantinedItems: 9 };
        const reasons = [reasonWith({ reason: 'duplicate', count: 9 })];
        const { message } = describeOutcome(judged({ ...changes, reasons }), { quarantine: 'q' });
        expect(message).toBe('Stored 1 of 10 items; 9 (90 %) in quarantine');
    });

    it('has no word more than needed where all went well', () => {
        const report = judged({ receivedItems: 3_148, storedItems: 3_148 });
        expect(describeOutcome(report, { quarantine: 'q' })).toEqual({
            level: 'info',
            message: 'Stored all 3,148 items',
        });
    });

    it('begins with the first unmet expectation, and with how much it weighs', () => {
        const warned = describeOutcome(judged(half, { minItems: 1_000 }));
        expect(warned.message).toMatch(
            /^Warning: only 155 items stored; expected at least 1,000\. Stored 155 of 300 items; 145/,
        );
        const failed = describeOutcome(judged(half, { minItems: 1_000, otherwise: 'fail' }));
        expect(failed.message).toMatch(/^Failed: only 155 items stored; expected at least 1,000\. /);
        expect([warned.level, failed.level]).toEqual(['warning', 'warning']);
    });

    it('is an error where items came and none was stored, and where items are unsent', () => {
        expect(describeOutcome(judged({ receivedItems: 9, quarantinedItems: 9 }))).toEqual({
            level: 'error',
            message: 'Stored 0 of 9 items; 9 (100 %) in quarantine',
        });
        expect(
            describeOutcome(judged({ receivedItems: 9, storedItems: 6, unsentItems: 3 }), {
                problem: 'The dataset at https://joe:pw@host/?token=abc is\ngone.',
            }),
        ).toEqual({
            level: 'error',
            message: 'Stored 6 of 9 items; 3 not sent. The dataset at https://host/?token=*** is\\ngone',
        });
    });

    it('is a warning where nothing came to the default dataset', () => {
        expect(describeOutcome(judged({}))).toEqual({ level: 'warning', message: 'No items were received' });
    });

    it('is no error where everything is a duplicate or over the budget', () => {
        const report = judged({ receivedItems: 9, duplicateItems: 4, trimmedItems: 5 });
        expect(describeOutcome(report)).toEqual({
            level: 'info',
            message: 'Stored 0 of 9 items; 4 duplicates left out; 5 over the budget',
        });
    });

    it('never calls an item rejected that mode warn has sent', () => {
        const report = judged({ receivedItems: 500, storedItems: 500, warnedItems: 167, reasons: [reasonWith()] });
        expect(describeOutcome(report)).toEqual({
            level: 'warning',
            message: 'Stored all 500 items; 167 of them against the schema, most often /price must be a number',
        });
    });

    it('says that items were not checked where no schema could check them', () => {
        const report = judged({ receivedItems: 2, storedItems: 2, schema: { none: 'the schema is empty' } });
        expect(describeOutcome(report).message).toBe('Stored all 2 items. Items were not checked here');
    });

    it('leaves items out that were given back to their callers', () => {
        expect(summarize(reportWith({ receivedItems: 12, storedItems: 9, discardedItems: 3 }))).toBe(
            'Stored all 9 items',
        );
    });
});

describe('the command to bring items back', () => {
    it.each([
        ['tester/movies-quarantine', 'redrive tester/movies-quarantine'],
        ["it's $HOME", String.raw`redrive 'it'\''s $HOME'`],
    ])('names the quarantine %s as one word', (name, command) => {
        expect(redriveCommand(name)).toBe(`npx apify-dataset-guard ${command}`);
    });
});

describe('the outcome of a check', () => {
    it.each([
        [3_148, 0, 'All 3,148 items pass'],
        [1, 0, 'The item passes'],
        [3_201, 11, '11 of 3,201 items fail'],
        [5, 1, '1 of 5 items fails'],
        [1, 1, 'The item fails'],
        [0, 0, 'No items to check'],
    ])('of %i items of which %i fail', (checkedItems, failedItems, words) => {
        expect(summarizeCheck({ checkedItems, failedItems })).toBe(words);
    });
});
