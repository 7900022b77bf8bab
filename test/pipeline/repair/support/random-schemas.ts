import fc from '../../../support/fast-check.js';

import type { Dictionary } from '../../../../src/records.js';

const NAMES = ['a', 'b', 'c', 'kind', 'x/y', '~t'] as const;
const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom('', 'x', 'long text', '12.50', '$1,299.00', '007', 'true', '2024-01-01', 'https://e.com');
const scalar = fc.oneof(
    text,
    fc.integer({ min: -3, max: 12 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
);
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');

/** Values that use the few names of the schemas, so that most schemas have something to say of them. */
export const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        scalar,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
})).value;

/** Random items as JSON has them: without a negative zero. */
export const items: fc.Arbitrary<Dictionary> = fc
    .dictionary(name, values, { maxKeys: 6, noNullPrototype: true })
    .map((item) => JSON.parse(JSON.stringify(item)) as Dictionary);

const leaf: fc.Arbitrary<Dictionary> = fc.oneof(
    type.map((only) => ({ type: only })),
    fc.uniqueArray(type, { minLength: 2, maxLength: 3 }).map((types) => ({ type: types })),
    fc.constantFrom<Dictionary>(
        { type: 'string', minLength: 2 },
        { type: 'string', maxLength: 3 },
        { type: 'string', pattern: '^[a-z]*$' },
        { type: 'string', format: 'date' },
        { type: 'number', minimum: 0, maximum: 10 },
        { type: 'integer', multipleOf: 2 },
        { type: 'string', nullable: true },
        { enum: ['x', 1, null] },
        { type: 'string', enum: ['x', ''] },
        { const: 'x' },
        { $ref: '#/definitions/text' },
        { $ref: '#/definitions/node' },
        { $ref: '#/definitions/list' },
        {},
    ),
);

/** Gives a value once in `times`, else undefined. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> {
    return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

function withoutUndefined(schema: Dictionary): Dictionary {
    return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

const schema: fc.Arbitrary<Dictionary> = fc.letrec<{ schema: Dictionary | boolean; object: Dictionary }>((tie) => {
    const anySchema = tie('schema');
    const properties = fc.dictionary(name, anySchema, { maxKeys: 4, noNullPrototype: true });
    const required = fc.uniqueArray(name, { maxLength: 3 });
    const object = fc
        .record<Dictionary>({
            type: fc.constant('object'),
            properties,
            required: rarely(required, 2),
            additionalProperties: rarely(fc.oneof(fc.constant(false), anySchema), 3),
            propertyNames: rarely(fc.constantFrom({ maxLength: 3 }, { enum: ['a', 'b', 'kind'] }), 12),
            minProperties: rarely(fc.integer({ min: 1, max: 2 }), 12),
            maxProperties: rarely(fc.integer({ min: 1, max: 4 }), 12),
            dependencies: rarely(
                fc.dictionary(name, fc.oneof(required, anySchema), { minKeys: 1, maxKeys: 1, noNullPrototype: true }),
                12,
            ),
            patternProperties: rarely(fc.record({ '^[ab]$': anySchema }), 12),
        })
        .map(withoutUndefined);
    const array = fc
        .record<Dictionary>({
            type: fc.constant('array'),
            items: anySchema,
            minItems: rarely(fc.integer({ min: 1, max: 2 }), 6),
            maxItems: rarely(fc.integer({ min: 1, max: 3 }), 6),
            uniqueItems: rarely(fc.constant(true), 6),
            contains: rarely(anySchema, 6),
        })
        .map(withoutUndefined);
    const branches = fc.array(anySchema, { minLength: 1, maxLength: 3 });
    const discriminated = fc.tuple(properties, properties, fc.boolean()).map(([one, other, isRequired]) => [
        { properties: { ...one, kind: { const: 'one' } }, required: isRequired ? ['kind'] : [] },
        { properties: { ...other, kind: { const: 'x' } }, required: isRequired ? ['kind'] : [] },
    ]);
    const composed = fc.oneof(
        branches.map((anyOf) => ({ anyOf })),
        branches.map((oneOf) => ({ oneOf })),
        branches.map((allOf) => ({ allOf })),
        discriminated.map((oneOf) => ({ oneOf })),
        fc.tuple(tie('object'), branches).map(([object, anyOf]) => ({ ...object, anyOf })),
        anySchema.map((not) => ({ not })),
        fc.record({ if: anySchema, then: anySchema, else: anySchema }, { requiredKeys: ['if'] }),
    );
    return {
        object,
        schema: fc.oneof(
            { maxDepth: 4, withCrossShrink: true },
            { weight: 16, arbitrary: leaf },
            { weight: 12, arbitrary: object },
            { weight: 6, arbitrary: array },
            { weight: 7, arbitrary: composed },
            { weight: 1, arbitrary: fc.constant(false) },
        ),
    };
}).object;

const definitions = {
    text: { type: 'string', minLength: 1 },
    node: {
        type: 'object',
        properties: { a: { $ref: '#/definitions/node' }, b: { $ref: '#/definitions/text' } },
        required: ['a'],
    },
    list: { type: 'array', items: { anyOf: [{ $ref: '#/definitions/text' }, { $ref: '#/definitions/list' }] } },
};

const tuples = {
    'http://json-schema.org/draft-07/schema#': { items: [{ type: 'string' }, { type: 'number' }] },
    'https://json-schema.org/draft/2020-12/schema': { prefixItems: [{ type: 'string' }, { type: 'number' }] },
};

/** Schemas of an item with nested alternatives, conditions and references, of two drafts. */
export const schemas: fc.Arbitrary<Dictionary> = fc
    .tuple(
        fc.constantFrom(...(Object.keys(tuples) as (keyof typeof tuples)[])),
        schema,
        schema,
        fc.constantFrom('none', 'properties', 'type'),
        fc.boolean(),
    )
    .map(([$schema, top, other, unevaluated, hasTuple]) => {
        const isNew = $schema.includes('2020');
        const properties = hasTuple ? { ...top.properties, c: tuples[$schema] } : top.properties;
        return {
            ...top,
            properties,
            ...(unevaluated !== 'none' && isNew && { allOf: [other] }),
            ...(unevaluated === 'properties' && isNew && { unevaluatedProperties: false }),
            ...(unevaluated === 'type' && isNew && { unevaluatedProperties: { type: ['string', 'array'] } }),
            $schema,
            type: 'object',
            definitions,
        };
    });

/** A schema with items that it rejects more often than not. */
export const cases = fc.tuple(schemas, fc.array(items, { minLength: 4, maxLength: 4 }));
