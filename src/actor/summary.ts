import type { GuardReport } from '../index.js';

/** A feed that could not be loaded, or whose records the guard could not take. */
export interface FailedFeed {
    url: string;
    message: string;
}

export interface RunOutcome {
    report: GuardReport;
    loadedFeeds: number;
    failedFeeds: readonly FailedFeed[];
    /** Why the guard could not bring everything to its place. */
    problem?: string;
}

/** Where a person finds the items, in words. */
export interface Whereabouts {
    dataset: string;
    quarantine: string;
}

const MESSAGE_LENGTH = 100;

/** Where a validator's own words are a whole pattern, or say nothing. */
const PLAIN_WORDS: Record<string, string> = {
    pattern: 'does not match its pattern',
    not: 'has a value that the schema excludes',
    enum: 'is none of the allowed values',
};

/** Nothing failed, and no item is without a place. */
export function isComplete({ report, failedFeeds, problem }: RunOutcome): boolean {
    return !problem && failedFeeds.length === 0 && report.pendingItems === 0 && report.unsentItems === 0;
}

/** What happened to the items, why, and where they are: one line of the log each. */
export function summaryLines(outcome: RunOutcome, where: Whereabouts): string[] {
    const { report, loadedFeeds, failedFeeds } = outcome;
    return [
        `${count(report.receivedItems, 'item')} received from ${count(loadedFeeds, 'feed')}.`,
        `${number(report.storedItems)} stored: ${where.dataset}`,
        report.quarantinedItems === 0
            ? '0 quarantined.'
            : `${number(report.quarantinedItems)} quarantined, each with the reason: ${where.quarantine}`,
        ...report.reasons.map((reason) => `    ${number(reason.count).padStart(7)} × ${describe(reason)}`),
        ...leftovers(outcome),
        ...failedFeeds.map(({ url, message }) => `Failed feed: ${url}: ${shorten(message)}`),
    ];
}

/** The same in one sentence. */
export function statusMessage(outcome: RunOutcome, quarantine: string): string {
    const { report, failedFeeds } = outcome;
    const [top] = report.reasons;
    const parts = [`Stored ${number(report.storedItems)} of ${count(report.receivedItems, 'item')}`];
    if (report.quarantinedItems > 0) {
        parts.push(
            `${number(report.quarantinedItems)} in quarantine (${quarantine})${top ? `, most often because ${describe(top)}` : ''}`,
        );
    }
    parts.push(...leftovers(outcome));
    if (failedFeeds.length > 0)
        parts.push(`${count(failedFeeds.length, 'feed')} failed: ${shorten(failedFeeds[0]!.message)}`);
    return `${parts.map((part) => part.replace(/\.$/, '')).join('; ')}.`;
}

function leftovers({ report, problem }: RunOutcome): string[] {
    const missing = report.pendingItems + report.unsentItems;
    if (!problem && missing === 0) return [];
    return [`${count(missing, 'item')} without a place yet${problem ? `: ${shorten(problem)}` : ''}`];
}

function describe({ reason, keyword, path, message }: GuardReport['reasons'][number]): string {
    const text = PLAIN_WORDS[keyword ?? ''] ?? message ?? reason;
    return shorten(path ? `"${path}" ${text}` : text);
}

function shorten(text: string): string {
    const [line = ''] = text.split('\n');
    return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH - 1)}…` : line;
}

function count(amount: number, noun: string): string {
    return `${number(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

function number(amount: number): string {
    return amount.toLocaleString('en-US');
}
