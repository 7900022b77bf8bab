import type { ReasonSample, ReasonSummary } from '../quality/reasons.js';
import { describeReason } from '../quality/reasons.js';
import { number } from '../utils/format.js';
import { shorten } from '../utils/text.js';
import { oneLine } from './terminal.js';

const MAX_SAMPLE_LENGTH = 60;
const MAX_SAMPLES = 3;

/** The reasons, most frequent first: how many items, why, and different values that failed, with their counts. */
export function reasonsTable(reasons: readonly ReasonSummary[]): string {
    const counts = reasons.map(({ count }) => number(count));
    const width = Math.max('items'.length, ...counts.map((text) => text.length));
    const lines = reasons.flatMap((reason, index) => {
        const values = reason.samples.filter(({ value }) => value !== undefined).slice(0, MAX_SAMPLES);
        const describe = (sample: ReasonSample) => describeSample(sample, reason.path);
        return [
            `${counts[index]!.padStart(width)}  ${oneLine(describeReason(reason))}`,
            ...(values.length > 0 ? [`${' '.repeat(width)}    for example: ${values.map(describe).join(', ')}`] : []),
        ];
    });
    return [`${'items'.padStart(width)}  reason`, ...lines].join('\n');
}

/** The value, how often it occurs, and where, unless the reason's own path says so already. */
function describeSample({ value, count, path }: ReasonSample, reasonPath: string): string {
    const shown = oneLine(shorten(value!, MAX_SAMPLE_LENGTH));
    const place = path === reasonPath ? '' : ` at ${oneLine(shorten(path, MAX_SAMPLE_LENGTH))}`;
    return `${shown}${place}${count > 1 ? ` (${number(count)} ×)` : ''}`;
}
