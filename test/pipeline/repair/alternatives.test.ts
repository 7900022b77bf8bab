import { describe, expect, it } from 'vitest';

import { repair, repaired } from './support/repairing.js';

const DISCRIMINATED = {
    oneOf: [
        {
            properties: { kind: { const: 'book' }, pages: { type: 'integer' }, size: false },
            required: ['kind', 'pages'],
        },
        {
            properties: { kind: { const: 'shirt' }, size: { type: 'string' }, color: { type: 'string' }, pages: false },
            required: ['kind', 'size'],
        },
    ],
};

describe('the repair of alternatives', () => {
    it('repairs the branch of a discriminated oneOf that the value names, and keeps what the other one calls wrong', async () => {
        const item = { kind: 'shirt', size: 'M', color: 5 };
        const result = await repair(DISCRIMINATED, item, 'prune');
        expect(result).toMatchObject({ item: { kind: 'shirt', size: 'M' }, repairs: [{ path: '/color' }] });
    });

    it('does the same where the branches stand behind a $ref', async () => {
        const schema = {
            properties: { product: { oneOf: [{ $ref: '#/definitions/book' }, { $ref: '#/definitions/shirt' }] } },
            definitions: {
                book: DISCRIMINATED.oneOf[0],
                shirt: { allOf: [{ $ref: '#/definitions/base' }] },
                base: DISCRIMINATED.oneOf[1],
            },
        };
        const product = { kind: 'shirt', size: 'M', color: 5 };
        expect(await repaired(schema, { product }, 'prune')).toEqual({ product: { kind: 'shirt', size: 'M' } });
    });

    it('takes a value whose discriminator no branch knows as failing itself', async () => {
        const schema = { properties: { product: DISCRIMINATED } };
        const product = { kind: 'car', size: 'M' };
        expect(await repaired(schema, { product, title: 'A' }, 'prune')).toEqual({ title: 'A' });
    });

    it('repairs a property of which all branches want the same', async () => {
        const status = { enum: ['on', 'off'] };
        const branch = (name: string) => ({ properties: { status, [name]: { type: 'string' } }, required: [name] });
        const schema = { properties: { product: { anyOf: [branch('a'), branch('b')] } } };
        const product = { b: 'x', status: 'unknown' };
        expect(await repaired(schema, { product }, 'prune')).toEqual({ product: { b: 'x' } });
    });

    it('repairs inside of the object of a nullable object', async () => {
        const schema = {
            properties: {
                seller: {
                    anyOf: [
                        { type: 'null' },
                        { type: 'object', properties: { name: { type: 'string' }, status: { enum: ['on', 'off'] } } },
                    ],
                },
            },
        };
        const seller = { name: 'S', status: 'unknown' };
        expect(await repaired(schema, { seller }, 'prune')).toEqual({ seller: { name: 'S' } });
    });

    it('takes the branch with the fewest errors, and of equal ones the first', async () => {
        const schema = {
            anyOf: [
                { properties: { a: { type: 'string' }, b: { type: 'string' } } },
                { properties: { a: { type: 'string' } } },
                { properties: { b: { type: 'string' } } },
            ],
        };
        expect(await repaired(schema, { a: 1, b: 2 }, 'prune')).toEqual({ b: 2 });
    });

    it('takes the value as failing where no branch fits it', async () => {
        const schema = {
            properties: { value: { anyOf: [{ type: 'number' }, { const: 'x' }, { enum: [null] }] }, other: {} },
        };
        expect(await repaired(schema, { value: 'y', other: 1 }, 'prune')).toEqual({ other: 1 });
        expect(await repaired(schema, { value: 'y', other: 1 }, { invalid: 'null' })).toEqual({
            value: null,
            other: 1,
        });
    });

    it('takes the value as failing where more than one branch of oneOf fits it', async () => {
        const schema = { properties: { value: { oneOf: [{ minimum: 0 }, { type: 'integer' }] }, other: {} } };
        expect(await repaired(schema, { value: 5, other: 1 }, 'prune')).toEqual({ other: 1 });
    });

    it('repairs alternatives inside of alternatives', async () => {
        const schema = {
            properties: {
                list: {
                    anyOf: [
                        { type: 'string' },
                        {
                            type: 'array',
                            items: { oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: false }] },
                        },
                    ],
                },
            },
        };
        expect(await repaired(schema, { list: ['a', { x: 1 }, 5] }, 'prune')).toEqual({ list: ['a', {}] });
    });

    it('stays with the branch that it took first', async () => {
        const schema = {
            anyOf: [
                { properties: { a: { type: 'number' } }, required: ['a'] },
                { properties: { b: { type: 'string' }, c: { type: 'string' } }, required: ['b', 'c'] },
            ],
        };
        expect(await repaired(schema, {}, 'prune')).toBeUndefined();
    });

    it('repairs what then and else say, and has nothing to do for if itself', async () => {
        const schema = {
            if: { properties: { kind: { const: 'a' } } },
            then: { properties: { value: { type: 'number' } } },
            else: { required: ['note'], properties: { note: { type: 'string' } } },
        };
        expect(await repaired(schema, { kind: 'a', value: 'x' }, 'prune')).toEqual({ kind: 'a' });
        expect(await repaired(schema, { kind: 'b', value: 'x' }, 'prune')).toEqual({ kind: 'b', value: 'x', note: '' });
    });
});
