import { describe, expect, it } from 'vitest';

import { OFFERS } from './support/offers.js';
import { repair, repaired } from './support/repairing.js';

describe("unknown: 'remove'", () => {
    it('removes properties that additionalProperties forbids, at any depth', async () => {
        const item = { title: 'A', extra: 1, offers: [{ url: 'u', more: 2 }, { url: 'v' }] };
        const result = await repair(OFFERS, item, { unknown: 'remove' });
        expect(result).toEqual({
            isRepaired: true,
            item: { title: 'A', offers: [{ url: 'u' }, { url: 'v' }] },
            repairs: [
                { path: '/extra', action: 'removed', before: 1, after: undefined },
                { path: '/offers/0/more', action: 'removed', before: 2, after: undefined },
            ],
        });
    });

    it('removes properties that unevaluatedProperties forbids', async () => {
        const schema = {
            $schema: 'https://json-schema.org/draft/2020-12/schema',
            type: 'object',
            allOf: [{ properties: { a: { type: 'string' } } }],
            unevaluatedProperties: false,
        };
        expect(await repaired(schema, { a: 'x', b: 1 }, { unknown: 'remove' })).toEqual({ a: 'x' });
    });

    it('removes properties whose name propertyNames rejects, also where the names have a $ref with a $ref in it', async () => {
        const schema = {
            propertyNames: { $ref: '#/definitions/name' },
            definitions: { name: { allOf: [{ $ref: '#/definitions/short' }] }, short: { maxLength: 3 } },
        };
        expect(await repaired(schema, { abc: 1, abcd: 2 }, { unknown: 'remove' })).toEqual({ abc: 1 });
    });

    it('removes properties and elements that a false schema rejects', async () => {
        const schema = { properties: { no: false, list: { items: { properties: { no: false } } } } };
        const item = { no: 1, list: [{ no: 2, yes: 3 }] };
        expect(await repaired(schema, item, { unknown: 'remove' })).toEqual({ list: [{ yes: 3 }] });
    });

    it('does not repair an item that then or else rejects as a whole', async () => {
        const schema = { if: { required: ['a'] }, then: false };
        expect(await repaired(schema, { a: 1 }, 'prune')).toBeUndefined();
    });

    it('removes a property whose name has to be escaped in a JSON Pointer', async () => {
        const schema = {
            properties: { 'a/b~c': { properties: { '~1': { type: 'number' } }, additionalProperties: false } },
        };
        const item = { 'a/b~c': { '~1': 'x', '/': 1 } };
        const result = await repair(schema, item, 'prune');
        expect(result).toMatchObject({ item: { 'a/b~c': {} } });
        expect(result.isRepaired && result.repairs.map(({ path }) => path).sort()).toEqual([
            '/a~1b~0c/~01',
            '/a~1b~0c/~1',
        ]);
    });

    it('removes a property called __proto__', async () => {
        const item: unknown = JSON.parse('{ "title": "A", "__proto__": { "title": 1 } }');
        const result = await repaired(OFFERS, item, { unknown: 'remove' });
        expect(JSON.stringify(result)).toBe('{"title":"A"}');
    });
});

describe('a policy', () => {
    it.each([
        ['unknown', { title: 'A', extra: 1 }],
        ['invalid', { title: 'A', price: 'x' }],
        ['missing', {}],
    ] as const)('that does not name %s leaves the item as it is', async (key, item) => {
        const policy = { unknown: 'remove', invalid: 'remove', missing: 'empty' } as const;
        expect(await repaired(OFFERS, item, policy)).toBeDefined();
        expect(await repaired(OFFERS, item, { ...policy, [key]: undefined })).toBeUndefined();
    });

    it('gives the errors of the item as pushed without those whose place was repaired', async () => {
        const schema = { ...OFFERS, properties: { ...OFFERS.properties, title: { type: 'string', minLength: 1 } } };
        const item = { title: 7, price: 'x', offers: [{ url: 'u', more: 1 }, 5, { url: 'v', price: 'y' }] };
        const result = await repair(schema, item, 'prune');
        expect(result.isRepaired || result.errors.map(({ instancePath }) => instancePath)).toEqual(['/title']);
    });

    it('counts unevaluated properties only once nothing else fails', async () => {
        const schema = {
            $schema: 'https://json-schema.org/draft/2020-12/schema',
            allOf: [{ properties: { price: { type: 'number' }, name: { type: 'string' } } }],
            unevaluatedProperties: false,
        };
        expect(await repaired(schema, { price: 'x', name: 'A' }, 'prune')).toEqual({ name: 'A' });
        expect(await repaired(schema, { price: 'x', name: 'A', more: 1 }, 'prune')).toEqual({ name: 'A' });
    });

    it('counts what a schema of unevaluated properties says only once nothing else fails', async () => {
        const schema = {
            $schema: 'https://json-schema.org/draft/2020-12/schema',
            allOf: [{ properties: { price: { type: 'number' }, name: { type: 'string' } } }],
            unevaluatedProperties: { type: 'boolean' },
        };
        expect(await repaired(schema, { price: 'x', name: 'A', b: true }, 'prune')).toEqual({ name: 'A', b: true });
    });

    it('does not repair what is no object', async () => {
        for (const item of [null, 'text', 5, []]) {
            expect(await repaired({ type: 'object' }, item, 'prune')).toBeUndefined();
        }
    });
});
