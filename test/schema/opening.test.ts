import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';

import { FORMATS_THAT_REJECT } from '../../src/schema/can-reject.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { recordingLog } from './helpers.js';

const PLACE = { source: '.actor/dataset_schema.json', place: 'fields' };

/** Why the fields validate nothing, and the remedy; nothing is logged, because discovery says it. */
async function unvalidated(fields: unknown): Promise<string> {
    const log = recordingLog();
    const { schema, reason, remedy } = await compileItemSchema(fields, PLACE, log);
    expect(schema).toBeUndefined();
    expect(log.lines).toEqual([]);
    expect(reason).toMatch(/^"fields" of \.actor\/dataset_schema\.json (?:is|has|refers|cannot)/);
    return `${reason}. ${remedy}.`;
}

async function validated(fields: unknown) {
    const log = recordingLog();
    const { schema, reason } = await compileItemSchema(fields, PLACE, log);
    if (schema === undefined) throw new Error(reason);
    return { schema, warnings: log.lines.filter(({ level }) => level === 'warning').map(({ message }) => message) };
}

it('knows the formats that can reject a value', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const samples = ['', 'x', ' ', '(', 1.5, 2 ** 70];
    const canReject = Object.keys(ajv.formats).filter((format) =>
        samples.some((sample) => !ajv.validate({ format }, sample)),
    );
    expect(canReject.toSorted()).toEqual([...FORMATS_THAT_REJECT].toSorted());
});

describe('an identifier that is the same as a name of the validator', () => {
    it('leaves the verdicts as they are', async () => {
        const { schema } = await validated({
            properties: { item: { $id: 'item', type: 'string' }, x: { $ref: 'item' } },
        });
        expect(schema.validate({ item: 'a', x: 'b' })).toBeUndefined();
        expect(schema.validate({ item: 'a', x: 1 })).toMatchObject([{ instancePath: '/x', keyword: 'type' }]);
    });
});

describe('fields that accept every item', () => {
    it.each([
        [undefined, 'is empty or absent, which accepts every item'],
        [null, 'is empty or absent, which accepts every item'],
        [{}, 'is empty or absent, which accepts every item'],
        [true, 'is true, which accepts every item'],
        [false, 'is false, which rejects every item'],
        [{ type: 'object' }, 'has no keyword that can reject an item'],
        [
            { title: 'Movies', type: 'object', properties: { a: {} }, required: [] },
            'has no keyword that can reject an item',
        ],
        [{ type: ['object', 'array'], items: { type: 'string' } }, 'has no keyword that can reject an item'],
        [{ allOf: [{ minLength: 5 }], minItems: 1 }, 'has no keyword that can reject an item'],
    ])('validate nothing, with an example of what to write: %j', async (fields, problem) => {
        const text = await unvalidated(fields);
        expect(text).toContain(problem);
        expect(text).toContain('Say what items must be like, for example { "type": "object", "properties": {');
    });
});

describe('a bare map of properties', () => {
    it('validates nothing, with the text to put there', async () => {
        const fields = {
            name: { type: 'string' },
            price: { type: 'number' },
            url: { type: 'string' },
            seen: { type: 'boolean' },
        };
        expect(await unvalidated(fields)).toBe(
            '"fields" of .actor/dataset_schema.json is a bare map of properties, which as JSON Schema validates nothing. ' +
                'Wrap it: { "type": "object", "properties": { "name": { "type": "string" }, "price": { "type": "number" }, ' +
                '"url": { "type": "string" }, … } }.',
        );
    });

    it.each([
        ['fields called like annotations', { title: { type: 'string' }, description: { type: 'string' } }],
        ['fields called like keywords', { type: { type: 'string' }, required: { type: 'boolean' }, a: { enum: [1] } }],
        ['a field called properties', { properties: { type: 'object', properties: {} }, id: { type: 'string' } }],
        ['a field called items', { items: { type: 'array' }, name: { type: 'string' } }],
        ['a field called constructor', { constructor: { type: 'string' } }],
        [
            'annotations beside it',
            { $schema: 'http://json-schema.org/draft-07/schema#', title: 'X', a: { type: 'string' } },
        ],
        ['types that JSON Schema does not know', { name: { type: 'text' }, link: { type: 'link' } }],
        ['references', { a: { $ref: '#/b' }, b: { type: 'string' } }],
        ['a nested map', { a: { type: 'string' }, address: { city: { type: 'string' } } }],
        ['type names', { url: 'string', price: 'number' }],
        ['labels and formats', { url: { label: 'URL', format: 'link' }, price: { label: 'Price', format: 'number' } }],
    ])('is noticed with %s', async (_, fields) => {
        expect(await unvalidated(fields)).toContain('is a bare map of properties');
    });

    it('is shown as a schema also where it holds type names and maps', async () => {
        expect(await unvalidated({ url: 'string', at: { city: { type: 'string' } } })).toContain(
            'Write it as { "type": "object", "properties": { "url": { "type": "string" }, ' +
                '"at": { "type": "object", "properties": { "city": { "type": "string" } } } } }.',
        );
    });

    it.each([
        ['keywords', { properties: { name: { type: 'string' } } }],
        ['a keyword with one schema', { not: { type: 'string' } }],
        ['conditions alone', { if: { required: ['a'] }, else: { required: ['b'] } }],
        ['combinations', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }],
        ['items of the item that are a list', { items: {}, required: ['a'] }],
    ])('is not seen in a schema with %s', async (_, fields) => {
        expect((await validated(fields)).warnings).toEqual([]);
    });
});

