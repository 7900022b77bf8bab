import type { ObservedText } from './observed-text.js';

const MIN_VALUES = 20;
/** Each value comes so often, on average. */
const MIN_REPETITIONS = 10;
/** The share of texts that came only once is about the share of values that are still to come. */
const MAX_SHARE_OF_SINGLE_VALUES = 0.001;
/** Amounts, times, dates, versions: texts that measure something, and of which there will be others. */
const MEASUREMENT =
    /^[^\p{L}]*\d|^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s.*\d/iu;

/** The values of a text that has few, which repeat often; `undefined` for any other. */
export function valuesListed(text: ObservedText): string[] | undefined {
    const { values, format } = text;
    if (values === undefined || format !== undefined || values.size < 2) return undefined;
    let total = 0;
    let singles = 0;
    let measurements = 0;
    for (const [value, count] of values) {
        total += count;
        if (count === 1) singles++;
        if (MEASUREMENT.test(value)) measurements++;
    }
    const isFew = total >= MIN_VALUES && total >= values.size * MIN_REPETITIONS;
    if (!isFew || singles > total * MAX_SHARE_OF_SINGLE_VALUES || measurements > values.size / 2) return undefined;
    return [...values.keys()];
}
