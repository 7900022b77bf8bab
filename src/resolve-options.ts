import type { Dataset } from 'apify';

import { InvalidOptionsError, failOption } from './errors.js';
import type { DatasetGuardOptions, ResolvedOptions, StorageTarget, Tolerance } from './options.js';
import { PLATFORM_MAX_PAYLOAD_BYTES } from './options.js';
import { resolveRepair } from './pipeline/repair/options.js';
import { resolveUnique } from './pipeline/unique/options.js';
import { resolveExpectOption } from './quality/expectations.js';
import type { Dictionary } from './records.js';
import { isRecord } from './utils/is-record.js';

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
    if (!isRecord(options)) failOption('options', 'an object', options);
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
    if (!isRecord(value)) failOption('schema', 'a JSON Schema object, or false', value);
    return value;
}

function target(options: Dictionary, key: string, also?: string): StorageTarget | Dataset | undefined {
    const value = options[key];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (isRecord(value)) {
        if (also && typeof value.pushData === 'function' && isRecord(value.client)) return value as Dataset;
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
    if (!isRecord(value)) failOption('tolerance', 'an object { maxItems, maxRatio, minItems }', value);
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
