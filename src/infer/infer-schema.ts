import type { Dictionary } from '../records.js';
import { InvalidOptionsError } from '../errors.js';
import { expectIterable } from './expect-iterable.js';
import { kindOf, ObservedValue } from './observed-value.js';
import type { Sighting } from './observed-value.js';
import { PlaceBudget } from './place-budget.js';
import type { JsonType, Outlier } from './write-schema.js';
import { SchemaWriter } from './write-schema.js';

export type { JsonType, Outlier, Sighting };

/** Options of `inferSchema()`. */
export interface InferOptions {
    /**
     * The share of values, from 0 to less than 0.5, up to which a rare type of a field, or its absence, is an outlier: the
     * schema does not allow it, and `outliers` names it.
     * @default 0
     */
    tolerate?: number | undefined;
    /**
     * Whether numbers get `minimum` and `maximum`, the smallest and the largest that came.
     * @default false
     */
    ranges?: boolean | undefined;
    /**
     * Whether a field gets an example from the items.
     * @default true
     */
    examples?: boolean | undefined;
}

/** The result of `inferSchema()`. */
export interface InferredSchema {
    /** The JSON Schema of one item, draft-07: the `fields` of a dataset schema. */
    readonly fields: Dictionary;
    /** Items that were read, those that are no objects included. */
    readonly readItems: number;
    /** Items that are no objects, which no dataset takes. */
    readonly notObjects: number;
    /** Values that came and that the schema still forbids, because `tolerate` allows it; in the order of the fields. */
    readonly outliers: readonly Outlier[];
}

/** Each goes through all places: after these, what is new is no longer told apart. */
const MAX_COMPACTIONS = 20;

/** Collects what items have in common, in one pass. What it remembers is bounded, whatever the items are. */
export class SchemaInference {
    readonly #budget = new PlaceBudget();
    readonly #items = new ObservedValue(this.#budget, 0);
    #readItems = 0;
    #notObjects = 0;
    #compactions = 0;

    /** Takes the JSON of an item into account. */
    add(item: unknown): void {
        const itemPosition = this.#readItems++;
        if (kindOf(item) === 'object') this.#items.add(item, itemPosition);
        else this.#notObjects++;
        if (this.#budget.isSpent && this.#compactions < MAX_COMPACTIONS) {
            this.#compactions++;
            this.#items.compact();
        }
    }

    /** The schema of all items that were added. To be called once. */
    finish({ tolerate = 0, ranges = false, examples = true }: InferOptions = {}): InferredSchema {
        const writer = new SchemaWriter({ tolerate, ranges, examples });
        const schema = this.#items.total === 0 ? {} : writer.write(this.#items);
        return Object.freeze({
            fields: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', ...schema },
            readItems: this.#readItems,
            notObjects: this.#notObjects,
            outliers: writer.outliers,
        });
    }
}

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
    const { tolerate = 0 } = options;
    if (!(tolerate >= 0 && tolerate < 0.5)) {
        throw new InvalidOptionsError(
            'tolerate',
            `"tolerate" must be a share from 0 to less than 0.5, but got: ${String(tolerate)}.`,
        );
    }
    expectIterable('inferSchema()', items);
    const inference = new SchemaInference();
    for await (const item of items) inference.add(item);
    return inference.finish(options);
}
