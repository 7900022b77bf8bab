import { describe, expect, it } from 'vitest';

import type { ContenderName } from '../../bench/speed/contenders.js';
import type { Sample } from '../../bench/speed/measurement.js';
import { compare, summarize } from '../../bench/speed/summary.js';
import { judge } from '../../bench/speed/targets.js';

const MEBIBYTE = 1024 * 1024;

function sample(contender: ContenderName, round: number, changes: Partial<Sample> = {}): Sample {
    return {
        contender,
        round,
        place: 'platform',
        shape: 'medium',
        latencyMillis: 20,
        items: 1_000,
        warmUpItems: 0,
        millis: 1_000,
        cpuMillis: 500,
        startRssBytes: 100 * MEBIBYTE,
        peakRssBytes: 130 * MEBIBYTE,
        longestDelayMillis: 10,
        pushP50Millis: 1,
        pushP99Millis: 2,
        requests: 2,
        wireBytes: 400_000,
        jsonBytes: 1_500_000,
        largestRequestBytes: 750_000,
        serverCpuMillis: 1,
        ...changes,
    };
}

describe('the summary of samples', () => {
    it('has medians, for an item or a second', () => {
        const samples = [1_000, 500, 4_000].map((millis, round) => sample('bare-array', round, { millis }));
        expect(summarize(samples)).toEqual([
            {
                place: 'platform',
                shape: 'medium',
                latencyMillis: 20,
                contender: 'bare-array',
                samples: 3,
                items: 1_000,
                itemsPerSecond: 1_000,
                cpuMillisPer1000Items: 500,
                requestsPer1000Items: 2,
                wireBytesPerItem: 400,
                jsonBytesPerItem: 1_500,
                peakRssGrowthBytes: 30 * MEBIBYTE,
                longestDelayMillis: 10,
                pushP50Millis: 1,
                pushP99Millis: 2,
            },
        ]);
    });

    it('counts what the platform received for all items, those of the warm-up too', () => {
        expect(summarize([sample('guard-loop', 0, { warmUpItems: 3_000 })])).toMatchObject([
            {
                itemsPerSecond: 1_000,
                cpuMillisPer1000Items: 500,
                requestsPer1000Items: 0.5,
                wireBytesPerItem: 100,
                jsonBytesPerItem: 375,
            },
        ]);
    });

    it('compares samples of the same round, and the best of both', () => {
        const samples = [
            ...[1_000, 2_000, 8_000].map((millis, round) => sample('bare-array', round, { millis })),
            ...[500, 500, 1_000].map((millis, round) => sample('guard-array', round, { millis, cpuMillis: 250 })),
        ];
        const [comparison, ...others] = compare(samples);
        expect(others).toEqual([]);
        expect(comparison).toMatchObject({ contender: 'guard-array', against: 'bare-array', place: 'platform' });
        // 2, 4 and 8 times in the rounds; 500 against 1,000 ms at best.
        expect(comparison!.pairs).toMatchObject({ itemsPerSecond: 4, cpu: 0.5, requests: 1, peakRssGrowth: 1 });
        expect(comparison!.best).toMatchObject({ itemsPerSecond: 2, cpu: 0.5 });
    });

    it('compares nothing across settings', () => {
        const samples = [sample('bare-array', 0), sample('guard-array', 0, { latencyMillis: 60 })];
        expect(compare(samples)).toEqual([]);
    });
});

describe('the targets', () => {
    const verdicts = (...samples: Sample[]) => {
        const found = judge({ summaries: summarize(samples), comparisons: compare(samples) });
        return (target: string) => found.find((verdict) => verdict.target.startsWith(target))!;
    };

    it('are met or missed by what was measured', () => {
        const verdict = verdicts(
            sample('bare-array', 0, { millis: 2_000, cpuMillis: 1_000, peakRssBytes: 200 * MEBIBYTE }),
            sample('guard-array', 0, { longestDelayMillis: 51 }),
        );
        expect(verdict('medium: items a second of guard-array against bare-array')).toEqual({
            target: 'medium: items a second of guard-array against bare-array: at least 1.8×',
            measured: '2×',
            isMet: true,
        });
        expect(verdict('medium: CPU for an item')).toMatchObject({ measured: '0.5×', isMet: true });
        expect(verdict('medium: growth of memory')).toMatchObject({ measured: '0.3×', isMet: true });
        expect(verdict('medium: guard-array never blocks')).toMatchObject({ measured: '51 ms', isMet: false });
        expect(verdict('medium: guard-array is not slower than bare-array')).toMatchObject({ isMet: true });
    });

    it('are not met by what was not measured', () => {
        const verdict = verdicts(sample('bare-array', 0));
        expect(verdict('small: items a second of guard-loop')).toMatchObject({ measured: undefined, isMet: false });
        expect(verdict('a million small items')).toMatchObject({ measured: undefined, isMet: false });
    });

    it('want a million items to take ten times as long as a hundred thousand, in constant memory', () => {
        const growth = (millis: number, peakMebibytes: number) =>
            verdicts(
                sample('guard-100k', 0, { shape: 'small', items: 100_000, millis: 400 }),
                sample('guard-1m', 0, {
                    shape: 'small',
                    items: 1_000_000,
                    millis,
                    peakRssBytes: peakMebibytes * MEBIBYTE,
                }),
            );
        expect(growth(4_400, 170)('a million')).toMatchObject({ measured: '11×', isMet: true });
        expect(growth(4_700, 170)('a million')).toMatchObject({ isMet: false });
        expect(growth(4_400, 170)('and in constant memory')).toMatchObject({ measured: '40 MB', isMet: true });
        expect(growth(4_400, 230)('and in constant memory')).toMatchObject({ isMet: false });
    });
});
