import type { ContenderName } from '../contenders.js';
import { type ShapeName, SHAPE_NAMES, SHAPES } from '../shapes.js';
import { times } from '../table.js';
import type { Published } from './published.js';

const WIDTH = 760;
const LEFT = 150;
const RIGHT = 130;
const BAR_HEIGHT = 16;
const BAR_STEP = 19;
const GROUP_GAP = 20;
const HEADER_HEIGHT = 78;
const LEGEND_STEP = 150;

const SERIES: readonly { contender: ContenderName; label: string }[] = [
    { contender: 'bare-array', label: 'Actor.pushData(array)' },
    { contender: 'guard-loop', label: 'guard, one by one' },
    { contender: 'guard-array', label: 'guard, array' },
    { contender: 'floor', label: 'hand-made floor' },
];

/** Colours that can be told apart on white and on black; texts follow the reader's scheme. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-size: 15px; font-weight: 600; }
    .value, .note { font-size: 12px; fill: #57606a; }
    .axis { stroke: #8c959f; }
    .bare-array { fill: #8c959f; } .guard-loop { fill: #54aeff; } .guard-array { fill: #0969da; } .floor { fill: #bf8700; }
    @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3; }
        .value, .note { fill: #9198a1; }
        .guard-array { fill: #1f6feb; }
    }`;

interface Bar {
    contender: ContenderName;
    /** Times the items a second of `Actor.pushData(array)`. */
    ratio: number;
    itemsPerSecond: number;
}

/** Bars for each shape: items a second at 20 ms, as a multiple of the best that the SDK alone can do. */
export function plot(results: Published): string {
    const groups = SHAPE_NAMES.map((shape) => ({ shape, bars: barsOf(results, shape) })).filter(
        ({ bars }) => bars.length > 1,
    );
    const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
    const scale = (ratio: number) => (ratio / longest) * (WIDTH - LEFT - RIGHT);
    const parts: string[] = [];
    let top = HEADER_HEIGHT;
    for (const { shape, bars } of groups) {
        parts.push(group(shape, bars, top, scale));
        top += bars.length * BAR_STEP + GROUP_GAP;
    }
    const axis = `<line class="axis" x1="${LEFT}" y1="${HEADER_HEIGHT - 8}" x2="${LEFT}" y2="${top - GROUP_GAP + 4}"/>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-labelledby="title">
<title id="title">Items a second at 20 ms of latency, as a multiple of Actor.pushData(array)</title>
<style>${STYLE}
</style>
<text class="title" x="12" y="24">Items a second, as a multiple of Actor.pushData(array)</text>
${legend()}
${axis}
${parts.join('\n')}
</svg>
`;
}

function barsOf({ comparisons, summaries }: Published, shape: ShapeName): Bar[] {
    const isHere = (one: { place: string; shape: string; latencyMillis: number }) =>
        one.place === 'platform' && one.shape === shape && one.latencyMillis === 20;
    return SERIES.flatMap(({ contender }) => {
        const summary = summaries.find((one) => isHere(one) && one.contender === contender);
        const compared = comparisons.find(
            (one) => isHere(one) && one.contender === contender && one.against === 'bare-array',
        );
        const ratio = contender === 'bare-array' ? 1 : compared?.pairs.itemsPerSecond;
        return summary === undefined || ratio === undefined
            ? []
            : [{ contender, ratio, itemsPerSecond: summary.itemsPerSecond }];
    });
}

function group(shape: ShapeName, bars: readonly Bar[], top: number, scale: (ratio: number) => number): string {
    const middle = top + (bars.length * BAR_STEP) / 2;
    const { itemBytes } = SHAPES[shape];
    return [
        `<text x="12" y="${middle - 2}">${shape}</text>`,
        `<text class="note" x="12" y="${middle + 14}">${itemBytes.toLocaleString('en')} B an item</text>`,
        ...bars.map(({ contender, ratio, itemsPerSecond }, index) => {
            const y = top + index * BAR_STEP;
            const length = Number(scale(ratio).toFixed(1));
            const value = `${times(ratio)} · ${Math.round(itemsPerSecond).toLocaleString('en')}/s`;
            return (
                `<rect class="${contender}" x="${LEFT}" y="${y}" width="${length}" height="${BAR_HEIGHT}"/>` +
                `<text class="value" x="${LEFT + length + 6}" y="${y + 12}">${value}</text>`
            );
        }),
    ].join('\n');
}

function legend(): string {
    return SERIES.map(({ contender, label }, index) => {
        const x = 12 + index * LEGEND_STEP + (index > 0 ? 20 : 0);
        return (
            `<rect class="${contender}" x="${x}" y="40" width="12" height="12"/>` +
            `<text class="note" x="${x + 17}" y="51">${label}</text>`
        );
    }).join('\n');
}
