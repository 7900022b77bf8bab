/** The data that users see: what is wrong with an item, its quarantine record, and what a push came to. */

import type { ChargeResult } from 'apify';

export type Dictionary = Record<string, any>;

/** One JSON Schema failure. All paths are those of the item itself: `/price`, `#/properties/price/type`. */
export interface ItemError {
    instancePath: string;
    schemaPath: string;
    keyword: string;
    params: Record<string, unknown>;
    message?: string;
}

/**
 * Why an item is in quarantine.
 * - `schema`: it fails the dataset's schema
 * - `too-large`: one request cannot carry it
 * - `not-an-object`: its JSON is no object (null, a string, a number, an array)
 * - `not-serializable`: it has no JSON (a cycle, a BigInt, a getter or a `toJSON` that throws)
 * - `rejected`: the platform rejects it alone, for a reason of its own
 * - `duplicate`: an item with its key is stored, and the option `duplicates` is `'quarantine'`
 */
export type QuarantineReason = 'schema' | 'too-large' | 'not-an-object' | 'not-serializable' | 'rejected' | 'duplicate';

/** The request whose handler pushed an item. Never holds `userData` or headers. */
export interface RequestInfo {
    url: string;
    loadedUrl?: string;
    label?: string;
    id?: string;
    retryCount: number;
}

/** One item of the quarantine dataset. */
export interface QuarantineRecord<Item = Dictionary> {
    /** The same however often the record is written: readers ignore repeats. */
    id: string;
    /** The item as JSON; absent when it is too large or not JSON. */
    item?: Item;
    /** Where the item's JSON is when `item` is too large: id of a named key-value store … */
    itemStoreId?: string;
    /** … and the key in it. */
    itemKey?: string;
    /** UTF-8 bytes of the item's JSON; 0 where it has none. */
    itemBytes: number;
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: ItemError[];
    /** Zero-based: in the `pushData` call (`rejectedBy: 'guard'`) or in the request (`'platform'`). */
    itemPosition: number;
    request?: RequestInfo;
    datasetId: string;
    datasetName?: string;
    actorId?: string;
    actorRunId?: string;
    actorBuildId?: string;
    /** SHA-256 of the schema that the item failed, in hexadecimal. */
    schemaHash?: string;
    /** 1, and one more each time it was redriven in vain. */
    attempt: number;
    /** Where a redrive has brought the item back: what it was tried with. */
    redrive?: RedriveMark;
    /** ISO 8601. */
    quarantinedAt: string;
}

/** What the record of an item says that was redriven in vain. */
export interface RedriveMark {
    /** Position in the quarantine of the record that this one replaces. */
    position: number;
    /** Hash of schema and transform: the item is tried again when it changes. */
    fingerprint: string;
}

/** What a push came to: the SDK's `ChargeResult`, and what became of the items of that call. */
export interface PushResult extends ChargeResult {
    /** Items that passed the guard: buffered, or stored with `ack: 'stored'`. */
    acceptedItems: number;
    /** Items that `repair` changed, a part of the accepted items. */
    repairedItems: number;
    /** Items in quarantine; with `ack: 'buffered'` only those that failed here are known. */
    quarantinedItems: number;
    /** Items that were not stored because an item with the same key is. */
    duplicateItems: number;
    /** Items that the user's pay-per-event budget did not let through. */
    trimmedItems: number;
}

/** Part of the report: what the option `unique` has found. */
export interface DuplicateSummary {
    /** Items that came after another one with their key, whether they were dropped, quarantined or stored. */
    readonly found: number;
    /** The first different keys of such items, redacted, at most 200 characters each. */
    readonly samples: readonly string[];
}
