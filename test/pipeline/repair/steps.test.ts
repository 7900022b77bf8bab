import { describe, expect, it } from 'vitest';

import type { RepairValidator } from '../../../src/pipeline/repair/fault.js';
import { resolveRepair } from '../../../src/pipeline/repair/options.js';
import { RepairFunctions } from '../../../src/pipeline/repair/repair-function.js';
import { repairItem } from '../../../src/pipeline/repair/repair-item.js';
import type { ItemError } from '../../../src/records.js';
import { repair, repaired, repairWithProblems } from './support/repairing.js';

const SCHEMA = {
    type: 'object',
    properties: { title: { type: 'string' }, price: { type: 'number' }, tags: { items: { type: 'string' } } },
    required: ['title'],
    additionalProperties: false,
};

describe('a repair function', () => {
    it('gets a copy of the item and all its errors, and its result is validated', async () => {
        const item = { title: 'A', price: 'x', more: 1 };
        const calls: unknown[] = [];
        const result = await repair(SCHEMA, item, (copy, errors) => {
            calls.push([structuredClone(copy), errors.map(({ keyword }) => keyword)]);
            copy.title = 'changed in the copy';
            return { title: 'A', price: 5 };
        });
        expect(calls).toEqual([[item, ['additionalProperties', 'type']]]);
        expect(result).toEqual({
            isRepaired: true,
            item: { title: 'A', price: 5 },
            repairs: [
                { path: '/price', action: 'custom', before: 'x', after: 5 },
                { path: '/more', action: 'custom', before: 1, after: undefined },
            ],
        });
    });

    it('gets the errors as Ajv lists them, those of alternatives included', async () => {
        const schema = { properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } };
        let seen: readonly ItemError[] = [];
        await repair(schema, { a: 1 }, (_item, errors) => void (seen = errors));
        expect(seen.map(({ schemaPath }) => schemaPath)).toEqual([
            '#/properties/a/anyOf/0/type',
            '#/properties/a/anyOf/1/type',
            '#/properties/a/anyOf',
        ]);
    });

    it('changes nothing by returning undefined, even where it changed its copy', async () => {
        const item = { title: 'A', more: 1 };
        const { result, problems } = await repairWithProblems(SCHEMA, item, (copy) => {
            delete copy.more;
            return undefined;
        });
        expect(result).toMatchObject({ isRepaired: false, errors: [{ keyword: 'additionalProperties' }] });
        expect(problems).toEqual([]);
    });

    it('does not repair an item that fails in another way afterwards', async () => {
        const result = await repair(SCHEMA, { title: 'A', more: 1 }, () => ({ title: 5 }));
        expect(result).toMatchObject({ isRepaired: false, errors: [{ keyword: 'additionalProperties' }] });
    });

    it.each<[string, () => unknown, string]>([
        [
            'throws',
            () => {
                throw new Error('boom');
            },
            'Error: boom',
        ],
        ['returns a promise', async () => ({ title: 'A' }), 'but got: a promise, whose value comes too late'],
        ['returns a promise that rejects', async () => Promise.reject(new Error('boom')), 'but got: a promise'],
        ['returns an array', () => [{ title: 'A' }], 'but got: an array'],
        ['returns null', () => null, 'but got: null'],
        ['returns text', () => '{}', 'but got: a string'],
        ['returns what has no JSON', () => ({ title: 1n }), 'TypeError: '],
        ['returns what is text in JSON', () => new Date(0), 'but got: a string in JSON'],
    ])('that %s does not repair the item, which is said', async (_case, misbehave, said) => {
        const step = misbehave as () => undefined;
        const { result, problems } = await repairWithProblems(SCHEMA, { more: 1 }, step);
        expect(result.isRepaired).toBe(false);
        expect(problems).toHaveLength(1);
        expect(problems[0]).toContain(said);
    });

    it('may return an item with undefined in it, which JSON leaves out', async () => {
        const step = ({ title }: Record<string, unknown>) => ({ title, more: undefined });
        expect(JSON.stringify(await repaired(SCHEMA, { title: 'A', more: 1 }, step))).toBe('{"title":"A"}');
    });
});

