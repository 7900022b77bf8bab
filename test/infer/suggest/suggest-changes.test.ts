import { describe, expect, it } from 'vitest';

import { SchemaLoadError } from '../../../src/errors.js';
import { inferSchema } from '../../../src/infer/infer-schema.js';
import { applyPatch } from '../../../src/infer/json-patch.js';
import { suggestChanges } from '../../../src/infer/suggest/suggest-changes.js';
import { compile } from '../support/strict-ajv.js';
import { RECORD_WITHOUT_ITEM } from '../support/quarantine-record.js';

type Schema = Record<string, any>;

const schemaOf = (value: unknown): Schema => ({ type: 'object', properties: { value } });

/** The changes for items with these values, in words; all together they let every item in. */
async function changesFor(schema: Schema, items: unknown[]) {
    const { changes, patch, unexplainedItems } = await suggestChanges(items, schema);
    expect(unexplainedItems).toBe(0);
    const isValid = compile(applyPatch(schema, patch));
    expect(items.filter((item) => !isValid(item))).toEqual([]);
    for (const { patch: alone, letInItems } of changes) {
        const isLetIn = compile(applyPatch(schema, alone));
        const isValidBefore = compile(schema);
        expect(items.filter((item) => !isValidBefore(item) && isLetIn(item))).toHaveLength(letInItems);
    }
    return changes.map(({ path, description }) => `${path} ${description}`);
}

