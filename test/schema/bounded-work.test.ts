import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { ItemSchema } from '../../src/ports.js';
import type { Dictionary } from '../../src/records.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { recordingLog } from './helpers.js';

const LARGE = 1_000_001;

async function schemaOf(properties: Dictionary, others: Dictionary = {}, log = recordingLog()): Promise<ItemSchema> {
    const fields = { type: 'object', properties, ...others };
    const { schema, reason } = await compileItemSchema(fields, { source: 'test' }, log);
    if (schema === undefined) throw new Error(reason);
    return schema;
}

/** The time of the processor, which other processes disturb less. */
function cpuMillisOf(work: () => void): number {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
}

/** The least of five times: what is slow again and again is not the machine. */
function leastCpuMillisOf(work: () => void): number {
    return Math.min(...Array.from({ length: 5 }, () => cpuMillisOf(work)));
}

/** An array that counts how often its elements are read. */
function counted(elements: unknown[]): { array: unknown[]; reads: () => number } {
    let reads = 0;
    const array = new Proxy(elements, {
        get(target, key, receiver) {
            if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
            return Reflect.get(target, key, receiver) as unknown;
        },
    });
    return { array, reads: () => reads };
}

const numbers = (count: number) => new Array<number>(count).fill(1);
const objects = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

describe('an item with many wrong elements', () => {
    it('is validated up to the hundredth error of a loop', async () => {
        const schema = await schemaOf({ tags: { type: 'array', items: { type: 'string' } } });
        const tags = counted(numbers(300_000));
        expect(schema.validate({ tags: tags.array })).toHaveLength(100);
        expect(tags.reads()).toBeLessThanOrEqual(100);
    });

    it('is validated up to its first error when it is larger than a megabyte', async () => {
        const schema = await schemaOf({
            tags: { type: 'array', items: { type: 'string' } },
            title: { type: 'string' },
        });
        const tags = counted(numbers(300_000));
        expect(schema.validate({ tags: tags.array, title: 5 }, LARGE)).toMatchObject([{ instancePath: '/tags/0' }]);
        expect(tags.reads()).toBeLessThanOrEqual(1);
    });

    it('keeps at most 100 errors of all loops together', async () => {
        const list = { type: 'array', items: { type: 'string' } };
        const schema = await schemaOf({ a: list, b: list, c: list });
        const item = { a: numbers(90), b: numbers(1_000), c: numbers(1_000) };
        const errors = schema.validate(item)!;
        expect(errors).toHaveLength(100);
        expect(errors.slice(0, 90).every(({ instancePath }) => instancePath.startsWith('/a/'))).toBe(true);
        expect(errors[99]!.instancePath).toBe('/b/9');
    });

    it.each([
        ['additional properties that are forbidden', { additionalProperties: false }],
        ['additional properties of the wrong type', { additionalProperties: { type: 'string' } }],
        ['properties by pattern', { patternProperties: { '^k': { type: 'string' } } }],
        ['property names', { propertyNames: { maxLength: 1 } }],
    ])('is validated up to the hundredth error: %s', async (_, keyword) => {
        const schema = await schemaOf({}, keyword);
        const item = Object.fromEntries(Array.from({ length: 50_000 }, (__, index) => [`k${index}`, index]));
        let reads = 0;
        const proxy = new Proxy(item, {
            get(target, key, receiver) {
                reads++;
                return Reflect.get(target, key, receiver) as unknown;
            },
        });
        expect(schema.validate(proxy)).toHaveLength(100);
        expect(reads).toBeLessThan(500);
    });

    it('does not keep the errors of all elements while `contains` still looks for one', async () => {
        const anyOf = Array.from({ length: 20 }, (_, index) => ({ const: `x${index}` }));
        const schema = await schemaOf({ tags: { contains: { anyOf } } });
        expect(schema.validate({ tags: numbers(200_000) })).toHaveLength(100);
        expect(schema.validate({ tags: [...numbers(200_000), 'x7'] })).toBeUndefined();
        expect(schema.validate({ tags: numbers(200_000) }, LARGE)!.length).toBeLessThanOrEqual(100);
    });

    it('is judged by all alternatives, however many errors the first one makes', async () => {
        const list = (type: string) => ({ type: 'array', items: { type } });
        const schema = await schemaOf({ tags: { anyOf: [list('string'), list('number')] } });
        expect(schema.validate({ tags: numbers(1_000) })).toBeUndefined();
        expect(schema.validate({ tags: [...numbers(1_000), null] })).toHaveLength(100);
    });

    it('shows repair up to 10,000 errors of a loop, with exact paths', async () => {
        const schema = await schemaOf({}, { additionalProperties: { type: 'array', items: { type: 'string' } } });
        const key = `~/${'k'.repeat(1_000)}`;
        const errors = schema.validateVerbose({ [key]: numbers(20_000) })!;
        expect(errors).toHaveLength(10_000);
        expect(errors[9_999]!.instancePath).toBe(`/~0~1${'k'.repeat(1_000)}/9999`);
    });
});

