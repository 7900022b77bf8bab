import { describe, expect, it } from 'vitest';

import { suggestChanges } from '../../../src/infer/suggest/suggest-changes.js';
import { openRepair } from '../support/repairs.js';
import { compile } from '../support/strict-ajv.js';

type Item = Record<string, any>;

/** The suggested policies of each change by its path; each repair was applied as a guard does, and mends what it claims. */
async function repairsFor(schema: Item, items: Item[]) {
    const { changes } = await suggestChanges(items, schema);
    const isValid = compile(schema);
    const byPath: Record<string, string[]> = {};
    for (const { path, repairs } of changes) {
        for (const { code, mendedItems } of repairs) {
            const apply = await openRepair(code, schema);
            const mended = items.filter((item) => !isValid(item) && isValid(apply(structuredClone(item))));
            expect(mended.length, code).toBeGreaterThanOrEqual(mendedItems);
            if (changes.length === 1) expect(mended.length, code).toBe(mendedItems);
        }
        const policies = repairs.filter(({ code }) => !code.includes('=>'));
        byPath[path] = policies.map(({ code, mendedItems }) => `${mendedItems} ${code.replace('repair: ', '')}`);
    }
    return byPath;
}

const schemaOf = (properties: Item, more: Item = {}): Item => ({ type: 'object', properties, ...more });
const NUMBER = { type: 'number' };

describe('a suggested policy', () => {
    it('removes properties that the schema forbids', async () => {
        const schema = schemaOf({ a: NUMBER }, { additionalProperties: false });
        expect(await repairsFor(schema, [{ a: 1, b: 2 }, { c: 3 }, { a: 'x', d: 1 }])).toMatchObject({
            '': ["2 { unknown: 'remove' }"],
        });
    });

    it('removes a property that may never be there', async () => {
        expect(await repairsFor(schemaOf({ a: false }), [{ a: 1 }])).toEqual({ '/a': ["1 { unknown: 'remove' }"] });
    });

    it('fills in what is missing where an empty value is allowed, and is not suggested where it is not', async () => {
        const schema = schemaOf({ a: { type: 'string' }, b: NUMBER }, { required: ['a', 'b'] });
        expect(await repairsFor(schema, [{ b: 1 }, { a: 'x' }])).toEqual({
            '/a': ["1 { missing: 'empty' }"],
            '/b': [],
        });
    });

    it('sets a value to null where that is allowed, and removes it where it is optional', async () => {
        const schema = schemaOf({ a: { type: ['number', 'null'] }, b: NUMBER }, { required: ['a'] });
        expect(await repairsFor(schema, [{ a: 'free' }, { a: 1, b: 'free' }])).toEqual({
            '/a': ["1 { invalid: 'null' }"],
            // Null is not allowed there, so that the value is removed.
            '/b': ["1 { invalid: 'null' }"],
        });
    });

    it('puts an empty value in place of one that is required', async () => {
        const schema = schemaOf({ a: { type: 'string', pattern: '^(\\w+)?$' } }, { required: ['a'] });
        expect(await repairsFor(schema, [{ a: 'x!' }])).toEqual({
            '/a': ["1 { invalid: 'remove', missing: 'empty' }"],
        });
    });

    it('comes after what keeps the value, and counts what it mends besides', async () => {
        const items = [{ price: '$12.50' }, { price: '1,234' }, { price: 'free' }];
        expect(await repairsFor(schemaOf({ price: NUMBER }), items)).toEqual({
            '/price': ['2 { coerce: true }', "3 { invalid: 'null' }"],
        });
    });

    it('is counted for each change that a mended item needs', async () => {
        const schema = schemaOf({ a: NUMBER, b: NUMBER });
        expect(await repairsFor(schema, [{ a: '1', b: '2' }])).toMatchObject({
            '/a': ['1 { coerce: true }', "1 { invalid: 'null' }"],
            '/b': ['1 { coerce: true }', "1 { invalid: 'null' }"],
        });
    });

    it('is none where no policy makes the item valid', async () => {
        const schema = schemaOf({ a: NUMBER, b: { type: 'boolean' } }, { required: ['a', 'b'] });
        expect(await repairsFor(schema, [{ a: 'x', b: true }, { a: 1 }])).toEqual({ '/a': [], '/b': [] });
    });

    it('shows what it changes, and nothing where a value goes', async () => {
        const schema = schemaOf({ a: NUMBER }, { additionalProperties: false });
        const { changes } = await suggestChanges([{ a: 1, long: 'x'.repeat(300) }, { a: true }], schema);
        expect(changes.map(({ repairs }) => repairs[0]!.samples)).toEqual([
            [{ before: `${'x'.repeat(99)}…`, after: undefined }],
            [{ before: true, after: undefined }],
        ]);
    });

    it('shows what goes around a value, where the value alone cannot stay away', async () => {
        const element = { type: 'object', properties: { price: NUMBER }, required: ['price'] };
        const items = [{ offers: [null, { price: 'free' }] }];
        const { changes } = await suggestChanges(items, schemaOf({ offers: { type: 'array', items: element } }));
        expect(changes.map(({ path, repairs }) => [path, repairs[0]!.samples])).toEqual([
            ['/offers/*', [{ before: null, after: undefined }]],
            ['/offers/*/price', [{ before: { price: 'free' }, after: undefined }]],
        ]);
    });
});
