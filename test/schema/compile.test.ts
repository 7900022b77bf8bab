import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { compileItemSchema, hashOfFields } from '../../src/schema/compile.js';
import { recordingLog } from './helpers.js';

const PLACE = { source: '.actor/dataset_schema.json', place: 'fields' };
const compile = async (fields: unknown, log = recordingLog()) => compileItemSchema(fields, PLACE, log);
const compiled = async (fields: unknown, log = recordingLog()) => {
    const { schema, reason } = await compile(fields, log);
    if (!schema) throw new Error(`It was expected to validate something, but ${reason}.`);
    return schema;
};

const MOVIE = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { title: { type: 'string', minLength: 1 }, year: { type: 'integer' } },
    required: ['title'],
};

describe('a compiled schema', () => {
    it('says nothing of a valid item', async () => {
        expect((await compiled(MOVIE)).validate({ title: 'Alien', year: 1979 })).toBeUndefined();
    });

    it('reports every failure, with the five documented fields alone', async () => {
        const errors = (await compiled(MOVIE)).validate({ title: '', year: 'long ago' });
        expect(errors).toEqual([
            {
                instancePath: '/title',
                schemaPath: '#/properties/title/minLength',
                keyword: 'minLength',
                params: { limit: 1 },
                message: 'must NOT have fewer than 1 characters',
            },
            {
                instancePath: '/year',
                schemaPath: '#/properties/year/type',
                keyword: 'type',
                params: { type: 'integer' },
                message: 'must be integer',
            },
        ]);
    });

    it('gives errors that survive JSON and hold no value of the item', async () => {
        const schema = await compiled({
            type: 'object',
            propertyNames: { maxLength: 8 },
            properties: { a: { enum: ['x'] }, b: { pattern: '^x$' }, c: { const: 1 }, d: { uniqueItems: true } },
        });
        const errors = schema.validate({
            a: 'hunter2',
            b: 'hunter2',
            c: 'hunter2',
            d: ['hunter2', 'hunter2'],
            longername: 1,
        });
        expect(errors!.map(({ keyword }) => keyword).sort()).toEqual(
            ['const', 'enum', 'maxLength', 'pattern', 'propertyNames', 'uniqueItems'].sort(),
        );
        expect(JSON.parse(JSON.stringify(errors))).toEqual(errors);
        expect(JSON.stringify(errors)).not.toContain('hunter2');
        for (const error of errors!) {
            expect(Object.keys(error)).toEqual(['instancePath', 'schemaPath', 'keyword', 'params', 'message']);
        }
    });

    it('keeps the errors of one item when the next is validated', async () => {
        const schema = await compiled(MOVIE);
        const first = schema.validate({ title: '' });
        schema.validate({ title: 'x', year: null });
        expect(first!.map(({ keyword }) => keyword)).toEqual(['minLength']);
    });

    it('never changes an item: no defaults, no coercion, nothing removed', async () => {
        const schema = await compiled({
            type: 'object',
            properties: { year: { type: 'integer' }, seen: { type: 'boolean', default: false } },
            additionalProperties: false,
        });
        const item = { year: '1979', extra: 1 };
        expect(schema.validate(item)).toHaveLength(2);
        expect(item).toEqual({ year: '1979', extra: 1 });
    });

    it('calls `__proto__` an additional property like any other', async () => {
        const schema = await compiled({ type: 'object', properties: { a: {} }, additionalProperties: false });
        const item: unknown = JSON.parse('{"a":1,"__proto__":{"b":2}}');
        expect(schema.validate(item)).toMatchObject([{ params: { additionalProperty: '__proto__' } }]);
        expect(({} as Record<string, unknown>).b).toBeUndefined();
    });

    it('accepts `__proto__` where additional properties are welcome, and does not take fields from it', async () => {
        const schema = await compiled({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] });
        expect(schema.validate(JSON.parse('{"a":"x","__proto__":{"b":2}}'))).toBeUndefined();
    });

    it('refuses what is no object where the schema says object', async () => {
        const schema = await compiled(MOVIE);
        for (const item of [null, 1, 'x', [], [{ title: 'x' }]]) {
            expect(schema.validate(item)).toMatchObject([{ keyword: 'type', instancePath: '' }]);
        }
    });

    it('leaves an item that overflows the stack to the platform, with one warning', async () => {
        const log = recordingLog();
        const schema = await compiled({ type: 'object', properties: { next: { $ref: '#' } } }, log);
        let item: object = {};
        for (let depth = 0; depth < 200_000; depth += 1) item = { next: item };
        expect(schema.validate(item)).toBeUndefined();
        expect(schema.validate(item)).toBeUndefined();
        expect(log.lines).toMatchObject([
            {
                level: 'warning',
                message: expect.stringContaining('takes more memory than the engine gives (RangeError)'),
            },
        ]);
    });

    it('names its source, and its hash is that of the JSON text of the fields', async () => {
        const schema = await compiled(MOVIE);
        expect(schema.source).toBe('.actor/dataset_schema.json');
        expect(schema.hash).toBe(createHash('sha256').update(JSON.stringify(MOVIE)).digest('hex'));
        expect(schema.hash).toBe(hashOfFields(MOVIE));
    });

    it('leaves the schema object as it was, and later changes of it have no effect', async () => {
        const fields = { type: 'object', properties: { a: { enum: ['x', 'y'], nullable: true } } };
        const before = structuredClone(fields);
        const schema = await compiled(fields);
        expect(fields).toEqual(before);
        fields.properties.a.enum.push('z');
        expect(schema.validate({ a: 'z' })).toHaveLength(1);
    });

    it('hands out errors that nobody can change the schema through', async () => {
        const schema = await compiled({ type: 'object', properties: { a: { enum: ['x'] } } });
        const allowed = schema.validate({ a: 'z' })![0]!.params.allowedValues as string[];
        expect(() => allowed.push('z')).toThrow(TypeError);
        expect(() => (schema.json.properties.a.enum as string[]).push('z')).toThrow(TypeError);
    });

    it('gives repair the data and the schema of each error, and validates a part of the schema by its pointer', async () => {
        const schema = await compiled({ ...MOVIE, $id: 'https://example.com/movie.json' });
        expect(schema.validateVerbose({ title: 'Alien' })).toBeUndefined();
        expect(schema.validateVerbose({ title: '' })).toMatchObject([
            { keyword: 'minLength', data: '', schema: 1, parentSchema: MOVIE.properties.title },
        ]);
        expect(schema.validateVerbose('Alien', '/properties/title')).toBeUndefined();
        expect(schema.validateVerbose('', '/properties/title')).toMatchObject([
            { instancePath: '', keyword: 'minLength' },
        ]);
        expect(() => schema.validateVerbose('', '/properties/none')).toThrow(
            'The schema has nothing at /properties/none',
        );
    });

    it('can be compiled again under the same `$id`', async () => {
        await compiled({ ...MOVIE, $id: 'https://example.com/movie.json' });
        expect((await compiled({ ...MOVIE, $id: 'https://example.com/movie.json' })).validate({})).toHaveLength(1);
    });
});

