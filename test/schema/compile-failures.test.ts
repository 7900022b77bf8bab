import { describe, expect, it } from 'vitest';

import { compileItemSchema } from '../../src/schema/compile.js';
import { loadError, recordingLog } from './helpers.js';

const PLACE = { source: '.actor/dataset_schema.json', place: 'fields' };
const problemOf = async (fields: unknown) => {
    const error = await loadError(compileItemSchema(fields, PLACE, recordingLog()));
    expect(error.code).toBe('SCHEMA_LOAD');
    expect(error.source).toBe('.actor/dataset_schema.json');
    expect(error.message).toMatch(/^\.actor\/dataset_schema\.json: "fields" /);
    return error.message;
};
const accepts = async (fields: unknown) => {
    expect((await compileItemSchema(fields, PLACE, recordingLog())).schema).toBeDefined();
};

describe('fields that are no schema', () => {
    it.each([
        [true, 'a boolean'],
        [false, 'a boolean'],
        ['./fields.json', 'a string'],
        [5, 'a number'],
        [['title', 'year'], 'an array'],
    ])('%j is refused', async (fields, kind) => {
        expect(await problemOf(fields)).toContain(`must be the JSON Schema of one item, an object, but is ${kind}`);
    });

    it('a cycle is refused', async () => {
        const fields: Record<string, unknown> = { type: 'object' };
        fields.not = fields;
        expect(await problemOf(fields)).toContain('cannot be written as JSON');
    });

    it('a wrong keyword is named once, with its path', async () => {
        const problem = await problemOf({
            type: 'object',
            properties: { price: { type: 'money' }, title: { type: 'string', minLength: -1 } },
        });
        expect(problem).toContain('is not valid JSON Schema (draft-07)');
        expect(problem.match(/\/properties\/price\/type must be/g)).toHaveLength(1);
        expect(problem).toContain('/properties/title/minLength must be >= 0');
    });

    it.each(['https://json-schema.org/draft/2019-09/schema', 'https://json-schema.org/draft/2020-12/schema'])(
        'a wrong keyword is found under %s too',
        async ($schema) => {
            expect(await problemOf({ $schema, type: 'object', properties: { a: { type: 'money' } } })).toContain(
                '/properties/a/type must be',
            );
        },
    );

    it('of many problems the first are shown, and how many more there are', async () => {
        const properties = Object.fromEntries(
            Array.from({ length: 9 }, (_, index) => [`p${index}`, { type: 'money' }]),
        );
        expect(await problemOf({ type: 'object', properties })).toContain('and 4 more');
    });

    it.each([
        [{ properties: { a: { pattern: '([a-z]' } } }, '([a-z]'],
        [{ patternProperties: { '([a-z]': { type: 'string' } } }, '([a-z]'],
        [{ properties: { a: { pattern: '^\\@' } } }, '^\\@'],
    ])('an invalid regular expression is shown: %j', async (part, pattern) => {
        expect(await problemOf({ type: 'object', ...part })).toContain(
            `has an invalid regular expression: /${pattern}/u: `,
        );
    });

    it.each(['#/definitions/missing', 'https://example.com/other.json', 'other.json'])(
        'a broken $ref is named: %s',
        async ($ref) => {
            expect(await problemOf({ type: 'object', properties: { a: { $ref } } })).toContain(
                `has a "$ref" that leads nowhere: "${$ref}"`,
            );
        },
    );

    it.each([
        'http://json-schema.org/draft-04/schema#',
        'http://json-schema.org/draft-06/schema#',
        'https://example.com/s',
    ])('an unknown $schema is named beside those that are known: %s', async ($schema) => {
        const problem = await problemOf({ $schema, type: 'object' });
        expect(problem).toContain(JSON.stringify($schema));
        expect(problem).toContain(
            '"http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"',
        );
    });

    it('a $schema that is no string is refused', async () => {
        expect(await problemOf({ $schema: 7, type: 'object' })).toContain('has a "$schema" that is a number');
    });

    it('an asynchronous schema is refused', async () => {
        expect(await problemOf({ $async: true, type: 'object' })).toContain('"$async"');
    });

    it('what Ajv alone refuses is refused with its reason', async () => {
        expect(await problemOf({ type: 'object', properties: { a: { id: 'x', type: 'string' } } })).toContain(
            'cannot be compiled as JSON Schema (draft-07): NOT SUPPORTED: keyword "id"',
        );
    });
});

describe('a schema of something other than one item', () => {
    it.each([
        [{ type: 'array', items: { type: 'object', properties: { a: {} } } }],
        [{ type: ['array', 'null'] }],
        [{ items: { type: 'object' } }],
        [{ items: [{ type: 'object' }], definitions: { a: { type: 'string' } } }],
        [{ $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{}] }],
    ])('an array schema is refused: %j', async (fields) => {
        expect(await problemOf(fields)).toContain(
            'It must describe one item, an object; the platform applies it to each item',
        );
    });

    it.each([['string'], [['string', 'null']], ['null']])('a type without objects is refused: %j', async (type) => {
        expect(await problemOf({ type })).toContain(`has the type ${JSON.stringify(type)}, which no item can have`);
    });

    it.each([
        [{ type: ['object', 'array'] }],
        [{ type: ['object', 'null'], items: {} }],
        [{ items: {}, required: ['a'] }],
        [{ items: {}, properties: {} }],
    ])('a schema that lets objects pass is accepted: %j', async (fields) => accepts(fields));
});

describe('a bare map of properties', () => {
    it('is refused with the way to wrap it', async () => {
        const problem = await problemOf({
            name: { type: 'string' },
            price: { type: 'number' },
            url: { type: 'string' },
            seen: { type: 'boolean' },
        });
        expect(problem).toContain('is a bare map of properties, which as JSON Schema validates nothing');
        expect(problem).toContain('{ "type": "object", "properties": { "name": …, "price": …, "url": …, … } }');
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
    ])('is noticed with %s', async (_, fields) => {
        expect(await problemOf(fields)).toContain('is a bare map of properties');
    });

    it.each([
        ['keywords', { properties: { name: { type: 'string' } } }],
        ['a keyword beside unknown ones', { type: 'object', name: { type: 'string' } }],
        ['a keyword with one schema', { not: { type: 'string' } }],
        ['conditions alone', { if: { required: ['a'] }, else: { required: ['b'] } }],
        ['annotations alone', { title: 'Movies', example: { type: 'movie' }, default: { type: 'movie' } }],
        ['combinations', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }],
    ])('is not seen in a schema with %s', async (_, fields) => accepts(fields));
});
