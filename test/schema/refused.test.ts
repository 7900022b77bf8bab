import { describe, expect, it } from 'vitest';

import { compileItemSchema } from '../../src/schema/compile.js';
import { loadError, recordingLog } from './helpers.js';

const PLACE = { source: '.actor/dataset_schema.json', place: 'fields' };
const CODE = { source: 'options.schema', isCode: true };

const problemOf = async (fields: unknown) => {
    const error = await loadError(compileItemSchema(fields, PLACE, recordingLog()));
    expect(error.code).toBe('SCHEMA_LOAD');
    expect(error.source).toBe('.actor/dataset_schema.json');
    expect(error.message).toMatch(/^\.actor\/dataset_schema\.json: "fields" /);
    return error.message;
};
const problemInCode = async (fields: unknown) => {
    const error = await loadError(compileItemSchema(fields, CODE, recordingLog()));
    expect(error.message).toMatch(/^options\.schema: the schema /);
    return error.message;
};

describe('fields that the platform refuses, too', () => {
    it.each([
        ['./fields.json', 'a string'],
        [5, 'a number'],
        [['title', 'year'], 'an array'],
    ])('are an error when they are no object: %j', async (fields, kind) => {
        expect(await problemOf(fields)).toContain(`must be the JSON Schema of one item, an object, but is ${kind}`);
    });

    it('are an error when they are a cycle', async () => {
        const fields: Record<string, unknown> = { type: 'object' };
        fields.not = fields;
        expect(await problemOf(fields)).toContain('cannot be written as JSON');
    });

    it('are an error that names the property, what is allowed and what is there, once for each place', async () => {
        const problem = await problemOf({
            type: 'object',
            properties: {
                price: { type: 'any' },
                offers: { type: 'array', items: { properties: { title: { type: 'string', minLength: -1 } } } },
            },
        });
        expect(problem).toContain('is not valid JSON Schema (draft-07)');
        expect(problem.match(/"type" of the property \/price/g)).toHaveLength(1);
        expect(problem).toContain(
            '"type" of the property /price must be one of array, boolean, integer, "null", number, object, string, but is "any" ' +
                '(at /properties/price/type)',
        );
        expect(problem).toContain('"minLength" of the property /offers/*/title must be at least 0, but is -1');
    });

    it('are an error for the author of `required: true` in a property', async () => {
        expect(await problemOf({ properties: { a: { type: 'string', required: true } } })).toContain(
            '"required" of the property /a must be a list, but is true (at /properties/a/required); name the property in "required" of the object around it',
        );
    });

    it('are an error that shows the first problems of many, and how many more there are', async () => {
        const names = Array.from({ length: 9 }, (_, index) => `p${index}`);
        const properties = Object.fromEntries(names.map((name) => [name, { type: 'money' }]));
        expect(await problemOf({ type: 'object', properties })).toContain('and 4 more');
    });

    it('are an error when `$schema` is no string, whatever draft', async () => {
        expect(await problemOf({ $schema: 5, type: 'object', required: ['a'] })).toContain('"$schema" must be text');
    });

    it('are an error under a newer draft, too, because the platform checks them with draft-07', async () => {
        const $schema = 'https://json-schema.org/draft/2020-12/schema';
        expect(await problemOf({ $schema, properties: { a: { type: 'money' } } })).toContain(
            '"type" of the property /a',
        );
    });
});

describe('a schema in code that cannot validate anything', () => {
    it.each<[string, object, string]>([
        ['a bare map', { url: { type: 'string' } }, 'is a bare map of properties'],
        ['a map of type names', { url: 'string', price: 'number' }, 'is a bare map of properties'],
        ['a map with a map in it', { url: { type: 'string' }, at: { city: { type: 'string' } } }, 'is a bare map'],
        [
            'a dataset schema without its mark',
            { fields: { type: 'object' }, views: {} },
            'with "actorSpecification": 1',
        ],
        [
            'the content of actor.json',
            { actorSpecification: 1, storages: { dataset: {} } },
            'is the definition of an Actor',
        ],
        [
            'a bare map in a property',
            { properties: { offer: { price: { type: 'number' } } } },
            'a bare map of properties validates nothing',
        ],
        ['a misspelt keyword', { type: 'object', property: { a: { type: 'string' } } }, 'did you mean "properties"?'],
        ['an array schema', { type: 'array', items: { type: 'object' } }, 'is the schema of an array'],
        ['a schema of a text', { type: 'string' }, 'has the type "string", which no item can have'],
        [
            'an unknown draft',
            { $schema: 'http://json-schema.org/draft-04/schema#', required: ['a'] },
            'a draft that is not known',
        ],
        ['a reference that leads nowhere', { $ref: '#/definitions/none' }, 'has a "$ref" that leads nowhere'],
        ['a reference to itself', { allOf: [{ $ref: '#' }] }, 'refers to itself before it looks into the item'],
        [
            'a keyword that is wrong in its draft',
            {
                $schema: 'https://json-schema.org/draft/2020-12/schema',
                required: ['a'],
                properties: { a: { prefixItems: 5 } },
            },
            'is not valid JSON Schema (2020-12)',
        ],
    ])('is an error that says what to write: %s', async (_, fields, problem) => {
        expect(await problemInCode(fields)).toContain(problem);
    });
});
