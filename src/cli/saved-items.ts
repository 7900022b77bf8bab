import { describeRepair } from '../quality/repair-words.js';
import type { RepairSample, RepairSummary } from '../pipeline/repair/repair-counts.js';
import { number } from '../utils/format.js';
import { shorten } from '../utils/text.js';
import type { CheckResult } from './check-run.js';
import { coloured, count, oneLine } from './terminal.js';

const MAX_REPAIRS = 20;
const MAX_VALUE_LENGTH = 60;

/** Counts the items that a repair would save, and its changes, with one example each. */
export function describeSaved({ repairedItems, repairs }: Pick<CheckResult, 'repairedItems' | 'repairs'>): string {
    if (repairedItems === 0) return 'The repair would save no item.';
    const width = Math.max('items'.length, ...repairs.map((repair) => number(repair.count).length));
    const left = repairs.length - MAX_REPAIRS;
    return [
        coloured('good', `The repair would save ${count(repairedItems, 'item')}.`),
        '',
        `${'items'.padStart(width)}  repair`,
        ...repairs
            .slice(0, MAX_REPAIRS)
            .map((repair) => `${number(repair.count).padStart(width)}  ${describe(repair)}`),
        ...(left > 0 ? [`${' '.repeat(width)}  and ${number(left)} more`] : []),
    ].join('\n');
}

function describe({ path, action, samples: [sample] }: RepairSummary): string {
    return oneLine(
        `${path === '' ? 'the item' : path} ${describeRepair(action)}${sample ? describeSample(sample) : ''}`,
    );
}

function describeSample({ before, after }: RepairSample): string {
    return `: ${shown(before)} → ${shown(after)}`;
}

function shown(value: string | undefined): string {
    return value === undefined ? 'nothing' : shorten(value, MAX_VALUE_LENGTH);
}
