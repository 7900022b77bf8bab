import type { QuarantineReason } from '../records.js';
import type { ReasonSample } from './sample.js';

/** Why items are in quarantine, as reports have it. */
export interface ReasonSummary {
    /** Why the items are in quarantine; `other` is what exceeds the number of rows. */
    readonly reason: QuarantineReason | 'duplicate' | 'other';
    /** The schema's keyword that rejected the item: `type`, `required`, …; empty where no keyword did. */
    readonly keyword: string;
    /** JSON Pointer into the item; indexes and names that only the data knows are `*`. */
    readonly path: string;
    /** In words to be read after `path`: "must be a number". Holds nothing of an item. */
    readonly message: string;
    /** Items. */
    readonly count: number;
    /** The side that rejected the item: the guard or the platform. */
    readonly rejectedBy: 'guard' | 'platform';
    /** Different values, most frequent first, at most 5. */
    readonly samples: readonly ReasonSample[];
}

/** A reason with the details that a page shows and that another process of the run goes on counting with. */
export interface ReasonDetails extends ReasonSummary {
    /** As `path`; for what is missing its own path, not that of the object around it. */
    readonly field: string;
    readonly key: string;
}
