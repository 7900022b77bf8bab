import { describe, expect, it } from 'vitest';

import { repair, repaired } from './support/repairing.js';

describe("missing: 'empty'", () => {
    it.each([
        ['null where it is allowed', { type: ['string', 'null'] }, null],
        ['null where nothing is said of the type', {}, null],
        ['null where the type is nullable', { type: 'string', nullable: true }, null],
        ['null where it is a member of the enum', { enum: ['a', null] }, null],
        ['an empty text', { type: 'string' }, ''],
        ['an empty array', { type: 'array' }, []],
        ['an empty object', { type: 'object' }, {}],
        ['the first type in the order of the schema', { type: ['object', 'string'] }, {}],
        ['the first type that is valid', { type: ['string', 'array'], minLength: 1 }, []],
        ['a type that only a $ref names', { $ref: '#/definitions/name' }, ''],
        ['the first alternative that is valid', { anyOf: [{ type: 'number' }, { type: 'array' }] }, []],
        [
            'a type of another alternative than the one that null fits by chance',
            { anyOf: [{ type: 'string' }, { oneOf: [{ properties: {} }, { minLength: 1 }] }] },
            '',
        ],
    ])('fills in %s', async (_case, value, expected) => {
        const schema = {
            properties: { value },
            required: ['value'],
            definitions: { name: { allOf: [{ type: 'string' }] } },
        };
        const result = await repair(schema, {}, { missing: 'empty' });
        expect(result).toEqual({
            isRepaired: true,
            item: { value: expected },
            repairs: [{ path: '/value', action: 'filled', before: undefined, after: expected }],
        });
    });

    it('fills an empty object in turn, and names the outermost place', async () => {
        const node = (inner: object) => ({ type: 'object', properties: { inner }, required: ['inner'] });
        const schema = node(node(node({ type: 'string' })));
        const result = await repair(schema, {}, { missing: 'empty' });
        const inner = { inner: { inner: '' } };
        expect(result).toMatchObject({ item: { inner }, repairs: [{ path: '/inner', after: inner }] });
    });

    it.each([
        ['a number', { type: 'number' }],
        ['a boolean', { type: 'boolean' }],
        ['a member of an enum', { enum: ['a', 'b'] }],
        ['a text that is long enough', { type: 'string', minLength: 1 }],
        ['a date', { type: 'string', format: 'date' }],
    ])('never makes up %s', async (_case, value) => {
        const schema = { properties: { value }, required: ['value'] };
        expect(await repaired(schema, { other: 1 }, 'prune')).toBeUndefined();
    });

    it('fills in what another branch names where the value fits one that comes to nothing', async () => {
        const value = { anyOf: [{ type: 'string' }, { type: 'object', minProperties: 1 }] };
        expect(await repaired({ properties: { value }, required: ['value'] }, { value: {} }, 'prune')).toEqual({
            value: '',
        });
    });

    it('comes to an end where the empty object would need another inside of it', async () => {
        const schema = {
            properties: { node: { $ref: '#/definitions/node' }, title: { type: 'string' } },
            definitions: {
                node: { type: 'object', properties: { child: { $ref: '#/definitions/node' } }, required: ['child'] },
            },
        };
        expect(await repaired(schema, { title: 'A', node: {} }, 'prune')).toEqual({ title: 'A' });
        expect(await repaired({ ...schema, required: ['node'] }, { title: 'A' }, 'prune')).toBeUndefined();
    });

    it('fills what another property requires', async () => {
        const schema = { properties: { b: { type: 'string' } }, dependencies: { a: ['b'] } };
        expect(await repaired(schema, { a: 1 }, 'prune')).toEqual({ a: 1, b: '' });
    });

    it('does not repair an item where a property is both required and forbidden', async () => {
        const schema = { required: ['a'], additionalProperties: false };
        expect(await repaired(schema, {}, 'prune')).toBeUndefined();
        expect(await repaired(schema, { a: 1 }, 'prune')).toBeUndefined();
    });
});

describe('coerce', () => {
    it('writes a value in the type that the schema wants, also where alternatives name the types', async () => {
        const schema = {
            properties: {
                price: { type: 'number' },
                stock: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
                sku: { type: 'string' },
                note: { type: ['number', 'null'] },
            },
        };
        const result = await repair(schema, { price: '$1,299.50', stock: '7', sku: 42, note: '' }, { coerce: true });
        expect(result).toMatchObject({ item: { price: 1299.5, stock: 7, sku: '42', note: null } });
        expect(result.isRepaired && result.repairs.map(({ action }) => action)).toEqual(Array(4).fill('coerced'));
    });

    it('changes nothing but the places that failed', async () => {
        const schema = { properties: { price: { type: 'number' }, code: { type: ['string', 'number'] } } };
        expect(await repaired(schema, { price: '1', code: '2', more: '3' }, { coerce: true })).toEqual({
            price: 1,
            code: '2',
            more: '3',
        });
    });

    it("makes null what cannot be coerced, with invalid: 'null'", async () => {
        const schema = { properties: { a: { type: ['number', 'null'] }, b: { type: ['number', 'null'] } } };
        expect(await repaired(schema, { a: '12.50', b: 'call us' }, { coerce: true, invalid: 'null' })).toEqual({
            a: 12.5,
            b: null,
        });
    });

    it('removes a value that fails also in its new type, and reports it once, as it was pushed', async () => {
        const schema = { properties: { price: { type: 'number', minimum: 0 } } };
        const result = await repair(schema, { price: '-1' }, { coerce: true, invalid: 'remove' });
        expect(result).toMatchObject({ item: {}, repairs: [{ path: '/price', action: 'removed', before: '-1' }] });
    });
});
