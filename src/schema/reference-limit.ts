/** A schema leads to more references for one item than can be followed in a reasonable time. */
export class TooManyReferencesError extends Error {
    override name = 'TooManyReferencesError';

    constructor() {
        super('the schema leads to too many references for this item');
    }
}

const FREE_REFERENCES = 20_000;
/** Measured: less than a tenth of a second with all errors. */
const MAX_REFERENCES = 60_000;
/** Each object and array takes two bytes at least. */
const REFERENCES_PER_BYTE = 2;

/**
 * Counts how often the validation of one item follows a `$ref` at an object or an array. Where two alternatives refer to the
 * schema around them, each level of the item doubles the work: 30 levels of a few bytes each would take hours.
 */
export class ReferenceLimit {
    #left = Infinity;

    /** Begins an item of which all errors are wanted. */
    begin(): void {
        this.#left = MAX_REFERENCES;
    }

    /** Begins an item of which the first error is wanted: a long array of honest objects must pass. */
    beginFirstError(byteLength: number): void {
        this.#left = FREE_REFERENCES + REFERENCES_PER_BYTE * byteLength;
    }

    /** @throws TooManyReferencesError */
    readonly count = (): void => {
        if (--this.#left < 0) throw new TooManyReferencesError();
    };
}
