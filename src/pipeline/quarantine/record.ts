import type { Owner, SavedKeys } from '../../ports.js';
import type { ItemError, QuarantineReason, QuarantineRecord, RequestInfo } from '../../records.js';

/** An item that was rejected, on its way into quarantine. */
export interface RejectedItem {
    /** The item's JSON, where it has one. */
    text: string | undefined;
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: ItemError[];
    itemPosition: number;
    owner: Owner | undefined;
    /** The request whose handler pushed the item, where that is known without an owner. */
    request?: RequestInfo;
    /** Saved records that hold the item as one to be sent. */
    savedIn?: SavedKeys;
}

/** What the records of a run have in common. */
export type RecordOrigin = Pick<
    QuarantineRecord,
    'datasetId' | 'datasetName' | 'actorId' | 'actorRunId' | 'actorBuildId' | 'schemaHash'
>;

/** A record names no more errors than this: of a long array each element may fail. */
const MAX_ERRORS = 100;

/** The item's record, but for the item; with that where it came from the quarantine. */
export function recordOf(item: RejectedItem, itemBytes: number, origin: RecordOrigin, now: number): QuarantineRecord {
    const { reason, rejectedBy, errors, itemPosition, owner, request = owner?.request } = item;
    // What came from the quarantine goes back as it was there, to be mended from the same beginning.
    const instead = owner?.record;
    return {
        ...(instead !== undefined && 'item' in instead && { item: instead.item }),
        itemBytes,
        reason,
        rejectedBy,
        errors: atMost(errors, MAX_ERRORS),
        itemPosition,
        ...(request && { request }),
        ...origin,
        attempt: 1,
        quarantinedAt: new Date(now).toISOString(),
        ...instead,
    };
}

function atMost(errors: ItemError[], count: number): ItemError[] {
    if (errors.length <= count) return errors;
    const omittedErrors = errors.length - count;
    const last = {
        instancePath: '',
        schemaPath: '',
        keyword: 'more',
        params: { omittedErrors },
        message: `and ${omittedErrors} more`,
    };
    return [...errors.slice(0, count), last];
}
