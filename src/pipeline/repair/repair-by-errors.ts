import type { Dictionary, ItemError } from '../../records.js';
import { Draft } from './draft.js';
import { type Fault, flatten } from './fault.js';
import type { RepairFunction, RepairStep } from './options.js';
import { faultsOf } from './platform-faults.js';
import { PolicyRun } from './policy-run.js';
import type { RepairFunctions } from './repair-function.js';
import { differences, mergeRepairs, type Repair } from './repairs.js';

/**
 * The repair of one item by the errors with which the platform rejects it, from one rejection to the next. Paths are those of
 * the item; no schema is needed. Each item needs a repair of its own: what was tried at a place is not tried there again.
 */
export class RepairByErrors {
    readonly #steps: readonly RepairStep[];
    readonly #functions: RepairFunctions;
    readonly #fixedLength = new WeakSet<object>();
    #draft: Draft;
    /** The repairs of earlier drafts. */
    #repairs: readonly Repair[] = [];
    #position = 0;
    #run: PolicyRun | undefined;

    /** `item` is parsed JSON and is not changed. */
    constructor(item: unknown, steps: readonly RepairStep[], functions: RepairFunctions) {
        this.#draft = new Draft(item);
        this.#steps = steps;
        this.#functions = functions;
    }

    /** The item to send next, a copy; `undefined` where nothing is left to try about one of `errors`. */
    next(errors: readonly ItemError[]): { item: Dictionary; repairs: readonly Repair[] } | undefined {
        this.#noteTuples(errors);
        let faults: readonly Fault[] = faultsOf(errors);
        while (faults.length > 0 && this.#position < this.#steps.length) {
            faults = this.#apply(this.#steps[this.#position]!, faults);
        }
        if (errors.length === 0 || faults.length > 0) return undefined;
        this.#draft.removeElements();
        return {
            item: JSON.parse(JSON.stringify(this.#draft.item)) as Dictionary,
            repairs: mergeRepairs(this.#repairs, this.#draft.repairs()),
        };
    }

    /** The faults that are left for the next step. */
    #apply(step: RepairStep, faults: readonly Fault[]): readonly Fault[] {
        if (typeof step === 'function') {
            this.#position++;
            return this.#call(step, faults) ? [] : faults;
        }
        this.#run ??= new PolicyRun(this.#draft, step, (array) => this.#fixedLength.has(array));
        const { changed, stuck } = this.#run.round(faults);
        const left = changed ? stuck : faults;
        if (left.length > 0) {
            this.#position++;
            this.#run = undefined;
        }
        return left;
    }

    #call(repair: RepairFunction, faults: readonly Fault[]): boolean {
        this.#draft.removeElements();
        const before = this.#draft.item;
        const after = this.#functions.call(repair, before, flatten(faults));
        if (after === undefined) return false;
        this.#repairs = mergeRepairs(mergeRepairs(this.#repairs, this.#draft.repairs()), differences(before, after));
        this.#draft = new Draft(after);
        return true;
    }

    /** An array is a tuple where the path of an error says so: each of its elements has a schema of its own. */
    #noteTuples(errors: readonly ItemError[]): void {
        for (const { instancePath, schemaPath } of errors) {
            const indexes = [...schemaPath.matchAll(/\/(?:items|prefixItems)\/(\d+)(?=\/)/g)].map(([, index]) => index);
            const tokens = instancePath.split('/');
            for (const [depth, token] of tokens.entries()) {
                if (!indexes.includes(token)) continue;
                const place = this.#draft.resolve(tokens.slice(0, depth).join('/'));
                const array = place && this.#draft.value(place);
                if (Array.isArray(array)) this.#fixedLength.add(array);
            }
        }
    }
}
