import type { Dictionary, ItemError } from '../../records.js';
import { jsonOfObject } from '../../utils/user-code.js';
import type { RepairFunction } from './options.js';

const EXPECTED = 'the repaired item as an object, or undefined for no change';

/** Calls functions of the user's that repair an item. What they do wrong counts as "not repaired". */
export class RepairFunctions {
    readonly #onProblem: (error: unknown) => void;

    /** `onProblem` is called each time with what a function threw, or with what is wrong with its value. */
    constructor(onProblem: (error: unknown) => void) {
        this.#onProblem = onProblem;
    }

    /** The item as JSON that the function made of a copy of `item`; `undefined` where it changes nothing. */
    call(repair: RepairFunction, item: unknown, errors: readonly ItemError[]): Dictionary | undefined {
        try {
            const repaired: unknown = repair(
                JSON.parse(JSON.stringify(item)) as Dictionary,
                JSON.parse(JSON.stringify(errors)) as ItemError[],
            );
            if (repaired === undefined) return undefined;
            return JSON.parse(jsonOfObject(repaired, EXPECTED)) as Dictionary;
        } catch (error) {
            this.#onProblem(error);
            return undefined;
        }
    }
}