describe('a costly keyword', () => {
    // Each text takes 2 ** 40 steps against it.
    const pattern = '^(a+)+$';
    const evil = `${'a'.repeat(40)}!`;

    it.each([
        ['pattern beside a broken maxLength', { maxLength: 10, pattern }, 'maxLength'],
        ['pattern beside a broken type', { type: 'number', pattern }, 'type'],
        ['pattern beside a broken list of types', { type: ['number', 'null'], pattern }, 'type'],
    ])('is not evaluated: %s', async (_, keywords, keyword) => {
        const schema = await schemaOf({ a: keywords });
        expect(schema.validate({ a: evil })!.map((error) => error.keyword)).toEqual([keyword]);
    });

    it.each([
        ['uniqueItems beside a broken maxItems', { maxItems: 10, uniqueItems: true }],
        ['contains beside a broken maxItems', { maxItems: 10, contains: { type: 'string' } }],
        ['uniqueItems beside a broken type', { type: 'object', uniqueItems: true }],
    ])('is not evaluated: %s', async (_, keywords) => {
        const schema = await schemaOf({ a: keywords });
        const list = counted(objects(20_000));
        expect(schema.validate({ a: list.array })).toHaveLength(1);
        expect(list.reads()).toBe(0);
    });

    it('is evaluated while the bound beside it holds, also for characters of two code units', async () => {
        const schema = await schemaOf({ a: { maxLength: 3, pattern: '^a' }, b: { maxItems: 3, uniqueItems: true } });
        expect(schema.validate({ a: '😀😀😀', b: [1, 1] })!.map(({ keyword }) => keyword)).toEqual([
            'pattern',
            'uniqueItems',
        ]);
        expect(schema.validate({ a: '😀😀😀😀', b: [1, 1, 1, 1] })!.map(({ keyword }) => keyword)).toEqual([
            'maxLength',
            'maxItems',
        ]);
    });

    it('contains accepts an empty array where plain Ajv does: behind one with a match, in the same loop', async () => {
        // Ajv's code keeps whether an array has a match in a variable that a loop does not reset.
        const limited = { type: 'array', maxItems: 1, contains: { const: 1 } };
        const either = { anyOf: [limited, { type: 'array', minItems: 2 }] };
        for (const fields of [{ additionalProperties: either }, { properties: { list: { items: either } } }]) {
            const plain = new Ajv({ allErrors: true, strict: false }).compile(fields);
            const schema = await schemaOf({}, fields);
            const items = [{ b: [1, 1], c: [] }, { b: [2, 2], c: [] }, { list: [[1, 1], []] }, { list: [[], [1, 1]] }];
            for (const item of items) expect(schema.validate(item) === undefined).toBe(plain(item));
        }
    });

    it('uniqueItems reads each of 20,000 objects once', async () => {
        const schema = await schemaOf({ a: { uniqueItems: true } });
        const list = counted([...objects(20_000), { id: 7 }]);
        expect(schema.validate({ a: list.array })).toMatchObject([{ params: { i: 20_000, j: 7 } }]);
        expect(list.reads()).toBeLessThanOrEqual(20_001);
    });

    it.each<[string, Dictionary]>([
        ['uniqueItems', { uniqueItems: true, items: { $ref: '#/definitions/node' } }],
        ['enum', { anyOf: [{ enum: [{}, []] }, { items: { $ref: '#/definitions/node' } }] }],
        ['const', { anyOf: [{ const: [[]] }, { items: { $ref: '#/definitions/node' } }] }],
    ])('%s at each of 900 levels reads no more of the levels below than it needs', async (_, node) => {
        const schema = await schemaOf({ a: { $ref: '#/definitions/node' } }, { definitions: { node } });
        const list = counted(Array.from({ length: 1_000 }, (__, index) => index));
        let a: unknown = list.array;
        for (let level = 0; level < 900; level++) a = [a, []];
        expect(schema.validate({ a })).toBeUndefined();
        // Each level by itself would read all of them.
        expect(list.reads()).toBeLessThan(100_000);
    });

    it('uniqueItems tells apart what differs only at its end, however long', async () => {
        const schema = await schemaOf({ a: { uniqueItems: true } });
        const long = (end: string) => ({ text: [`${'x'.repeat(2_000)}${end}`] });
        expect(schema.validate({ a: [long('a'), long('b'), long('😀')] })).toBeUndefined();
        const errors = schema.validate({ a: [long('a'), long('b'), long('a'), long('c'), 1] });
        expect(errors).toMatchObject([{ params: { i: 2, j: 0 } }]);
    });

    it('enum looks each of 100,000 elements up once, however many values are allowed', async () => {
        const values = Array.from({ length: 100_000 }, (_, index) => `value ${index}`);
        const schema = await schemaOf({ a: { items: { enum: values } } });
        expect(schema.validate({ a: values })).toBeUndefined();
        expect(schema.validate({ a: ['value 99999', 'value', 0] })).toHaveLength(2);
    });

    it('the format url takes no quadratic time for an address of colons', async () => {
        const schema = await schemaOf({ a: { format: 'url' } });
        expect(schema.validate({ a: `http://a${':'.repeat(400_000)}` })).toHaveLength(1);
    });

    it('the format url has the verdicts of the full pattern', async () => {
        const schema = await schemaOf({ a: { format: 'url' } });
        const ajv = new Ajv({ strict: false });
        addFormats.default(ajv);
        const full = ajv.compile({ format: 'url' });
        const parts = [
            'http',
            'ftp',
            '://',
            'a.example',
            'a',
            '-',
            '.',
            '.com',
            ':',
            '@',
            ':80',
            '/',
            '10.0.0.1',
            '8.8.8.8',
            ' ',
            'é',
        ];
        const addresses = fc.array(fc.constantFrom(...parts), { maxLength: 9 }).map((all) => all.join(''));
        fc.assert(
            fc.property(
                fc.oneof(
                    addresses,
                    addresses.map((rest) => `http://${rest}`),
                ),
                (a) => {
                    expect(schema.validate({ a }) === undefined).toBe(full(a));
                },
            ),
            { numRuns: 3_000 },
        );
    });
});

