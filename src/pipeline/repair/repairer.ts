import type { Dictionary } from '../../records.js';
import type { RepairValidator } from './fault.js';
import type { RepairStep } from './options.js';
import { RepairByErrors } from './repair-by-errors.js';
import { RepairFunctions } from './repair-function.js';
import { repairItem, type RepairResult } from './repair-item.js';
import { createRepairValidator } from './validator.js';

/** Repair sees all errors of an item, which may be as many as the item has values: a larger item is not repaired. */
export const MAX_REPAIRED_BYTES = 1_000_000;

/** Repairs the items of one guard, by its option `repair`. */
export class Repairer {
    readonly #steps: readonly RepairStep[];
    readonly #functions: RepairFunctions;
    readonly #validator: RepairValidator | undefined;

    /**
     * `schema` is the one that items are validated against, `undefined` where only the platform validates. `onProblem` is told
     * once what is wrong with a function of the user's.
     */
    static async create(
        steps: readonly RepairStep[],
        schema: Dictionary | undefined,
        onProblem: (message: string) => void,
    ): Promise<Repairer> {
        return new Repairer(steps, schema && (await createRepairValidator(schema)), onProblem);
    }

    constructor(
        steps: readonly RepairStep[],
        validator: RepairValidator | undefined,
        onProblem: (message: string) => void,
    ) {
        this.#steps = steps;
        this.#validator = validator;
        this.#functions = new RepairFunctions(onProblem);
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
