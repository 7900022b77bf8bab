import type { QuarantineRecord } from '../records.js';
import type { ResolvedRedrive } from './options.js';
import type { Positions } from './positions.js';
import type { SkippedRecords } from './result.js';

/** A record of the quarantine and where it is. */
export interface Candidate {
    position: number;
    record: QuarantineRecord;
}

/** What is asked for at once, as far as the size of what came before tells. */
const PAGE_BYTES = 8_000_000;
const FIRST_PAGE_RECORDS = 100;
const MAX_PAGE_RECORDS = 1_000;

/** The records of a quarantine that no earlier redrive is done with, in order. Few are in memory at a time. */
export async function* readCandidates(
    list: (offset: number, limit: number) => Promise<unknown[] | undefined>,
    redriven: Positions,
): AsyncGenerator<Candidate> {
    let limit = FIRST_PAGE_RECORDS;
    for (let offset = redriven.nextOutside(0); ;) {
        const records = (await list(offset, limit)) as QuarantineRecord[] | undefined;
        if (records === undefined || records.length === 0) return;
        let bytes = 0;
        for (const [index, record] of records.entries()) {
            bytes += (record.itemBytes ?? 0) + 1_000;
            if (!redriven.has(offset + index)) yield { position: offset + index, record };
        }
        offset = redriven.nextOutside(offset + records.length);
        limit = Math.max(1, Math.min(MAX_PAGE_RECORDS, limit * 2, Math.floor((PAGE_BYTES * records.length) / bytes)));
    }
}

/** Why a record is left as it is, whatever its item. */
export function reasonToSkip(
    { reason, actorRunId, quarantinedAt, ...record }: QuarantineRecord,
    options: ResolvedRedrive,
): keyof SkippedRecords | undefined {
    if (options.reason !== undefined && reason !== options.reason) return 'filtered';
    if (options.run !== undefined && actorRunId !== options.run) return 'filtered';
    if (!(Date.parse(quarantinedAt) >= options.sinceMillis) && options.sinceMillis !== -Infinity) return 'filtered';
    if (!('item' in record) && record.itemKey === undefined) return 'withoutItem';
    return undefined;
}

/** Whether the record was made by a redrive since `startedAt`: by this one. */
export function isOwnReturn({ redrive, quarantinedAt }: QuarantineRecord, startedAt: number): boolean {
    return redrive !== undefined && Date.parse(quarantinedAt) >= startedAt;
}

/** What the record of an item says that fails again: the item as it was, where it came from, and that it was tried. */
export function recordOfReturn({ position, record }: Candidate, fingerprint: string): Partial<QuarantineRecord> {
    const { itemStoreId, itemKey, itemBytes, itemPosition, request, actorId, actorRunId, actorBuildId } = record;
    return {
        ...('item' in record && { item: record.item }),
        ...(itemStoreId !== undefined && { itemStoreId }),
        ...(itemKey !== undefined && { itemKey }),
        itemBytes,
        itemPosition,
        ...(request !== undefined && { request }),
        actorId,
        actorRunId,
        actorBuildId,
        attempt: (record.attempt ?? 1) + 1,
        redrive: { position, fingerprint },
    };
}