describe('an item below a schema with references that do not lead back', () => {
    const text = { properties: { text: { type: 'string' } } };
    const texts = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`t${index}`, text]));
    const all = { allOf: Object.keys(texts).map((name) => ({ $ref: `#/definitions/${name}` })) };

    it('is validated in full, however many objects it has', async () => {
        const list = { list: { items: all }, title: { type: 'string' } };
        const schema = await schemaOf(list, { definitions: texts });
        const many = new Array<object>(200_000).fill({});
        expect(schema.validate({ list: many }, 600_000)).toBeUndefined();
        expect(schema.validate({ list: [...many, { text: 1 }], title: 1 }, 600_000)).toHaveLength(11);
        expect(schema.validateVerbose({ list: [...many, { text: 1 }], title: 1 })).toHaveLength(11);
    });

    it('is left to the platform where each reference leads to two more, thirty times', async () => {
        const doubled = Object.fromEntries(
            Array.from({ length: 30 }, (_, level) => {
                const next = { $ref: `#/definitions/d${level + 1}` };
                return [`d${level}`, { allOf: [next, next] }];
            }),
        );
        const definitions = { ...doubled, d30: { required: ['a'] } };
        const schema = await schemaOf({}, { $ref: '#/definitions/d0', definitions });
        expect(schema.validate({ a: 1 })).toBeUndefined();
    });
});

/** Without a limit it is seconds to hours. */
const MAX_MILLIS = 200;

