import { count, number } from '../../utils/format.js';
import { summarizeCheck } from '../../quality/outcome.js';
import type { ItemCounts, ReportPage } from '../page.js';

export interface Outcome {
    readonly amount: number;
    /** After a number. */
    readonly words: string;
    /** The class that colours it. */
    readonly style: string;
}

/** Lists the outcomes that have items; stored and quarantined always. Items that were given back to their caller are left out, because they are pushed again. */
export function outcomesOf({
    kind,
    items,
    warnedItems = 0,
}: Pick<ReportPage, 'kind' | 'items' | 'warnedItems'>): Outcome[] {
    const { storedItems, quarantinedItems } = items;
    const others: [number | undefined, string, string][] = [
        [items.duplicateItems, 'duplicates left out', 'duplicate'],
        [items.trimmedItems, 'over the budget', 'trimmed'],
        [items.pendingItems, 'under way', 'pending'],
        [items.unsentItems, 'not sent', 'unsent'],
    ];
    const outcomes: [number | undefined, string, string][] = [
        [storedItems && storedItems - warnedItems, kind === 'check' ? 'pass' : 'stored', 'stored'],
        ...(warnedItems > 0 ? [[warnedItems, 'stored against the schema', 'against'] as [number, string, string]] : []),
        // Says nothing of an empty quarantine where items are stored.
        [
            warnedItems > 0 ? quarantinedItems || undefined : quarantinedItems,
            kind === 'check' ? 'fail' : 'in quarantine',
            'quarantined',
        ],
        ...others.filter(([amount]) => amount !== 0),
    ];
    return outcomes.flatMap(([amount, words, style]) => (amount === undefined ? [] : [{ amount, words, style }]));
}

/** Sums the page up in one line. */
export function headlineOf({ kind, items, warnedItems = 0, rejectedItems, isOpen, schema }: ReportPage): string {
    const { storedItems = 0, quarantinedItems = 0 } = items;
    const received = receivedOf(items);
    if (kind === 'quarantine') return `${count(items.quarantinedItems ?? rejectedItems, 'item')} in quarantine`;
    if (kind === 'check') {
        return quarantinedItems === 0 && isUnchecked({ kind, schema, items })
            ? 'Items were not checked'
            : summarizeCheck({ checkedItems: received, failedItems: quarantinedItems });
    }
    if (received === 0) return isOpen ? 'No items were received so far' : 'No items were received';
    const against = warnedItems === 0 ? '' : `, ${number(warnedItems)} of them against the schema`;
    const stored = `${count(storedItems, 'item')} stored${against}`;
    const others = quarantinedItems === 0 ? '' : `, ${number(quarantinedItems)} in quarantine`;
    return `${stored}${others}${isOpen ? ' so far' : ''}`;
}

/** Whether no schema could check the items. */
export function isUnchecked({ kind, schema, items }: Pick<ReportPage, 'kind' | 'schema' | 'items'>): boolean {
    return kind !== 'quarantine' && schema !== undefined && schema.source === undefined && receivedOf(items) > 0;
}

export function receivedOf({ receivedItems, discardedItems = 0, ...outcomes }: ItemCounts): number {
    if (receivedItems !== undefined) return receivedItems - discardedItems;
    return Object.values(outcomes).reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
}
