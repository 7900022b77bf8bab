import type { Dictionary, ItemError } from '../../records.js';
import { Draft, pathOf } from './draft.js';
import { type Fault, flatten, type RepairValidator } from './fault.js';
import type { RepairStep, ResolvedPolicy } from './options.js';
import { PolicyRun } from './policy-run.js';
import type { RepairFunctions } from './repair-function.js';
import { differences, mergeRepairs, type Repair } from './repairs.js';

/** Enough for a value to be coerced, nulled, removed and filled, and the object around it as well. */
const MAX_ROUNDS = 10;

export type RepairResult =
    | { readonly isRepaired: true; readonly item: Dictionary; readonly repairs: readonly Repair[] }
    /** The errors of the item as pushed, without those whose place was repaired. */
    | { readonly isRepaired: false; readonly errors: readonly ItemError[] };

/**
 * Repairs an item that fails `validator`, one step after another until it is valid. `item` is parsed JSON and is not changed.
 * The result is valid, and differs from `item` only at places that an error named.
 */
export function repairItem(
    item: unknown,
    validator: RepairValidator,
    steps: readonly RepairStep[],
    functions: RepairFunctions,
): RepairResult {
    const draft = new Draft(item);
    let faultsAsPushed: readonly Fault[] | undefined;
    try {
        faultsAsPushed = validator.validate(draft.item);
        if (faultsAsPushed === undefined) return { isRepaired: true, item: item as Dictionary, repairs: [] };
        return applySteps(draft, faultsAsPushed, validator, steps, functions);
    } catch {
        // The item has too many errors, or its schema asks for too much work on it. Compiled validators also throw for some schemas
        // with `unevaluatedProperties` beside `patternProperties`, because of a defect of Ajv 8.
        return { isRepaired: false, errors: flatten(faultsAsPushed ?? []) };
    }
}

function applySteps(
    draftAsPushed: Draft,
    faultsAsPushed: readonly Fault[],
    validator: RepairValidator,
    steps: readonly RepairStep[],
    functions: RepairFunctions,
): RepairResult {
    let draft = draftAsPushed;
    let faults: readonly Fault[] | undefined = faultsAsPushed;
    let repairs: Repair[] = [];
    for (const step of steps) {
        if (typeof step === 'function') {
            const before = draft.item;
            const after = functions.call(step, before, flatten(faults));
            if (after === undefined) continue;
            repairs = mergeRepairs(mergeRepairs(repairs, draft.repairs()), differences(before, after));
            draft = new Draft(after);
            faults = validator.validate(draft.item);
        } else {
            faults = applyPolicy(draft, step, validator, faults);
        }
        if (faults === undefined) {
            return {
                isRepaired: true,
                item: draft.item as Dictionary,
                repairs: mergeRepairs(repairs, draft.repairs()),
            };
        }
    }
    return { isRepaired: false, errors: remainingErrors(faultsAsPushed, faults, draft) };
}

/** The errors that are left after the policy; `undefined` where the item is valid. */
function applyPolicy(
    draft: Draft,
    policy: ResolvedPolicy,
    validator: RepairValidator,
    faultsBefore: readonly Fault[],
): readonly Fault[] | undefined {
    let faults: readonly Fault[] | undefined = faultsBefore;
    const run = new PolicyRun(draft, policy, (array) => validator.isFixedLength(array));
    for (let round = 0; round < MAX_ROUNDS && faults !== undefined; round++) {
        if (!run.round(faults).changed) break;
        draft.removeElements();
        faults = validator.validate(draft.item);
    }
    return faults;
}

/** The errors as pushed that are still there; all of them where what is left are others. */
function remainingErrors(asPushed: readonly Fault[], now: readonly Fault[], draft: Draft): readonly ItemError[] {
    const left = new Set(
        flatten(now).map((error) => {
            const place = draft.resolve(error.instancePath);
            return keyOf(error, place === undefined ? error.instancePath : pathOf(place));
        }),
    );
    const errors = flatten(asPushed);
    const remaining = errors.filter((error) => left.has(keyOf(error, error.instancePath)));
    return remaining.length > 0 ? remaining : errors;
}

function keyOf({ keyword, schemaPath, params }: ItemError, path: string): string {
    return JSON.stringify([path, keyword, schemaPath, params]);
}
