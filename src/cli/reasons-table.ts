import { describeReason } from '../report/statistics.js';
import type { ReasonSummary } from '../report/statistics.js';
import { oneLine } from './terminal.js';

const MAX_SAMPLE_LENGTH = 60;

/** The reasons, most frequent first: how many items, why, and examples of the value that failed. */
export function reasonsTable(reasons: readonly ReasonSummary[]): string {
    const counts = reasons.map(({ count }) => count.toLocaleString('en-US'));
    const width = Math.max('items'.length, ...counts.map((text) => text.length));
    const lines = reasons.flatMap((reason, index) => [
        `${counts[index]!.padStart(width)}  ${oneLine(describeReason(reason))}`,
        ...(reason.samples.length > 0 ? [`${' '.repeat(width)}    for example: ${samples(reason)}`] : []),
    ]);
    return [`${'items'.padStart(width)}  reason`, ...lines].join('\n');
}

function samples(reason: ReasonSummary): string {
    return reason.samples
        .map((sample) => (sample.length > MAX_SAMPLE_LENGTH ? `${sample.slice(0, MAX_SAMPLE_LENGTH - 1)}…` : sample))
        .map(oneLine)
        .join(', ');
}
