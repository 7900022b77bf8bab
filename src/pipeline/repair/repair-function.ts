import type { Dictionary, ItemError } from '../../records.js';
import type { RepairFunction } from './options.js';

/** Calls functions of the user's that repair an item. What they do wrong counts as "not repaired" and is said once. */
export class RepairFunctions {
    readonly #onProblem: (message: string) => void;
    readonly #reported = new WeakSet<RepairFunction>();

    constructor(onProblem: (message: string) => void) {
        this.#onProblem = onProblem;
    }

    /** The item as JSON that the function made of a copy of `item`; `undefined` where it changes nothing. */
    call(repair: RepairFunction, item: unknown, errors: readonly ItemError[]): Dictionary | undefined {
        let problem: string;
        try {
            const repaired: unknown = repair(
                JSON.parse(JSON.stringify(item)) as Dictionary,
                JSON.parse(JSON.stringify(errors)) as ItemError[],
            );
            if (repaired === undefined) return undefined;
            problem = problemOf(repaired);
            if (problem === '') {
                const json: unknown = JSON.parse(JSON.stringify(repaired));
                if (problemOf(json) === '') return json as Dictionary;
                problem = `returned an object whose JSON is ${JSON.stringify(json).slice(0, 20)}`;
            }
        } catch (error) {
            problem = `threw: ${error instanceof Error ? error.message : String(error)}`;
        }
        this.#report(repair, problem);
        return undefined;
    }

    #report(repair: RepairFunction, problem: string): void {
        if (this.#reported.has(repair)) return;
        this.#reported.add(repair);
        this.#onProblem(
            `The repair function ${problem}. Expected the repaired item as an object, or undefined for no change; ` +
                'the item counts as not repaired. This is said once.',
        );
    }
}

function problemOf(value: unknown): string {
    if (typeof (value as { then?: unknown } | null)?.then === 'function') {
        // Nobody else handles its rejection.
        Promise.resolve(value).catch(() => undefined);
        return 'returned a promise, whose value comes too late';
    }
    if (Array.isArray(value)) return 'returned an array';
    if (typeof value === 'object' && value !== null) return '';
    return value === null ? 'returned null' : `returned a ${typeof value}`;
}
