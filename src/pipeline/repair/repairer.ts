import type { Dictionary } from '../../records.js';
import type { RepairValidator } from './fault.js';
import type { RepairStep } from './options.js';
import { RepairByErrors } from './repair-by-errors.js';
import { RepairFunctions } from './repair-function.js';
import { repairItem, type RepairResult } from './repair-item.js';
import { createRepairValidator, MAX_REPAIRED_BYTES } from './validator.js';

/** Repairs the items of one guard, by its option `repair`. */
export class Repairer {
    readonly #steps: readonly RepairStep[];
    readonly #functions: RepairFunctions;
    readonly #onProblem: (error: unknown) => void;
    #validator: RepairValidator | undefined;

    /** `onProblem` is called each time with what a function of the user's threw, or with what is wrong with its value. */
    constructor(steps: readonly RepairStep[], onProblem: (error: unknown) => void) {
        this.#steps = steps;
        this.#onProblem = onProblem;
        this.#functions = new RepairFunctions(onProblem);
    }

    /** Items are validated against `schema` from now on; without one only what the platform rejects is repaired. Never rejects. */
    async useSchema(schema: Dictionary | undefined): Promise<void> {
        try {
            this.#validator = schema && (await createRepairValidator(schema));
        } catch (error) {
            this.#validator = undefined;
            this.#onProblem(error);
        }
    }

    /**
     * Repairs an item that fails the schema. `item` is parsed JSON of `itemBytes` and is not changed. `undefined` where nothing
     * is tried: the item is too large, or there is no schema.
     */
    repair(item: unknown, itemBytes: number): RepairResult | undefined {
        if (this.#validator === undefined || itemBytes > MAX_REPAIRED_BYTES) return undefined;
        return repairItem(item, this.#validator, this.#steps, this.#functions);
    }

    /** Begins the repair of an item that the platform rejects; `undefined` where the item is too large. */
    repairByErrors(item: unknown, itemBytes: number): RepairByErrors | undefined {
        if (itemBytes > MAX_REPAIRED_BYTES) return undefined;
        return new RepairByErrors(item, this.#steps, this.#functions);
    }
}
