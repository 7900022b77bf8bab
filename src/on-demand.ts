import type { InferOptions, InferredSchema } from './infer/infer-schema.js';
import type { SuggestedChanges, SuggestOptions } from './infer/suggest/suggest-changes.js';
import type { Dictionary } from './records.js';
import type { RedriveOptions } from './redrive/options.js';
import type { RedriveInternals } from './redrive/redrive-quarantine.js';
import type { RedriveResult } from './redrive/result.js';

// An Actor that only stores items needs none of these. Their code is loaded with the first call, so that its start does not wait.

/**
 * Infers the schema of items, read one after another: every item passes it, apart from those that `tolerate` leaves out.
 * Items are taken as JSON, so a `Date` must be a string already.
 *
 * @throws InvalidOptionsError where `tolerate` is no share, TypeError where `items` is no iterable
 */
export async function inferSchema(
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: InferOptions = {},
): Promise<InferredSchema> {
    const infer = await import('./infer/infer-schema.js');
    return infer.inferSchema(items, options);
}

/**
 * Finds the smallest changes of a schema that let items in which fail it, and the repairs that would mend the items instead.
 * Records of a quarantine stand for the items in them. One pass; what is remembered does not grow with the number of items.
 *
 * @throws SchemaLoadError where `schema` cannot work, TypeError where `records` is no iterable
 */
export async function suggestChanges(
    records: Iterable<unknown> | AsyncIterable<unknown>,
    schema: Dictionary,
    options: SuggestOptions = {},
): Promise<SuggestedChanges> {
    const suggest = await import('./infer/suggest/suggest-changes.js');
    return suggest.suggestChanges(records, schema, options);
}

/**
 * Brings the items of a quarantine back: changes them where `transform` is given, validates them, and pushes them through a
 * guard into the dataset that they were meant for. An item that fails again returns to quarantine with `attempt + 1`.
 * Redriven records are remembered beside the quarantine, so that a second run, also after a crash at any moment, sends
 * nothing twice and skips nothing.
 * @throws InvalidOptionsError, SchemaLoadError, RedriveError; DeliveryError, QuarantineError: run it again to go on
 */
export async function redriveQuarantine<Item = Dictionary>(options?: RedriveOptions<Item>): Promise<RedriveResult>;
export async function redriveQuarantine(
    options?: RedriveOptions,
    internals?: RedriveInternals,
): Promise<RedriveResult> {
    const redrive = await import('./redrive/redrive-quarantine.js');
    return (redrive.redriveQuarantine as typeof redriveWithInternals)(options, internals);
}

declare function redriveWithInternals(options?: RedriveOptions, internals?: RedriveInternals): Promise<RedriveResult>;
