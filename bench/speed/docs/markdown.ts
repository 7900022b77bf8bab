import { CONTENDERS, type ContenderName } from '../contenders.js';
import { groupBy } from '../group-by.js';
import { SHAPE_NAMES } from '../shapes.js';
import type { Comparison } from '../summary.js';
import { COMPARISON_HEAD, comparisonRow, SUMMARY_HEAD, summaryRow, titleOf, times } from '../table.js';
import { judge } from '../targets.js';
import { isProvisional, type Published } from './published.js';

const BEGIN = '<!-- figures: begin -->';
const END = '<!-- figures: end -->';

/** The page with the figures of `results` between the markers; all else stays as it is. */
export function withFigures(page: string, results: Published): string {
    const begin = page.indexOf(BEGIN);
    const end = page.indexOf(END);
    if (begin === -1 || end < begin) throw new Error(`The page must have the lines ${BEGIN} and ${END}.`);
    return `${page.slice(0, begin + BEGIN.length)}\n\n${figures(results)}\n\n${page.slice(end)}`;
}

function figures(results: Published): string {
    const sections = [origin(results), overview(results), targets(results), contenders(), details(results)];
    return sections.filter((section) => section !== '').join('\n\n');
}

function origin(results: Published): string {
    const { machine, options, startedAt } = results;
    const gigabytes = Math.round(machine.memoryBytes / 1024 ** 3);
    const samples = options.pairs === 1 ? '1 sample' : `${options.pairs} samples`;
    const lines = [
        `Measured on ${startedAt.slice(0, 10)}: ${machine.cpuModel}, ${machine.cores} cores, ${gigabytes} GB, ` +
            `${machine.platform}, Node.js ${machine.nodeVersion.slice(1)}; ${samples} of each contender.`,
    ];
    if (isProvisional(results)) {
        lines.unshift(
            '**Provisional**: a short run on a machine that had other work. These figures only show the form.',
        );
    }
    return lines.join('\n\n');
}

/** How many times as fast as the best that the SDK alone can do. */
function overview({ comparisons }: Published): string {
    const contenders: ContenderName[] = ['guard-loop', 'guard-array', 'floor'];
    const rows = SHAPE_NAMES.flatMap((shape) => {
        const found = contenders.map((contender) =>
            comparisons.find(
                (one) =>
                    one.place === 'platform' &&
                    one.latencyMillis === 20 &&
                    one.shape === shape &&
                    one.contender === contender &&
                    one.against === 'bare-array',
            ),
        );
        return found.some((one) => one !== undefined) ? [[shape, ...found.map(speedAndCpu)]] : [];
    });
    if (rows.length === 0) return '';
    return [
        '### Against `Actor.pushData(array)`, at 20 ms',
        markdownTable(['shape', ...contenders], rows),
        'Items a second, and in brackets CPU for an item, as multiples of what `Actor.pushData(array)` has.',
    ].join('\n\n');
}

function speedAndCpu(comparison: Comparison | undefined): string {
    return comparison === undefined
        ? '-'
        : `${times(comparison.pairs.itemsPerSecond)} (${times(comparison.pairs.cpu)})`;
}

function targets(results: Published): string {
    const measured = judge(results).filter((verdict) => verdict.measured !== undefined);
    if (measured.length === 0) return '';
    const rows = measured.map(({ target, measured: value, isMet }) => [target, value!, isMet ? 'yes' : '**no**']);
    return `### Targets\n\n${markdownTable(['target', 'measured', 'met'], rows)}`;
}

function details({ summaries, comparisons }: Published): string {
    return [...groupBy(summaries, titleOf)]
        .map(([title, group]) => {
            const compared = comparisons.filter((one) => titleOf(one) === title);
            const parts = [`### ${title}`, markdownTable(SUMMARY_HEAD, group.map(summaryRow))];
            if (compared.length > 0) parts.push(markdownTable(COMPARISON_HEAD, compared.map(comparisonRow)));
            return parts.join('\n\n');
        })
        .join('\n\n');
}

/** Names of the contenders in the tables below. */
function contenders(): string {
    const rows = Object.entries(CONTENDERS).map(([name, { title }]) => [`\`${name}\``, title]);
    return `### Contenders\n\n${markdownTable(['contender', 'what it does'], rows)}`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
