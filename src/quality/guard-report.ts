import type { DuplicateSummary } from '../records.js';
import type { FieldSummary } from './fields.js';
import type { ReasonSummary } from './reasons.js';
import type { Verdict } from './verdict.js';

/** Items by what became of them. `received = stored + quarantined + duplicate + trimmed + discarded + pending + unsent`, at every moment. */
export interface ItemCounts {
    /** Items that were pushed. */
    readonly receivedItems: number;
    /** Items in the dataset. */
    readonly storedItems: number;
    /** In quarantine, or on their way there. */
    readonly quarantinedItems: number;
    /** Not stored again, because an item with the same key is stored. */
    readonly duplicateItems: number;
    /** Held back by the user's pay-per-event budget. */
    readonly trimmedItems: number;
    /** Given back to a caller whose call rejected. Shares and pages leave them out. */
    readonly discardedItems: number;
    /** Waiting or under way. */
    readonly pendingItems: number;
    /** Could not be sent before the run ended. */
    readonly unsentItems: number;
}

/** The state of a guard: a frozen snapshot. Units: items, requests to the dataset, bytes of uncompressed JSON. */
export interface GuardReport extends ItemCounts {
    /** Stored after `repair` changed them; a part of the stored items. */
    readonly repairedItems: number;
    /** `mode: 'warn'`: sent although they fail the schema. */
    readonly warnedItems: number;
    /** Requests to the dataset, retries included; those to the quarantine are not. */
    readonly requests: number;
    /** Requests that the platform rejected because of their items or size. */
    readonly rejectedRequests: number;
    /** Requests that were sent again. */
    readonly retriedRequests: number;
    /** Bytes of uncompressed JSON. */
    readonly sentBytes: number;
    /** ISO 8601. */
    readonly startedAt: string;
    /** ISO 8601. Absent while the run goes on. */
    readonly finishedAt?: string;
    /** Id of the dataset. */
    readonly datasetId: string;
    /** Absent where nothing is in quarantine. */
    readonly quarantineId?: string;
    /** Id of the run; locally one that the guard makes up for the process. Quarantine records have it as `actorRunId`. */
    readonly runId?: string;
    /** The schema that items were validated with. */
    readonly schema: UsedSchema;
    /** The verdict on the data. */
    readonly verdict: Verdict;
    /** Counts for each field of the stored items: filled, empty, null, missing, failed. */
    readonly fields: readonly FieldSummary[];
    /** Why items were rejected, most frequent first; at most 100, then one `other`. */
    readonly reasons: readonly ReasonSummary[];
    /** The repairs, most frequent first. */
    readonly repairs: readonly RepairSummary[];
    /** Items that came after another one with their key, whatever the option `duplicates` says. */
    readonly duplicates: DuplicateSummary;
}

/** The schema that items were validated with, or the reason why none was used. */
export type UsedSchema =
    | {
          /** In words: `dataset abc123`, `build 1.0.3`, a file's path, `options.schema`. */
          readonly source: string;
          /** SHA-256 in hexadecimal. */
          readonly hash: string;
      }
    | {
          /** The reason why no schema was used, in words. */
          readonly none: string;
      };

export interface RepairSummary {
    /** JSON Pointer into the item; indexes and names that only the data knows are `*`. */
    readonly path: string;
    readonly action: 'removed' | 'nulled' | 'filled' | 'coerced' | 'custom';
    readonly count: number;
    /** JSON, redacted and shortened; absent where there was or is no value. */
    readonly samples: readonly { readonly before?: string; readonly after?: string }[];
}

/** Items that count for shares: what was given back to its caller is pushed again. */
export function countedItems({
    receivedItems,
    discardedItems,
}: Pick<ItemCounts, 'receivedItems' | 'discardedItems'>): number {
    return receivedItems - discardedItems;
}

/** Items in quarantine for another reason than that they are duplicates. */
export function faultyItems({ quarantinedItems, reasons }: Pick<GuardReport, 'quarantinedItems' | 'reasons'>): number {
    const duplicates = reasons
        .filter(({ reason }) => reason === 'duplicate')
        .reduce((sum, { count }) => sum + count, 0);
    return Math.max(0, quarantinedItems - duplicates);
}
