import { describe, expect, it } from 'vitest';

import { compileItemSchema } from '../../src/schema/compile.js';
import { recordingLog } from './helpers.js';

/** Values of the item's property `a` that a schema of it accepts and rejects: what each keyword means, by the specification. */
type Case = [keyword: string, schema: object, valid: unknown[], invalid: unknown[]];

const NEXT = 'https://json-schema.org/draft/2020-12/schema';
const nines = (count: number) => `2024-01-01T00:00:59.${'9'.repeat(count)}Z`;

const COMMON: Case[] = [
    ['type', { type: 'integer' }, [1, 1.0, -0, 1e21], [1.5, '1', null, true, [1], {}]],
    ['type with a list', { type: ['string', 'null'] }, ['', null], [0, false, [], {}]],
    ['nullable', { type: 'string', nullable: true }, [null, 'a'], [1]],
    ['nullable beside a list', { type: ['number', 'string'], nullable: true }, [null, 1, 'a'], [true, []]],
    [
        'enum',
        { enum: [1, 'a', null, { b: [1] }] },
        [1, 'a', null, { b: [1] }],
        ['1', 0, { b: [2] }, { b: [1], c: 1 }, []],
    ],
    [
        'enum of objects, whatever the order of keys',
        { enum: [{ a: 1, b: 2 }] },
        [{ b: 2, a: 1 }],
        [{ a: 1 }, { a: 2, b: 1 }],
    ],
    [
        'const',
        { const: { list: [false] } },
        [{ list: [false] }],
        [{ list: [0] }, { list: [] }, { list: [null] }, false],
    ],
    ['const false is not 0', { const: false }, [false], [0, '', null]],
    ['const with a key valueOf', { const: { valueOf: 1 } }, [{ valueOf: 1 }], [{ valueOf: 2 }, {}, 1]],
    ['minLength', { minLength: 2 }, ['ab', '日本', '😀😀', 5], ['a', '😀', '']],
    ['maxLength', { maxLength: 2 }, ['', '😀😀', '\ud83dx', 555], ['abc', '😀😀😀', '\ud83dxx']],
    ['pattern', { pattern: '^\\p{Letter}+$' }, ['é', 5], ['', '1']],
    ['pattern is not anchored', { pattern: 'b' }, ['abc'], ['ac']],
    [
        'format date-time',
        { format: 'date-time' },
        ['2024-02-29T12:00:00Z', '2016-12-31T23:59:60Z', nines(9), nines(14)],
        ['2023-02-29T12:00:00Z', '2024-01-01T12:00:00', nines(15), nines(40)],
    ],
    [
        'format uri',
        { format: 'uri' },
        ['https://example.com/?a=b', 'urn:isbn:1'],
        ['example.com', 'https://exa mple.com', ''],
    ],
    ['format email', { format: 'email' }, ['joe@example.com', 5], ['joe', '@example.com']],
    ['an unknown format', { format: 'nobody-knows', type: 'string' }, ['anything'], [5]],
    ['minimum and maximum', { minimum: 1, maximum: 2 }, [1, 2, 1.5, '0'], [0.9, 2.1]],
    ['exclusive bounds', { exclusiveMinimum: 1, exclusiveMaximum: 2 }, [1.5], [1, 2]],
    ['multipleOf', { multipleOf: 0.5 }, [1.5, 0, -1], [1.2]],
    ['items', { items: { type: 'string' } }, [[], ['a'], 'a', {}], [[1], ['a', null]]],
    ['minItems and maxItems', { minItems: 1, maxItems: 2 }, [[1], [1, 2], 'abc'], [[], [1, 2, 3]]],
    [
        'uniqueItems of scalars',
        { uniqueItems: true },
        [[1, '1', true, null, 'true'], []],
        [
            [1, 1],
            ['a', 'b', 'a'],
            [0, -0],
        ],
    ],
    [
        'uniqueItems of objects',
        { uniqueItems: true },
        [
            [{ a: 1 }, { a: '1' }],
            [[1], ['1']],
            [{}, []],
        ],
        [
            [
                { a: 1, b: 2 },
                { b: 2, a: 1 },
            ],
            [[[]], [[]]],
        ],
    ],
    ['uniqueItems of one type', { items: { type: 'string' }, uniqueItems: true }, [['a', 'b']], [['a', 'b', 'a']]],
    ['contains', { contains: { const: 5 } }, [[5], [1, 5], 'x'], [[], [1, 2]]],
    ['required', { required: ['b'] }, [{ b: null }, 'x', []], [{}, { c: 1 }]],
    [
        'minProperties and maxProperties',
        { minProperties: 1, maxProperties: 2 },
        [{ b: 1 }, []],
        [{}, { b: 1, c: 2, d: 3 }],
    ],
    [
        'properties',
        { properties: { b: { type: 'string' }, c: false } },
        [{}, { b: 'x' }, { d: 1 }, []],
        [{ b: 1 }, { c: 1 }],
    ],
    ['patternProperties', { patternProperties: { '^x': { type: 'number' } } }, [{ x1: 1, y: 'a' }], [{ x1: 'a' }]],
    [
        'additionalProperties',
        { properties: { b: {} }, patternProperties: { '^x': {} }, additionalProperties: false },
        [{ b: 1, x: 1 }],
        [{ c: 1 }],
    ],
    [
        'additionalProperties with a schema',
        { properties: { b: {} }, additionalProperties: { type: 'string' } },
        [{ b: 1, c: '' }],
        [{ c: 1 }],
    ],
    [
        'propertyNames',
        { propertyNames: { maxLength: 2, pattern: '^b' } },
        [{ b: 1, bb: 1 }, {}],
        [{ bbb: 1 }, { c: 1 }],
    ],
    ['not', { not: { type: 'string', minLength: 2 } }, ['a', 5], ['ab']],
    ['not with maxLength', { not: { maxLength: 1, pattern: '^b' } }, ['a', 'bb'], ['b']],
    ['if and then', { if: { minLength: 2, pattern: '^b' }, then: false }, ['b', 'aa'], ['bb', 5]],
    [
        'if, then and else',
        { if: { maxLength: 1 }, then: { pattern: '^a' }, else: { pattern: '^b' } },
        ['a', 'bb'],
        ['b', 'aa'],
    ],
    ['allOf', { allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1], [0, 3]],
    ['anyOf', { anyOf: [{ type: 'string', minLength: 2 }, { type: 'number' }] }, ['ab', 1], ['a', null]],
    ['oneOf', { oneOf: [{ type: 'integer' }, { minimum: 2 }] }, [1, 2.5], [3, 1.5]],
    ['boolean schemas', { properties: { yes: true, no: false } }, [{ yes: 1 }], [{ no: 1 }]],
];

