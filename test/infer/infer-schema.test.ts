import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { InvalidOptionsError } from '../../src/errors.js';
import type { InferOptions } from '../../src/infer/infer-schema.js';
import { inferSchema } from '../../src/infer/infer-schema.js';
import { compileStrictly } from './support/strict-ajv.js';

async function fieldsOf(items: unknown[], options?: InferOptions) {
    const { fields } = await inferSchema(items, { examples: false, ...options });
    const validate = compileStrictly(fields);
    if (!options?.tolerate) expect(items.filter((item) => !validate(item))).toEqual([]);
    return fields;
}

async function fieldOf(values: unknown[], options?: InferOptions) {
    const { title: _title, ...field } = (
        await fieldsOf(
            values.map((value) => ({ value })),
            options,
        )
    ).properties.value;
    return field;
}

const repeat = (values: unknown[], times: number) => Array.from({ length: times }, () => values).flat();

describe('inferSchema', () => {
    it('gives types, titles, examples and what is required, in the order of the items', async () => {
        const items = [
            { url: 'https://example.com/a', reviewsCount: 3, price: 12.5, in_stock: true, seller: { name: 'A' } },
            {
                url: 'https://example.com/b',
                brand: 'B',
                reviewsCount: 0,
                price: 3,
                in_stock: false,
                seller: { name: 'B' },
            },
        ];
        const { fields, readItems, notObjects } = await inferSchema(items);
        expect({ readItems, notObjects }).toEqual({ readItems: 2, notObjects: 0 });
        expect(JSON.stringify(fields, null, 1)).toBe(
            JSON.stringify(
                {
                    $schema: 'http://json-schema.org/draft-07/schema#',
                    type: 'object',
                    properties: {
                        url: { type: 'string', title: 'URL', format: 'uri', examples: ['https://example.com/a'] },
                        brand: { type: 'string', title: 'Brand', examples: ['B'] },
                        reviewsCount: { type: 'integer', title: 'Reviews count', examples: [3] },
                        price: { type: 'number', title: 'Price', examples: [12.5] },
                        in_stock: { type: 'boolean', title: 'In stock', examples: [true] },
                        seller: {
                            type: 'object',
                            title: 'Seller',
                            properties: { name: { type: 'string', title: 'Name', examples: ['A'] } },
                            required: ['name'],
                        },
                    },
                    required: ['url', 'reviewsCount', 'price', 'in_stock', 'seller'],
                },
                null,
                1,
            ),
        );
    });

    it.each([
        ['null beside another type', [1, null], { type: ['integer', 'null'] }],
        ['null alone, which says nothing', [null], {}],
        ['whole numbers and fractions', [1, 1.5], { type: 'number' }],
        ['two types', ['a', 1, 'b'], { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
        [
            'two types and null',
            [1, true, null, 2],
            { anyOf: [{ type: 'integer' }, { type: 'boolean' }, { type: 'null' }] },
        ],
        ['arrays', [[1], [], [null, 2]], { type: 'array', items: { type: ['integer', 'null'] } }],
        ['arrays without elements', [[]], { type: 'array' }],
        ['objects without properties', [{}], { type: 'object' }],
    ])('understands %s', async (_what, values, field) => {
        expect(await fieldOf(values)).toEqual(field);
    });

    it.each([
        ['uri', ['https://example.com/a?b=c', 'http://example.com']],
        ['date-time', ['2025-01-31T12:00:00Z', '2025-01-31T12:00:00.123+01:00']],
        ['date', ['2025-01-31', '2024-02-29']],
        ['email', ['a@example.com']],
    ])('gives the format %s where every value has it, and no list of values', async (format, values) => {
        expect(await fieldOf(repeat(values, 100))).toEqual({ type: 'string', format });
        expect(await fieldOf([...values, null])).toEqual({ type: ['string', 'null'], format });
        expect(await fieldOf([...values, 'no such thing'])).toEqual({ type: 'string' });
        expect(await fieldOf([...values, ''])).toEqual({ type: 'string' });
    });

    it('takes no word with a colon for an address', async () => {
        expect(await fieldOf(['Note:this'])).toEqual({ type: 'string' });
    });

    it('lists few values that repeat often, with null where that occurs', async () => {
        expect(await fieldOf(repeat(['new', 'used'], 20))).toEqual({ type: 'string', enum: ['new', 'used'] });
        expect(await fieldOf(repeat(['new', 'used', null], 20))).toEqual({
            type: ['string', 'null'],
            enum: ['new', 'used', null],
        });
    });

    it.each([
        ['values that hardly repeat', Array.from({ length: 40 }, (_, index) => `name ${index % 20}`)],
        [
            'many values',
            repeat(
                Array.from({ length: 40 }, (_, index) => `name ${'x'.repeat(index)}`),
                20,
            ),
        ],
        ['few items', repeat(['new', 'used'], 5)],
        ['a value that came once', [...repeat(['new', 'used'], 50), 'broken']],
        ['one value', repeat(['new'], 100)],
        ['measurements', repeat(['10 kg', '12 kg', '$5'], 50)],
        ['dates', repeat(['Jan 1 2000', 'Feb 1 2000'], 50)],
        ['long texts', repeat(['a'.repeat(50), 'b'.repeat(50)], 50)],
    ])('lists no values of %s', async (_what, values) => {
        expect(await fieldOf(values)).toEqual({ type: 'string' });
    });

    it('lists no numbers', async () => {
        expect(await fieldOf(repeat([1, 2, 3], 100))).toEqual({ type: 'integer' });
    });

    it('gives ranges on request', async () => {
        expect(await fieldOf([3, 1, 2], { ranges: true })).toEqual({ type: 'integer', minimum: 1, maximum: 3 });
    });

    it.each([
        ['long text', 'x'.repeat(200)],
        ['text on several lines', 'a\nb'],
        ['blank text', '  '],
        ['an address with a password', 'https://user:secret@example.com'],
    ])('shows no %s as an example', async (_what, value) => {
        const { fields } = await inferSchema([{ value }, { value: 'short' }]);
        expect(fields.properties.value.examples).toEqual(['short']);
    });

    it.each([
        ['numbers', (index: number) => ({ [index]: 1 })],
        ['addresses', (index: number) => ({ [`https://example.com/${index}`]: 1 })],
        ['identifiers', (index: number) => ({ [`1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd${1_000 + index}`]: 1 })],
        ['words, ever new ones', (index: number) => ({ [`word${index}s`]: 1, [`other${index}s`]: 2 })],
    ])('takes objects whose keys are %s for maps', async (_what, map) => {
        const items = Array.from({ length: 100 }, (_, index) => ({ map: map(index) }));
        const { map: field } = (await fieldsOf(items)).properties;
        expect(field).toEqual({ type: 'object', title: 'Map', additionalProperties: { type: 'integer' } });
    });

    it('takes many neighbours of one structure for a map', async () => {
        const support = Object.fromEntries('abcdefghij'.split('').map((name) => [name, { added: '1', flags: [name] }]));
        const { support: field } = (await fieldsOf([{ support }, { support }])).properties;
        expect(field.properties).toBeUndefined();
        expect(Object.keys(field.additionalProperties.properties)).toEqual(['added', 'flags']);
    });

    it('keeps the properties of a wide table', async () => {
        const wide = Object.fromEntries(
            Array.from({ length: 60 }, (_, index) => [`column${'abcdefghij'[index % 10]}${index}x`, 'a']),
        );
        expect(Object.keys((await fieldsOf(Array(20).fill(wide))).properties)).toHaveLength(60);
    });

    it('lists the properties that a map has beside its keys', async () => {
        const items = Array.from({ length: 100 }, (_, index) => ({ total: 5, [`${2_000 + index}`]: 'x' }));
        const { properties, required, additionalProperties } = await fieldsOf(items);
        expect({ properties: Object.keys(properties), required, additionalProperties }).toEqual({
            properties: ['total'],
            required: ['total'],
            additionalProperties: { type: 'string' },
        });
    });

    it('leaves rare types and rare absence to the quarantine, and names them', async () => {
        const items: object[] = Array.from({ length: 1_000 }, (_, index) => ({
            title: `Title ${index}`,
            price: index,
        }));
        items[5] = { title: 5, price: 5 };
        items[7] = { title: 'Title 7' };
        items[9] = { title: 'Title 9', price: null };
        const { fields, outliers } = await inferSchema(items, { tolerate: 0.01, examples: false });
        expect(fields).toMatchObject({
            properties: { title: { type: 'string' }, price: { type: 'integer' } },
            required: ['title', 'price'],
        });
        expect(outliers).toEqual([
            {
                path: '/title',
                found: 'integer',
                expected: ['string'],
                count: 1,
                total: 1_000,
                samples: [{ itemPosition: 5, value: 5 }],
            },
            { path: '/price', found: 'missing', expected: ['integer', 'null'], count: 1, total: 1_000, samples: [] },
            {
                path: '/price',
                found: 'null',
                expected: ['integer'],
                count: 1,
                total: 999,
                samples: [{ itemPosition: 9, value: null }],
            },
        ]);
    });

    it('counts items that are no objects, which no dataset takes', async () => {
        expect(await inferSchema([{ a: 1 }, 'text', null, [1]])).toMatchObject({ readItems: 4, notObjects: 3 });
        expect((await inferSchema([])).fields).toEqual({
            $schema: 'http://json-schema.org/draft-07/schema#',
            type: 'object',
        });
    });

    it('takes for null what JSON writes as null: no finite number, an element that is undefined or a function', async () => {
        const items = [
            { a: NaN, b: [undefined, 1] },
            { a: 2, b: [() => 1] },
            { a: -Infinity, b: [Symbol('x')], c: () => 1 },
        ];
        const { fields } = await inferSchema(items, { ranges: true });
        expect(fields).toMatchObject({
            properties: {
                a: { type: ['integer', 'null'], minimum: 2, maximum: 2, examples: [2] },
                b: { items: { type: ['integer', 'null'] } },
            },
            required: ['a', 'b'],
        });
        expect(Object.keys(fields.properties)).toEqual(['a', 'b']);
        expect(await inferSchema([undefined, { a: 1 }])).toMatchObject({ readItems: 2, notObjects: 1 });
    });

    it('reads an asynchronous source', async () => {
        async function* items() {
            yield { a: 1 };
            yield { a: 'x' };
        }
        expect((await inferSchema(items())).readItems).toBe(2);
    });

    it('makes no property of a name that every object inherits, unless it is always there', async () => {
        const items = [
            { constructor: 'Ferrari' },
            { toString: 'x', constructor: 'McLaren' },
            JSON.parse('{"constructor":"a","__proto__":1}'),
        ];
        const { properties, required } = await fieldsOf(items);
        expect(Object.keys(properties)).toEqual(['constructor']);
        expect(required).toEqual(['constructor']);
    });

    it('accepts items that are nested deeper than a schema is', async () => {
        const deep = (levels: number): unknown => (levels === 0 ? 'x' : { next: [deep(levels - 1)] });
        expect(Object.keys((await fieldsOf([{ deep: deep(200) }, { deep: deep(3) }])).properties)).toEqual(['deep']);
    });

    it('accepts every item where more is new than it remembers', async () => {
        const items = Array.from({ length: 3_000 }, (_, index) => ({
            fixed: index,
            tree: Object.fromEntries(
                Array.from({ length: 30 }, (__, key) => [
                    `k${(index * 7_919 + key * 31) % 5_000}x`,
                    { a: { [`z${index}y`]: key % 2 ? 1 : 'x' } },
                ]),
            ),
        }));
        const fields = await fieldsOf(items);
        expect(JSON.stringify(fields).length).toBeLessThan(20_000);
    });

    it('accepts every item, whatever the items are, in strict mode', async () => {
        const key = fc.oneof(
            fc.constantFrom('a', 'b', 'constructor', '__proto__', 'toString', 'a/b', '~', ''),
            fc.string(),
        );
        const item = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true });
        await fc.assert(
            fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 30 }), async (items) => {
                await fieldsOf(items);
            }),
            { numRuns: 50 },
        );
    });

    it.each([
        ['one item', { title: 'Alien' }, 'an object'],
        ['nothing', undefined, 'undefined'],
    ])('says that it expects a list when it gets %s', async (_what, items, words) => {
        const inferring = inferSchema(items as never);
        await expect(inferring).rejects.toThrow(TypeError);
        await expect(inferring).rejects.toThrow(
            `inferSchema() expects an array or another iterable of items, but got ${words}.`,
        );
    });

    it.each([-0.1, 0.5, Number.NaN, '1%'])('refuses to tolerate %s', async (tolerate) => {
        await expect(inferSchema([], { tolerate: tolerate as number })).rejects.toThrow(InvalidOptionsError);
    });
});
