import type { Dataset } from 'apify';

import { InvalidOptionsError, failOption } from './errors.js';
import { resolveRepair } from './pipeline/repair/options.js';
import type { RepairOption, RepairStep } from './pipeline/repair/options.js';
import { resolveUnique } from './pipeline/unique/options.js';
import type { DuplicatesOption, ResolvedUnique, UniqueOption } from './pipeline/unique/options.js';
import type { ExpectOption } from './quality/expectations.js';
import { resolveExpectOption } from './quality/expectations.js';
import type { Dictionary, QuarantineRecord } from './records.js';

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
    redact?: ((item: Dictionary) => Dictionary) | undefined;
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

const DEFAULTS = {
    mode: 'quarantine',
    ack: 'buffered',
    maxPayloadBytes: 5_000_000,
    maxBufferedBytes: 32 * 1024 * 1024,
    flushIntervalMillis: 1_000,
    maxParallelRequests: 1,
    compression: 'auto',
    duplicates: 'drop',
    samples: true,
} as const;

const TOLERANCE_DEFAULTS: Readonly<Required<Tolerance>> = Object.freeze({
    maxItems: Infinity,
    maxRatio: 1,
    minItems: 100,
});

const KEYS: ReadonlySet<string> = new Set([
    ...Object.keys(DEFAULTS),
    'dataset',
    'schema',
    'quarantine',
    'tolerance',
    'repair',
    'unique',
    'expect',
    'redact',
    'identify',
    'onQuarantine',
]);

/** Checks `options` and fills in the defaults. The caller's object is not changed. @throws InvalidOptionsError */
export function resolveOptions(options: DatasetGuardOptions<any> = {}): ResolvedOptions {
    if (!isObject(options)) failOption('options', 'an object', options);
    rejectUnknownKeys(options, KEYS, '');

    const maxPayloadBytes = integer(options, 'maxPayloadBytes', 1_024, PLATFORM_MAX_PAYLOAD_BYTES);
    const mode = oneOf(options, 'mode', ['quarantine', 'warn', 'fail']);
    return Object.freeze({
        dataset: target(options, 'dataset', 'an open Dataset'),
        schema: schema(options.schema),
        quarantine: target(options, 'quarantine') as StorageTarget | undefined,
        mode,
        ack: mode === 'fail' ? ackOfFailMode(options) : oneOf(options, 'ack', ['buffered', 'stored']),
        maxPayloadBytes,
        maxBufferedBytes: bufferSize(options, maxPayloadBytes),
        flushIntervalMillis: integer(options, 'flushIntervalMillis', 0, 2_147_483_647),
        maxParallelRequests: integer(options, 'maxParallelRequests', 1, 64),
        compression: oneOf(options, 'compression', ['auto', 'none']),
        tolerance: tolerance(options.tolerance),
        repair: resolveRepair(options.repair),
        unique: resolveUnique(options.unique),
        duplicates: oneOf(options, 'duplicates', ['drop', 'quarantine', 'count']),
        expect: resolveExpectOption(options.expect),
        redact: callback(options, 'redact'),
        identify: callback(options, 'identify'),
        onQuarantine: callback(options, 'onQuarantine'),
        samples: boolean(options, 'samples'),
    });
}

type DefaultKey = keyof typeof DEFAULTS;

function integer(options: Dictionary, key: DefaultKey, min: number, max: number): number {
    const value = options[key] === undefined ? DEFAULTS[key] : options[key];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
        failOption(key, `an integer from ${min} to ${max}`, value);
    }
    return value;
}

/** The default buffer grows with a larger payload; a buffer that was asked for must hold one. */
function bufferSize(options: Dictionary, maxPayloadBytes: number): number {
    if (options.maxBufferedBytes === undefined) return DEFAULTS.maxBufferedBytes;
    return integer(options, 'maxBufferedBytes', maxPayloadBytes, Number.MAX_SAFE_INTEGER);
}

function oneOf<T extends string>(options: Dictionary, key: DefaultKey, allowed: readonly T[]): T {
    const value = options[key] === undefined ? DEFAULTS[key] : options[key];
    if (!allowed.includes(value)) failOption(key, `one of ${allowed.map((name) => `'${name}'`).join(', ')}`, value);
    return value;
}

function ackOfFailMode(options: Dictionary): 'stored' {
    if (options.ack !== undefined && options.ack !== 'stored')
        failOption('ack', `'stored' (mode: 'fail' implies it)`, options.ack);
    return 'stored';
}

function boolean(options: Dictionary, key: DefaultKey): boolean {
    const value = options[key] === undefined ? DEFAULTS[key] : options[key];
    if (typeof value !== 'boolean') failOption(key, 'true or false', value);
    return value;
}

function callback<Name extends 'redact' | 'identify' | 'onQuarantine'>(
    options: Dictionary,
    key: Name,
): ResolvedOptions[Name] {
    const value = options[key];
    if (value !== undefined && typeof value !== 'function') failOption(key, 'a function', value);
    return value;
}

function schema(value: unknown): object | false | undefined {
    if (value === undefined || value === false) return value;
    // A schema of arktype is a function.
    if (typeof value === 'function' && '~standard' in value) return value;
    if (!isObject(value) || value instanceof Promise) failOption('schema', 'a JSON Schema object, or false', value);
    return value;
}

function target(options: Dictionary, key: string, also?: string): StorageTarget | Dataset | undefined {
    const value = options[key];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (isObject(value)) {
        if (also && typeof value.pushData === 'function' && isObject(value.client)) return value as Dataset;
        const [only, ...others] = Object.entries(value);
        if (
            only &&
            others.length === 0 &&
            ['id', 'name', 'alias'].includes(only[0]) &&
            typeof only[1] === 'string' &&
            only[1] !== ''
        ) {
            return Object.freeze({ ...value }) as StorageTarget;
        }
    }
    return failOption(key, `a name, { id }, { name } or { alias }${also ? `, or ${also}` : ''}`, value);
}

function tolerance(value: unknown): Required<Tolerance> {
    if (value === undefined) return TOLERANCE_DEFAULTS;
    if (!isObject(value)) failOption('tolerance', 'an object { maxItems, maxRatio, minItems }', value);
    const given = value as Tolerance;
    rejectUnknownKeys(given, new Set(Object.keys(TOLERANCE_DEFAULTS)), 'tolerance.');
    const { maxItems, maxRatio, minItems } = { ...TOLERANCE_DEFAULTS, ...definedEntries(given) };
    if (!(maxItems === Infinity || (Number.isSafeInteger(maxItems) && maxItems >= 0))) {
        failOption('tolerance.maxItems', 'an integer of 0 or more, or Infinity', maxItems);
    }
    if (!(typeof maxRatio === 'number' && maxRatio >= 0 && maxRatio <= 1)) {
        failOption('tolerance.maxRatio', 'a number from 0 to 1', maxRatio);
    }
    if (!(Number.isSafeInteger(minItems) && minItems >= 0)) {
        failOption('tolerance.minItems', 'an integer of 0 or more', minItems);
    }
    return Object.freeze({ maxItems, maxRatio, minItems });
}

function definedEntries<T extends object>(value: T): Partial<T> {
    return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<T>;
}

function rejectUnknownKeys(value: object, known: ReadonlySet<string>, prefix: string): void {
    for (const key of Object.keys(value)) {
        if (!known.has(key)) {
            const names = [...known].sort().join(', ');
            throw new InvalidOptionsError(prefix + key, `Unknown option "${prefix}${key}". Expected one of: ${names}.`);
        }
    }
}

function isObject(value: unknown): value is Dictionary {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
