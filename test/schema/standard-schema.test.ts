import { toJsonSchema as valibotJsonSchema, toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import * as z from 'zod';
import * as zMini from 'zod/mini';
import * as z3 from 'zod/v3';
import { describe, expect, it } from 'vitest';
import { zodToJsonSchema } from 'zod-to-json-schema';

import { discoverSchema } from '../../src/schema/discover.js';
import { toJsonSchema } from '../../src/schema/standard-schema.js';
import { LocalMachine, loadError, recordingLog } from './helpers.js';

const discover = async (option: object) =>
    discoverSchema({ option, target: { kind: 'default' } }, new LocalMachine('/nowhere'), recordingLog());

/** Paths of an item's failures with a library's schema as `options.schema`. */
async function failures(option: object, item: object): Promise<string[] | undefined> {
    const { schema, reason } = await discover(option);
    if (schema === undefined) throw new Error(reason);
    return schema.validate(item)?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

const OPEN: [string, object][] = [
    ['zod 4', z.object({ url: z.url(), price: z.number().optional(), currency: z.string().default('EUR') })],
    [
        'valibot through toStandardJsonSchema',
        toStandardJsonSchema(
            v.object({
                url: v.pipe(v.string(), v.url()),
                price: v.optional(v.number()),
                currency: v.optional(v.string(), 'EUR'),
            }),
        ),
    ],
    ['arktype', type({ 'url': 'string.url', 'price?': 'number', 'currency': 'string = "EUR"' })],
];
const STRICT: [string, object][] = [
    ['zod 4', z.strictObject({ url: z.string() })],
    ['valibot through toStandardJsonSchema', toStandardJsonSchema(v.strictObject({ url: v.string() }))],
    ['arktype', type({ '+': 'reject', 'url': 'string' })],
];

describe('a schema of a library as options.schema', () => {
    it.each(OPEN)('of %s validates the item as code pushes it', async (_, schema) => {
        expect(await failures(schema, { url: 'https://example.com/' })).toBeUndefined();
        expect(await failures(schema, { price: 'free' })).toEqual([' required', '/price type']);
    });

    it.each(OPEN)('of %s does not refuse a key that it does not name', async (_, schema) => {
        expect(await failures(schema, { url: 'https://example.com/', further: 1 })).toBeUndefined();
    });

    it.each(STRICT)('of %s refuses a further key when it is strict', async (_, schema) => {
        expect(await failures(schema, { url: 'x', further: 1 })).toEqual([' additionalProperties']);
    });

    it('of an early zod 4 is asked by its method toJSONSchema', async () => {
        const whole = z.object({ url: z.string() });
        const early = { toJSONSchema: whole.toJSONSchema.bind(whole) };
        expect(await failures(early, { further: 1 })).toEqual([' required']);
    });

    it('is JSON Schema as it is where no library is behind it', () => {
        const schema = { type: 'object', required: ['url'] };
        expect(toJsonSchema(schema)).toBe(schema);
    });
});

describe('a schema that has no JSON Schema by itself', () => {
    it.each<[string, object, RegExp]>([
        [
            'zod/mini',
            zMini.object({ url: zMini.string() }),
            /^options\.schema: a schema of zod has no JSON Schema by itself\. Write: schema: z\.toJSONSchema\(/,
        ],
        [
            'zod 3',
            z3.object({ url: z3.string() }),
            /a schema of zod .* Use zod 4, or write with the package zod-to-json-schema: /,
        ],
        [
            'valibot',
            v.object({ url: v.string() }),
            /a schema of valibot .* schema: toStandardJsonSchema\(yourSchema\)$/,
        ],
        ['a function', () => true, /an unknown library .* Give the JSON Schema of one item instead/],
        [
            'a library without name',
            { '~standard': { version: 1, validate: () => ({ value: 1 }) } },
            /an unknown library/,
        ],
    ])('is a SchemaLoadError with the line to write: %s', async (_, schema, message) => {
        expect((await loadError(discover(schema))).message).toMatch(message);
    });

    it.each<[string, object, RegExp]>([
        [
            'zod 4',
            z.object({ at: z.date() }),
            /^options\.schema: zod cannot write this schema as JSON Schema: .*[Dd]ate.* unrepresentable: 'any'/,
        ],
        [
            'valibot',
            toStandardJsonSchema(v.object({ at: v.date() })),
            /^options\.schema: valibot cannot write .*errorMode: 'ignore'/,
        ],
    ])('is a SchemaLoadError that names the library where it cannot be written: %s', async (_, schema, message) => {
        expect((await loadError(discover(schema))).message).toMatch(message);
    });

    it('is a SchemaLoadError where the library answers with no object', async () => {
        const schema = { '~standard': { version: 1, vendor: 'acme', jsonSchema: { input: () => true } } };
        expect((await loadError(discover(schema))).message).toBe(
            'options.schema: the JSON Schema from acme must be an object, but is a boolean.',
        );
    });

    it('works with the lines that the messages name', async () => {
        const mini = zMini.object({ url: zMini.string() });
        expect(await failures(z.toJSONSchema(mini, { target: 'draft-7', io: 'input' }), { a: 1 })).toEqual([
            ' required',
        ]);
        // The types of zod 3 within zod 4 are those of a class with one more private field; at run time they are the same.
        const three = z3.object({ url: z3.string(), price: z3.number().default(0) });
        const fromThree = zodToJsonSchema(three as never, { removeAdditionalStrategy: 'strict' });
        expect(await failures(fromThree, { a: 1 })).toEqual([' required']);
        expect(await failures(fromThree, { url: 'x', further: 1 })).toBeUndefined();
        const date = z.object({ at: z.date(), url: z.string() });
        const written = z.toJSONSchema(date, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
        expect(await failures(written, { at: '2024-01-01', url: 1 })).toEqual(['/url type']);
        const valibot = valibotJsonSchema(v.object({ at: v.date(), url: v.string() }), {
            typeMode: 'input',
            errorMode: 'ignore',
        });
        expect(await failures(valibot, { at: '2024-01-01', url: 1 })).toEqual(['/url type']);
    });
});