describe('the text to put in the place of a bare map', () => {
    it.each<[string, object]>([
        ['types that JSON Schema does not have', { url: { type: 'text' }, price: { type: 'Float' } }],
        ['`required: true`', { url: { type: 'string', required: true }, title: { type: 'string', required: false } }],
        ['elements without a type', { tags: { items: { type: 'string' } } }],
        ['type names', { url: 'string', price: 'number' }],
        ['maps', { url: { type: 'string' }, offer: { price: { type: 'number' } } }],
    ])('opens and validates where the map has %s', async (_, fields) => {
        const text = /(?:Wrap it:|Write it as) (\{.*\})/.exec(await unvalidated(fields))![1]!;
        const { schema, warnings } = await validated(JSON.parse(text));
        expect(warnings).toEqual([]);
        expect(Object.keys(schema.json.properties)).toEqual(Object.keys(fields));
    });

    it('requires the properties that say `required: true`', async () => {
        expect(await unvalidated({ a: { type: 'string', required: true }, b: { type: 'string' } })).toContain(
            'Wrap it: { "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "string" } }, "required": ["a"] }',
        );
    });
});

describe('a schema that misses its purpose', () => {
    it.each<[string, object, string]>([
        [
            'properties beside the keywords',
            { type: 'object', name: { type: 'string' } },
            '"name" stand beside the keywords, not in "properties". Move them: { "type": "object", "properties": { "name": { "type": "string" } } }',
        ],
        [
            '`property`',
            { type: 'object', property: { a: { type: 'string' } } },
            '"property" is no keyword of JSON Schema, did you mean "properties"?',
        ],
        ['`reqired`', { type: 'object', reqired: ['a'] }, 'Write "required" for "reqired"'],
        [
            'a whole file',
            { actorSpecification: 1, fields: { required: ['a'] }, views: {} },
            'Put in its place what its "fields" holds',
        ],
        [
            'a file with nothing but its fields',
            { fields: { type: 'object', required: ['a'] } },
            'is a whole dataset schema',
        ],
        ['a file without its mark', { fields: { required: ['a'] }, views: {} }, 'is a whole dataset schema'],
        [
            'the definition of an Actor',
            { actorSpecification: 1, name: 'a', storages: { dataset: { fields: { required: ['a'] } } } },
            'is the definition of an Actor',
        ],
        [
            'a bare map in a property',
            { type: 'object', properties: { offer: { price: { type: 'number' } } } },
            'write it as { "type": "object", "properties": { "price": { "type": "number" } } } (property /offer, at /properties/offer)',
        ],
        [
            'a misspelt keyword in a property',
            { type: 'object', properties: { a: { oneof: [{ type: 'string' }] } } },
            '"oneof" is no keyword of JSON Schema and is ignored, did you mean "oneOf"? (property /a, at /properties/a)',
        ],
        [
            'keywords of a later draft',
            { type: 'object', unevaluatedProperties: false },
            '"unevaluatedProperties" has no effect in draft-07',
        ],
        ['then without if', { then: { required: ['a'] } }, 'has no keyword that can reject an item'],
        ['an alternative that accepts all', { anyOf: [true, { required: ['a'] }] }, 'has no keyword that can reject'],
        ['limits of 0', { minProperties: 0, properties: { a: { minLength: 0 } } }, 'has no keyword that can reject'],
        [
            'a format that nobody knows',
            { properties: { a: { label: 'A', format: 'text' } } },
            'has no keyword that can reject',
        ],
        [
            'a format that every text has',
            { properties: { a: { format: 'password' } } },
            'has no keyword that can reject',
        ],
        ['a pattern that is none', { properties: { a: { pattern: '(' } } }, 'has no keyword that can reject'],
        ['nothing that is excluded', { properties: { a: { not: false } } }, 'has no keyword that can reject'],
        [
            'all types',
            { properties: { a: { type: ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'] } } },
            'has no keyword that can reject',
        ],
        [
            'a keyword with two letters swapped',
            { properties: { a: { tpye: 'string' } } },
            '"tpye" is no keyword of JSON Schema and is ignored, did you mean "type"?',
        ],
        ['words of its own', { columns: ['a', 'b'] }, '(unknown to JSON Schema: "columns")'],
        [
            'the schema of an array',
            { type: 'array', items: { type: 'object' } },
            'is the schema of an array. Describe one item, an object',
        ],
        ['`items` without a type', { items: { type: 'object' } }, 'is the schema of an array'],
        [
            'tuples',
            { items: [{ type: 'object' }], definitions: { a: { type: 'string' } } },
            'is the schema of an array',
        ],
        [
            'a type without objects',
            { type: ['string', 'null'] },
            'has the type ["string","null"], which no item can have',
        ],
    ])('validates nothing and says so: %s', async (_, fields, problem) => {
        expect(await unvalidated(fields)).toContain(problem);
    });

    it.each<[string, object, string]>([
        [
            'an unknown draft',
            { $schema: 'http://json-schema.org/draft-04/schema#', required: ['a'] },
            'Use one of "http://json-schema.org/draft-07/schema#"',
        ],
        [
            'a $ref that leads nowhere',
            { properties: { a: { $ref: 'other.json' } } },
            'has a "$ref" that leads nowhere: "other.json"',
        ],
        [
            'a $ref to a definition that is missing',
            { properties: { a: { $ref: '#/definitions/b' } } },
            'has a "$ref" that leads nowhere: "#/definitions/b"',
        ],
        [
            'two definitions that are each other',
            {
                $ref: '#/definitions/a',
                definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/a' } },
            },
            'refers to itself before it looks into the item',
        ],
        ['a $ref to itself', { allOf: [{ $ref: '#' }] }, 'refers to itself before it looks into the item'],
        [
            'two schemas of one $id',
            { properties: { a: { $id: 'x', type: 'string' }, b: { $id: 'x' } } },
            'cannot be compiled as JSON Schema (draft-07)',
        ],
        [
            'a keyword that is wrong in its draft',
            {
                $schema: 'https://json-schema.org/draft/2020-12/schema',
                properties: { a: { prefixItems: 5 } },
                required: ['a'],
            },
            '"prefixItems" of the property /a must be a list, but is 5',
        ],
    ])('validates nothing where no validator can use it: %s', async (_, fields, problem) => {
        expect(await unvalidated(fields)).toContain(problem);
    });
});

describe('a schema that is nested thousands of levels deep', () => {
    it('validates nothing and says so', async () => {
        let fields: object = { type: 'string' };
        for (let depth = 0; depth < 4_000; depth++) fields = { properties: { a: fields } };
        expect(await unvalidated(fields)).toContain('is nested too deeply for a validator');
    });
});

describe('a schema that is odd in places', () => {
    it('names the property, also where a definition is called like a keyword', async () => {
        const definitions = { items: { properties: { a: { type: 'string', minLenght: 1 } } } };
        const { warnings } = await validated({ definitions, properties: { b: { $ref: '#/definitions/items' } } });
        expect(warnings).toEqual([expect.stringContaining('(property /a, at /definitions/items/properties/a)')]);
    });

    it.each<[string, object, string]>([
        [
            'an empty $schema',
            { $schema: '', properties: { a: { type: 'string' } } },
            '"$schema" is empty and is read as "http://json-schema.org/draft-07/schema#"',
        ],
        [
            'a `nullable` that is no boolean',
            { properties: { a: { type: 'string', nullable: 'yes' } } },
            '"nullable" is ignored: it must be true or false, but is "yes" (property /a, at /properties/a)',
        ],
        ['$async', { $async: true, properties: { a: { type: 'string' } } }, '"$async" is ignored'],
        [
            'a pattern that needs no flag u',
            { properties: { a: { type: 'string', pattern: '^\\-$' } } },
            'the pattern "^\\\\-$" is only valid without the flag "u" and is used so',
        ],
        [
            'an invalid pattern',
            { properties: { list: { items: { type: 'string', pattern: '([a-z]' } }, a: { type: 'string' } } },
            'the pattern "([a-z]" is no regular expression, and nothing is checked against it (property /list/*, at /properties/list/items)',
        ],
        [
            'a misspelt keyword',
            { properties: { a: { type: 'string', minLenght: 5 } } },
            '"minLenght" is no keyword of JSON Schema and is ignored, did you mean "minLength"? (property /a',
        ],
    ])('validates, with one warning: %s', async (_, fields, problem) => {
        const { schema, warnings } = await validated(fields);
        expect(warnings).toEqual([expect.stringContaining(problem)]);
        expect(schema.validate({ a: '-' })).toBeUndefined();
        expect(schema.validate({ a: 5 })).toHaveLength(1);
    });

    it.each<[string, object, string]>([
        [
            'a property beside the keywords',
            { type: 'object', url: { type: 'string' }, required: ['url'] },
            '"url" stands beside the keywords and is ignored, did you mean to put it into "properties"? (at the top)',
        ],
        [
            'a property beside the keywords of a property',
            { required: ['a'], properties: { a: { type: 'object', b: { type: 'string' } } } },
            '"b" stands beside the keywords and is ignored, did you mean to put it into "properties"? (property /a,',
        ],
        [
            'a map of maps in a property',
            { required: ['a'], properties: { a: { b: { c: 'string', d: { type: 'number' } } } } },
            'a bare map of properties validates nothing, write it as { "type": "object", "properties": { "b": {',
        ],
        [
            'a keyword of a later draft',
            { required: ['a'], properties: { a: { prefixItems: [{ type: 'string' }] } } },
            '"prefixItems" has no effect in draft-07: "$schema" must name a draft that has it (property /a,',
        ],
        [
            'a keyword of an earlier draft',
            { $schema: 'https://json-schema.org/draft/2020-12/schema', required: ['a'], additionalItems: false },
            '"additionalItems" has no effect in 2020-12',
        ],
        ['`min` for `minimum`', { properties: { a: { type: 'number', min: 0 } } }, 'did you mean "minimum"?'],
        ['`elements` for `items`', { properties: { a: { type: 'array', elements: {} } } }, 'did you mean "items"?'],
    ])('validates what it can and names what has no effect: %s', async (_, fields, note) => {
        const { warnings } = await validated(fields);
        expect(warnings).toHaveLength(1);
        expect(warnings[0]).toContain(note);
    });

    it('names a bare map in the place of a property, with the text to put there', async () => {
        const { schema, warnings } = await validated({
            properties: { url: { type: 'string' }, seller: { name: { type: 'string' }, city: { type: 'string' } } },
        });
        expect(warnings).toEqual([
            expect.stringContaining(
                'a bare map of properties validates nothing, write it as { "type": "object", "properties": { ' +
                    '"name": { "type": "string" }, "city": { "type": "string" } } } (property /seller, at /properties/seller)',
            ),
        ]);
        expect(schema.validate({ url: 1, seller: { name: 1 } })).toHaveLength(1);
    });

    it('checks a pattern without the flag u where it is only valid so', async () => {
        const { schema } = await validated({
            properties: { a: { pattern: '^\\-$' } },
            patternProperties: { '^x\\@': { type: 'string' } },
        });
        expect(schema.validate({ a: '-' })).toBeUndefined();
        expect(
            schema
                .validate({ 'a': 'x', 'x@': 5 })!
                .map(({ keyword }) => keyword)
                .sort(),
        ).toEqual(['pattern', 'type']);
    });

    it('tells all that is odd in one warning of bounded length', async () => {
        const names = Array.from({ length: 50 }, (_, index) => `p${index}`);
        const properties = Object.fromEntries(names.map((name) => [name, { type: 'string', nullable: 'yes' }]));
        const { warnings } = await validated({ properties });
        expect(warnings).toHaveLength(1);
        expect(warnings[0]).toContain('; and 45 more.');
    });

    it.each(['unit', 'example', 'label', 'x-order', 'editor', 'source', 'group'])(
        'says nothing of %s, a word of somebody for people',
        async (word) => {
            expect((await validated({ properties: { a: { type: 'string', [word]: 'x' } } })).warnings).toEqual([]);
        },
    );

    it('opens with `nullable` beside a list of types, and lets null pass', async () => {
        const { schema, warnings } = await validated({
            properties: { a: { type: ['number', 'string'], nullable: true } },
        });
        expect(warnings).toEqual([]);
        expect(schema.validate({ a: null })).toBeUndefined();
        expect(schema.validate({ a: true })).toMatchObject([{ keyword: 'type' }]);
    });

    it('opens with the keyword `id` of draft-04, which has no meaning', async () => {
        const { schema } = await validated({ properties: { a: { id: 'x', type: 'string' } } });
        expect(schema.validate({ a: 1 })).toHaveLength(1);
    });
});
