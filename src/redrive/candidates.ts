import type { QuarantineRecord } from '../records.js';
import { hash } from './fingerprint.js';
import type { ResolvedRedrive } from './options.js';
import type { SkippedRecords } from './result.js';

/** A record of the quarantine and its position there. */
export interface Candidate {
    position: number;
    record: QuarantineRecord;
    /** The position of an earlier record with the same id, of which this one is a repeat. */
    original?: number;
}

/** The reason to leave a record as it is, whatever its item. */
export function reasonToSkip(
    { reason, actorRunId, quarantinedAt, ...record }: QuarantineRecord,
    options: ResolvedRedrive,
): keyof SkippedRecords | undefined {
    // Nothing is wrong with a duplicate: it comes back only where it is asked for.
    if (options.reason === undefined ? reason === 'duplicate' : reason !== options.reason) return 'filtered';
    if (options.run !== undefined && actorRunId !== options.run) return 'filtered';
    if (!(Date.parse(quarantinedAt) >= options.sinceMillis) && options.sinceMillis !== -Infinity) return 'filtered';
    if (!('item' in record) && record.itemKey === undefined) return 'withoutItem';
    return undefined;
}

/**
 * The fields that the record of an item keeps when the item fails again. Its id is new, and the same for the same try: a
 * redrive that is resumed may write the record a second time.
 */
export function recordOfReturn({ position, record }: Candidate, fingerprint: string): Partial<QuarantineRecord> {
    const { itemStoreId, itemKey, itemBytes, itemPosition, request, actorId, actorRunId, actorBuildId } = record;
    const attempt = (record.attempt ?? 1) + 1;
    return {
        id: hash(JSON.stringify([record.id ?? null, position, fingerprint, attempt])),
        ...('item' in record && { item: record.item }),
        ...(itemStoreId !== undefined && { itemStoreId }),
        ...(itemKey !== undefined && { itemKey }),
        itemBytes,
        itemPosition,
        ...(request !== undefined && { request }),
        actorId,
        actorRunId,
        actorBuildId,
        attempt,
        redrive: { position, fingerprint },
    };
}
