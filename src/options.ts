import type { Dataset } from 'apify';

import type { RepairOption, RepairStep } from './pipeline/repair/options.js';
import type { DuplicatesOption, ResolvedUnique, UniqueOption } from './pipeline/unique/options.js';
import type { ExpectOption } from './quality/expectations.js';
import type { Dictionary, NotAPromise, QuarantineRecord } from './records.js';

/** Names one storage: by id, by name, or by its alias in the Actor's definition. */
export type StorageTarget =
    | string
    | {
          /** Id of the storage. */
          id: string;
      }
    | {
          /** Name of the storage. */
          name: string;
      }
    | {
          /** Alias in the Actor's definition. */
          alias: string;
      };

/** The tolerable amount of quarantine; more makes pushes reject with `ToleranceExceededError`. */
export interface Tolerance {
    /** Items in quarantine. 0 means not one. @default Infinity */
    maxItems?: number | undefined;
    /** Quarantined as a share of received items, 0 to 1. @default 1 */
    maxRatio?: number | undefined;
    /** `maxRatio` counts from this number of received items on. @default 100 */
    minItems?: number | undefined;
}

/** Options of `DatasetGuard.open()`. Checked once; unknown keys are an `InvalidOptionsError`. */
export interface DatasetGuardOptions<Item extends object = Dictionary> {
    /** Where items go: a name or id, `{ id }`, `{ name }`, `{ alias }`, or an open `Dataset`. @default the run's default dataset */
    dataset?: StorageTarget | Dataset<any> | undefined;
    /**
     * JSON Schema of one item, a whole dataset schema, or a schema of zod, valibot or arktype; `false` leaves validation to the
     * platform. @default discovered: see docs/schema.md
     */
    schema?: object | false | undefined;
    /**
     * Dataset for the items that were rejected. Created with its first record and kept for ever.
     * @default `<owner>-<actor>-quarantine`
     */
    quarantine?: StorageTarget | undefined;
    /**
     * The treatment of an item that fails here: `'quarantine'` sets it aside; `'warn'` counts and logs it, and still sends it, so that
     * the platform decides (schema failures only); `'fail'` rejects the call with `ItemsRejectedError`, storing
     * none of its items, and implies `ack: 'stored'`.
     * @default 'quarantine'
     */
    mode?: 'quarantine' | 'warn' | 'fail' | undefined;
    /**
     * When `pushData` resolves: `'buffered'` once the items are in the buffer, `'stored'` once they are stored or
     * quarantined. Pay-per-event runs always use `'stored'`.
     * @default 'buffered'
     */
    ack?: 'buffered' | 'stored' | undefined;
    /** No request of more than one item is larger, in bytes of uncompressed JSON with brackets and commas; 1,024 to 9,437,184. @default 5,000,000 */
    maxPayloadBytes?: number | undefined;
    /**
     * `pushData` waits while more than this is waiting or under way, in bytes; at least `maxPayloadBytes`. A repaired item counts with
     * what is kept of it as it was pushed. @default 33,554,432
     */
    maxBufferedBytes?: number | undefined;
    /** No item waits longer in the buffer than this, in milliseconds; 0 sends at once, up to 2,147,483,647. @default 1,000 */
    flushIntervalMillis?: number | undefined;
    /** Requests under way at once, 1 to 64. Above 1 the order of items is given up for speed. @default 1 */
    maxParallelRequests?: number | undefined;
    /** `'auto'` compresses requests of 16 KiB or more to the platform; `'none'` sends them as they are. @default 'auto' */
    compression?: 'auto' | 'none' | undefined;
    /**
     * The tolerable amount of quarantine.
     * @default `{ maxItems: Infinity, maxRatio: 1, minItems: 100 }`
     */
    tolerance?: Tolerance | undefined;
    /**
     * Changes that may be made to an item that fails, here or on the platform, before it is quarantined: `'prune'`, a policy, a function
     * that returns the repaired item at once, or a list of these. What comes of it is validated again in full.
     * @default none
     */
    repair?: RepairOption | undefined;
    /**
     * The key of an item; two items of the run with one key are the same: a field such as `'url'`, a JSON Pointer such as `'/product/id'`, a list of these,
     * or a function that returns text at once, `undefined` for an item without a key. The second item with a key is not stored
     * again once the first one is.
     * @default none: every item is stored
     */
    unique?: UniqueOption<Item> | undefined;
    /**
     * The treatment of an item whose key is stored already: `'drop'` counts it as `duplicateItems`; `'quarantine'` records it with
     * the reason `duplicate`; `'count'` stores it, and the report says how many there are. Says nothing without `unique`.
     * @default 'drop'
     */
    duplicates?: DuplicatesOption | undefined;
    /**
     * Expectations of the run's data, judged when the run ends by itself: `{ minItems: 1_000, filled: { price: 0.95 } }`, or a
     * function that returns that, asked at the end.
     * @default none
     */
    expect?: ExpectOption | undefined;
    /** Returns, synchronously, the part of an item that may be written to the quarantine. @default none: all of it */
    redact?: ((item: Dictionary) => Dictionary & NotAPromise) | undefined;
    /**
     * Returns the name of an item for the report, from the redacted item, at once.
     * @default the first of `url`, `link`, `id`, `sku`, `asin`, `name` that is text or a number
     */
    identify?: ((item: Dictionary) => string) | undefined;
    /** Called with each quarantine record once it is stored. @default none */
    onQuarantine?: ((record: QuarantineRecord<Item>) => void | Promise<void>) | undefined;
    /** Whether the report holds samples: the failing value alone, redacted, at most 200 characters. @default true */
    samples?: boolean | undefined;
}

/** Options with all defaults filled in. */
export type ResolvedOptions = Readonly<
    Required<
        Omit<
            DatasetGuardOptions,
            | 'dataset'
            | 'schema'
            | 'quarantine'
            | 'tolerance'
            | 'repair'
            | 'unique'
            | 'expect'
            | 'redact'
            | 'identify'
            | 'onQuarantine'
        >
    >
> &
    Readonly<
        Pick<
            DatasetGuardOptions,
            'dataset' | 'schema' | 'quarantine' | 'expect' | 'redact' | 'identify' | 'onQuarantine'
        >
    > & {
        /** One after another, until the item is valid; undefined where nothing is repaired. */
        readonly repair: readonly RepairStep[] | undefined;
        /** Undefined where items have no key. */
        readonly unique: ResolvedUnique | undefined;
        readonly tolerance: Readonly<Required<Tolerance>>;
    };

/**
 * The largest request on any reading of the platform's texts, in bytes of decompressed body.
 * Source: `MAX_PAYLOAD_SIZE_BYTES` of `@apify/consts`; the endpoint's page says 5 MB.
 */
export const PLATFORM_MAX_PAYLOAD_BYTES = 9_437_184;