describe('a schema that asks for nothing but', () => {
    it.each<[string, object, unknown]>([
        ['an element of any kind rejects an empty list', { contains: {} }, []],
        ['the same in each of its lists rejects one that is empty', { items: { contains: true } }, [[1], []]],
        ['at most one element rejects two', { contains: true, minContains: 0, maxContains: 1 }, [1, 2]],
    ])('%s', async (_, keywords, list) => {
        const $schema = 'https://json-schema.org/draft/2020-12/schema';
        const schema = await compiled({ $schema, properties: { list: keywords } });
        expect(schema.validate({ list })).toHaveLength(1);
        expect(schema.validate({ list: [[1]] })).toBeUndefined();
    });
});

describe('the draft', () => {
    it.each([
        [undefined],
        ['http://json-schema.org/draft-07/schema#'],
        ['http://json-schema.org/draft-07/schema'],
        ['https://json-schema.org/draft-07/schema#'],
        ['http://json-schema.org/schema#'],
        ['https://json-schema.org/draft/2019-09/schema'],
        ['https://json-schema.org/draft/2019-09/schema#'],
        ['https://json-schema.org/draft/2020-12/schema'],
        ['http://json-schema.org/draft/2020-12/schema#'],
    ])('%s is known', async ($schema) => {
        expect((await compiled({ ...MOVIE, $schema })).validate({ year: 1.5 })).toHaveLength(2);
    });

    it('is draft-07 by default: a list of `items` is a tuple', async () => {
        const schema = await compiled({ type: 'object', properties: { a: { items: [{ type: 'string' }] } } });
        expect(schema.validate({ a: [1] })).toMatchObject([{ instancePath: '/a/0', keyword: 'type' }]);
    });

    it('2019-09 knows `dependentRequired` and `unevaluatedProperties`', async () => {
        const schema = await compiled({
            $schema: 'https://json-schema.org/draft/2019-09/schema',
            type: 'object',
            allOf: [{ properties: { a: {}, b: {} } }],
            dependentRequired: { a: ['b'] },
            unevaluatedProperties: false,
        });
        expect(
            schema
                .validate({ a: 1, c: 1 })!
                .map(({ keyword }) => keyword)
                .sort(),
        ).toEqual(['dependentRequired', 'unevaluatedProperties']);
    });

    it('2020-12 knows `prefixItems`', async () => {
        const schema = await compiled({
            $schema: 'https://json-schema.org/draft/2020-12/schema',
            type: 'object',
            properties: { a: { prefixItems: [{ type: 'string' }] } },
        });
        expect(schema.validate({ a: [1] })).toMatchObject([{ instancePath: '/a/0' }]);
    });
});