describe('an item below a schema that refers to itself', () => {
    /** Levels in one another, the innermost of which is `leaf`. */
    const nested = (levels: number, leaf: Dictionary, around: Dictionary = {}): Dictionary => {
        let item = leaf;
        for (let level = 1; level < levels; level++) item = { ...around, child: item };
        return item;
    };
    const kind = (name: string) => ({
        properties: { kind: { const: name }, child: { $ref: '#/definitions/node' } },
        required: ['kind'],
    });
    const folders = { oneOf: [kind('folder'), kind('file'), kind('link')] };

    it('is validated up to its first error where each level would multiply the work', async () => {
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions: { node: folders } });
        expect(schema.validate(nested(60, { kind: 'file' }, { kind: 'folder' }))).toBeUndefined();
        expect(schema.validate(nested(60, { kind: 'none' }, { kind: 'folder' }))).toHaveLength(100);
        const few = schema.validate(nested(3, { kind: 'none' }, { kind: 'folder' }))!;
        expect(few.length).toBeGreaterThan(20);
    });

    it('takes no longer than other items of its size where alternatives refer to the schema around them', async () => {
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions: { node: folders } });
        // Which alternative fits differs from level to level, so that the errors of all of them come up again and again.
        let item: Dictionary = { kind: 'none' };
        for (let level = 0; level < 900; level++)
            item = { kind: ['folder', 'link', 'none', 'file'][level % 4], child: item };
        const millis = leastCpuMillisOf(() => {
            expect(schema.validate(item)).toBeDefined();
        });
        expect(millis).toBeLessThan(MAX_MILLIS);
    });

    it('takes no longer where each level has a long list that only one alternative looks into', async () => {
        const node = (k: number) => ({
            properties: { c: { items: { $ref: '#/definitions/node' } }, k: { const: k } },
            required: ['k'],
        });
        const definitions = { node: { oneOf: [node(1), node(2)] } };
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions });
        let item: Dictionary = { k: 3 };
        for (let level = 0; level < 490; level++)
            item = { k: 1, c: [item, ...Array.from({ length: 100 }, () => ({ k: 2 }))] };
        const byteLength = JSON.stringify(item).length;
        const millis = leastCpuMillisOf(() => {
            schema.validate(item, byteLength);
        });
        expect(millis).toBeLessThan(MAX_MILLIS);
    });

    const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index]));
    it.each<[string, Dictionary, Dictionary]>([
        ['items', { properties: { c: { items: { minimum: 0 } } } }, { c: numbers(100_000) }],
        ['contains', { properties: { c: { contains: { const: 2 } } } }, { c: numbers(100_000) }],
        [
            'uniqueItems',
            { properties: { c: { uniqueItems: true } } },
            { c: objects(20_000).map((object, index) => [object, index]) },
        ],
        ['patternProperties', { patternProperties: { '^k': { type: 'number' } } }, keys],
        ['propertyNames', { propertyNames: { maxLength: 100 } }, keys],
        ['additionalProperties', { additionalProperties: { type: ['number', 'object'] } }, keys],
        ['maxProperties', { maxProperties: 60_000 }, keys],
        ['pattern', { properties: { c: { pattern: '^(a|b)*$' } } }, { c: 'ab'.repeat(100_000) }],
        ['format', { properties: { c: { format: 'email' } } }, { c: `a@${'b.'.repeat(100_000)}b` }],
        ['maxLength', { properties: { c: { maxLength: 200_000 } } }, { c: 'ä😀'.repeat(100_000) }],
    ])('takes no longer where each level would look once more at a long value: %s', async (_, keywords, leaf) => {
        const deeper = { child: { $ref: '#/definitions/node' } };
        const anyOf = ['x', 'y', 'z'].map((name) => ({ properties: deeper, required: [name] }));
        const definitions = { node: { anyOf: [...anyOf, { properties: deeper }], ...keywords } };
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions });
        // 4 ** 12 times without a limit.
        const item = nested(12, leaf);
        const byteLength = JSON.stringify(item).length;
        const millis = leastCpuMillisOf(() => {
            schema.validate(item, byteLength);
        });
        expect(millis).toBeLessThan(MAX_MILLIS);
    });

    it('is validated in full however long a list is that each of some levels looks at', async () => {
        const node = {
            properties: { child: { $ref: '#/definitions/node' }, c: { items: { type: 'number' }, uniqueItems: true } },
            patternProperties: { '^k': { type: 'number' } },
            propertyNames: { maxLength: 100 },
        };
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions: { node } });
        const unique = Array.from({ length: 80_000 }, (_, index) => index);
        const item = (last: unknown) => ({ c: [...unique, last], child: { child: { ...keys, c: [1, last] } } });
        expect(schema.validate(item(-1), 900_000)).toBeUndefined();
        expect(schema.validate(item('x'), 900_000)).toMatchObject([
            { instancePath: '/child/child/c/1' },
            { instancePath: '/c/80000' },
        ]);
    });

    it('gets its verdict however many alternatives are tried for each node of a long page', async () => {
        const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
        const typed = (type: string, more: Dictionary = {}) => ({
            type: 'object',
            properties: { type: { const: type }, ...more },
            required: ['type'],
        });
        const blockTypes = [
            'paragraph',
            'heading',
            'list',
            'item',
            ...Array.from({ length: 9 }, (_, n) => `block${n}`),
        ];
        const inlineTypes = ['text', 'break', ...Array.from({ length: 6 }, (_, n) => `inline${n}`)];
        const markTypes = ['strong', 'link', ...Array.from({ length: 6 }, (_, n) => `mark${n}`)];
        const marks = { type: 'array', items: { oneOf: markTypes.map((name) => ref(name)) } };
        const content = (name: string) => ({
            content: { type: 'array', items: ref(name) },
        });
        const definitions = Object.fromEntries([
            ...blockTypes.map((name): [string, unknown] => [
                name,
                typed(name, content(name === 'paragraph' ? 'inline' : 'block')),
            ]),
            ...inlineTypes.map((name): [string, unknown] => [name, typed(name, { marks, text: { type: 'string' } })]),
            ...markTypes.map((name): [string, unknown] => [name, typed(name)]),
            ['block', { oneOf: blockTypes.map((name) => ref(name)) }],
            ['inline', { oneOf: inlineTypes.map((name) => ref(name)) }],
        ]);
        const schema = await schemaOf({ page: ref('block') }, { definitions });
        const words = (mark: string) => [
            { type: 'text', text: 'Some words' },
            { type: 'text', text: 'and more', marks: [{ type: 'strong' }] },
            { type: 'break' },
            { type: 'text', text: 'a link', marks: [{ type: mark }] },
        ];
        const item = (mark: string) => ({
            type: 'item',
            content: [
                { type: 'paragraph', content: words('link') },
                { type: 'paragraph', content: words(mark) },
            ],
        });
        for (const count of [500, 1_000, 2_500]) {
            const page = (mark: string) => ({
                page: { type: 'list', content: [...new Array(count).fill(item('link')), item(mark)] },
            });
            const byteLength = JSON.stringify(page('wrong')).length;
            expect(schema.validate(page('link'), byteLength)).toBeUndefined();
            expect(schema.validate(page('wrong'), byteLength), `${byteLength} bytes`).toBeDefined();
        }
    });

    it('gets its verdict where four keywords look at each of 90,000 short keys', async () => {
        const node = {
            type: ['object', 'number'],
            additionalProperties: { $ref: '#/definitions/node' },
            propertyNames: { pattern: String.raw`^[\w-]+$`, maxLength: 80 },
            patternProperties: { '^x-': { type: 'string' } },
            maxProperties: 100_000,
        };
        const schema = await schemaOf({ tree: { $ref: '#/definitions/node' } }, { definitions: { node } });
        const some = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, n]));
        const tree: Dictionary = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`t${n}`, { ...some }]));
        const byteLength = JSON.stringify(tree).length;
        expect(schema.validate({ tree }, byteLength)).toBeUndefined();
        (tree.t899 as Dictionary).k99 = 'x';
        expect(schema.validate({ tree }, byteLength)).toMatchObject([{ instancePath: '/tree/t899/k99' }]);
    });

    it('is left to the platform where each reference leads to two more, thirty times, at a text', async () => {
        const doubled = Object.fromEntries(
            Array.from({ length: 30 }, (_, level) => {
                const next = { $ref: `#/definitions/d${level + 1}` };
                return [`d${level}`, { anyOf: [next, next] }];
            }),
        );
        const definitions = { ...doubled, d30: { type: 'number' } };
        const schema = await schemaOf({ a: { $ref: '#/definitions/d0' } }, { definitions });
        const millis = cpuMillisOf(() => {
            expect(schema.validate({ a: 'x' })).toBeUndefined();
        });
        expect(millis).toBeLessThan(1_000);
        expect(schema.validate({ a: 1 })).toBeUndefined();
    });

    it('gets all its errors where most of thousands of objects are honest', async () => {
        const node = { properties: { id: { type: 'number' }, child: { $ref: '#/definitions/node' } } };
        const list = { list: { items: { $ref: '#/definitions/node' } } };
        const schema = await schemaOf(list, { definitions: { node } });
        const wrong = { id: 'x' };
        expect(schema.validate({ list: [wrong, ...objects(50_000), wrong] }, 900_000)).toMatchObject([
            { instancePath: '/list/0/id' },
            { instancePath: '/list/50001/id' },
        ]);
    });

    it('pays nothing for keywords that accept everything', async () => {
        const open = { additionalProperties: true, unevaluatedProperties: {}, propertyNames: true, items: {} };
        const node = { ...open, properties: { id: { type: 'number' }, child: { $ref: '#/definitions/node' } } };
        const refs = { a: { $ref: '#/definitions/node' }, z: { $ref: '#/definitions/node' } };
        const schema = await schemaOf(refs, { definitions: { node } });
        const wrong = { ...Object.fromEntries(numbers(80_000).map((one, n) => [`k${n}`, one])), id: 'x' };
        expect(schema.validate({ a: wrong, z: wrong }, 900_000)).toMatchObject([
            { instancePath: '/a/id' },
            { instancePath: '/z/id' },
        ]);
    });

    it('is validated however many honest objects an array has', async () => {
        const node = { properties: { id: { type: 'number' }, child: { $ref: '#/definitions/node' } } };
        const list = { list: { items: { $ref: '#/definitions/node' } } };
        const schema = await schemaOf(list, { definitions: { node } });
        expect(schema.validate({ list: objects(90_000) }, 900_000)).toBeUndefined();
        expect(schema.validate({ list: [...objects(90_000), { id: 'x' }] }, 900_000)).toHaveLength(1);
    });

    it('is left to the platform, with one warning, where that takes too long as well', async () => {
        const log = recordingLog();
        const any = (name: string) => ({
            allOf: [{ properties: { child: { $ref: '#/definitions/node' } } }, { required: [name] }],
        });
        const node = { anyOf: [any('a'), any('b')] };
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions: { node } }, log);
        expect(schema.validate(nested(60, {}))).toBeUndefined();
        expect(log.lines).toHaveLength(1);
        expect(schema.validate(nested(60, {}))).toBeUndefined();
        expect(schema.validate(nested(3, {}))).not.toBeUndefined();
        expect(log.lines).toMatchObject([
            { level: 'warning', message: expect.stringContaining('leads to so much work') },
        ]);
    });

    it('copies no errors found before when each of 100,000 elements fails a $ref that `contains` or `not` tries', async () => {
        const leaf = { anyOf: [{ type: 'string' }, { $ref: '#/definitions/text' }] };
        const definitions = { leaf, text: { type: 'string' } };
        for (const keyword of [
            { contains: { $ref: '#/definitions/leaf' } },
            { items: { not: { $ref: '#/definitions/leaf' } } },
        ]) {
            const strings = { items: { type: 'string' } };
            const schema = await schemaOf({ a: strings, list: keyword }, { definitions });
            const item = { a: numbers(12_000), list: numbers(100_000) };
            const millis = cpuMillisOf(() => {
                expect(schema.validateVerbose(item)!.length).toBeGreaterThanOrEqual(10_000);
            });
            // With copies it takes several seconds.
            expect(millis).toBeLessThan(1_000);
        }
    });

    it('has the first hundred errors of all levels, and copies no more of them from level to level', async () => {
        const node = { properties: { child: { $ref: '#/definitions/node' }, wrong: false } };
        const schema = await schemaOf({}, { $ref: '#/definitions/node', definitions: { node } });
        const errors = schema.validate(nested(900, {}, { wrong: 1 }))!;
        expect(errors).toHaveLength(100);
        expect(errors[0]!.instancePath.startsWith('/child/child')).toBe(true);
        const check = schema.validateVerbose(nested(900, {}, { wrong: 1 }))!;
        expect(check).toHaveLength(899);
    });
});

