import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { resolveRepair, type RepairOption } from '../../../../src/pipeline/repair/options.js';
import { RepairFunctions } from '../../../../src/pipeline/repair/repair-function.js';
import { repairItem, type RepairResult } from '../../../../src/pipeline/repair/repair-item.js';
import { createRepairValidator } from '../../../../src/pipeline/repair/validator.js';
import type { Dictionary } from '../../../../src/records.js';

/** A validator that knows nothing of the repair. */
export function plainAjv($schema: unknown): Ajv | Ajv2019 | Ajv2020 {
    const options = { allErrors: true, strict: false, validateSchema: false, logger: false } as const;
    const draft = String($schema ?? '');
    const ajv = draft.includes('2020-12')
        ? new Ajv2020(options)
        : draft.includes('2019-09')
          ? new Ajv2019(options)
          : new Ajv(options);
    addFormats.default(ajv);
    return ajv;
}

/** Repairs one item; fails where the result is not valid under plain Ajv or the item as pushed was changed. */
export async function repair(schema: Dictionary, item: unknown, option: RepairOption): Promise<RepairResult> {
    const { result } = await repairWithProblems(schema, item, option);
    return result;
}

export async function repairWithProblems(
    schema: Dictionary,
    item: unknown,
    option: RepairOption,
): Promise<{ result: RepairResult; problems: string[] }> {
    const problems: string[] = [];
    const functions = new RepairFunctions((error) => void problems.push(String(error)));
    const validator = await createRepairValidator(schema);
    const before = JSON.stringify(item);
    const result = repairItem(item, validator, resolveRepair(option)!, functions);
    if (JSON.stringify(item) !== before) throw new Error('The item as pushed was changed.');
    if (result.isRepaired && !plainAjv(schema.$schema).validate(schema, result.item)) {
        throw new Error(`The repaired item is not valid: ${JSON.stringify(result.item)}`);
    }
    return { result, problems };
}

/** The repaired item; undefined where it could not be repaired. */
export async function repaired(schema: Dictionary, item: unknown, option: RepairOption): Promise<unknown> {
    const result = await repair(schema, item, option);
    return result.isRepaired ? result.item : undefined;
}
