import { describe, expect, it } from 'vitest';

import { bytes, count, duration, moment, number, percent } from '../../src/utils/format.js';

describe('figures', () => {
    it.each([
        [0, '0'],
        [7.94, '7.9'],
        [999, '999'],
        [3_181, '3,181'],
        [1_234.5, '1,235'],
    ])('%d is %s', (amount, words) => expect(number(amount)).toBe(words));

    it('are as Intl writes them in English', () => {
        const amounts = Array.from({ length: 60 }, (_, power) => Math.round(1.93 ** power));
        for (const amount of amounts.filter((each) => each < Number.MAX_SAFE_INTEGER)) {
            expect(number(amount)).toBe(amount.toLocaleString('en-US'));
        }
    });

    it('are one item, or items', () => {
        expect([count(1, 'item'), count(0, 'item'), count(2, 'property', 'properties')]).toEqual([
            '1 item',
            '0 items',
            '2 properties',
        ]);
    });

    it.each([
        [0, 0, '0 %'],
        [0, 10, '0 %'],
        [1, 100_000, '< 0.1 %'],
        [5, 8, '62.5 %'],
        [99_999, 100_000, '> 99.9 %'],
        [10, 10, '100 %'],
    ])('%d of %d are %s', (part, whole, words) => expect(percent(part, whole)).toBe(words));

    it.each([
        [0, '0 bytes'],
        [999, '999 bytes'],
        [1_250, '1.3 KB'],
        [48_113_207, '48.1 MB'],
        [5e15, '5,000 TB'],
    ])('%d bytes are %s', (amount, words) => expect(bytes(amount)).toBe(words));

    it.each([
        [0, 'less than a second'],
        [3_000, '3 s'],
        [250_000, '4 min 10 s'],
        [7_500_000, '2 h 5 min'],
        [7_200_000, '2 h'],
        [(3 * 24 + 4) * 3_600_000, '3 d 4 h'],
        [-5, 'less than a second'],
    ])('%d milliseconds are %s', (millis, words) => expect(duration(millis)).toBe(words));

    it('a moment is told in UTC, whatever the time zone here', () => {
        expect(moment('2026-11-04T09:08:34.000Z')).toBe('4 Nov 2026, 09:08:34 UTC');
        expect(moment('2026-11-04T09:08:34.000Z', 'short')).toBe('4 Nov, 09:08');
        expect(moment('some day')).toBe('some day');
    });
});
