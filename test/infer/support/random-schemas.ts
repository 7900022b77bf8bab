import fc from '../../support/fast-check.js';

type Schema = Record<string, any>;
type Item = Record<string, unknown>;

/** A field of a schema, and values for it. */
interface Field {
    schema: Schema;
    value: fc.Arbitrary<unknown>;
}

const SCALARS: Field[] = [
    { schema: { type: 'string' }, value: fc.string({ minLength: 1, maxLength: 60 }) },
    { schema: { type: 'string', format: 'uri' }, value: fc.webUrl() },
    {
        schema: { type: 'string', format: 'date-time' },
        value: fc
            .date({ noInvalidDate: true, min: new Date('1990-01-01'), max: new Date('2030-01-01') })
            .map((date) => date.toISOString()),
    },
    { schema: { type: 'string', enum: ['new', 'used', 'broken'] }, value: fc.constantFrom('new', 'used', 'broken') },
    { schema: { type: 'integer' }, value: fc.integer() },
    { schema: { type: 'number' }, value: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { schema: { type: 'boolean' }, value: fc.boolean() },
];

function nullable({ schema, value }: Field): Field {
    return {
        schema: { ...schema, type: [schema.type, 'null'], ...(schema.enum && { enum: [...schema.enum, null] }) },
        value: fc.option(value, { freq: 3 }),
    };
}

function fields(depth: number): fc.Arbitrary<Field> {
    const scalar = fc.constantFrom(...SCALARS);
    if (depth === 0) return scalar;
    return fc.oneof(
        { weight: 4, arbitrary: scalar },
        { weight: 2, arbitrary: scalar.map(nullable) },
        {
            weight: 1,
            arbitrary: fields(depth - 1).map(({ schema, value }) => ({
                schema: { type: 'array', items: schema },
                value: fc.array(value, { maxLength: 4 }),
            })),
        },
        { weight: 1, arbitrary: objects(depth - 1) },
    );
}

function objects(depth: number): fc.Arbitrary<Field> {
    const entry = fc.record({ field: fields(depth), isRequired: fc.boolean() });
    const names = fc.uniqueArray(
        fc.constantFrom(...'alpha beta gamma delta epsilon zeta eta theta iota kappa'.split(' ')),
        {
            minLength: 3,
            maxLength: 8,
        },
    );
    return names.chain((keys) =>
        fc.array(entry, { minLength: keys.length, maxLength: keys.length }).map((entries) => {
            const required = keys.filter((_key, index) => entries[index]!.isRequired);
            const byKey = (pick: (field: Field) => unknown) =>
                Object.fromEntries(keys.map((key, index) => [key, pick(entries[index]!.field)]));
            return {
                schema: {
                    type: 'object',
                    properties: byKey(({ schema }) => schema),
                    ...(required.length > 0 && { required }),
                },
                value: fc.record(byKey(({ value }) => value) as Record<string, fc.Arbitrary<unknown>>, {
                    requiredKeys: required,
                    noNullPrototype: true,
                }),
            };
        }),
    );
}

/** Random schemas, each with items that pass it; the same each time. */
export function randomSchemas(count: number, itemsOfEach: number, seed: number): { schema: Schema; items: Item[] }[] {
    return fc.sample(objects(2), { numRuns: count, seed }).map(({ schema, value }, index) => ({
        schema,
        items: fc.sample(value as fc.Arbitrary<Item>, { numRuns: itemsOfEach, seed: seed + index }),
    }));
}

/** Values of all types, none of which a format or a list of values has. */
const OTHERS: [type: string, value: unknown][] = [
    ['string', 'mutated text'],
    ['number', 12.5],
    ['boolean', true],
    ['null', null],
    ['array', ['mutated']],
    ['object', { mutated: true }],
];

/** An item with one value of another type, or without one required property; `undefined` where the choice leads nowhere. */
export function mutate(item: Item, schema: Schema, random: () => number): Item | undefined {
    const copy = structuredClone(item);
    let [object, node]: [Item, Schema] = [copy, schema];
    for (;;) {
        const keys = Object.keys(object);
        const key = keys[Math.floor(random() * keys.length)];
        const child = key === undefined ? undefined : node.properties[key];
        if (key === undefined || child === undefined) return undefined;
        if (isPlainObject(object[key]) && child.type === 'object' && random() < 0.7) {
            [object, node] = [object[key] as Item, child];
            continue;
        }
        if (node.required?.includes(key) && random() < 0.5) {
            delete object[key];
            return copy;
        }
        const types = [child.type].flat().map((type) => (type === 'integer' ? 'number' : type));
        const others = OTHERS.filter(([type]) => !types.includes(type));
        object[key] = others[Math.floor(random() * others.length)]![1];
        return copy;
    }
}

function isPlainObject(value: unknown): boolean {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same numbers each time. */
export function randomNumbers(seed: number): () => number {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
    };
}