describe('the errors of an item', () => {
    it('name a path and a property of at most 200 characters', async () => {
        const schema = await schemaOf(
            {},
            { additionalProperties: false, patternProperties: { '^k': { type: 'string' } } },
        );
        const errors = schema.validate({ ['k'.repeat(6_000_000)]: 1, ['x'.repeat(6_000_000)]: 1 })!;
        const [additional, type] = errors;
        expect(type!.instancePath).toBe(`/${'k'.repeat(198)}…`);
        expect(additional!.params.additionalProperty).toBe(`${'x'.repeat(199)}…`);
    });

    it('escape the keys in paths as JSON Pointer says', async () => {
        const schema = await schemaOf({}, { additionalProperties: { type: 'string' } });
        expect(schema.validate({ 'a/b~c': 1 })).toMatchObject([{ instancePath: '/a~1b~0c' }]);
    });

    it('stay small for a key of 100 KB over 50,000 wrong elements', async () => {
        const schema = await schemaOf({}, { additionalProperties: { items: { type: 'string' } } });
        const errors = schema.validate({ ['k'.repeat(100_000)]: numbers(50_000) });
        expect(JSON.stringify(errors).length).toBeLessThan(64_000);
    });

    it('hold the first 20 of the allowed values, and how many there are', async () => {
        const values = Array.from({ length: 1_000 }, (_, index) => `value ${index}`);
        const schema = await schemaOf({ a: { enum: values }, b: { enum: values.slice(0, 20) } });
        expect(schema.validate({ a: '', b: '' })).toMatchObject([
            { params: { allowedValues: values.slice(0, 20), allowedValuesTotal: 1_000 } },
            { params: { allowedValues: values.slice(0, 20) } },
        ]);
    });

    it('hold a constant of any size in a bounded form', async () => {
        const constant = {
            text: 'x'.repeat(10_000),
            list: numbers(10_000),
            deep: { deep: { deep: { deep: { deep: 1 } } } },
        };
        const schema = await schemaOf({ a: { const: constant } });
        expect(JSON.stringify(schema.validate({ a: 1 })).length).toBeLessThan(2_000);
        expect(schema.validate({ a: constant })).toBeUndefined();
    });
});