const DRAFT_07: Case[] = [
    [
        'a list of items is a tuple',
        { items: [{ type: 'string' }], additionalItems: { type: 'number' } },
        [['a', 1], [], ['a']],
        [[1], ['a', 'b']],
    ],
    ['no additional items', { items: [{}], additionalItems: false }, [[1]], [[1, 2]]],
    ['dependencies on properties', { dependencies: { b: ['c'] } }, [{ c: 1 }, { b: 1, c: 1 }], [{ b: 1 }]],
    [
        'dependencies on a schema',
        { dependencies: { b: { properties: { c: { type: 'string' } } } } },
        [{ c: 1 }, { b: 1, c: '' }],
        [{ b: 1, c: 1 }],
    ],
];

const DRAFT_2020: Case[] = [
    ['prefixItems', { prefixItems: [{ type: 'string' }], items: false }, [['a'], []], [[1], ['a', 1]]],
    [
        'minContains and maxContains',
        { contains: { const: 1 }, minContains: 2, maxContains: 3 },
        [
            [1, 1],
            [1, 2, 1, 1],
        ],
        [[1], [1, 1, 1, 1]],
    ],
    ['minContains of 0', { contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
    ['dependentRequired', { dependentRequired: { b: ['c'] } }, [{}, { b: 1, c: 1 }], [{ b: 1 }]],
    ['dependentSchemas', { dependentSchemas: { b: { minProperties: 2 } } }, [{ c: 1 }, { b: 1, c: 1 }], [{ b: 1 }]],
    [
        'unevaluatedProperties',
        { allOf: [{ properties: { b: {} } }], properties: { c: {} }, unevaluatedProperties: false },
        [{ b: 1, c: 1 }],
        [{ d: 1 }],
    ],
    [
        'unevaluatedProperties with anyOf',
        {
            anyOf: [{ properties: { b: { const: 1 } }, required: ['b'] }, { properties: { c: {} } }],
            unevaluatedProperties: false,
        },
        [{ b: 1 }, { c: 1 }, { b: 1, c: 1 }],
        [{ b: 2 }, { d: 1 }],
    ],
    [
        'unevaluatedItems',
        { prefixItems: [{ type: 'string' }], unevaluatedItems: { type: 'number' } },
        [['a', 1]],
        [['a', 'b']],
    ],
];

async function checkOf(schema: object, $schema?: string) {
    const fields = { ...($schema && { $schema }), type: 'object', properties: { a: schema } };
    const { schema: compiled, reason } = await compileItemSchema(fields, { source: 'suite' }, recordingLog());
    if (compiled === undefined) throw new Error(reason);
    return (a: unknown, byteLength?: number) => compiled.validate({ a }, byteLength) === undefined;
}

async function expectVerdicts([, schema, valid, invalid]: Case, $schema?: string): Promise<void> {
    const check = await checkOf(schema, $schema);
    for (const byteLength of [undefined, 2_000_000]) {
        for (const value of valid)
            expect({ value, isValid: check(value, byteLength) }).toEqual({ value, isValid: true });
        for (const value of invalid)
            expect({ value, isValid: check(value, byteLength) }).toEqual({ value, isValid: false });
    }
}

describe('the meaning of the keyword', () => {
    it.each(COMMON)('%s is the same in draft-07 and 2020-12', async (...args) => {
        await expectVerdicts(args);
        await expectVerdicts(args, NEXT);
    });

    it.each(DRAFT_07)('%s is that of draft-07', async (...args) => {
        await expectVerdicts(args);
        expect(args[2].length).toBeGreaterThan(0);
    });

    it.each(DRAFT_2020)('%s is that of 2020-12', async (...args) => {
        await expectVerdicts(args, NEXT);
        expect(args[2].length).toBeGreaterThan(0);
    });

    it('$ref leads to definitions, to any depth of the item', async () => {
        const node = { type: 'object', properties: { next: { $ref: '#/definitions/node' }, n: { type: 'number' } } };
        const fields = { properties: { a: { $ref: '#/definitions/node' } }, definitions: { node } };
        const { schema } = await compileItemSchema(fields, { source: 'suite' }, recordingLog());
        let valid: object = { n: 1 };
        let invalid: object = { n: '1' };
        for (let depth = 0; depth < 900; depth++) [valid, invalid] = [{ next: valid }, { next: invalid }];
        expect(schema!.validate({ a: valid })).toBeUndefined();
        expect(schema!.validate({ a: invalid })).toHaveLength(1);
    });
});

describe('a condition on the length of a text', () => {
    it('accepts an item that only fails the condition', async () => {
        const fields = {
            if: { required: ['status'], properties: { status: { minLength: 1, pattern: '^sold' } } },
            then: { required: ['soldAt'] },
        };
        const { schema } = await compileItemSchema(fields, { source: 'suite' }, recordingLog());
        expect(schema!.validate({ status: 'available' })).toBeUndefined();
        expect(schema!.validate({ status: 'sold' })).toMatchObject([{ keyword: 'required' }, { keyword: 'if' }]);
    });
});
