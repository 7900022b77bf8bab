import type { ErrorObject, ValidateFunction } from 'ajv';
import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { flatten, type RepairValidator } from '../../../src/pipeline/repair/fault.js';
import { type RepairOption, resolveRepair } from '../../../src/pipeline/repair/options.js';
import { RepairFunctions } from '../../../src/pipeline/repair/repair-function.js';
import { repairItem } from '../../../src/pipeline/repair/repair-item.js';
import { createRepairValidator } from '../../../src/pipeline/repair/validator.js';
import type { Dictionary, ItemError } from '../../../src/records.js';
import { withoutCostly } from '../../schema/support/plain-ajv.js';
import { cases } from './support/random-schemas.js';
import { applyRepairs, inventionOf } from './support/reference.js';
import { plainAjv } from './support/repairing.js';
import { IS_LONG } from '../../support/mode.js';

const SCHEMAS = IS_LONG ? 10_000 : 200;
const MAX_VALIDATIONS = 1 + 10;

const OPTIONS: RepairOption[] = [
    'prune',
    { coerce: true, invalid: 'null', unknown: 'remove', missing: 'empty' },
    [{ coerce: true }, { unknown: 'remove' }, 'prune'],
    { invalid: 'remove' },
];

describe('the repair of random items by random schemas', () => {
    it(
        'ends, gives what is valid, changes only what an error pointed to, and makes nothing up',
        { timeout: 1_800_000 },
        async () => {
            const seen = { invalid: 0, repaired: 0 };
            await fc.assert(
                fc.asyncProperty(cases, async ([schema, items]) => {
                    const plain = plainAjv(schema.$schema).compile(schema);
                    const validator = await createRepairValidator(schema);
                    for (const item of items) {
                        const errors = errorsOf(plain, item);
                        if (errors === undefined) continue;
                        expectSameErrors(flatten(validator.validate(item) ?? []), errors);
                        seen.invalid++;
                        for (const [index, option] of OPTIONS.entries()) {
                            const isRepaired = expectHonestRepair(plain, validator, item, option);
                            if (index === 0 && isRepaired) seen.repaired++;
                        }
                    }
                }),
                { numRuns: SCHEMAS, ...(!IS_LONG && { seed: 271_001_734 }) },
            );
            // Else the schemas are such that nothing is tried.
            expect(seen.repaired).toBeGreaterThan(seen.invalid / 4);
        },
    );
});

/** `undefined` where the item is valid, or where a defect of Ajv makes the validator throw. */
function errorsOf(plain: ValidateFunction, item: unknown): ErrorObject[] | undefined {
    try {
        return plain(item) ? undefined : plain.errors!;
    } catch {
        return undefined;
    }
}

function expectSameErrors(actual: readonly ItemError[], expected: readonly ErrorObject[]): void {
    const texts = (errors: readonly ItemError[] | readonly ErrorObject[]) =>
        errors.map(({ instancePath, schemaPath, keyword, params }) =>
            JSON.stringify({ instancePath, schemaPath, keyword, params }),
        );
    // Beside a broken bound the costly keywords are not evaluated.
    const wanted = withoutCostly(expected);
    const leftOut = expected.filter((error) => error.keyword === 'contains' && !wanted.includes(error));
    // The path of an error that a "$ref" leads to does not tell that it is below such a `contains`.
    const mayBeBelow = ({ instancePath, schemaPath }: ErrorObject) =>
        leftOut.some(
            (contains) =>
                instancePath.startsWith(`${contains.instancePath}/`) &&
                !schemaPath.startsWith(contains.schemaPath.replace(/contains$/, 'items')),
        );
    const left = texts(actual);
    const missing = wanted.filter((error) => {
        if (left[0] !== texts([error])[0]) return true;
        left.shift();
        return false;
    });
    expect(left, 'errors that plain Ajv does not have, or has elsewhere').toEqual([]);
    expect(texts(missing.filter((error) => !mayBeBelow(error)))).toEqual([]);
}

function expectHonestRepair(
    plain: ValidateFunction,
    validator: RepairValidator,
    item: Dictionary,
    option: RepairOption,
): boolean {
    const before = JSON.stringify(item);
    const pointedTo = new Set<string>();
    let validations = 0;
    const counting: RepairValidator = {
        validate(value) {
            validations++;
            const faults = validator.validate(value);
            for (const error of flatten(faults ?? [])) pointedTo.add(withoutIndexes(targetOf(error)));
            return faults;
        },
        isFixedLength: (array) => validator.isFixedLength(array),
    };
    const steps = resolveRepair(option)!;
    const result = repairItem(item, counting, steps, new RepairFunctions(() => {}));

    expect(JSON.stringify(item)).toBe(before);
    expect(validations).toBeLessThanOrEqual(MAX_VALIDATIONS * steps.length);
    if (!result.isRepaired) {
        expect(result.errors.length).toBeGreaterThan(0);
        expect([...pointedTo]).toEqual(
            expect.arrayContaining(result.errors.map((error) => withoutIndexes(targetOf(error)))),
        );
        return false;
    }
    expect(plain(result.item)).toBe(true);
    expect(result.item).toEqual(applyRepairs(item, result.repairs));
    expect(result.repairs.flatMap((repair) => inventionOf(repair) ?? [])).toEqual([]);
    for (const { path } of result.repairs) {
        const place = withoutIndexes(path);
        // An object fails where something in it cannot be repaired.
        const isPointedTo = [...pointedTo].some((target) => target === place || target.startsWith(`${place}/`));
        expect(isPointedTo, `an error at ${path}`).toBe(true);
    }
    return true;
}

function targetOf({ instancePath, keyword, params }: ItemError): string {
    const name = {
        required: params.missingProperty,
        dependencies: params.missingProperty,
        dependentRequired: params.missingProperty,
        additionalProperties: params.additionalProperty,
        unevaluatedProperties: params.unevaluatedProperty,
        propertyNames: params.propertyName,
    }[keyword];
    if (keyword === 'uniqueItems') return `${instancePath}/0`;
    if (typeof name !== 'string') return instancePath;
    return `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Indexes shift as soon as an element is removed. */
function withoutIndexes(path: string): string {
    return path.replace(/\/\d+(?=\/|$)/g, '/*');
}
