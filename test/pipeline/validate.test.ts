import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { copyItem } from '../../src/pipeline/copy.js';
import { validateItem } from '../../src/pipeline/validate.js';
import type { ItemSchema } from '../../src/ports.js';
import type { Dictionary } from '../../src/records.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { keptLog } from '../support/kept-log.js';
import { anyJavaScriptValue } from '../support/stage-values.js';

async function schemaOf(fields: Dictionary): Promise<ItemSchema> {
    const { schema } = await compileItemSchema(fields, { source: 'options.schema', place: 'fields' }, keptLog());
    if (schema === undefined) throw new Error('The schema was expected to validate something.');
    return schema;
}

/** Fails for a missing or wrong member at any depth that the random values reach. */
const RECURSIVE = {
    definitions: {
        any: {
            properties: { a: { type: ['string', 'null'] }, b: { $ref: '#/definitions/any' }, toJSON: false },
            additionalProperties: { $ref: '#/definitions/any' },
            items: { $ref: '#/definitions/any' },
            minProperties: 1,
            minItems: 1,
            not: { enum: [0, null] },
        },
    },
    type: 'object',
    required: ['a'],
    additionalProperties: { $ref: '#/definitions/any' },
};

describe('validateItem', () => {
    it('gives the verdict that the parsed text would get, for any value', async () => {
        const schema = await schemaOf(RECURSIVE);
        const verdicts = { valid: 0, invalid: 0 };
        fc.assert(
            fc.property(anyJavaScriptValue(), (value) => {
                let text: string | undefined;
                try {
                    text = JSON.stringify(value);
                } catch {
                    return;
                }
                if (text === undefined) return;
                const expected = schema.validate(JSON.parse(text));
                expect(validateItem(copyItem(value), text, schema)).toEqual(expected);
                verdicts[expected === undefined ? 'valid' : 'invalid']++;
            }),
            { numRuns: 3_000 },
        );
        expect(verdicts.invalid).toBeGreaterThan(500);
    });

    it('finds all errors of an item of up to a megabyte, and the first one of a larger item', async () => {
        const schema = await schemaOf({ properties: { a: { type: 'string' }, b: { type: 'string' } } });
        const errorsOf = (length: number) => {
            const item = { a: 1, b: 2, text: 'é'.repeat(length) };
            return validateItem({ data: item, isPlain: true }, JSON.stringify(item), schema);
        };
        expect(errorsOf(499_900)).toHaveLength(2);
        expect(errorsOf(500_000)).toHaveLength(1);
    });

    it.each<[string, unknown, boolean]>([
        ['a Date is a string', { at: new Date(0) }, true],
        ['a Date that cannot be is null', { at: new Date(NaN) }, false],
        ['undefined is absent', { at: undefined }, false],
        ['NaN is null', { at: '1970', n: NaN }, false],
        ['toJSON is applied', { toJSON: () => ({ at: '1970' }) }, true],
        [
            'a getter is read',
            {
                get at() {
                    return '1970';
                },
            },
            true,
        ],
        ['a hidden member is absent', Object.defineProperty({}, 'at', { value: '1970' }), false],
        ['an inherited member is absent', Object.create({ at: '1970' }), false],
        [
            'a class instance is its members',
            new (class {
                at = '1970';
            })(),
            true,
        ],
    ])('sees what the platform sees: %s', async (_, item, valid) => {
        const schema = await schemaOf({
            type: 'object',
            properties: { at: { type: 'string' }, n: { type: 'number' } },
            required: ['at'],
        });
        expect(validateItem(copyItem(item), JSON.stringify(item), schema) === undefined).toBe(valid);
    });

    it('sees the members that every parsed object inherits, even where the item has no prototype', async () => {
        const schema = await schemaOf({ type: 'object', properties: { constructor: { type: 'string' } } });
        const item: unknown = Object.assign(Object.create(null), { title: 'Alien' });
        const text = JSON.stringify(item);
        expect(validateItem(copyItem(item), text, schema)).toEqual(schema.validate(JSON.parse(text)));
    });
});
