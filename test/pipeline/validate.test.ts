import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isPlainJson, validateItem } from '../../src/pipeline/validate.js';
import type { ItemSchema } from '../../src/ports.js';
import type { Dictionary } from '../../src/records.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { keptLog } from '../support/stage-parts.js';
import { anyJavaScriptValue, ajvView } from '../support/stage-values.js';

async function schemaOf(fields: Dictionary): Promise<ItemSchema> {
    const schema = await compileItemSchema(fields, { source: 'options.schema', place: 'fields' }, keptLog());
    if (schema === undefined) throw new Error('The schema was expected to validate something.');
    return schema;
}

/** Fails for a missing or wrong member at any depth that the random values reach. */
const RECURSIVE = {
    definitions: {
        any: {
            properties: { a: { type: ['string', 'null'] }, b: { $ref: '#/definitions/any' }, toJSON: false },
            additionalProperties: { $ref: '#/definitions/any' },
            items: { $ref: '#/definitions/any' },
            minProperties: 1,
            minItems: 1,
            not: { enum: [0, null] },
        },
    },
    type: 'object',
    required: ['a'],
    additionalProperties: { $ref: '#/definitions/any' },
};

describe('isPlainJson', () => {
    it.each<[string, unknown]>([
        ['an empty object', {}],
        ['nested data', { a: [1, 'two', true, null, { b: -1.5 }], c: {} }],
        ['an own __proto__ key', JSON.parse('{"__proto__":{"a":1}}')],
        ['symbol keys, which neither JSON nor a schema sees', { a: 1, [Symbol('s')]: new Date() }],
        ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
        [
            'the same part twice',
            (() => {
                const part = { a: 1 };
                return { x: part, y: part };
            })(),
        ],
        ['a cross-check of -0, which equals 0', { a: -0 }],
    ])('takes %s as it is', (_, value) => {
        expect(isPlainJson(value)).toBe(true);
    });

    it.each<[string, unknown]>([
        ['undefined', undefined],
        ['a member that is undefined', { a: undefined }],
        ['a function', { a: () => 1 }],
        ['a symbol', { a: Symbol('a') }],
        ['a BigInt', { a: 1n }],
        ['NaN', { a: NaN }],
        ['Infinity', { a: -Infinity }],
        ['a Date', { a: new Date(0) }],
        ['a Map', { a: new Map() }],
        ['a boxed number', { a: Object(5) }],
        [
            'a class instance',
            new (class {
                a = 1;
            })(),
        ],
        ['an inherited member', Object.create({ a: 1 })],
        ['a hidden member', Object.defineProperty({}, 'a', { value: 1 })],
        [
            'a getter',
            {
                get a() {
                    return 1;
                },
            },
        ],
        [
            'a setter alone',
            {
                set a(_value: unknown) {
                    /* nothing */
                },
            },
        ],
        ['a toJSON of its own', { toJSON: () => ({}) }],
        ['a hidden toJSON', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({}) })],
        ['an array with a toJSON', { a: Object.assign([1], { toJSON: () => 5 }) }],
        ['an array of a class of its own', { a: new (class extends Array {})() }],
        ['a hole', { a: [1, , 3] }], // oxlint-disable-line no-sparse-arrays
        ['an array of an undefined', { a: [undefined] }],
        ['a revoked proxy', revoked()],
        ['nesting deeper than the stack', nested(200_000)],
    ])('wants %s parsed back', (_, value) => {
        expect(isPlainJson(value)).toBe(false);
    });

    it.each<[string, ProxyHandler<Dictionary>]>([
        [
            'shows other values than it has',
            { get: (target, key) => (key === 'a' ? new Date(0) : Reflect.get(target, key)) },
        ],
        ['answers to every name, toJSON too', { get: () => () => ({ b: 1 }) }],
    ])('wants a proxy parsed back that %s', (_, handler) => {
        expect(isPlainJson(new Proxy({ a: 'text' }, handler))).toBe(false);
    });

    // Where the language has it: its JSON is the number, not the object that holds it.
    it.runIf('rawJSON' in JSON)('wants raw JSON parsed back', () => {
        const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };
        expect(isPlainJson({ id: rawJSON('12345678901234567890') })).toBe(false);
    });

    it.each<[string, (get: () => unknown) => unknown]>([
        ['an object', (get) => Object.defineProperty({}, 'a', { enumerable: true, get })],
        ['an inner object', (get) => ({ list: [Object.defineProperty({}, 'a', { enumerable: true, get })] })],
        ['a prototype', (get) => Object.create(Object.defineProperty({}, 'a', { enumerable: true, get }))],
        ['a toJSON', (get) => Object.defineProperty({}, 'toJSON', { enumerable: true, get })],
    ])('calls no getter of %s', (_, build) => {
        let calls = 0;
        isPlainJson(build(() => ++calls));
        expect(calls).toBe(0);
    });

    it('never takes a value whose JSON says something else', () => {
        let taken = 0;
        fc.assert(
            fc.property(anyJavaScriptValue(), (value) => {
                if (!isPlainJson(value)) return;
                taken++;
                expect(ajvView(value)).toStrictEqual(ajvView(JSON.parse(JSON.stringify(value))));
            }),
            { numRuns: 5_000 },
        );
        expect(taken).toBeGreaterThan(500);
    });

    it('takes everything that came out of JSON', () => {
        fc.assert(
            fc.property(fc.json(), (text) => {
                expect(isPlainJson(JSON.parse(text))).toBe(true);
            }),
        );
    });
});

