import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { ItemKeys, keyInWords } from '../../../src/pipeline/unique/item-key.js';
import { resolveUnique } from '../../../src/pipeline/unique/options.js';

function keysFor(unique: unknown): { keyOf: (item: unknown) => string | undefined; problems: string[] } {
    const problems: string[] = [];
    const keys = new ItemKeys(resolveUnique(unique)!, (message) => void problems.push(message));
    return { keyOf: (item) => keys.keyOf(item), problems };
}

describe('the key of an item', () => {
    it.each([
        ['missing', {}],
        ['null', { id: null }],
        ['empty text', { id: '' }],
        ['an object', { id: { a: 1 } }],
        ['an array', { id: ['a'] }],
        ['inherited only', Object.create({ id: 'a' })],
    ])('does not exist where the field is %s', (_case, item) => {
        expect(keysFor('id').keyOf(item)).toBeUndefined();
    });

    it('does not exist in what is no object', () => {
        for (const item of [null, undefined, 'text', 5]) expect(keysFor('length').keyOf(item)).toBeUndefined();
    });

    it('is the text of the field itself', () => {
        expect(keysFor('url').keyOf({ url: 'https://example.com' })).toBe('https://example.com');
    });

    it('is different for each value of text, number and boolean, and equal for equal ones', () => {
        const value = fc.oneof(
            fc.string({ minLength: 1 }),
            fc.constantFrom('1', 'true', '\u0000n1', '\u0000btrue', '\u0000s1', '\u0000l["1"]'),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.constantFrom(1, 0, true, false),
        );
        const { keyOf } = keysFor('id');
        fc.assert(
            fc.property(value, value, (one, other) => {
                const isSame = JSON.stringify(one) === JSON.stringify(other);
                expect(keyOf({ id: one }) === keyOf({ id: other })).toBe(isSame);
            }),
        );
        expect(keyOf({ id: 1 })).not.toBe(keyOf({ id: '1' }));
        expect(keyOf({ id: true })).not.toBe(keyOf({ id: 'true' }));
    });

    it('follows a pointer through objects and arrays', () => {
        const { keyOf } = keysFor('/offers/0/a~1b');
        expect(keyOf({ offers: [{ 'a/b': 'x' }] })).toBe('x');
        expect(keyOf({ offers: [] })).toBeUndefined();
        expect(keyOf({ offers: null })).toBeUndefined();
    });

    it('does not exist where the pointer names the length of an array, or an index in another way than JSON Pointers do', () => {
        const item = { tags: ['a', 'b'] };
        for (const pointer of ['/tags/length', '/tags/01', '/tags/', '/tags/-', '/tags/1e0']) {
            expect(keysFor(pointer).keyOf(item), pointer).toBeUndefined();
        }
    });

    it('of a list needs all parts, and does not confuse where one ends', () => {
        const { keyOf } = keysFor(['a', '/b']);
        expect(keyOf({ a: 'x' })).toBeUndefined();
        expect(keyOf({ a: 'x', b: '' })).toBeUndefined();
        expect(keyOf({ a: 'x', b: 'yz' })).not.toBe(keyOf({ a: 'xy', b: 'z' }));
        expect(keyOf({ a: 'x', b: 1 })).not.toBe(keyOf({ a: 'x', b: '1' }));
        expect(keyOf({ a: 'x', b: 1 })).toBe(keyOf({ b: 1, a: 'x', c: 2 }));
        expect(keyOf({ a: '","', b: 'x' })).not.toBe(keyOf({ a: '"', b: ',"x' }));
    });

    it('is what a function returns', () => {
        const { keyOf, problems } = keysFor(({ id }: { id: string }) => id);
        expect(keyOf({ id: 'x' })).toBe('x');
        expect(keyOf({ id: '' })).toBeUndefined();
        expect(keyOf({})).toBeUndefined();
        expect(problems).toEqual([]);
    });

    it.each([
        [
            'throws',
            () => {
                throw new Error('boom');
            },
            'threw: boom at test/pipeline/unique/item-key.test.ts:87:23.',
        ],
        ['returns a promise', async () => 'x', 'returned a promise, whose value comes too late.'],
        ['returns an array', () => ['x'], 'returned an array.'],
        ['returns an object', () => ({}), 'returned a value of type object.'],
    ])('does not exist where a function %s, which is said once', (_case, unique, said) => {
        const { keyOf, problems } = keysFor(unique);
        expect(keyOf({ a: 1 })).toBeUndefined();
        expect(keyOf({ a: 2 })).toBeUndefined();
        expect(problems).toHaveLength(1);
        expect(problems[0]).toContain(`The function in option "unique" ${said} Expected the key as text`);
    });

    it('is shown as it was in the item', () => {
        const shown = (unique: unknown, item: object) => keyInWords(keysFor(unique).keyOf(item)!);
        expect(shown('id', { id: 'x' })).toBe('x');
        expect(shown('id', { id: 5 })).toBe('5');
        expect(shown('id', { id: '\u0000n5' })).toBe('\u0000n5');
        expect(shown(['a', 'b'], { a: 'x', b: 5 })).toBe('x, 5');
    });
});
