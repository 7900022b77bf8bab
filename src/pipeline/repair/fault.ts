import type { Dictionary, ItemError } from '../../records.js';
import { VERBOSE_BOUNDS } from '../../schema/item-errors.js';

/** An item with this many errors or more is not repaired. The validator ends each loop after this many errors, so it cannot tell how many there are. */
export const MAX_REPAIRED_ERRORS = VERBOSE_BOUNDS.maxErrors;

export class TooManyErrorsError extends Error {
    override name = 'TooManyErrorsError';

    constructor() {
        super('the item has too many errors to be repaired');
    }
}

/** One error of an item, with the errors that led to it below it. */
export interface Fault {
    readonly error: ItemError;
    /** The schema that holds the failing keyword, where it is known. */
    readonly parentSchema?: Dictionary;
    /**
     * Errors that are not faults of their own: for `anyOf` and `oneOf` those of each branch, for `contains` those of the
     * elements, for `propertyNames` those of the name.
     */
    readonly below?: readonly (readonly Fault[])[];
}

/** Tells all that is wrong with an item. */
export interface RepairValidator {
    /** All faults of `item`, or `undefined` when it is valid. `item` is not changed. @throws TooManyErrorsError */
    validate(item: unknown): readonly Fault[] | undefined;
    /**
     * Whether the position of an element has a meaning, or the number of elements is fixed, in `array`, which was part of
     * an item that this validator has seen.
     */
    isFixedLength(array: object): boolean;
}

/** The errors in the order in which Ajv lists them. */
export function flatten(faults: readonly Fault[]): ItemError[] {
    return faults.flatMap(({ error, below }) => (below ? [...below.flatMap(flatten), error] : [error]));
}

/** Whether the fault says that no alternative fits, rather than that too many do. */
export function isAlternatives({ error, below }: Fault): boolean {
    if (below === undefined || below.length === 0) return false;
    if (error.keyword === 'anyOf') return true;
    return error.keyword === 'oneOf' && !Array.isArray(error.params?.passingSchemas);
}