describe('validateItem', () => {
    it('gives the verdict that the parsed text would get, for any value', async () => {
        const schema = await schemaOf(RECURSIVE);
        const verdicts = { valid: 0, invalid: 0 };
        fc.assert(
            fc.property(anyJavaScriptValue(), (value) => {
                let text: string | undefined;
                try {
                    text = JSON.stringify(value);
                } catch {
                    return;
                }
                if (text === undefined) return;
                const expected = schema.validate(JSON.parse(text));
                expect(validateItem(value, text, schema)).toEqual(expected);
                verdicts[expected === undefined ? 'valid' : 'invalid']++;
            }),
            { numRuns: 3_000 },
        );
        expect(verdicts.invalid).toBeGreaterThan(500);
    });

    it.each<[string, unknown, boolean]>([
        ['a Date is a string', { at: new Date(0) }, true],
        ['a Date that cannot be is null', { at: new Date(NaN) }, false],
        ['undefined is absent', { at: undefined }, false],
        ['NaN is null', { at: '1970', n: NaN }, false],
        ['toJSON is applied', { toJSON: () => ({ at: '1970' }) }, true],
        [
            'a getter is read',
            {
                get at() {
                    return '1970';
                },
            },
            true,
        ],
        ['a hidden member is absent', Object.defineProperty({}, 'at', { value: '1970' }), false],
        ['an inherited member is absent', Object.create({ at: '1970' }), false],
        [
            'a class instance is its members',
            new (class {
                at = '1970';
            })(),
            true,
        ],
    ])('sees what the platform sees: %s', async (_, item, valid) => {
        const schema = await schemaOf({
            type: 'object',
            properties: { at: { type: 'string' }, n: { type: 'number' } },
            required: ['at'],
        });
        expect(validateItem(item, JSON.stringify(item), schema) === undefined).toBe(valid);
    });

    it('sees the members that every parsed object inherits, even where the item has no prototype', async () => {
        const schema = await schemaOf({ type: 'object', properties: { constructor: { type: 'string' } } });
        const item: unknown = Object.assign(Object.create(null), { title: 'Alien' });
        const text = JSON.stringify(item);
        expect(validateItem(item, text, schema)).toEqual(schema.validate(JSON.parse(text)));
    });
});

function nested(depth: number): object {
    let item: object = {};
    for (let level = 0; level < depth; level++) item = { deeper: item };
    return item;
}

function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
}
