import { randomUUID } from 'node:crypto';

import type { Owner, ReadBack, SavedKeys } from '../../ports.js';
import type { QuarantineRecord } from '../../records.js';
import type { SavedRecords } from './saved-records.js';

/** A record that is not in quarantine yet. */
export interface PendingRecord {
    /** Set where another process may have to tell it from one that says the same. */
    id?: string;
    record: QuarantineRecord;
    /** The whole item's JSON, until it is known whether it goes into the record or beside it. */
    text: string | undefined;
    owner: Owner | undefined;
    /** Set when its request may have been stored: to be looked for before it is sent again. */
    readBack?: ReadBack;
    /** Saved records that still hold the item as one to be sent. */
    savedIn?: SavedKeys;
    /** Set once it is saved with the run. */
    saved?: SavedRecords;
    /** It is in quarantine, or was given back. */
    isDone?: boolean;
}

/** A record as another process of the run takes it over. */
export interface SavedRecord extends Pick<PendingRecord, 'id' | 'record' | 'savedIn'> {
    text?: string;
    readBackFrom?: number;
}

/** The same each time: an item that is stored beside its record is stored under it, by whichever process. */
export function idOf(pending: PendingRecord): string {
    return (pending.id ??= randomUUID());
}

/** `position`: where in the quarantine dataset it will lie, at the earliest, if it is being sent. */
export function toSavedLine(pending: PendingRecord, position: number | undefined): string {
    const { record, text, readBack, savedIn } = pending;
    const readBackFrom = readBack?.from ?? position;
    return JSON.stringify({ id: idOf(pending), record, text, readBackFrom, savedIn } satisfies SavedRecord);
}

export function readSavedLine(line: string): SavedRecord {
    return JSON.parse(line) as SavedRecord;
}