describe('an item that Ajv cannot decide', () => {
    const keys = ['valueOf', 'toString', 'hasOwnProperty', '__proto__', 'constructor', 'length'];

    it.each(keys)('gets a verdict in spite of a key %s', async (key) => {
        const object: Dictionary = JSON.parse(`{ "${key}": 1 }`);
        const schema = await schemaOf({
            constant: { const: object },
            allowed: { enum: [{}, object] },
            list: { uniqueItems: true },
        });
        const copy = () => structuredClone(object);
        expect(schema.validate({ constant: copy(), allowed: copy(), list: [copy(), {}] })).toBeUndefined();
        const errors = schema.validate({ constant: {}, allowed: [copy()], list: [copy(), {}, copy()] })!;
        expect(errors.map(({ keyword }) => keyword)).toEqual(['const', 'enum', 'uniqueItems']);
    });

    it('gets a verdict where a property in the schema is one that every object inherits', async () => {
        const schema = await schemaOf({ toString: { const: [1] }, valueOf: { enum: [{}, 1] } });
        expect(schema.validate({})!.map(({ keyword }) => keyword)).toEqual(['const', 'enum']);
    });

    it('gets a verdict where `not` fails a reference below `contains` more than a hundred times', async () => {
        const text = { anyOf: [{ type: 'string' }, { $ref: '#/definitions/text' }] };
        const list = { not: { contains: text } };
        const definitions = { text: { anyOf: [text.anyOf[0], { $ref: '#/definitions/end' }] }, end: text.anyOf[0] };
        const schema = await schemaOf({ list, title: { type: 'string' } }, { definitions });
        for (let count = 100; count < 110; count++) {
            expect(schema.validate({ list: numbers(count), title: 1 })).toHaveLength(1);
        }
    });

    it('for the length of a text keeps all other verdicts, and one warning says so', async () => {
        const log = recordingLog();
        const schema = await schemaOf({ a: { pattern: '^(?:[a-z]|-)+$' }, b: { type: 'string' } }, {}, log);
        const a = 'a'.repeat(9_000_000);
        expect(schema.validate({ a, b: 'x' }, LARGE)).toBeUndefined();
        expect(schema.validate({ a, b: 1 }, LARGE)).toMatchObject([{ instancePath: '/b' }]);
        expect(schema.validate({ a, b: 1 })).toMatchObject([{ instancePath: '/b' }]);
        expect(schema.validate({ a: 'A', b: 'x' })).toMatchObject([{ instancePath: '/a', keyword: 'pattern' }]);
        expect(log.lines).toMatchObject([
            { level: 'warning', message: expect.stringContaining('too long for the engine to test it') },
        ]);
    });
});
