import type { Dictionary } from '../records.js';
import type { OnWalk } from './equality.js';
import { countReferences } from './reference-count.js';

/** A schema asks for more work on one item than can be done in a reasonable time. */
export class TooMuchWorkError extends Error {
    override name = 'TooMuchWorkError';

    constructor() {
        super('the schema asks for too much work on this item');
    }
}

/** A schema that leads to no more references for a value costs no more than one that is written out. */
const MAX_UNLIMITED_REFERENCES = 1_000;
/** References that an item may cost of which all errors are wanted. */
const MAX_REFERENCES = 60_000;
/**
 * With all errors a reference below which something fails costs more than one that passes: its errors are made, and kept or forgotten.
 * Measured: a tenth of a second, also where they lie a thousand levels deep.
 */
const EXTRA_FOR_FAILED = 11;
/**
 * References that an item may cost of which the first error is wanted. A node of rich text takes some eighty bytes, and the validator
 * tries twenty to thirty alternatives for it.
 */
const FREE_REFERENCES = 50_000;
const REFERENCES_PER_BYTE = 0.4;
/** A step takes some 15 ns: the validator looks at one element or one character. An item has fewer of both than bytes. */
const FREE_STEPS = 2_000_000;
const STEPS_PER_BYTE = 8;
/** Large objects are hash tables, which take longer to walk through than arrays. */
const STEPS_PER_PROPERTY = 10;
const STEPS_PER_SCALAR = 10;

/**
 * Counts the work that the validation of one item may repeat: the references that it follows, and the elements, properties and
 * characters that it walks through. Where two alternatives refer to the schema around them, each level of the
 * item doubles the work: 30 levels of a few bytes each would take hours.
 */
export class WorkLimit {
    #references = Infinity;
    #extraForFailed = 0;
    #steps = Infinity;
    /** To be called for each reference that is followed at an object or an array. It throws TooMuchWorkError. */
    readonly onReference = (): void => {
        if (--this.#references < 0) throw new TooMuchWorkError();
    };
    /** To be called for each reference that is followed at a value without parts. It throws TooMuchWorkError. */
    readonly onScalar = (): void => {
        this.#steps -= STEPS_PER_SCALAR;
        if (this.#steps < 0) throw new TooMuchWorkError();
    };
    /** To be called for each of them below which something fails. */
    readonly onFailedReference = (): void => {
        this.#references -= this.#extraForFailed;
    };
    /** To be called with each value before it is walked through, and with what one of its parts costs. It throws TooMuchWorkError. */
    readonly onWalk: OnWalk = (value, cost) => {
        this.#steps -= sizeOf(value) * cost;
        if (this.#steps < 0) throw new TooMuchWorkError();
    };

    private constructor() {}

    /** `undefined` where the schema needs no limit. */
    static of(schema: Dictionary): WorkLimit | undefined {
        return countReferences(schema) > MAX_UNLIMITED_REFERENCES ? new WorkLimit() : undefined;
    }

    /** Begins an item of which all errors are wanted. */
    begin(): void {
        this.#begin(MAX_REFERENCES, EXTRA_FOR_FAILED, FREE_STEPS);
    }

    /** Begins an item of which the first error is wanted: a long array of honest objects must pass. */
    beginFirstError(byteLength: number): void {
        this.#begin(FREE_REFERENCES + REFERENCES_PER_BYTE * byteLength, 0, FREE_STEPS + STEPS_PER_BYTE * byteLength);
    }

    #begin(references: number, extraForFailed: number, steps: number): void {
        this.#references = references;
        this.#extraForFailed = extraForFailed;
        this.#steps = steps;
    }
}

function sizeOf(value: unknown): number {
    if (typeof value === 'string' || Array.isArray(value)) return value.length;
    if (typeof value !== 'object' || value === null) return 0;
    return STEPS_PER_PROPERTY * Object.keys(value).length;
}
