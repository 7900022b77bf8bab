import { describe, expect, it } from 'vitest';

import type { ExpectOption } from '../../src/quality/expectations.js';
import { judge } from '../../src/quality/verdict.js';
import type { GuardReport } from '../../src/quality/guard-report.js';
import { fieldWith, reasonWith, reportWith } from './support-report.js';

function verdictOf(changes: Partial<GuardReport>, expectOption?: ExpectOption, isDefaultDataset = true) {
    const { outcome, unmet } = judge(reportWith(changes), { expect: expectOption, isDefaultDataset });
    return [outcome, ...unmet.map(({ message }) => message)];
}

const good = { receivedItems: 100, storedItems: 100 };

describe('a verdict', () => {
    it('passes where all expectations are met', () => {
        const fields = [fieldWith('/price', 95, 100), fieldWith('/offers/*/url', 7, 7)];
        const filled = { 'price': 0.95, '/offers/*/url': 1 };
        expect(verdictOf({ ...good, fields }, { minItems: 100, filled, maxQuarantined: 0 })).toEqual(['passed']);
    });

    it('passes where a share is exactly what was expected, whatever it is', () => {
        for (let percent = 0; percent <= 100; percent++) {
            const share = percent / 100;
            const fields = [fieldWith('/price', percent, 100)];
            const changes = { ...good, fields, repairedItems: percent, duplicates: { found: percent, samples: [] } };
            const option = { filled: { price: share }, maxRepaired: share, maxDuplicates: share };
            expect(verdictOf(changes, option)).toEqual(['passed']);
        }
    });

    it('names each unmet expectation in words, with what was expected and what is', () => {
        const report = reportWith({
            receivedItems: 130,
            discardedItems: 30,
            storedItems: 61,
            quarantinedItems: 39,
            repairedItems: 10,
            duplicates: { found: 20, samples: [] },
            fields: [fieldWith('/price', 37, 61), fieldWith('/offers/*/url', 1, 3)],
        });
        const option = {
            minItems: 1_000,
            filled: { 'price': 0.95, '/offers/*/url': 1, 'title': 0.5 },
            maxQuarantined: 0.05,
            maxRepaired: 0.02,
            maxDuplicates: 0.1,
        };
        const { outcome, unmet } = judge(report, { expect: option, isDefaultDataset: true });
        expect(outcome).toBe('warned');
        expect(unmet).toEqual([
            {
                expectation: 'minItems',
                expected: 1_000,
                actual: 61,
                message: 'only 61 items stored; expected at least 1,000',
            },
            {
                expectation: 'filled.price',
                expected: 0.95,
                actual: 37 / 61,
                message: 'price is filled in 61 % of items; expected at least 95 %',
            },
            {
                expectation: 'filled./offers/*/url',
                expected: 1,
                actual: 1 / 3,
                message: '/offers/*/url is filled in 33 % of elements; expected at least 100 %',
            },
            {
                expectation: 'filled.title',
                expected: 0.5,
                actual: 0,
                message: 'title is filled in 0 % of items; expected at least 50 %',
            },
            {
                expectation: 'maxQuarantined',
                expected: 0.05,
                actual: 0.39,
                message: '39 % of items are in quarantine; expected at most 5 %',
            },
            {
                expectation: 'maxRepaired',
                expected: 0.02,
                actual: 0.1,
                message: '10 % of items were repaired; expected at most 2 %',
            },
            {
                expectation: 'maxDuplicates',
                expected: 0.1,
                actual: 0.2,
                message: '20 % of items are duplicates; expected at most 10 %',
            },
        ]);
    });

    it('shows as many digits as it takes to tell what is from what was expected', () => {
        expect(verdictOf({ ...good, fields: [fieldWith('/a', 9_496, 10_000)] }, { filled: { a: 0.95 } })).toEqual([
            'warned',
            'a is filled in 94.96 % of items; expected at least 95 %',
        ]);
        expect(verdictOf({ ...good, fields: [fieldWith('/a', 99_999, 100_000)] }, { filled: { a: 1 } })).toEqual([
            'warned',
            'a is filled in > 99 % of items; expected at least 100 %',
        ]);
    });

    it('fails only where the expectations say so', () => {
        expect(verdictOf(good, { minItems: 101, otherwise: 'fail' })[0]).toBe('failed');
        expect(verdictOf(good, { minItems: 101, otherwise: 'warn' })[0]).toBe('warned');
        expect(verdictOf(good, { minItems: 100, otherwise: 'fail' })[0]).toBe('passed');
    });

    it('finds unmet what has nothing to be counted', () => {
        const fields = [fieldWith('/offers/*/url', 0, 0)];
        expect(verdictOf({ ...good, fields }, { filled: { '/offers/*/url': 0.5 } })).toEqual([
            'warned',
            '/offers/*/url has nothing to be counted; expected to be filled in at least 50 % of elements',
        ]);
        expect(verdictOf({}, { filled: { price: 0.5 }, minItems: 0 })[0]).toBe('warned');
    });

    it('does not judge minItems where items were trimmed to a budget', () => {
        expect(verdictOf({ receivedItems: 10, storedItems: 3, trimmedItems: 7 }, { minItems: 10 })).toEqual(['passed']);
    });

    it('leaves duplicates in quarantine out of what is in quarantine', () => {
        const report = { receivedItems: 100, storedItems: 40, quarantinedItems: 60 };
        const reasons = [reasonWith({ reason: 'duplicate', count: 58 }), reasonWith({ count: 2 })];
        expect(verdictOf({ ...report, reasons }, { maxQuarantined: 0.02 })).toEqual(['passed']);
        expect(verdictOf({ ...report, reasons })).toEqual(['passed']);
    });

    it('warns unasked where more is in quarantine than stored, or nothing was stored', () => {
        expect(verdictOf({ receivedItems: 5, storedItems: 2, quarantinedItems: 3 })).toEqual([
            'warned',
            '3 items are in quarantine, but only 2 items stored',
        ]);
        expect(verdictOf({ receivedItems: 5, quarantinedItems: 5 })).toEqual(['warned', 'no item was stored']);
        expect(verdictOf({ receivedItems: 4, storedItems: 2, quarantinedItems: 2 })).toEqual(['passed']);
    });

    it('warns unasked where nothing came to the default dataset, unless minItems says that this is fine', () => {
        expect(verdictOf({})).toEqual(['warned', "nothing came to the run's default dataset"]);
        expect(verdictOf({}, { minItems: 0 })).toEqual(['passed']);
        expect(verdictOf({}, { minItems: 1 })).toEqual(['warned', 'no item was stored; expected at least 1']);
        expect(verdictOf({}, undefined, false)).toEqual(['passed']);
        expect(verdictOf({}, { maxQuarantined: 0, otherwise: 'fail' })[0]).toBe('warned');
    });

    it('fails unasked where items are unsent', () => {
        expect(verdictOf({ receivedItems: 5, storedItems: 2, unsentItems: 3 })).toEqual([
            'failed',
            '3 items could not be sent',
        ]);
    });

    it('says so where a function of expectations throws or returns something else', () => {
        const broken = () => {
            throw new Error('no\ninput');
        };
        expect(verdictOf(good, broken)).toEqual(['warned', String.raw`the option expect cannot be read: no\ninput`]);
        expect(verdictOf(good, () => ({ minItems: 'x' }) as never)[0]).toBe('warned');
        expect(verdictOf(good, () => ({ minItems: 100 }))).toEqual(['passed']);
    });

    it('cannot be changed', () => {
        const verdict = judge(reportWith(), { expect: undefined, isDefaultDataset: true });
        expect([verdict, verdict.unmet, verdict.unmet[0]].every((part) => Object.isFrozen(part))).toBe(true);
    });
});
