import type { ContenderName } from './contenders.js';
import { type ShapeName, SHAPE_NAMES } from './shapes.js';
import type { Comparison, Ratios, Summary } from './summary.js';

/** The findings of a benchmark run that the targets speak of. */
export interface Findings {
    readonly summaries: readonly Summary[];
    readonly comparisons: readonly Comparison[];
}

/** One promise, and whether it is kept. */
export interface Verdict {
    readonly target: string;
    /** The measured value as text; `undefined` when it was not measured. */
    readonly measured: string | undefined;
    readonly isMet: boolean;
}

interface Target {
    readonly target: string;
    readonly measure: (results: Findings) => number | undefined;
    readonly min?: number;
    readonly max?: number;
    readonly unit?: string;
}

const MEBIBYTE = 1024 * 1024;
const HEAVY: readonly ShapeName[] = ['medium', 'large'];
const AT_SIXTY: readonly ContenderName[] = ['guard-room', 'guard-turns'];
/** How much more memory a million items may take than a hundred thousand, which fill the buffer less. */
const MAX_EXTRA_MEBIBYTES = 50;

/** The promises of the guard, each as a ratio of two contenders of the same run where it can be. */
const TARGETS: readonly Target[] = [
    ...SHAPE_NAMES.flatMap((shape) => [
        ratio(shape, 'guard-array', 'bare-array', 'itemsPerSecond', { min: 1.8 }),
        ratio(shape, 'guard-array', 'bare-array', 'cpu', { max: 0.65 }),
        ...(HEAVY.includes(shape) ? [ratio(shape, 'guard-array', 'bare-array', 'peakRssGrowth', { max: 1 / 3 })] : []),
        ratio(shape, 'guard-array', 'floor', 'itemsPerSecond', { min: 0.85 }),
    ]),
    ratio('small', 'guard-loop', 'bare-fifty', 'itemsPerSecond', { min: 80 }),
    ratio('small', 'guard-loop', 'bare-fifty', 'requests', { max: 0.01 }),
    {
        target: 'a million small items take ten times as long as a hundred thousand, within 15 %',
        measure: (results) => inverse(find(results, 'small', 'guard-1m', 'guard-100k')?.pairs.itemsPerSecond, 10),
        min: 8.5,
        max: 11.5,
        unit: '×',
    },
    {
        target: 'and in constant memory: the peak grows little',
        measure: (results) => extraMebibytes(results),
        max: MAX_EXTRA_MEBIBYTES,
        unit: ' MB',
    },
    ...SHAPE_NAMES.flatMap((shape) => [
        p99(shape, 'guard-turns', 'one guard.pushData(item) in a turn of the event loop'),
        p99(shape, 'guard-room', 'guard.pushData(item) in a loop, which gives the event loop its turns'),
    ]),
    ...SHAPE_NAMES.flatMap((shape) =>
        (['guard-loop', 'guard-array'] as const).map((contender): Target => ({
            target: `${shape}: ${contender} never blocks the event loop for long`,
            measure: (results) => summary(results, shape, contender)?.longestDelayMillis,
            max: 50,
            unit: ' ms',
        })),
    ),
];

/** Compares the results with what is promised, and every entry point with what it replaces: none may be slower. */
export function judge(results: Findings): Verdict[] {
    return [...TARGETS.map((target) => verdict(target, results)), ...entryPoints(results)];
}

function entryPoints({ comparisons }: Findings): Verdict[] {
    const compared = comparisons.filter(
        ({ contender, against }) =>
            contender.startsWith('guard-') &&
            against.startsWith('bare-') &&
            // One call for each item is not what one call for all of them replaces.
            !(contender === 'guard-loop' && against === 'bare-array'),
    );
    return compared.map(({ place, shape, latencyMillis, contender, against, pairs }) => {
        const where = place === 'local' ? 'locally' : `${place}, ${latencyMillis} ms`;
        const target = `${shape}: ${contender} is not slower than ${against} (${where})`;
        return judged(target, pairs.itemsPerSecond, { min: 1, unit: '×' });
    });
}

function ratio(
    shape: ShapeName,
    contender: ContenderName,
    against: ContenderName,
    figure: keyof Ratios,
    limits: Pick<Target, 'min' | 'max'>,
): Target {
    const what = {
        itemsPerSecond: 'items a second',
        cpu: 'CPU for an item',
        requests: 'requests for an item',
        peakRssGrowth: 'growth of memory',
    }[figure];
    return {
        target: `${shape}: ${what} of ${contender} against ${against}`,
        measure: (results) => find(results, shape, contender, against)?.pairs[figure],
        unit: '×',
        ...limits,
    };
}

function p99(shape: ShapeName, contender: ContenderName, what: string): Target {
    return {
        target: `${shape}: p99 of ${what}, at 60 ms, while the buffer has room`,
        measure: (results) => summary(results, shape, contender)?.pushP99Millis,
        max: 1,
        unit: ' ms',
    };
}

function verdict({ target, measure, ...limits }: Target, results: Findings): Verdict {
    return judged(target, measure(results), limits);
}

function judged(
    target: string,
    found: number | undefined,
    { min = -Infinity, max = Infinity, unit = '' }: Pick<Target, 'min' | 'max' | 'unit'>,
): Verdict {
    // A ratio to nothing is null in JSON.
    const value = found ?? Number.NaN;
    const isMeasured = Number.isFinite(value);
    const bounds = [
        ...(min > -Infinity ? [`at least ${short(min)}`] : []),
        ...(max < Infinity ? [`at most ${short(max)}`] : []),
    ];
    return {
        target: `${target}: ${bounds.join(', ')}${unit}`,
        measured: isMeasured ? `${short(value)}${unit}` : undefined,
        isMet: isMeasured && value >= min && value <= max,
    };
}

/** At 20 ms, for which the promises hold. */
function find(
    { comparisons }: Findings,
    shape: ShapeName,
    contender: ContenderName,
    against: ContenderName,
): Comparison | undefined {
    return comparisons.find(
        (one) =>
            one.place === 'platform' &&
            one.latencyMillis === 20 &&
            one.shape === shape &&
            one.contender === contender &&
            one.against === against,
    );
}

function summary({ summaries }: Findings, shape: ShapeName, contender: ContenderName): Summary | undefined {
    const latencyMillis = AT_SIXTY.includes(contender) ? 60 : 20;
    return summaries.find(
        (one) =>
            one.place === 'platform' &&
            one.latencyMillis === latencyMillis &&
            one.shape === shape &&
            one.contender === contender,
    );
}

function extraMebibytes(results: Findings): number | undefined {
    const few = summary(results, 'small', 'guard-100k');
    const many = summary(results, 'small', 'guard-1m');
    if (few === undefined || many === undefined) return undefined;
    return (many.peakRssGrowthBytes - few.peakRssGrowthBytes) / MEBIBYTE;
}

function inverse(value: number | undefined, factor: number): number | undefined {
    return value === undefined ? undefined : factor / value;
}

function short(value: number): string {
    return String(Number(value.toPrecision(3)));
}
