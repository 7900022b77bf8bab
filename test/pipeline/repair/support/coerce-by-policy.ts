import { resolveRepair } from '../../../../src/pipeline/repair/options.js';
import { Repairer } from '../../../../src/pipeline/repair/repairer.js';

/** Coerces a value to a type by `repair: { coerce: true }`. Returns the value itself where it cannot be coerced. */
export async function coerceValue(value: unknown, type: string): Promise<unknown> {
    const repairer = new Repairer(resolveRepair({ coerce: true })!, (error) => {
        throw error;
    });
    await repairer.useSchema({ type: 'object', properties: { value: { type } } });
    const result = repairer.repair({ value }, JSON.stringify({ value }).length);
    return result?.isRepaired ? result.item.value : value;
}
