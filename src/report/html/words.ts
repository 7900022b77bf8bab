import type { ItemCounts, ReportPage } from '../page.js';

export interface Outcome {
    readonly key: keyof ItemCounts;
    /** After a number, and alone in a legend. */
    readonly words: string;
    /** The class that colours it. */
    readonly style: string;
}

interface Words {
    received: string;
    outcomes: readonly Outcome[];
}

const RUN: Words = {
    received: 'received',
    outcomes: [
        { key: 'storedItems', words: 'stored', style: 'stored' },
        { key: 'quarantinedItems', words: 'in quarantine', style: 'quarantined' },
        { key: 'trimmedItems', words: 'over the budget', style: 'trimmed' },
        { key: 'discardedItems', words: 'given back to the caller', style: 'discarded' },
        { key: 'pendingItems', words: 'under way', style: 'pending' },
        { key: 'unsentItems', words: 'not sent', style: 'unsent' },
    ],
};

const CHECK: Words = {
    received: 'read',
    outcomes: [
        { key: 'storedItems', words: 'pass', style: 'stored' },
        { key: 'quarantinedItems', words: 'fail', style: 'quarantined' },
    ],
};

/** What the items of each kind of page are said to be. */
export function wordsFor(kind: ReportPage['kind']): Words {
    return kind === 'check' ? CHECK : RUN;
}
