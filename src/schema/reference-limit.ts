import type { Dictionary } from '../records.js';
import { countReferences } from './reference-count.js';

/** A schema leads to more references for one item than can be followed in a reasonable time. */
export class TooManyReferencesError extends Error {
    override name = 'TooManyReferencesError';

    constructor() {
        super('the schema leads to too many references for this item');
    }
}

/** A schema that leads to no more of them for a value costs no more than one that is written out. */
const MAX_UNLIMITED_REFERENCES = 1_000;
const FREE_REFERENCES = 20_000;
/** Measured: a tenth of a second with all errors, also where they lie a thousand levels deep. */
const MAX_REFERENCES = 5_000;
/** Repair and suggestions can do nothing for an item with more references, and may take longer. */
const MAX_REFERENCES_THOROUGHLY = 60_000;
/** An object takes some ten bytes, and may be referred to twice: a tenth of a second for half a megabyte. */
const REFERENCES_PER_BYTE = 0.2;

/**
 * Counts how often the validation of one item follows a `$ref` at an object or an array. Where two alternatives refer to the
 * schema around them, each level of the item doubles the work: 30 levels of a few bytes each would take hours.
 */
export class ReferenceLimit {
    #left = Infinity;
    /** To be called for each reference that is followed. It throws TooManyReferencesError. */
    readonly onReference = (): void => {
        if (--this.#left < 0) throw new TooManyReferencesError();
    };

    private constructor() {}

    /** `undefined` where the schema needs no limit. */
    static of(schema: Dictionary): ReferenceLimit | undefined {
        return countReferences(schema) > MAX_UNLIMITED_REFERENCES ? new ReferenceLimit() : undefined;
    }

    /** Begins an item of which all errors are wanted. */
    begin(): void {
        this.#left = MAX_REFERENCES;
    }

    /** Begins an item of which all errors are needed, because it is to be repaired. */
    beginThoroughly(): void {
        this.#left = MAX_REFERENCES_THOROUGHLY;
    }

    /** Begins an item of which the first error is wanted: a long array of honest objects must pass. */
    beginFirstError(byteLength: number): void {
        this.#left = FREE_REFERENCES + REFERENCES_PER_BYTE * byteLength;
    }
}
