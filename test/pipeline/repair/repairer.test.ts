import { describe, expect, it } from 'vitest';

import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { MAX_REPAIRED_BYTES, Repairer } from '../../../src/pipeline/repair/repairer.js';

const SCHEMA = { type: 'object', properties: { price: { type: 'number' } } };
const ITEM = { price: 'x' };
const ERROR = {
    instancePath: '/price',
    schemaPath: '#/properties/price/type',
    keyword: 'type',
    params: { type: 'number' },
};

describe('Repairer', () => {
    it('repairs by the schema and by errors', async () => {
        const repairer = await Repairer.create(resolveRepair('prune')!, SCHEMA, () => {});
        expect(repairer.repair(ITEM, 13)).toMatchObject({ isRepaired: true, item: {} });
        expect(repairer.repairByErrors(ITEM, 13)?.next([ERROR])).toMatchObject({ item: {} });
    });

    it('repairs by errors alone where there is no schema', async () => {
        const repairer = await Repairer.create(resolveRepair('prune')!, undefined, () => {});
        expect(repairer.repair(ITEM, 13)).toBeUndefined();
        expect(repairer.repairByErrors(ITEM, 13)?.next([ERROR])).toMatchObject({ item: {} });
    });

    it('does not repair an item of more than 1 MB', async () => {
        const repairer = await Repairer.create(resolveRepair('prune')!, SCHEMA, () => {});
        expect(repairer.repair(ITEM, MAX_REPAIRED_BYTES)).toBeDefined();
        expect(repairer.repair(ITEM, MAX_REPAIRED_BYTES + 1)).toBeUndefined();
        expect(repairer.repairByErrors(ITEM, MAX_REPAIRED_BYTES + 1)).toBeUndefined();
    });

    it('says once what is wrong with a function, whatever the number of items', async () => {
        const problems: string[] = [];
        const fail = () => {
            throw new Error('boom');
        };
        const repairer = await Repairer.create([fail], SCHEMA, (message) => void problems.push(message));
        repairer.repair(ITEM, 13);
        repairer.repair(ITEM, 13);
        repairer.repairByErrors(ITEM, 13)?.next([ERROR]);
        expect(problems).toHaveLength(1);
    });
});
