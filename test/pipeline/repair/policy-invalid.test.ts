import { describe, expect, it } from 'vitest';

import { OFFERS } from './support/offers.js';
import { repair, repaired } from './support/repairing.js';

describe('invalid', () => {
    it('removes a value that fails where it is optional, and an element of an array likewise', async () => {
        const schema = {
            properties: { price: { type: 'number' }, tags: { type: 'array', items: { type: 'string' } } },
        };
        const item = { price: 'free', tags: ['a', 1, 'b', null, 'c'] };
        const result = await repair(schema, item, { invalid: 'remove' });
        expect(result).toEqual({
            isRepaired: true,
            item: { tags: ['a', 'b', 'c'] },
            repairs: [
                { path: '/price', action: 'removed', before: 'free', after: undefined },
                { path: '/tags/1', action: 'removed', before: 1, after: undefined },
                { path: '/tags/3', action: 'removed', before: null, after: undefined },
            ],
        });
    });

    it('removes a value also where null were allowed', async () => {
        const schema = { properties: { price: { type: ['number', 'null'] } } };
        expect(await repaired(schema, { price: 'free' }, { invalid: 'remove' })).toEqual({});
    });

    it("makes a value null with 'null' where the schema allows that, and removes it where not", async () => {
        const schema = {
            properties: {
                typed: { type: ['number', 'null'] },
                nullable: { type: 'number', nullable: true },
                any: { maxLength: 1 },
                alternative: { anyOf: [{ type: 'number' }, { type: 'null' }] },
                never: { type: 'number' },
                member: { enum: [1, 2] },
            },
        };
        const item = { typed: 'x', nullable: 'x', any: 'xx', alternative: 'x', never: 'x', member: 3 };
        const result = await repair(schema, item, { invalid: 'null' });
        expect(result).toMatchObject({ item: { typed: null, nullable: null, any: null, alternative: null } });
        expect(result.isRepaired && Object.keys(result.item)).toHaveLength(4);
    });

    it('does not repair a required value that fails where nothing is said of missing', async () => {
        const schema = { properties: { price: { type: 'number' } }, required: ['price'] };
        const result = await repair(schema, { price: 'free' }, { invalid: 'remove' });
        expect(result).toMatchObject({ isRepaired: false, errors: [{ instancePath: '/price', keyword: 'type' }] });
    });

    it('fills a required value that fails as missing says', async () => {
        const schema = { properties: { name: { type: 'string' } }, required: ['name'] };
        const result = await repair(schema, { name: 5 }, 'prune');
        expect(result).toEqual({
            isRepaired: true,
            item: { name: '' },
            repairs: [{ path: '/name', action: 'filled', before: 5, after: '' }],
        });
    });

    it('removes an object that cannot be repaired inside', async () => {
        const schema = {
            ...OFFERS,
            properties: {
                ...OFFERS.properties,
                seller: { type: 'object', properties: { rating: { type: 'number' } }, required: ['rating'] },
            },
        };
        const seller = { name: 'S', rating: 'good' };
        const result = await repair(schema, { title: 'A', seller }, 'prune');
        expect(result).toEqual({
            isRepaired: true,
            item: { title: 'A' },
            repairs: [{ path: '/seller', action: 'removed', before: seller, after: undefined }],
        });
    });

    it('removes an element that cannot be repaired inside, and keeps its neighbours', async () => {
        const schema = {
            properties: {
                offers: {
                    type: 'array',
                    items: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
                },
            },
        };
        const item = { offers: [{ price: 1 }, { price: 'x' }, { price: 2 }, {}, { price: 3 }] };
        expect(await repaired(schema, item, 'prune')).toEqual({ offers: [{ price: 1 }, { price: 2 }, { price: 3 }] });
    });

    it('never cuts a value to maxLength, maxItems or maxProperties', async () => {
        const schema = {
            properties: { text: { maxLength: 2 }, list: { maxItems: 2 }, object: { maxProperties: 1 } },
        };
        const item = { text: 'abc', list: [1, 2, 3], object: { a: 1, b: 2 } };
        expect(await repaired(schema, item, 'prune')).toEqual({});
    });

    it.each([
        ['contains', { contains: { const: 1 } }, [2, 3]],
        ['contains of a definition', { contains: { $ref: '#/definitions/one' } }, [2, 3]],
        ['not', { not: { required: ['a'] } }, { a: 1 }],
        ['minItems', { minItems: 3 }, [1]],
        ['minProperties', { minProperties: 2 }, { a: 1 }],
    ])('takes %s as a fault of the value itself', async (_keyword, value, failing) => {
        const schema = {
            properties: { value },
            definitions: { one: { allOf: [{ $ref: '#/definitions/same' }] }, same: { const: 1 } },
        };
        const result = await repair(schema, { value: failing, other: 1 }, 'prune');
        expect(result).toMatchObject({ item: { other: 1 }, repairs: [{ path: '/value', before: failing }] });
    });

    it('removes each later element that repeats an earlier one, whatever the order of its keys', async () => {
        const schema = { properties: { list: { uniqueItems: true } } };
        const list = [{ a: 1, b: 2 }, 1, { b: 2, a: 1 }, '1', 1, 1];
        const result = await repair(schema, { list }, { invalid: 'remove' });
        expect(result).toMatchObject({ item: { list: [{ a: 1, b: 2 }, 1, '1'] } });
        expect(result.isRepaired && result.repairs.map(({ path }) => path)).toEqual(['/list/2', '/list/4', '/list/5']);
    });

    it.each([
        ['draft-07', { items: [{ type: 'number' }, { type: 'number' }] }, undefined],
        ['2020-12', { prefixItems: [{ type: 'number' }] }, 'https://json-schema.org/draft/2020-12/schema'],
        ['a $ref', { items: [{ $ref: '#/definitions/n' }, { $ref: '#/definitions/n' }] }, undefined],
        ['minItems = maxItems', { items: { type: 'number' }, minItems: 2, maxItems: 2 }, undefined],
        ['a $ref to the array', { $ref: '#/definitions/pair' }, undefined],
    ])('removes no element of an array whose positions have a meaning: %s', async (_case, coordinates, $schema) => {
        const schema = {
            ...($schema && { $schema }),
            properties: { coordinates },
            definitions: { n: { type: 'number' }, pair: { items: [{ $ref: '#/definitions/n' }, true] } },
        };
        const result = await repair(schema, { coordinates: ['x', 2] }, 'prune');
        expect(result).toEqual({
            isRepaired: true,
            item: {},
            repairs: [{ path: '/coordinates', action: 'removed', before: ['x', 2], after: undefined }],
        });
    });

    it('makes an element of a pair null where that is allowed', async () => {
        const schema = { properties: { pair: { items: { type: ['number', 'null'] }, minItems: 2, maxItems: 2 } } };
        expect(await repaired(schema, { pair: ['x', 2] }, { invalid: 'null' })).toEqual({ pair: [null, 2] });
    });
});
