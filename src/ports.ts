/**
 * What the pipeline's stages exchange, and what they need from outside: a sink for items, one for quarantine
 * records, a clock and a log. Nothing here knows the SDK.
 */

import type { Dictionary, ItemError, QuarantineRecord, RequestInfo } from './records.js';

/** A failure with what it is about. Its data is that of the item: it may be large, and it must not be shown unasked. */
export interface VerboseError extends ItemError {
    /** The value that failed. */
    data: unknown;
    /** The value of the keyword in the schema. */
    schema: unknown;
    /** The schema that has the keyword. */
    parentSchema: Dictionary;
}

/** A schema made ready: validates the JSON view of one item. */
export interface ItemSchema {
    /**
     * The failures of `item`, at most 100, or `undefined` when it is valid. `item` is not changed. `byteLength`: that of its JSON;
     * of an item of more than a megabyte only the first failure is found.
     */
    validate(item: unknown, byteLength?: number): ItemError[] | undefined;
    /**
     * All failures with the data and the schema that they are about, or `undefined` when `value` is valid: for repair. With
     * `schemaPointer` (`/properties/offers/items`) the value is validated with that part of the schema.
     */
    validateVerbose(value: unknown, schemaPointer?: string): VerboseError[] | undefined;
    /** The schema itself, as it is compiled. Frozen. */
    readonly json: Readonly<Dictionary>;
    /** SHA-256 of the schema's JSON, in hexadecimal. */
    readonly hash: string;
    /** Where the schema came from, in words: `dataset abc123`, `build 1.0.3`, a file's path, `options.schema`. */
    readonly source: string;
}

/** Items that go in one request: UTF-8 JSON of an array, written once. */
export interface Payload {
    readonly itemCount: number;
    /** Length of `body`, brackets and commas included. */
    readonly byteLength: number;
    /** The request's body. A view, valid until the payload is released. */
    readonly body: Buffer;
    /** UTF-8 bytes of the JSON of the item at `index`. */
    itemBytes(index: number): number;
    /** JSON of the item at `index`. */
    itemText(index: number): string;
    /** A payload of its own with the items at `indexes`, in that order. */
    pick(indexes: readonly number[]): Payload;
}

/** A payload that still takes items. */
export interface OpenPayload extends Payload {
    /** `byteLength` is no more than this, which costs nothing to know. */
    readonly maxByteLength: number;
    /** Adds an item's JSON behind the last one. Returns false, and changes nothing, when that would exceed the limit. */
    tryAppend(itemText: string): boolean;
}

/** Makes payloads, and takes their memory back. */
export interface PayloadFactory {
    /** A payload that holds `itemText` and takes more, if that fits the limit; else one of this item alone. */
    open(itemText: string): OpenPayload;
    /** The payload's memory may be used again. Nothing may read the payload afterwards. */
    close(payload: Payload): void;
}

/** Who pushed items, and waits to learn what became of them. */
export interface Owner {
    /** The request whose handler pushed the items. */
    readonly request?: RequestInfo;
    /** What the quarantine record of a rejected item says instead: the items come from the quarantine. */
    readonly record?: Partial<QuarantineRecord>;
    /** False once nobody waits any more: items that no request carries yet are then given back. */
    isCurrent?(): boolean;
    /** Called as the owner's items are stored or quarantined, or taken back because of `error`. */
    settle(outcome: { stored?: number; quarantined?: number; takenBack?: number; error?: Error }): void;
    /** Called for each item that is taken back, with its JSON where it has one, before `settle`. */
    onTakenBack?(itemText: string | undefined): void;
    /** Called when one of the owner's items is set aside for the quarantine. */
    onRejected?(item: { itemPosition: number; errors: ItemError[] }): void;
}

/** An item that the platform named as invalid: its position as the platform counts, and its errors as on the wire. */
export interface InvalidItem {
    itemPosition: number;
    errors: ItemError[];
}

/**
 * What a request to store items came to.
 * - `stored`: the platform said so
 * - `invalid`: rejected whole by the dataset's schema; `invalidItems` where the platform named them readably
 * - `too-large`: 413
 * - `bad-request`: 400 for another reason
 * - `refused`: 401, 402, 403, 404: the account, the token or the dataset; trying again does not help
 * - `unavailable`: 429, 5xx, network; `outcomeUnknown` when the items may have been stored all the same, and then `readBack`
 */
export type SendResult =
    | { kind: 'stored' }
    | { kind: 'invalid'; invalidItems: InvalidItem[]; error: Error }
    | { kind: 'too-large'; error: Error }
    | { kind: 'bad-request'; error: Error }
    | { kind: 'refused'; error: Error }
    | { kind: 'unavailable'; outcomeUnknown: boolean; error: Error; readBack?: ReadBack };

/** What a function of the user's returned. @throws TypeError for a promise: its value comes too late */
export function synchronous<T>(value: T): T {
    if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return value;
    // Nobody else will look after it.
    Promise.resolve(value).catch(() => undefined);
    throw new TypeError('expected a value, but got a promise');
}

