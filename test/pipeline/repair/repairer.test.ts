import { describe, expect, it } from 'vitest';

import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { MAX_REPAIRED_BYTES, Repairer } from '../../../src/pipeline/repair/repairer.js';
import type { Dictionary } from '../../../src/records.js';

const SCHEMA = { type: 'object', properties: { price: { type: 'number' } } };
const ITEM = { price: 'x' };
const ERROR = {
    instancePath: '/price',
    schemaPath: '#/properties/price/type',
    keyword: 'type',
    params: { type: 'number' },
};

async function open(schema: Dictionary | undefined): Promise<Repairer> {
    const repairer = new Repairer(resolveRepair('prune')!, () => {});
    await repairer.useSchema(schema);
    return repairer;
}

describe('Repairer', () => {
    it('repairs by the schema and by errors', async () => {
        const repairer = await open(SCHEMA);
        expect(repairer.repair(ITEM, 13)).toMatchObject({ isRepaired: true, item: {} });
        expect(repairer.repairByErrors(ITEM, 13)?.next([ERROR])).toMatchObject({ item: {} });
    });

    it('repairs by errors alone where there is no schema', async () => {
        const repairer = await open(undefined);
        expect(repairer.repair(ITEM, 13)).toBeUndefined();
        expect(repairer.repairByErrors(ITEM, 13)?.next([ERROR])).toMatchObject({ item: {} });
    });

    it('does not repair an item of more than 1 MB', async () => {
        const repairer = await open(SCHEMA);
        expect(repairer.repair(ITEM, MAX_REPAIRED_BYTES)).toBeDefined();
        expect(repairer.repair(ITEM, MAX_REPAIRED_BYTES + 1)).toBeUndefined();
        expect(repairer.repairByErrors(ITEM, MAX_REPAIRED_BYTES + 1)).toBeUndefined();
    });

    it('tells each time what a function throws', async () => {
        const problems: unknown[] = [];
        const boom = new Error('boom');
        const fail = () => {
            throw boom;
        };
        const repairer = new Repairer([fail], (error) => void problems.push(error));
        await repairer.useSchema(SCHEMA);
        repairer.repair(ITEM, 13);
        repairer.repair(ITEM, 13);
        repairer.repairByErrors(ITEM, 13)?.next([ERROR]);
        expect(problems).toEqual([boom, boom, boom]);
    });

    it('repairs by errors alone, and says why, where Ajv cannot compile the schema', async () => {
        const problems: unknown[] = [];
        const repairer = new Repairer(resolveRepair('prune')!, (error) => void problems.push(error));
        await repairer.useSchema({ $ref: '#/definitions/nowhere' });
        expect(problems).toHaveLength(1);
        expect(repairer.repair(ITEM, 13)).toBeUndefined();
        expect(repairer.repairByErrors(ITEM, 13)?.next([ERROR])).toMatchObject({ item: {} });
    });
});
