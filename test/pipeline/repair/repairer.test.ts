import { describe, expect, it } from 'vitest';

import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { Repairer } from '../../../src/pipeline/repair/repairer.js';
import { MAX_REPAIRED_BYTES } from '../../../src/pipeline/repair/validator.js';
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

    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
    const keys = Object.fromEntries(numbers(40_000).map((index) => [`k${index}`, index]));
    const flags = { a: { type: 'boolean' }, b: { type: 'boolean' } };
    const NAMES = numbers(10).map((n) => `w${n}`);
    const wrongEverywhere = Object.fromEntries(NAMES.map((name) => [name, []]));
    const deep = numbers(900).reduce<Dictionary>((c) => ({ ...wrongEverywhere, c }), {});
    const node = {
        properties: {
            c: { $ref: '#/definitions/node' },
            ...Object.fromEntries(NAMES.map((name) => [name, { type: 'number' }])),
        },
    };
    it.each<[string, Dictionary, Dictionary]>([
        [
            'at each of 900 levels ten',
            { properties: { c: { $ref: '#/definitions/node' } }, definitions: { node } },
            { c: deep },
        ],
        ['elements', { properties: { list: { items: { type: 'string' } } } }, { list: numbers(100_000) }],
        [
            'objects in an array',
            { properties: { list: { items: { properties: flags, required: ['c'] } } } },
            { list: numbers(20_000).map((n) => ({ a: n, b: 'x' })) },
        ],
        ['unknown properties', { properties: {}, additionalProperties: false }, keys],
        ['wrong properties', { additionalProperties: { type: 'boolean' } }, keys],
        [
            'repeated elements',
            { properties: { list: { uniqueItems: true } } },
            { list: numbers(100_000).map((n) => n % 10) },
        ],
    ])('gives up at once on an item with very many errors: %s', async (_, schema, item) => {
        const repairer = await open({ type: 'object', ...schema });
        const attempts = numbers(5).map(() => {
            const before = process.cpuUsage();
            expect(repairer.repair(item, 900_000)).toMatchObject({ isRepaired: false });
            const { user, system } = process.cpuUsage(before);
            return (user + system) / 1_000;
        });
        expect(Math.min(...attempts)).toBeLessThan(200);
    });

    it.each<[string, Dictionary, Dictionary, unknown]>([
        [
            'as much work as an array makes with maxItems and uniqueItems',
            { list: { maxItems: 10, uniqueItems: true } },
            { list: Array.from({ length: 20_000 }, (_, id) => ({ id })) },
            {},
        ],
        [
            'as many errors as an array has elements',
            { list: { items: { type: 'string' } } },
            { list: [...new Array(9_999).fill(1), 'x'] },
            { list: ['x'] },
        ],
        ['a key that Ajv throws for', { a: { const: {} } }, { a: { valueOf: 1 } }, {}],
        [
            'a pattern that is only valid without the flag u',
            { a: { pattern: String.raw`^[\w-.]+\-$` } },
            { a: '?' },
            {},
        ],
        [
            'a text that is too long for a pattern',
            { a: { pattern: '^(?:[a-z]|-)+$' }, b: { type: 'string' } },
            { a: 'a'.repeat(900_000), b: 1 },
            { a: 'a'.repeat(900_000) },
        ],
    ])('repairs in spite of %s', async (_, properties, item, repaired) => {
        const repairer = await open({ type: 'object', properties });
        expect(repairer.repair(item, 900_000)).toMatchObject({ isRepaired: true, item: repaired });
    });

    it('does not repair an item that a schema of recursive alternatives takes too long for', async () => {
        const branch = (name: string) => ({
            allOf: [{ properties: { child: { $ref: '#/definitions/node' } } }, { required: [name] }],
        });
        const node = { anyOf: [branch('a'), branch('b')] };
        const repairer = await open({ $ref: '#/definitions/node', definitions: { node } });
        let item: Dictionary = {};
        for (let level = 0; level < 60; level++) item = { child: item };
        expect(repairer.repair(item, 600)).toEqual({ isRepaired: false, errors: [] });
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
