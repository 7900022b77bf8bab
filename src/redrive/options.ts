import { InvalidOptionsError } from '../errors.js';
import type { DatasetGuardOptions, ResolvedOptions } from '../options.js';
import { resolveOptions } from '../resolve-options.js';
import type { Dictionary, QuarantineReason, QuarantineRecord } from '../records.js';
import type { RedriveResult } from './result.js';

/** Options of `redriveQuarantine()`. Checked once; unknown keys are an `InvalidOptionsError`. */
export interface RedriveOptions<Item = Dictionary> extends Pick<
    DatasetGuardOptions,
    'quarantine' | 'dataset' | 'schema' | 'repair'
> {
    /** Only records with this reason. @default all but `duplicate` */
    reason?: QuarantineReason | undefined;
    /** Only records of this run (`actorRunId`). @default all */
    run?: string | undefined;
    /** Only records made at this time or later: a `Date` or ISO 8601. @default all */
    since?: Date | string | undefined;
    /**
     * Changes an item before it is validated and sent. `undefined` leaves the record where it is. If it throws, that record
     * is left, too, and counted as failed. `repair` comes after it. For a record `not-an-object`, `item` is the value that was pushed. @default none
     */
    transform?: ((item: Item, record: QuarantineRecord<Item>) => unknown) | undefined;
    /** Whether to try items again that an earlier redrive returned with the same schema, transform and repair. @default false */
    retry?: boolean | undefined;
    /** Says what would happen, and writes nothing. @default false */
    dryRun?: boolean | undefined;
    /** Stops between two batches; the next redrive continues. @default none */
    signal?: AbortSignal | undefined;
    /** Called after each batch with the counts so far. @default none */
    onProgress?: ((result: RedriveResult) => void) | undefined;
}

export interface ResolvedRedrive extends Omit<RedriveOptions, 'since'> {
    readonly guard: ResolvedOptions;
    /** Milliseconds since the epoch. */
    readonly sinceMillis: number;
}

const REASONS: readonly string[] = [
    'schema',
    'too-large',
    'not-an-object',
    'not-serializable',
    'rejected',
    'duplicate',
];
const KEYS = 'quarantine dataset schema repair reason run since transform retry dryRun signal onProgress'.split(' ');

/** @throws InvalidOptionsError */
export function resolveRedrive(options: RedriveOptions = {}): ResolvedRedrive {
    const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) {
        throw new InvalidOptionsError(
            unknown,
            `Unknown option "${unknown}". Expected one of: ${[...KEYS].sort().join(', ')}.`,
        );
    }
    const { quarantine, dataset, schema, repair, since, ...rest } = options;
    expect(rest, 'reason', (value) => REASONS.includes(value as string), REASONS.join(', '));
    expect(rest, 'run', (value) => typeof value === 'string' && value !== '', 'the id of a run');
    expect(rest, 'transform', (value) => typeof value === 'function', 'a function');
    expect(rest, 'onProgress', (value) => typeof value === 'function', 'a function');
    expect(rest, 'retry', (value) => typeof value === 'boolean', 'true or false');
    expect(rest, 'dryRun', (value) => typeof value === 'boolean', 'true or false');
    expect(rest, 'signal', (value) => value instanceof AbortSignal, 'an AbortSignal');
    const sinceMillis = since === undefined ? -Infinity : new Date(since).getTime();
    if (Number.isNaN(sinceMillis)) {
        throw new InvalidOptionsError('since', `Option "since" must be a date, such as "2026-01-31T12:00:00Z".`);
    }
    return Object.freeze({ ...rest, sinceMillis, guard: resolveOptions({ quarantine, dataset, schema, repair }) });
}

function expect(options: Dictionary, key: string, isRight: (value: unknown) => boolean, expected: string): void {
    const value: unknown = options[key];
    if (value === undefined || isRight(value)) return;
    throw new InvalidOptionsError(key, `Option "${key}" must be ${expected}, but got: ${typeof value}.`);
}