describe('what the platform tolerates', () => {
    it('keywords of nobody, such as `example` and `unit`, are ignored', async () => {
        const schema = await compiled({
            type: 'object',
            properties: { price: { type: 'number', title: 'Price', description: 'Net', example: 5, unit: 'EUR' } },
        });
        expect(schema.validate({ price: 5 })).toBeUndefined();
    });

    it('`nullable` beside a type lets null pass', async () => {
        const schema = await compiled({ type: 'object', properties: { a: { type: 'string', nullable: true } } });
        expect(schema.validate({ a: null })).toBeUndefined();
        expect(schema.validate({ a: 1 })).toHaveLength(1);
    });

    it('`nullable` beside types lets null pass where only a reference leads', async () => {
        const schema = await compiled({
            type: 'object',
            properties: { url: { $ref: '#/components/schemas/url' } },
            components: { schemas: { url: { type: ['string', 'number'], nullable: true } } },
        });
        expect(schema.validate({ url: null })).toBeUndefined();
        expect(schema.validate({ url: true })).toHaveLength(1);
    });

    it('`nullable` without a type has no effect where only references lead, one after another', async () => {
        const schema = await compiled({
            type: 'object',
            properties: { a: { $ref: '#/components/schemas/x~1a' } },
            components: {
                schemas: {
                    'x/a': { anyOf: [{ $ref: '#/components/schemas/b%20c' }], nullable: true },
                    'b c': { nullable: true, minLength: 2, not: { $ref: '#/x/a' } },
                },
            },
            x: { a: { nullable: true, enum: ['no'] } },
        });
        expect(schema.validate({ a: 'yes' })).toBeUndefined();
        expect(schema.validate({ a: null })).toBeUndefined();
        expect(schema.validate({ a: 'no' })).toMatchObject([{ keyword: 'not' }, { keyword: 'anyOf' }]);
        expect(schema.validate({ a: 'y' })).toMatchObject([{ keyword: 'minLength' }, { keyword: 'anyOf' }]);
    });

    it('a property called `nullable` is not lost where a reference leads to all names: nothing is validated then', async () => {
        const { schema, reason } = await compile({
            type: 'object',
            properties: { nullable: true, names: { $ref: '#/properties' } },
            additionalProperties: false,
        });
        expect(schema).toBeUndefined();
        expect(reason).toContain('"nullable" cannot be used without "type"');
    });

    it('a schema opens in no time in which each of 3,000 properties refers to the whole', async () => {
        const all = {
            properties: Object.fromEntries(
                Array.from({ length: 3_000 }, (_, n) => [`p${n}`, { $ref: '#/definitions/all' }]),
            ),
        };
        const before = process.cpuUsage();
        await compiled({ type: 'object', ...all, definitions: { all } });
        const { user, system } = process.cpuUsage(before);
        expect((user + system) / 1_000).toBeLessThan(3_000);
    });

    it('`nullable` without a type, or beside a type with null, has no effect, wherever it stands', async () => {
        const schema = await compiled({
            type: 'object',
            nullable: false,
            properties: {
                nullable: { type: 'string' },
                a: { nullable: true, enum: ['x', { nullable: 1 }] },
                b: { type: ['string', 'null'], nullable: false },
                c: { type: 'array', items: { nullable: true, anyOf: [{ nullable: true, minLength: 1 }] } },
            },
        });
        expect(schema.validate({ nullable: 1 })).toMatchObject([{ instancePath: '/nullable' }]);
        expect(schema.validate({ a: { nullable: 1 }, b: null, c: ['x'] })).toBeUndefined();
        expect(schema.validate({ a: null })).toMatchObject([{ keyword: 'enum' }]);
    });

    it('formats are checked', async () => {
        const schema = await compiled({ type: 'object', properties: { url: { type: 'string', format: 'uri' } } });
        expect(schema.validate({ url: 'no url' })).toMatchObject([{ keyword: 'format', params: { format: 'uri' } }]);
    });

    it('unknown formats are ignored with one warning that names them all, once', async () => {
        const log = recordingLog();
        const column = { type: 'string', format: 'imdb-id' };
        const schema = await compiled(
            { type: 'object', properties: { a: column, b: column, c: { type: 'string', format: 'colour' } } },
            log,
        );
        expect(schema.validate({ a: 'anything', b: 'goes', c: 'here' })).toBeUndefined();
        expect(log.lines).toEqual([
            {
                level: 'warning',
                message:
                    '"fields" of .actor/dataset_schema.json: no validator knows the format "imdb-id", "colour"; ' +
                    'values are not checked for it.',
            },
        ]);
    });
});
