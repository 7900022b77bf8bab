import type { GuardReport } from './guard-report.js';
import { countedItems, faultyItems } from './guard-report.js';
import { count, number, percent } from '../utils/format.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import { escapeControls } from '../utils/text.js';
import { describeReason } from './reasons.js';
import { BY_DEFAULT } from './verdict.js';

/** The outcome of a run, for the guard's last log line and the run's status message. */
export interface Outcome {
    /**
     * - `error`: items came and none was stored, or items are unsent
     * - `warning`: something is in quarantine, against the schema, given back with an error or unmet
     */
    readonly level: 'info' | 'warning' | 'error';
    /** Says where the items are, why, and how to go on. It holds no values of items. */
    readonly message: string;
}

export interface OutcomeContext {
    /** The name of the quarantine, for the command that brings items back. */
    quarantine?: string | undefined;
    /** Where the page is: an address that opens without a token, or a path of this machine. */
    reportPlace?: string | undefined;
    /** Items that their callers got back with an error. @default 0 */
    givenBackItems?: number | undefined;
    /** Why items could not be sent, or why pushes were refused. */
    problem?: string | undefined;
}

/** Tells in one line where the items of a run are. */
export function describeOutcome(
    report: GuardReport,
    { quarantine, reportPlace, givenBackItems = 0, problem }: OutcomeContext = {},
): Outcome {
    const [unmet] = report.verdict.unmet.filter(({ expectation }) => isAskedFor(expectation));
    const sentences = [
        ...(unmet === undefined
            ? []
            : [`${report.verdict.outcome === 'failed' ? 'Failed' : 'Warning'}: ${unmet.message}`]),
        summarize(report, givenBackItems),
        ...(problem === undefined ? [] : [escapeControls(removeGenericSecrets(problem))]),
        ...('none' in report.schema && countedItems(report) > 0 ? ['Items were not checked here'] : []),
        ...(reportPlace === undefined ? [] : [`Report: ${reportPlace}`]),
        // A redrive leaves duplicates where they are.
        ...(faultyItems(report) > 0 && quarantine !== undefined
            ? [`To bring items back: ${redriveCommand(quarantine)}`]
            : []),
    ];
    return { level: levelOf(report, givenBackItems), message: sentences.map(withoutStop).join('. ') };
}

/** "Stored 155 of 300 items; 145 (48 %) in quarantine, most often /price must be a number". */
export function summarize(report: SummarizedReport, givenBackItems = 0): string {
    const { storedItems, quarantinedItems, reasons } = report;
    const received = countedItems(report);
    if (received === 0 && givenBackItems === 0) return 'No items were received';
    const all = received === 1 || givenBackItems > 0 ? count(received, 'item') : `all ${number(received)} items`;
    const stored =
        storedItems === received ? `Stored ${all}` : `Stored ${number(storedItems)} of ${count(received, 'item')}`;
    const [cause] = reasons.filter(({ reason }) => reason !== 'duplicate');
    const because = cause === undefined ? '' : `, most often ${describeReason(cause)}`;
    const others: [number | undefined, string][] = [
        [report.warnedItems, `of them against the schema${because}`],
        [
            quarantinedItems,
            `(${percent(quarantinedItems, received, 0)}) in quarantine${report.warnedItems ? '' : because}`,
        ],
        [report.repairedItems, 'repaired'],
        [report.duplicateItems, report.duplicateItems === 1 ? 'duplicate left out' : 'duplicates left out'],
        [report.trimmedItems, 'over the budget'],
        [report.pendingItems, 'under way'],
        [report.unsentItems, 'not sent'],
        [givenBackItems, 'given back to the program with an error'],
    ];
    return [stored, ...others.flatMap(([items, words]) => (items ? [`${number(items)} ${words}`] : []))].join('; ');
}

export type SummarizedReport = Pick<
    GuardReport,
    | 'receivedItems'
    | 'storedItems'
    | 'quarantinedItems'
    | 'trimmedItems'
    | 'discardedItems'
    | 'pendingItems'
    | 'unsentItems'
    | 'reasons'
> &
    Partial<Pick<GuardReport, 'duplicateItems' | 'repairedItems' | 'warnedItems'>>;

/** The command that brings items back from a quarantine. */
export function redriveCommand(quarantine: string): string {
    // A name that a shell would not take as one word is quoted.
    const argument = /^[\w./~-]+$/.test(quarantine) ? quarantine : `'${quarantine.replaceAll("'", String.raw`'\''`)}'`;
    return `npx apify-dataset-guard redrive ${argument}`;
}

/** Tells the result of `check`: "All 3,148 items pass". */
export function summarizeCheck({ checkedItems, failedItems }: { checkedItems: number; failedItems: number }): string {
    if (checkedItems === 0) return 'No items to check';
    if (failedItems === 0) return checkedItems === 1 ? 'The item passes' : `All ${count(checkedItems, 'item')} pass`;
    if (checkedItems === 1) return 'The item fails';
    return `${number(failedItems)} of ${count(checkedItems, 'item')} ${failedItems === 1 ? 'fails' : 'fail'}`;
}

function levelOf(report: GuardReport, givenBackItems: number): Outcome['level'] {
    const { storedItems, unsentItems, quarantinedItems, warnedItems, verdict } = report;
    if (unsentItems > 0 || (storedItems === 0 && faultyItems(report) + givenBackItems > 0)) return 'error';
    const isFlawless = quarantinedItems + warnedItems + givenBackItems === 0 && verdict.unmet.length === 0;
    return isFlawless ? 'info' : 'warning';
}

/** Leaves out rules that hold without `expect`, and unsent items: the summary has them already. */
function isAskedFor(expectation: string): boolean {
    return !expectation.startsWith(BY_DEFAULT) && expectation !== 'unsentItems';
}

function withoutStop(sentence: string): string {
    return sentence.replace(/\.$/, '');
}