describe('suggestChanges', () => {
    it.each<[string, unknown, unknown[], string[]]>([
        ['null', { type: 'string' }, [null], ['/value allow null']],
        ['null beside a list of values', { type: 'string', enum: ['a'] }, [null, null], ['/value allow null']],
        ['null beside the only value', { const: 'a' }, [null], ['/value allow null']],
        ['a further type', { type: 'string' }, [true], ['/value allow the type boolean']],
        ['whole numbers', { type: 'string' }, [1, 2], ['/value allow the type integer']],
        ['numbers', { type: ['string', 'null'] }, [1, 2.5], ['/value allow the type number']],
        ['fractions in place of whole numbers', { type: 'integer' }, [1.5], ['/value allow the type number']],
        ['a smaller number', { type: 'number', minimum: 0 }, [-1, -5, 3], ['/value change "minimum" to -5']],
        ['the bound itself', { type: 'number', exclusiveMinimum: 0 }, [0], ['/value change "exclusiveMinimum" to 0']],
        ['longer text', { type: 'string', maxLength: 2 }, ['🎬🎬🎬'], ['/value change "maxLength" to 3']],
        ['fewer elements', { type: 'array', minItems: 2 }, [[1], []], ['/value change "minItems" to 0']],
        ['further values', { enum: ['a'] }, ['b', 'c', 'b'], ['/value allow the values "b", "c"']],
        ['another constant', { const: 'a' }, ['b'], ['/value allow the value "b"']],
        ['a value of another type', { type: 'string', enum: ['a'] }, [1], ['/value allow the value 1']],
        [
            'many values',
            { type: 'string', enum: ['a'] },
            Array.from({ length: 30 }, (_, index) => index),
            ['/value drop the list of values'],
        ],
        ['another pattern', { type: 'string', pattern: '^a' }, ['b'], ['/value drop "pattern"']],
        ['no format', { type: 'string', format: 'date' }, ['b'], ['/value drop "format"']],
        ['equal elements', { type: 'array', uniqueItems: true }, [[1, 1]], ['/value drop "uniqueItems"']],
        ['what is excluded', { not: { const: 'a' } }, ['a'], ['/value drop "not"']],
        ['what must not be there', false, [1], ['/value allow any value']],
        [
            'properties',
            { type: 'object', additionalProperties: false },
            [{ a: 1, b: 'x' }],
            ['/value allow the properties "a", "b"'],
        ],
        [
            'an element',
            { type: 'array', items: { type: 'string' } },
            [['a', 1, null]],
            ['/value/* allow the type integer', '/value/* allow null'],
        ],
        [
            'a value of a map',
            { type: 'object', additionalProperties: { type: 'string' } },
            [{ k: 1 }],
            ['/value/* allow the type integer'],
        ],
        [
            'a further alternative',
            { anyOf: [{ type: 'string' }, { type: 'null' }] },
            [1],
            ['/value allow the type integer'],
        ],
        [
            'more in the alternative that fits',
            { oneOf: [{ type: 'string', maxLength: 1 }, { type: 'null' }] },
            ['ab'],
            ['/value change "maxLength" to 2'],
        ],
        ['several alternatives at once', { oneOf: [{ type: 'number' }, { minimum: 0 }] }, [1], ['/value drop "oneOf"']],
        [
            'another branch of a condition',
            { if: { const: 1 }, then: { maximum: 0 } },
            [1],
            ['/value change "maximum" to 1'],
        ],
        [
            'a fault behind another',
            { type: 'number', enum: [1, 2], minimum: 1 },
            [-3],
            ['/value allow the value -3', '/value change "minimum" to -3'],
        ],
    ])('lets in %s', async (_what, value, values, changes) => {
        const items = values.map((one) => ({ value: one }));
        expect((await changesFor(schemaOf(value), items)).toSorted()).toEqual(changes.toSorted());
    });

    it('lets in items without a required property, whatever else is no longer required', async () => {
        const schema = { type: 'object', required: ['a', 'b', 'c'], properties: { b: { type: 'string' } } };
        const items = [{ b: 'x', c: 1 }, { a: 1, b: 'x' }, { b: 1 }];
        expect(await changesFor(schema, items)).toEqual([
            '/a make it optional',
            '/c make it optional',
            '/b allow the type integer',
        ]);
    });

    it('finds the place of a fault behind a $ref, a recursive one, too', async () => {
        const schema = {
            type: 'object',
            definitions: {
                node: {
                    type: 'object',
                    properties: {
                        v: { type: 'string' },
                        kids: { type: 'array', items: { $ref: '#/definitions/node' } },
                    },
                },
            },
            properties: { 'a b/c': { $ref: '#/definitions/node' }, 'v': { type: 'string' } },
        };
        const { changes } = await suggestChanges([{ 'a b/c': { kids: [{ kids: [{ v: 1 }] }] } }], schema);
        expect(changes).toMatchObject([
            {
                path: '/a b~1c/kids/*/kids/*/v',
                patch: [{ op: 'replace', path: '/definitions/node/properties/v/type' }],
            },
        ]);
    });

    it('changes the fields of a whole dataset schema', async () => {
        const schema = { actorSpecification: 1, fields: schemaOf({ type: 'string' }), views: {} };
        const { patch } = await suggestChanges([{ value: null }], schema);
        expect(patch).toEqual([{ op: 'replace', path: '/fields/properties/value/type', value: ['string', 'null'] }]);
    });

    it('changes each of two places that share one object of the schema', async () => {
        const text = { type: 'string' };
        const schema = { type: 'object', properties: { a: text, b: text } };
        const { changes } = await suggestChanges([{ a: null }, { b: null }], schema);
        expect(changes.map(({ letInItems }) => letInItems)).toEqual([1, 1]);
        expect(text).toEqual({ type: 'string' });
    });

    it('reads the items of quarantine records, and says how many no change lets in', async () => {
        const records = [
            { ...RECORD_WITHOUT_ITEM, item: { value: 1 } },
            { ...RECORD_WITHOUT_ITEM },
            { ...RECORD_WITHOUT_ITEM, item: 'text' },
            { ...RECORD_WITHOUT_ITEM, item: {} },
        ];
        const result = await suggestChanges(records, schemaOf({ type: 'string' }));
        expect(result).toMatchObject({
            checkedItems: 4,
            failedItems: 3,
            unexplainedItems: 2,
            changes: [{ letInItems: 1 }],
        });
    });

    it('takes an item with thousands of faults for one that no change is known for, without delay', async () => {
        const schema = schemaOf({ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } });
        const result = await suggestChanges([{ value: Array(20_000).fill(1) }, { value: [1] }], schema);
        expect(result).toMatchObject({ failedItems: 2, unexplainedItems: 1, changes: [{ failedItems: 1 }] });
    });

    it('lists no property whose name is too long to read', async () => {
        const schema = { type: 'object', additionalProperties: false };
        const { changes } = await suggestChanges([{ ['x'.repeat(1_000)]: 1 }, { short: 1 }], schema);
        expect(changes).toMatchObject([{ description: 'allow any property', letInItems: 2 }]);
    });

    it('has nothing to suggest where no item fails, or the schema accepts every item', async () => {
        const nothing = { checkedItems: 1, failedItems: 0, unexplainedItems: 0, changes: [], patch: [] };
        expect(await suggestChanges([{ value: 'a' }], schemaOf({ type: 'string' }))).toEqual(nothing);
        expect(await suggestChanges([{ value: 'a' }], {})).toEqual(nothing);
        const { fields } = await inferSchema([{}]);
        expect(await suggestChanges([{ value: 'a' }], fields)).toEqual(nothing);
    });

    it('takes items as their JSON, as a guard does', async () => {
        const items = [{ value: Infinity }, { value: new Date(0) }, { value: 1n }];
        const { changes, failedItems, unexplainedItems } = await suggestChanges(items, schemaOf({ type: 'string' }));
        expect(changes).toMatchObject([{ kind: 'allow-null', failedItems: 1, letInItems: 1 }]);
        expect({ failedItems, unexplainedItems }).toEqual({ failedItems: 2, unexplainedItems: 1 });
    });

    it.each([undefined, null, 'schema.json'])('refuses %j as a schema, and says what it expects', async (schema) => {
        const suggesting = suggestChanges([{ value: 1 }], schema as never);
        await expect(suggesting).rejects.toThrow(SchemaLoadError);
        await expect(suggesting).rejects.toThrow('expected a JSON Schema or a dataset schema, an object');
    });

    it('refuses a schema that cannot work', async () => {
        await expect(suggestChanges([], { type: 'array' })).rejects.toThrow(SchemaLoadError);
    });

    it('shows no values where samples are off', async () => {
        const { changes } = await suggestChanges([{ value: 12 }], schemaOf({ type: 'string' }), { samples: false });
        expect(changes[0]!.repairs.map(({ samples }) => samples)).toEqual([[], []]);
    });
});

describe('an item with more nodes of a tree than all errors are looked for in', () => {
    it('is counted as failing and unexplained, and the changes that others need are found', async () => {
        const comment = {
            type: 'object',
            properties: { id: { type: 'number' }, replies: { items: { $ref: '#/definitions/comment' } } },
        };
        const schema = {
            type: 'object',
            properties: { comments: { type: 'array', items: { $ref: '#/definitions/comment' } } },
            definitions: { comment },
        };
        const comments = (count: number) => [{ id: 'x' }, ...Array.from({ length: count }, (_, id) => ({ id }))];
        const items = [{ comments: comments(70_000) }, { comments: comments(10) }, { comments: [{ id: 1 }] }];
        const result = await suggestChanges(items, schema);
        expect(result).toMatchObject({ checkedItems: 3, failedItems: 2, unexplainedItems: 1 });
        expect(result.changes).toMatchObject([{ kind: 'allow-type' }]);
    });
});
