import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { ItemPreparer } from '../../src/pipeline/prepare.js';
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

function prepare(item: unknown, schema: ItemSchema) {
    return new ItemPreparer('quarantine', schema, undefined).prepare(item, 0);
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

describe('an item that is prepared', () => {
    it('gets the verdict that its parsed text would get, whatever it is', async () => {
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
                const { rejection } = prepare(value, schema);
                if (!text.startsWith('{')) {
                    expect(rejection?.reason).toBe('not-an-object');
                    return;
                }
                const expected = schema.validate(JSON.parse(text));
                expect(rejection?.errors).toEqual(expected);
                verdicts[expected === undefined ? 'valid' : 'invalid']++;
            }),
            { numRuns: 3_000 },
        );
        expect(verdicts.invalid).toBeGreaterThan(500);
    });

    it('is told all its errors up to a megabyte, and the first one where it is larger', async () => {
        const schema = await schemaOf({ properties: { a: { type: 'string' }, b: { type: 'string' } } });
        const errorsOf = (length: number) => {
            const item = { a: 1, b: 2, text: 'é'.repeat(length) };
            return prepare(item, schema).rejection?.errors;
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
    ])('is validated as the platform sees it: %s', async (_, item, valid) => {
        const schema = await schemaOf({
            type: 'object',
            properties: { at: { type: 'string' }, n: { type: 'number' } },
            required: ['at'],
        });
        expect(prepare(item, schema).rejection === undefined).toBe(valid);
    });

    it('has the members that every parsed object inherits, even where it has no prototype', async () => {
        const schema = await schemaOf({ type: 'object', properties: { constructor: { type: 'string' } } });
        const item: unknown = Object.assign(Object.create(null), { title: 'Alien' });
        const text = JSON.stringify(item);
        const errors = schema.validate(JSON.parse(text));
        expect(errors).toHaveLength(1);
        expect(prepare(item, schema).rejection?.errors).toEqual(errors);
    });
});