describe('a list of steps', () => {
    it('goes on with what the step before it made, until the item is valid', async () => {
        const seen: unknown[] = [];
        const result = await repair(SCHEMA, { title: 'A', price: '$5', tags: ['a', 1], more: 1 }, [
            { coerce: true },
            (item) => {
                seen.push(item);
                return { ...item, tags: ['a'] };
            },
            'prune',
            () => {
                throw new Error('Nothing is left to do.');
            },
        ]);
        expect(seen).toEqual([{ title: 'A', price: 5, tags: ['a', '1'], more: 1 }]);
        expect(result).toEqual({
            isRepaired: true,
            item: { title: 'A', price: 5, tags: ['a'] },
            repairs: [
                { path: '/price', action: 'coerced', before: '$5', after: 5 },
                { path: '/tags', action: 'custom', before: ['a', '1'], after: ['a'] },
                { path: '/more', action: 'removed', before: 1, after: undefined },
            ],
        });
    });

    it('reports a place that two steps changed once, from the value as pushed', async () => {
        const schema = { properties: { price: { type: 'number', minimum: 0 } } };
        const result = await repair(schema, { price: '-5' }, [{ coerce: true }, 'prune']);
        expect(result).toMatchObject({ repairs: [{ path: '/price', action: 'removed', before: '-5' }] });
        const custom = await repair(schema, { price: '-5' }, [{ coerce: true }, () => ({ price: 5 })]);
        expect(custom).toMatchObject({ repairs: [{ path: '/price', action: 'custom', before: '-5', after: 5 }] });
    });

    it('leaves to later steps what an earlier one could not repair, as it was pushed', async () => {
        const seen: unknown[] = [];
        const step = (item: object) => void seen.push(item);
        const schema = { properties: { price: { type: 'number' } }, required: ['price'], additionalProperties: false };
        await repair(schema, { price: 'x', more: 1 }, [{ invalid: 'remove', unknown: 'remove' }, step]);
        expect(seen).toEqual([{ price: 'x' }]);
    });

    it('takes an array as it was pushed where the elements that are left are too few', async () => {
        const seen: unknown[] = [];
        const schema = {
            properties: { tags: { type: 'array', items: { type: 'string' }, minItems: 2 } },
            required: ['tags'],
        };
        const result = await repair(schema, { tags: ['a', 1, 2] }, ['prune', (item) => void seen.push(item)]);
        expect(seen).toEqual([{ tags: ['a', 1, 2] }]);
        expect(result).toMatchObject({
            isRepaired: false,
            errors: [{ instancePath: '/tags/1' }, { instancePath: '/tags/2' }],
        });
    });
});

describe('an item that is hard to validate', () => {
    it('is not repaired where the validator throws', () => {
        const validator: RepairValidator = {
            validate() {
                throw new RangeError('Maximum call stack size exceeded');
            },
            isFixedLength: () => false,
        };
        const result = repairItem({ a: 1 }, validator, resolveRepair('prune')!, new RepairFunctions(() => {}));
        expect(result).toEqual({ isRepaired: false, errors: [] });
    });

    it('is repaired at a depth of 1,000 levels', async () => {
        const node = { items: { $ref: '#/definitions/node' }, maxItems: 1 };
        const schema = { properties: { node: { $ref: '#/definitions/node' } }, definitions: { node } };
        let deep: unknown = [1, 2];
        for (let depth = 0; depth < 1_000; depth++) deep = [deep];
        const result = await repair(schema, { node: deep }, 'prune');
        expect(result).toMatchObject({ isRepaired: true, repairs: [{ before: [1, 2], action: 'removed' }] });
    });
});
