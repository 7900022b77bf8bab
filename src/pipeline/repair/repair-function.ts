import type { Dictionary, ItemError } from '../../records.js';
import type { RepairFunction } from './options.js';

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
            checkObject(repaired, '');
            const json: unknown = JSON.parse(JSON.stringify(repaired));
            checkObject(json, ' in JSON');
            return json as Dictionary;
        } catch (error) {
            this.#onProblem(error);
            return undefined;
        }
    }
}

/** @throws TypeError for what is no object */
function checkObject(value: unknown, where: string): void {
    const problem = problemOf(value);
    if (problem === undefined) return;
    throw new TypeError(
        `expected the repaired item as an object, or undefined for no change, but got: ${problem}${where}`,
    );
}

function problemOf(value: unknown): string | undefined {
    if (typeof (value as { then?: unknown } | null)?.then === 'function') {
        // Nobody else handles its rejection.
        Promise.resolve(value).catch(() => undefined);
        return 'a promise, whose value comes too late';
    }
    if (Array.isArray(value)) return 'an array';
    if (typeof value === 'object' && value !== null) return undefined;
    return value === null ? 'null' : `a ${typeof value}`;
}
