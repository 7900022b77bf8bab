import type { GuardReport } from './guard-report.js';
import { countedItems, faultyItems } from './guard-report.js';
import { count, number, shares } from '../utils/format.js';
import { escapeControls, messageOf, shorten } from '../utils/text.js';
import type { ExpectOption, ResolvedExpectations } from './expectations.js';
import { readExpectations } from './expectations.js';
import type { FieldSummary } from './fields.js';

/** The verdict on a run's data. */
export interface Verdict {
    /**
     * - `open`: the run has not ended by itself
     * - `passed`: all expectations are met
     * - `warned`: something is unmet, and the run need not fail for it
     * - `failed`: something is unmet with `otherwise: 'fail'`, or items are unsent
     */
    readonly outcome: 'open' | 'passed' | 'warned' | 'failed';
    /** The expectations that are unmet. */
    readonly unmet: readonly UnmetExpectation[];
}

/** An expectation that the data does not meet. */
export interface UnmetExpectation {
    /** `minItems`, `filled.price`, `maxQuarantined`, …; with `default.` before it where nobody asked for it. */
    readonly expectation: string;
    /** The number or share that was expected. */
    readonly expected: number;
    /** The number or share that it is. */
    readonly actual: number;
    /** "price is filled in 61 % of items; expected at least 95 %". */
    readonly message: string;
}

export const OPEN_VERDICT: Verdict = Object.freeze({ outcome: 'open', unmet: Object.freeze([]) });

/** The counts that the verdict is made from. `fields` has a row for each path that is expected to be filled. */
export type JudgedReport = Pick<
    GuardReport,
    | 'receivedItems'
    | 'storedItems'
    | 'quarantinedItems'
    | 'duplicateItems'
    | 'trimmedItems'
    | 'discardedItems'
    | 'unsentItems'
    | 'repairedItems'
    | 'reasons'
    | 'fields'
    | 'duplicates'
>;

export interface JudgeOptions {
    expect: ExpectOption | undefined;
    /** Whether the items go to the run's default dataset: that it stays empty is worth a warning. */
    isDefaultDataset: boolean;
}

const MAX_FIELD_LENGTH = 80;
/** Begins the name of what is expected though nobody asked for it. */
export const BY_DEFAULT = 'default.';

/** Judges what a run stored, when it has ended by itself. Never throws. */
export function judge(report: JudgedReport, { expect, isDefaultDataset }: JudgeOptions): Verdict {
    let expectations: ResolvedExpectations | undefined;
    const unmet: UnmetExpectation[] = [];
    try {
        expectations = expect === undefined ? undefined : readExpectations(expect);
    } catch (error) {
        unmet.push(
            unmetOf(
                'expect',
                0,
                0,
                `the option expect cannot be read: ${escapeControls(shorten(messageOf(error), 200))}`,
            ),
        );
    }
    if (expectations !== undefined) unmet.push(...unmetExpectations(report, expectations));
    const own = unmetByDefault(report, isDefaultDataset, expectations);
    const unsent =
        report.unsentItems === 0
            ? []
            : [unmetOf('unsentItems', 0, report.unsentItems, `${count(report.unsentItems, 'item')} could not be sent`)];
    const mustFail = unsent.length > 0 || (unmet.length > 0 && expectations?.otherwise === 'fail');
    const all = [...unsent, ...unmet, ...own];
    const outcome = mustFail ? 'failed' : all.length > 0 ? 'warned' : 'passed';
    return Object.freeze({ outcome, unmet: Object.freeze(all.map((one) => Object.freeze(one))) });
}

function unmetExpectations(report: JudgedReport, expect: ResolvedExpectations): UnmetExpectation[] {
    const { storedItems, trimmedItems, repairedItems, duplicates } = report;
    const received = countedItems(report);
    const unmet: UnmetExpectation[] = [];
    if (expect.minItems !== undefined && storedItems < expect.minItems && trimmedItems === 0) {
        unmet.push(tooFewItems(storedItems, expect.minItems));
    }
    for (const { name, path, share } of expect.filled) {
        const problem = unmetFilled(
            name,
            share,
            report.fields.find((row) => row.path === path),
            report,
        );
        if (problem !== undefined) unmet.push(problem);
    }
    const atMost = (key: 'maxQuarantined' | 'maxRepaired' | 'maxDuplicates', items: number, words: string) => {
        const limit = expect[key];
        // Divided as the limit was written: 0.29 * 100 is less than 29, 29 / 100 is 0.29.
        const share = received === 0 ? 0 : items / received;
        if (limit === undefined || share <= limit) return;
        const [actual, expected] = shares(share, limit);
        unmet.push(unmetOf(key, limit, share, `${actual} of items ${words}; expected at most ${expected}`));
    };
    atMost('maxQuarantined', faultyItems(report), 'are in quarantine');
    atMost('maxRepaired', repairedItems, 'were repaired');
    atMost('maxDuplicates', duplicates.found, 'are duplicates');
    return unmet;
}

/** Judges by rules that hold without `expect`. They never fail a run. */
function unmetByDefault(
    report: JudgedReport,
    isDefaultDataset: boolean,
    expect: ResolvedExpectations | undefined,
): UnmetExpectation[] {
    const { storedItems, unsentItems, trimmedItems } = report;
    const inQuarantine = faultyItems(report);
    const unmet: UnmetExpectation[] = [];
    if (expect?.maxQuarantined === undefined && inQuarantine > storedItems) {
        const message = `${number(inQuarantine)} items are in quarantine, but only ${count(storedItems, 'item')} stored`;
        unmet.push(
            unmetOf(
                `${BY_DEFAULT}maxQuarantined`,
                storedItems,
                inQuarantine,
                storedItems > 0 ? message : 'no item was stored',
            ),
        );
    } else if (
        expect?.minItems === undefined &&
        isDefaultDataset &&
        storedItems + inQuarantine + unsentItems + trimmedItems === 0
    ) {
        unmet.push(unmetOf(`${BY_DEFAULT}minItems`, 1, 0, "nothing came to the run's default dataset"));
    }
    return unmet;
}

function unmetFilled(
    name: string,
    share: number,
    row: FieldSummary | undefined,
    { storedItems }: JudgedReport,
): UnmetExpectation | undefined {
    const field = escapeControls(shorten(name, MAX_FIELD_LENGTH));
    const what = name.includes('/*') ? 'elements' : 'items';
    const total = row?.totalItems ?? (name.startsWith('/') && name.indexOf('/', 1) > 0 ? 0 : storedItems);
    const filled = row?.filledItems ?? 0;
    const filledShare = total === 0 ? 0 : filled / total;
    if (total > 0 && filledShare >= share) return undefined;
    const [actual, expected] = shares(filledShare, share);
    const message =
        total === 0
            ? `${field} has nothing to be counted; expected to be filled in at least ${expected} of ${what}`
            : `${field} is filled in ${actual} of ${what}; expected at least ${expected}`;
    return unmetOf(`filled.${field}`, share, filledShare, message);
}

function tooFewItems(storedItems: number, minItems: number): UnmetExpectation {
    const stored = storedItems === 0 ? 'no item was stored' : `only ${count(storedItems, 'item')} stored`;
    return unmetOf('minItems', minItems, storedItems, `${stored}; expected at least ${number(minItems)}`);
}

function unmetOf(expectation: string, expected: number, actual: number, message: string): UnmetExpectation {
    return { expectation, expected, actual, message };
}
