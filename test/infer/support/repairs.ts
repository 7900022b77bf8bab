import type { RepairOption } from '../../../src/index.js';
import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { Repairer } from '../../../src/pipeline/repair/repairer.js';

type Item = Record<string, any>;

/** The suggested option `repair: …`, as a guard with it and the schema applies it to an item that fails. */
export async function openRepair(code: string, schema: Item): Promise<(item: Item) => Item> {
    // What is suggested is code that a person puts into a file.
    // eslint-disable-next-line no-new-func, typescript/no-implied-eval
    const { repair } = (new Function(`return ({ ${code} })`) as () => { repair: RepairOption })();
    const repairer = new Repairer(resolveRepair(repair)!, (error) => {
        throw error;
    });
    await repairer.useSchema(schema);
    return (item) => {
        const result = repairer.repair(item, JSON.stringify(item).length);
        return result?.isRepaired ? result.item : item;
    };
}
