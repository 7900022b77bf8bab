import fc from '../../support/fast-check.js';

import type { Dictionary } from '../../../src/records.js';

const NAMES = ['a', 'b', 'c', 'toString', 'é/~'];
const name = fc.constantFrom(...NAMES);
const TEXTS = [
    ...['', 'a', 'b', 'ab', 'abc', 'é', '日本', '😀', '😀😀', '\ud83d', 'x'.repeat(40), '__proto__'],
    ...['2024-02-29T00:00:00Z', '2023-02-29T00:00:00Z', '2024-01-01T23:59:59.999999999Z', '2016-12-31T23:59:60Z'],
    ...['2024-01-01T00:00:59.999999999999999999Z', '2024-01-01t00:00:00z', '2024-01-01T00:00:00+25:00'],
    ...[
        'https://example.com/a?b=c',
        'http://[::1]/',
        'https://example.com/%zz',
        'no address',
        'a@b.example',
        '2024-01-01',
    ],
];
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 6 }));
const number = fc.oneof(fc.constantFrom(0, -0, 1, 2, 3, 1.5, -1, 1e21, 2 ** 31, Number.MAX_SAFE_INTEGER), fc.integer());
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));

/** JSON values, some of them long enough to make more errors than are kept. */
export const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        scalar,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
        fc.tuple(scalar, fc.integer({ min: 90, max: 130 })).map(([value, count]) => new Array(count).fill(value)),
        fc
            .tuple(scalar, fc.integer({ min: 90, max: 130 }))
            .map(([value, count]) =>
                Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, value])),
            ),
    ),
})).value;

/** Most items are objects. */
export const items: fc.Arbitrary<unknown> = fc.oneof(
    { weight: 4, arbitrary: fc.dictionary(name, values, { minKeys: 1, maxKeys: 5, noNullPrototype: true }) },
    { weight: 1, arbitrary: values },
);

const small = fc.nat({ max: 5 });
const count = fc.oneof(small, fc.constantFrom(95, 120));
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'array', 'object', 'null');
const pattern = fc.constantFrom('^a', 'b$', '^.$', '^\\p{L}*$', '[0-9]', '^(?:a|b)+$', '');
const format = fc.constantFrom('date-time', 'uri', 'email', 'date', 'uuid', 'ipv4', 'int32', 'nobody-knows');
const names = fc.uniqueArray(name, { maxLength: 3 });

type Draft = 'draft-07' | '2019-09' | '2020-12';

/** Keywords of all drafts; `schema` makes the schemas inside. */
const keywords = (
    schema: fc.Arbitrary<unknown>,
    plain: fc.Arbitrary<unknown>,
): Record<string, fc.Arbitrary<unknown>> => ({
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    nullable: fc.boolean(),
    enum: fc.uniqueArray(values, {
        minLength: 1,
        maxLength: 4,
        comparator: (one, other) => JSON.stringify(one) === JSON.stringify(other),
    }),
    const: values,
    minLength: small,
    maxLength: small,
    pattern,
    format,
    minimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.constantFrom(1, 2, 0.5),
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    contains: plain,
    items: schema,
    minProperties: small,
    maxProperties: count,
    required: names,
    properties: fc.dictionary(name, schema, { maxKeys: 4, noNullPrototype: true }),
    patternProperties: fc.dictionary(pattern, schema, { maxKeys: 2, noNullPrototype: true }),
    additionalProperties: fc.oneof(fc.constant(false), schema),
    propertyNames: plain,
    not: schema,
    if: schema,
    then: schema,
    else: schema,
    allOf: fc.array(schema, { minLength: 1, maxLength: 3 }),
    anyOf: fc.array(schema, { minLength: 1, maxLength: 3 }),
    oneOf: fc.array(schema, { minLength: 1, maxLength: 3 }),
});

const OF_DRAFT: Record<Draft, (schema: fc.Arbitrary<unknown>) => Record<string, fc.Arbitrary<unknown>>> = {
    'draft-07': (schema) => ({
        items: fc.oneof(schema, fc.array(schema, { minLength: 1, maxLength: 3 })),
        additionalItems: schema,
        dependencies: fc.dictionary(name, fc.oneof(names, schema), { maxKeys: 2, noNullPrototype: true }),
    }),
    '2019-09': (schema) => ({
        ...newer(schema),
        items: fc.oneof(schema, fc.array(schema, { minLength: 1, maxLength: 3 })),
    }),
    '2020-12': (schema) => ({ ...newer(schema), prefixItems: fc.array(schema, { minLength: 1, maxLength: 3 }) }),
};

const newer = (schema: fc.Arbitrary<unknown>): Record<string, fc.Arbitrary<unknown>> => ({
    minContains: fc.nat({ max: 2 }),
    maxContains: fc.integer({ min: 2, max: 4 }),
    dependentRequired: fc.dictionary(name, names, { maxKeys: 2, noNullPrototype: true }),
    dependentSchemas: fc.dictionary(name, schema, { maxKeys: 2, noNullPrototype: true }),
    unevaluatedProperties: fc.oneof(fc.constant(false), schema),
    unevaluatedItems: fc.oneof(fc.constant(false), schema),
});

/** Schemas of some keywords each. */
export function schemas(draft: Draft): fc.Arbitrary<Dictionary> {
    const some = (all: Record<string, fc.Arbitrary<unknown>>) =>
        fc
            .subarray(Object.keys(all), { minLength: 1, maxLength: 5 })
            .chain((chosen) => fc.record(Object.fromEntries(chosen.map((keyword) => [keyword, all[keyword]!]))));
    const all = (inner: fc.Arbitrary<unknown>, plain: fc.Arbitrary<unknown>) => ({
        ...keywords(inner, plain),
        ...OF_DRAFT[draft](inner),
    });
    const { schema, plain } = fc.letrec((tie) => ({
        leaf: fc.oneof(fc.boolean(), some({ ...leafKeywords() })),
        plain: fc.oneof({ maxDepth: 2 }, tie('leaf'), tie('reference'), some(all(tie('plain'), tie('plain')))),
        reference: fc.constantFrom({ $ref: '#/definitions/d0' }, { $ref: '#/definitions/d1' }),
        schema: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('reference'), some(all(tie('schema'), tie('plain')))),
    }));
    const definition = fc.letrec((tie) => ({
        leaf: some(leafKeywords()),
        plain: fc.oneof({ maxDepth: 2 }, tie('leaf'), some(all(tie('plain'), tie('plain')))),
    })).plain;
    return fc.tuple(some(all(schema, plain)), definition, definition).map(([top, d0, d1]) => ({
        ...top,
        definitions: {
            d0,
            d1: { properties: { a: d1, b: { $ref: '#/definitions/d0' }, c: { $ref: '#/definitions/d1' } } },
        },
    }));
}

function leafKeywords(): Record<string, fc.Arbitrary<unknown>> {
    const never = fc.constant(true);
    const { type: types, enum: allowed, const: constant, ...others } = keywords(never, never);
    const leaves = [
        'minLength',
        'maxLength',
        'pattern',
        'format',
        'minimum',
        'multipleOf',
        'required',
        'maxItems',
        'uniqueItems',
    ];
    return {
        type: types!,
        enum: allowed!,
        const: constant!,
        ...Object.fromEntries(leaves.map((keyword) => [keyword, others[keyword]!])),
    };
}
