import { CONTENDERS } from './contenders.js';
import { groupBy } from './group-by.js';
import type { Sample } from './measurement.js';
import type { Results } from './results.js';
import { SHAPES } from './shapes.js';
import type { Comparison, Summary } from './summary.js';
import type { Verdict } from './targets.js';

const MEBIBYTE = 1024 * 1024;

export const SUMMARY_HEAD = [
    'contender',
    'items/s',
    'CPU ms/1,000',
    'requests/1,000',
    'wire B/item',
    'JSON B/item',
    'peak MB',
    'stall ms',
    'p50 ms',
    'p99 ms',
];

export const COMPARISON_HEAD = [
    'contender',
    'against',
    'items/s ×',
    'best ×',
    'CPU ×',
    'best ×',
    'requests ×',
    'peak ×',
];

export function summaryRow(summary: Summary): string[] {
    return [
        summary.contender,
        round(summary.itemsPerSecond),
        digits(summary.cpuMillisPer1000Items),
        digits(summary.requestsPer1000Items),
        round(summary.wireBytesPerItem),
        round(summary.jsonBytesPerItem),
        round(summary.peakRssGrowthBytes / MEBIBYTE),
        digits(summary.longestDelayMillis),
        // The floor has no calls to be timed.
        summary.pushP99Millis === 0 ? '-' : digits(summary.pushP50Millis),
        summary.pushP99Millis === 0 ? '-' : digits(summary.pushP99Millis),
    ];
}

export function comparisonRow({ contender, against, pairs, best }: Comparison): string[] {
    return [
        contender,
        against,
        digits(pairs.itemsPerSecond),
        digits(best.itemsPerSecond),
        digits(pairs.cpu),
        digits(best.cpu),
        digits(pairs.requests),
        digits(pairs.peakRssGrowth),
    ];
}

/** The table for a terminal. */
export function textReport({ samples, summaries, comparisons, failures, machine, options }: Results): string {
    const sections = [...groupBy(summaries, titleOf)].map(([title, group]) => {
        const compared = comparisons.filter((one) => titleOf(one) === title);
        const tables = [table(SUMMARY_HEAD, group.map(summaryRow))];
        if (compared.length > 0) tables.push(table(COMPARISON_HEAD, compared.map(comparisonRow)));
        return `${title}\n\n${tables.join('\n\n')}`;
    });
    const { cpuModel, cores, nodeVersion } = machine;
    const pairs = `${options.pairs} ${options.pairs === 1 ? 'sample' : 'samples'} of each, medians`;
    for (const failure of failures) sections.push(`FAILED: ${titleOf(failure)}: ${failure.problem}`);
    const shortest = shortestMillis(samples);
    const shortestText =
        shortest === undefined ? '' : ` The shortest sample of many items took ${digits(shortest)} ms.`;
    return `${sections.join('\n\n')}\n\n${cpuModel}, ${cores} cores, Node.js ${nodeVersion}; ${pairs}.${shortestText}`;
}

/** Of those that go as fast as they can: below half a second, the start weighs more than it should. */
function shortestMillis(samples: readonly Sample[]): number | undefined {
    const bulk = samples.filter(({ place, contender }) => place !== 'local' && CONTENDERS[contender].pace === 'bulk');
    return bulk.length === 0 ? undefined : Math.min(...bulk.map(({ millis }) => millis));
}

export function titleOf({ place, shape, latencyMillis }: Pick<Summary, 'place' | 'shape' | 'latencyMillis'>): string {
    const where = {
        platform: `platform, ${latencyMillis} ms`,
        charged: `platform, ${latencyMillis} ms, paid per item`,
        local: 'locally, a file for each item',
    }[place];
    return `${shape} (${SHAPES[shape].title}): ${where}`;
}

/** Each target, what was measured, and whether that is enough. */
export function verdictReport(verdicts: readonly Verdict[]): string {
    const rows = verdicts.map(({ target, measured, isMet }) => [
        measured === undefined ? 'not measured' : isMet ? 'met' : 'MISSED',
        measured ?? '-',
        target,
    ]);
    return table(['verdict', 'measured', 'target'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
    const isText = (column: number) => ['contender', 'against', 'verdict', 'target'].includes(head[column]!);
    const line = (cells: readonly string[]) =>
        cells
            .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
            .join('  ');
    return [head, ...rows].map((cells) => `  ${line(cells)}`.trimEnd()).join('\n');
}

/** Writes a ratio as a multiple. */
export function times(value: number): string {
    return `${digits(value)}×`;
}

function round(value: number): string {
    return value >= 10 ? Math.round(value).toLocaleString('en') : digits(value);
}

/** Three digits that count. */
function digits(value: number): string {
    if (!Number.isFinite(value)) return '-';
    return value >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
