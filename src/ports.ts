/**
 * The interfaces that the rooms of the library need from outside: a sink for items, one for quarantine records, a store of the run's own and a
 * log. Each has more than one implementation. Nothing here knows the SDK.
 */

import type { Dictionary, ItemError } from './records.js';

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
     * The failures of `item`, at most 100, or `undefined` when it is valid. `item` is not changed. `byteLength`: that of its JSON, a megabyte unless given;
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
    /** The same items in memory of their own, or in that of `reusable`, which must not be read any more, where they fit. */
    copy(reusable?: Payload): Payload;
}

/** An item that the platform named as invalid: its position as the platform counts, and its errors as on the wire. */
export interface InvalidItem {
    itemPosition: number;
    errors: ItemError[];
}

/**
 * The outcome of one request to store items.
 * - `stored`: the platform said so
 * - `invalid`: rejected whole by the dataset's schema; `invalidItems` where the platform named them readably
 * - `too-large`: 413
 * - `bad-request`: the API answered 400 for another reason
 * - `refused`: 401, 402, 403, 404: the account, the token or the dataset; trying again does not help
 * - `unavailable`: 429, 5xx, network; `outcomeUnknown` when the items may have been stored, `storedIndexes` where some are known to be
 */
export type SendResult =
    | { kind: 'stored' }
    | { kind: 'invalid'; invalidItems: InvalidItem[]; error: Error }
    | { kind: 'too-large'; error: Error }
    | { kind: 'bad-request'; error: Error }
    | { kind: 'refused'; error: Error }
    | { kind: 'unavailable'; outcomeUnknown: boolean; error: Error; storedIndexes?: ReadonlySet<number> };

/** A page of a listing. `total` counts all items of the dataset and can lag behind what the page shows. */
export interface ListedPage {
    items: unknown[];
    total: number;
}

/** Up to `limit` items from `offset` on. */
export interface PageRange {
    offset: number;
    limit: number;
}

/** Where items go. One sink serves one dataset. */
export interface ItemSink {
    readonly datasetId: string;
    readonly datasetName?: string;
    /** Names the dataset across processes of one run: its id on the platform; its name locally, where each process makes ids anew. */
    readonly stableId: string;
    /** Whether the dataset is on the platform. */
    readonly isRemote: boolean;
    /** Whether a second attempt can help after an error (a local disk that is full stays full). */
    readonly retries: boolean;
    /** Whether a request stores all of its items or none. */
    readonly isAtomic: boolean;
    /** This many requests under way at once are stored in the order in which they began. @default 1 */
    readonly maxOrderedRequests?: number;
    /** Begins what can be done for a payload before it is sent; the payload must not change any more. */
    prepare?(payload: Payload): void;
    /** Makes one attempt. Resolves to its outcome; rejects only for a defect. */
    send(payload: Payload): Promise<SendResult>;
    /** Cuts the requests that are under way, at once: the process ends, and what they were for is sent in another way. */
    cutRequests?(): void;
    /** Up to `limit` stored items from `offset` on, in order. `undefined` where they can never be read. */
    list(offset: number, limit: number): Promise<ListedPage | undefined>;
    /** The dataset held at least this many items when the sink was made. */
    readonly knownItemCount: number;
}

/** Where quarantine records go. */
export interface QuarantineStore {
    /** Opens (creates) the quarantine dataset. Called with the first record, and again after a failure. */
    open(): Promise<ItemSink>;
    /**
     * Stores the JSON of an item that does not go into its record in the key-value store beside the dataset, or in the run's own,
     * and says where.
     */
    storeItem(
        key: string,
        itemText: string,
        place: 'quarantine' | 'run',
    ): Promise<{ itemStoreId: string; itemKey: string }>;
    /** Where the quarantine cannot be written: stores records as JSON Lines with the run, and says where, in words. */
    storeWithRun(recordLines: string): Promise<string>;
}

/** Keeps with the run what must outlive the process. */
export interface RunStore {
    save(key: string, text: string, contentType: string): Promise<void>;
    remove(key: string): Promise<void>;
    /** The record's text; empty where there is none. */
    read(key: string): Promise<string>;
    /** The keys that begin with `prefix`, sorted. */
    keys(prefix: string): Promise<string[]>;
    /** Where a person finds the record without a token: a file with `extension` locally, an address on the platform. */
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

/** Settings that only tests and the guard's own tools change; no part of the API. Times follow from the platform's. */
export interface InternalOptions {
    /** Stored items show up in listings within this time. Source: the dataset guide says 5 to 10 s for `itemCount`; listings lag less. */
    listingLagMillis: number;
    /** Wait before the first retry; doubled for each further one. */
    firstRetryDelayMillis: number;
    maxRetries: number;
    /** The outcome of a request that takes longer is unknown. */
    requestTimeoutSecs: number;
    /** Files that are written at once in a local storage. A process that is killed may leave gaps between them. */
    maxLocalWrites: number;
    /** The start of an Actor does not wait longer for what earlier processes of the run have left. */
    maxRestoreMillis: number;
}

/** Levels as in Crawlee's log. Messages hold paths and counts, never item values or tokens. */
export interface Log {
    debug(message: string, data?: Dictionary): void;
    info(message: string, data?: Dictionary): void;
    warning(message: string, data?: Dictionary): void;
    error(message: string, data?: Dictionary): void;
}
