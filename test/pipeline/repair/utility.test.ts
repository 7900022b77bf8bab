import type { ValidateFunction } from 'ajv';
import fc from '../../support/fast-check.js';
import { expect, it } from 'vitest';

import type { RepairValidator } from '../../../src/pipeline/repair/fault.js';
import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { RepairFunctions } from '../../../src/pipeline/repair/repair-function.js';
import { repairItem } from '../../../src/pipeline/repair/repair-item.js';
import { createRepairValidator } from '../../../src/pipeline/repair/validator.js';
import type { Dictionary } from '../../../src/records.js';
import { items, schemas } from './support/random-schemas.js';
import { plainAjv } from './support/repairing.js';
import { type Push, pushWithUtility } from './support/utility.js';
import { IS_LONG } from '../../support/mode.js';

const BATCHES = IS_LONG ? 2_000 : 200;

/**
 * Where the rules of the guard forbid what the utility does: it takes elements out of tuples, and it removes good properties,
 * because `unevaluatedProperties` names them while something else fails or because they stand around a bad one, which may
 * satisfy `maxProperties` and `maxItems`.
 */
const FORBIDDEN = /"(?:unevaluatedProperties|prefixItems|maxProperties|maxItems)"|"items":\[/;
const comparable = schemas.filter((schema) => !FORBIDDEN.test(JSON.stringify(schema)));
const batches = fc.array(items, { minLength: 1, maxLength: 20 });

it(
    'stores at least as many items of a batch as the utility, with one request, and keeps the others as they were pushed',
    { timeout: 1_800_000 },
    async () => {
        const total = { guard: 0, utility: 0, mostRequests: 0 };
        await fc.assert(
            fc.asyncProperty(comparable, batches, async (schema, batch) => {
                const plain = plainAjv(schema.$schema).compile(schema);
                fc.pre(!batch.some((item) => throws(plain, item)));
                const guard = pushWithGuard(await createRepairValidator(schema), batch);
                const utility = pushWithUtility(pushTo(plain), batch);

                expect(pushTo(plain)(guard.stored)).toBeUndefined();
                expect(guard.stored.length).toBeGreaterThanOrEqual(utility.stored.length);
                expect(guard.stored.length + guard.quarantined.length).toBe(batch.length);
                expect(guard.quarantined.every((item) => batch.includes(item))).toBe(true);
                total.guard += guard.stored.length;
                total.utility += utility.stored.length;
                total.mostRequests = Math.max(total.mostRequests, utility.requests);
            }),
            // A comparison of two sets of rules, not a property of one: it is the same comparison each time.
            { numRuns: BATCHES, seed: 17 },
        );
        expect(total.guard).toBeGreaterThan(total.utility);
        expect(total.mostRequests).toBe(6);
    },
);

/** A defect of Ajv 8, with some `patternProperties` of draft 2020-12. */
function throws(plain: ValidateFunction, item: unknown): boolean {
    try {
        plain(item);
        return false;
    } catch {
        return true;
    }
}

function pushTo(plain: ValidateFunction): Push {
    return (sent) => {
        const rejected = new Map(
            sent.flatMap((item, position) => (plain(item) ? [] : [[position, plain.errors!] as const])),
        );
        return rejected.size > 0 ? rejected : undefined;
    };
}

function pushWithGuard(
    validator: RepairValidator,
    batch: readonly Dictionary[],
): { stored: unknown[]; quarantined: Dictionary[] } {
    const stored: unknown[] = [];
    const quarantined: Dictionary[] = [];
    for (const item of batch) {
        const before = JSON.stringify(item);
        const result = repairItem(item, validator, resolveRepair('prune')!, new RepairFunctions(() => {}));
        expect(JSON.stringify(item)).toBe(before);
        if (result.isRepaired) stored.push(result.item);
        else quarantined.push(item);
    }
    return { stored, quarantined };
}
