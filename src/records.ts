/** The data that users see: what is wrong with an item, its quarantine record, and what a push came to. */

import type { ChargeResult } from 'apify';

/** Any object: the default type of an item. */
export type Dictionary = Record<string, any>;

/**
 * What a function returns that must not be async. A type of objects with any key takes a promise as well, unless something
 * in it tells them apart; this does, and items have no such key.
 */
export interface NotAPromise {
    /** Never there: promises have it. */
    readonly [Symbol.toStringTag]?: never;
}

/** One JSON Schema failure. All paths are those of the item itself: `/price`, `#/properties/price/type`. */
export interface ItemError {
    /** JSON Pointer to the value that failed; empty for the item itself. */
    instancePath: string;
    /** JSON Pointer to the keyword of the schema, after `#`. */
    schemaPath: string;
    /** The keyword that failed: `type`, `required`, …. */
    keyword: string;
    /** Details by keyword, such as `{ missingProperty: "title" }`. */
    params: Record<string, unknown>;
    /** In words, without values of the item: "must be string". */
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
    /** Address of the request, without credentials, cut to 4,000 characters. */
    url: string;
    /** Address after redirects, without credentials, cut to 4,000 characters. */
    loadedUrl?: string;
    /** The request's label, without credentials, cut to 200 characters. */
    label?: string;
    /** The request's id in its queue. */
    id?: string;
    /** How often the request had been retried. */
    retryCount: number;
}

/** One item of the quarantine dataset. */
export interface QuarantineRecord<Item = Dictionary> {
    /** The same however often the record is written: readers ignore repeats. */
    id: string;
    /** The item as JSON, redacted; absent when it is too large, has no JSON, or `redact` failed. */
    item?: Item;
    /**
     * Where the item's JSON is when it is too large or `redact` failed: id of a key-value store, a named one or, after a failure
     * of `redact`, the run's own, …
     */
    itemStoreId?: string;
    /** … and the key in it. */
    itemKey?: string;
    /** UTF-8 bytes of the item's JSON; 0 where it has none. */
    itemBytes: number;
    /** Why the item is in quarantine. */
    reason: QuarantineReason;
    /** Who found out. */
    rejectedBy: 'guard' | 'platform';
    /** The errors of the item as it was pushed; at most 100. */
    errors: ItemError[];
    /** Zero-based: in the `pushData` call (`rejectedBy: 'guard'`) or in the request (`'platform'`). */
    itemPosition: number;
    /** The request whose handler pushed the item, where the guard knows it. */
    request?: RequestInfo;
    /** Id of the dataset that the item was pushed to. */
    datasetId: string;
    /** Its name, where it has one. */
    datasetName?: string;
    /** Id of the Actor. */
    actorId?: string;
    /** Id of the run; locally it is made up, so that runs can be told apart. */
    actorRunId?: string;
    /** Id of the build. */
    actorBuildId?: string;
    /** SHA-256 of the schema that the item failed, in hexadecimal. */
    schemaHash?: string;
    /** 1, and one more each time a redrive failed. */
    attempt: number;
    /** Where a redrive has brought the item back: what it was tried with. */
    redrive?: RedriveMark;
    /** ISO 8601. */
    quarantinedAt: string;
}

/** Tells a quarantine record from an item as it was pushed. A record holds the item that it is about. */
export function isQuarantineRecord(value: unknown): value is QuarantineRecord {
    const { reason, errors, datasetId, quarantinedAt } = (value ?? {}) as Partial<QuarantineRecord>;
    return Array.isArray(errors) && [reason, datasetId, quarantinedAt].every((text) => typeof text === 'string');
}

/** Marks the record of an item that a redrive could not store. */
export interface RedriveMark {
    /** Position in the quarantine of the record that this one replaces. */
    position: number;
    /** Hash of schema and transform: the item is tried again when it changes. */
    fingerprint: string;
}

/** The result of a push: the SDK's `ChargeResult`, and the outcomes of the call's items. */
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
