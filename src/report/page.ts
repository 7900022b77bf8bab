import type { FieldDetails } from '../quality/fields.js';
import type { ReasonDetails } from '../quality/reasons.js';
import type { Verdict } from '../quality/verdict.js';
import type { RepairSummary } from '../quality/guard-report.js';
import type { DuplicateSummary } from '../records.js';
import type { FieldSuggestion } from './suggestion.js';

/** All that a report's page shows. What is optional is left out of the page where it is not known. */
export interface ReportPage {
    /**
     * The subject of the page, which decides its words: a guard's `run` (received, stored, in quarantine), the records of a
     * `quarantine` alone, or a `check` of items that nobody has stored (read, pass, fail).
     */
    readonly kind: 'run' | 'quarantine' | 'check';
    /** The owner of the items, for the line above the heading: an Actor's title, a dataset, a file. */
    readonly subject?: string;
    /** Counts of items by outcome. Of a `check`, `storedItems` pass and `quarantinedItems` fail. */
    readonly items: ItemCounts;
    /** Stored although they fail the schema. */
    readonly warnedItems?: number;
    /** Items that have at least one of the reasons: what shares are of. */
    readonly rejectedItems: number;
    readonly verdict?: Verdict;
    readonly fields?: readonly FieldDetails[];
    /** Most frequent first. */
    readonly reasons: readonly ReasonDetails[];
    /** Suggestions that would accept or mend the items that fail. */
    readonly suggestions?: readonly FieldSuggestion[] | undefined;
    readonly repairedItems?: number;
    readonly repairs?: readonly RepairSummary[];
    readonly duplicates?: DuplicateSummary;
    /** Where the records are. */
    readonly quarantine?: { readonly name: string; readonly url?: string | undefined } | undefined;
    readonly traffic?: Traffic;
    readonly timeline?: TimelineFigures;
    readonly schema?: UsedSchema;
    /** Run, Actor, dataset and the like, in this order. `url` is a link if it is http or https. */
    readonly facts?: readonly Fact[];
    /** ISO 8601. */
    readonly startedAt?: string;
    /** ISO 8601: what the page says was so then. */
    readonly writtenAt: string;
    /** The run goes on: the figures are those until now. */
    readonly isOpen?: boolean;
    /** One sentence that must not be overlooked: what could not be sent, and why. */
    readonly notice?: string;
    /** The version of this library. */
    readonly version?: string;
}

/** Counts of items. Unknown ones are undefined, and left out. */
export interface ItemCounts {
    readonly receivedItems?: number;
    readonly storedItems?: number;
    readonly quarantinedItems?: number;
    readonly duplicateItems?: number;
    readonly trimmedItems?: number;
    readonly discardedItems?: number;
    readonly pendingItems?: number;
    readonly unsentItems?: number;
}

/** Units: requests to the dataset, and bytes of uncompressed JSON. */
export interface Traffic {
    readonly requests: number;
    readonly rejectedRequests: number;
    readonly retriedRequests: number;
    readonly sentBytes: number;
}

/** Items over time, in buckets of equal length from `startedAt` on. */
export interface TimelineFigures {
    /** ISO 8601. */
    readonly startedAt: string;
    /** ISO 8601; within the last bucket, which may be cut short by it. */
    readonly endedAt: string;
    readonly bucketMillis: number;
    readonly buckets: readonly TimelineBucket[];
}

export interface TimelineBucket {
    readonly storedItems: number;
    readonly quarantinedItems: number;
}

/** The schema that items were validated with, or the reason why none was used. */
export interface UsedSchema {
    /** In words: `dataset abc123`, `build 1.0.3`, a file's path, `options.schema`. Absent where there is none. */
    readonly source?: string;
    /** SHA-256 in hexadecimal. */
    readonly hash?: string;
    /** The reason why no schema was used. */
    readonly reason?: string;
}

export interface Fact {
    readonly name: string;
    readonly value: string;
    readonly url?: string;
}
