import { count, number } from '../../utils/format.js';
import { summarizeCheck } from '../../quality/outcome.js';
import type { ItemCounts, ReportPage } from '../page.js';

export interface Outcome {
    readonly key: keyof ItemCounts;
    /** After a number. */
    readonly words: string;
    /** The class that colours it. */
    readonly style: string;
}

/** Items that were given back to their caller are pushed again: they are no outcome. */
const RUN: readonly Outcome[] = [
    { key: 'storedItems', words: 'stored', style: 'stored' },
    { key: 'quarantinedItems', words: 'in quarantine', style: 'quarantined' },
    { key: 'duplicateItems', words: 'duplicates left out', style: 'duplicate' },
    { key: 'trimmedItems', words: 'over the budget', style: 'trimmed' },
    { key: 'pendingItems', words: 'under way', style: 'pending' },
    { key: 'unsentItems', words: 'not sent', style: 'unsent' },
];

const CHECK: readonly Outcome[] = [
    { key: 'storedItems', words: 'pass', style: 'stored' },
    { key: 'quarantinedItems', words: 'fail', style: 'quarantined' },
];

/** What the items of each kind of page are said to be. */
export function outcomesOf(kind: ReportPage['kind']): readonly Outcome[] {
    return kind === 'check' ? CHECK : RUN;
}

/** What there is to know, in one line. */
export function headlineOf({ kind, items, rejectedItems, isOpen, schema }: ReportPage): string {
    const { storedItems = 0, quarantinedItems = 0 } = items;
    const received = receivedOf(items);
    if (kind === 'quarantine') return `${count(items.quarantinedItems ?? rejectedItems, 'item')} in quarantine`;
    if (kind === 'check') {
        const isUnchecked =
            schema !== undefined && schema.source === undefined && received > 0 && quarantinedItems === 0;
        return isUnchecked
            ? 'Items were not checked'
            : summarizeCheck({ checkedItems: received, failedItems: quarantinedItems });
    }
    if (received === 0) return isOpen ? 'No items were received so far' : 'No items were received';
    const stored = `${count(storedItems, 'item')} stored`;
    const others = quarantinedItems === 0 ? '' : `, ${number(quarantinedItems)} in quarantine`;
    return `${stored}${others}${isOpen ? ' so far' : ''}`;
}

export function receivedOf({ receivedItems, discardedItems = 0, ...outcomes }: ItemCounts): number {
    if (receivedItems !== undefined) return receivedItems - discardedItems;
    return Object.values(outcomes).reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
}