/** How to find out whether items were stored by a request whose outcome is unknown. */
export interface ReadBack {
    /** Offset in the dataset from which on they are, if they are there. */
    from: number;
    /** The request was made before this time, in milliseconds since the epoch. */
    sentBefore: number;
    /** Requests with an unknown outcome that these items had: 1 unless given. */
    attempts?: number;
    /** They may have been sent in several requests, each with a part of them, of which some were stored. */
    isSplit?: boolean;
}

/** Keys of the records in which something was saved with the run; those of one time together. */
export type SavedKeys = readonly (readonly string[])[];

/** How a payload is to be sent. */
export interface SendManner {
    /** Its items may be in the dataset: to be looked for before they are sent. */
    readBack?: ReadBack;
    /** Asked before each retry: true once some of the items are to be given back rather than sent. */
    isStale?: () => boolean;
}

/** What sending came to, counted. Units: requests, and bytes of uncompressed JSON. */
export interface DeliveryCounters {
    requests: number;
    rejectedRequests: number;
    retriedRequests: number;
    sentBytes: number;
}

/** Where items go. One sink serves one dataset. */
export interface ItemSink {
    readonly datasetId: string;
    readonly datasetName?: string;
    /** Whether a second attempt can help after an error (a local disk that is full stays full). */
    readonly retries: boolean;
    /** So many requests that are under way at once are stored in the order in which they began. @default 1 */
    readonly maxOrderedRequests?: number;
    /** Begins what can be done of a payload before it is sent; it must not change any more. */
    prepare?(payload: Payload): void;
    /** Makes one attempt. Resolves to what came of it; rejects only for a defect. */
    send(payload: Payload): Promise<SendResult>;
    /** Up to `limit` stored items from `offset` on, in order. `undefined` where they can never be read. */
    list(offset: number, limit: number): Promise<unknown[] | undefined>;
    /** So many items at least were in the dataset when the sink was made. */
    readonly knownItemCount: number;
}

/** Why quarantine records could not be written, and where to look for them before they are written again. */
export interface RecordFailure {
    error: Error;
    readBack?: ReadBack;
}

/** Where quarantine records go. */
export interface QuarantineStore {
    /** Opens (creates) the quarantine dataset. Called with the first record, and again after a failure. */
    open(): Promise<ItemSink>;
    /** Stores the JSON of an item too large for a record in the key-value store beside the dataset, and tells where. */
    storeItem(key: string, itemText: string): Promise<{ itemStoreId: string; itemKey: string }>;
    /** Where the quarantine cannot be written: stores records as JSON Lines with the run, and tells where, in words. */
    storeWithRun(recordLines: string): Promise<string>;
}

/** Keeps what must outlive the process with the run. */
export interface RunStore {
    save(key: string, text: string, contentType: string): Promise<void>;
    remove(key: string): Promise<void>;
    /** The record's text; empty where there is none. */
    read(key: string): Promise<string>;
    /** The keys that begin with `prefix`, sorted. */
    keys(prefix: string): Promise<string[]>;
    /** Where a person finds the record, in words, without a token: a file with `extension` on a laptop, the Console's page. */
    whereIs(key: string, extension: string): Promise<string>;
}

/** Keeps what was redriven, in a key-value store beside the quarantine. A write is done whole or not at all. */
export interface JournalStore {
    /** In words. */
    readonly name: string;
    read(key: string): Promise<string | undefined>;
    write(key: string, text: string): Promise<void>;
    remove(key: string): Promise<void>;
    /** Writes what is not there yet; resolves to false, and changes nothing, where it is. */
    create(key: string, text: string): Promise<boolean>;
}

export interface Clock {
    /** Milliseconds since the epoch. */
    now(): number;
    /** Calls `callback` after `millis`; the timer does not keep the process alive. Returns a function that cancels it. */
    after(millis: number, callback: () => void): () => void;
    /** Resolves after `millis`, and keeps the process alive until then. */
    sleep(millis: number): Promise<void>;
}

/** The time by which the run must have let go. It may move closer at any moment, and cuts all waits short. */
export interface Deadline {
    /** Milliseconds since the epoch; Infinity as long as no end is in sight. */
    readonly at: number;
    /** Resolves to true after `millis`, to false as soon as the deadline has passed. */
    wait(millis: number): Promise<boolean>;
    /** Resolves to what `work` does, or to `undefined` as soon as the deadline has passed. */
    race<T>(work: Promise<T>): Promise<T | undefined>;
}

/** Why work was given up when the deadline had passed. */
export const TOO_LATE = 'the run is ending and the platform has not answered in time';

/** What tests and the guard's own tools set otherwise; no part of the API. Times follow from the platform's. */
export interface Tuning {
    /** Stored items show up in listings within this time. Source: the dataset guide says 5 to 10 s for `itemCount`; listings lag less. */
    listingLagMillis: number;
    /** Wait before the first retry; doubled for each further one. */
    firstRetryDelayMillis: number;
    maxRetries: number;
    /** A request that takes longer has an unknown outcome. */
    requestTimeoutSecs: number;
    /** Files that are written at once in a local storage. A process that is killed may leave gaps between them. */
    maxLocalWrites: number;
}

/** Levels as in Crawlee's log. Messages hold paths and counts, never item values or tokens. */
export interface Log {
    debug(message: string, data?: Dictionary): void;
    info(message: string, data?: Dictionary): void;
    warning(message: string, data?: Dictionary): void;
    error(message: string, data?: Dictionary): void;
}
