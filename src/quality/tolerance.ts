import { ToleranceExceededError } from '../errors.js';
import type { Tolerance } from '../options.js';
import type { Counters } from './counters.js';

/** The error names this number of reasons at most. */
const NAMED_REASONS = 3;

/** The counts that `tolerance` is compared with. */
interface RejectionStatistics {
    counters: Counters;
    /** The most frequent reasons in words. */
    topReasons(count: number): string;
}

/** @throws ToleranceExceededError where more items were rejected than `tolerance` allows: what is amiss is not the items. */
export function checkTolerance(
    statistics: RejectionStatistics,
    { maxItems, maxRatio, minItems }: Required<Tolerance>,
): void {
    // Items that were given back are pushed again: they count once.
    const { rejectedItems, keptItems: receivedItems } = statistics.counters;
    const tooMany = rejectedItems > maxItems;
    const tooGreatAShare = receivedItems >= minItems && rejectedItems / receivedItems > maxRatio;
    if (!tooMany && !tooGreatAShare) return;
    throw new ToleranceExceededError(
        `${rejectedItems} of ${receivedItems} items were rejected, more than tolerance allows ` +
            `(${tooMany ? `maxItems: ${maxItems}` : `maxRatio: ${maxRatio}`}). Most frequent: ` +
            `${statistics.topReasons(NAMED_REASONS)}. The source or the schema has probably changed.`,
        { quarantinedItems: rejectedItems, receivedItems },
    );
}
