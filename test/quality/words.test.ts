import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';

import type { ItemError } from '../../src/records.js';
import { describeError } from '../../src/quality/words.js';

const ajv = new Ajv({ allErrors: true, strict: false });
formats.default(ajv);

/** The words for what Ajv finds first. */
function wordsFor(schema: object, value: unknown): string {
    const validate = ajv.compile(schema);
    validate(value);
    return describeError('schema', validate.errors!.at(-1) as ItemError);
}

describe('the words of an error', () => {
    it.each<[string, object, unknown]>([
        ['must be a number', { type: 'number' }, 'x'],
        ['must be text or null', { type: ['string', 'null'] }, 5],
        ['must be text, true or false or a list', { type: ['string', 'boolean', 'array'] }, 5],
        ['is missing "title"', { required: ['title'] }, {}],
        ['must be one of G, PG, PG-13', { enum: ['G', 'PG', 'PG-13'] }, 'X'],
        ['must be one of Not Rated, "", "1", 1, null, "null"', { enum: ['Not Rated', '', '1', 1, null, 'null'] }, 'X'],
        ['must be G', { enum: ['G'] }, 'X'],
        ['must be one of 1, 2, 3, 4, 5, 6, 7, 8 and 2 more', { enum: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }, 'X'],
        ['must be movie', { const: 'movie' }, 'X'],
        ['must be null', { const: null }, 'X'],
        ['must be at least 0', { minimum: 0 }, -1],
        ['must be at most 100', { maximum: 100 }, 101],
        ['must be more than 0', { exclusiveMinimum: 0 }, 0],
        ['must be less than 1', { exclusiveMaximum: 1 }, 1],
        ['must be a multiple of 0.5', { multipleOf: 0.5 }, 0.3],
        ['must have at least 1 character', { minLength: 1 }, ''],
        ['must have at most 3 characters', { maxLength: 3 }, 'long'],
        ['must have at least 2 elements', { minItems: 2 }, []],
        ['must have at most 1 property', { maxProperties: 1 }, { a: 1, b: 2 }],
        ['must match the pattern ^\\d+$', { pattern: '^\\d+$' }, 'x'],
        ['must be a date such as 2025-01-31', { format: 'date' }, '1.2.3'],
        ['must be an e-mail address', { format: 'email' }, 'x'],
        ['has a property that is not allowed', { additionalProperties: false }, { a: 1 }],
        ['must not hold the same element twice', { uniqueItems: true }, [1, 1]],
        ['fits none of the alternatives in the schema', { anyOf: [{ type: 'null' }] }, 5],
        ['fits more than one of the alternatives in the schema', { oneOf: [{ type: 'number' }, { minimum: 1 }] }, 5],
        ['must have at least 1,000 characters', { minLength: 1_000 }, 'x'],
        ['has a value that the schema excludes', { not: { type: 'string' } }, 'x'],
        ['must not be there', { properties: { a: false } }, { a: 1 }],
    ])('%s', (words, schema, value) => {
        expect(wordsFor(schema, value)).toBe(words);
    });

    const odd = (keyword: string, params: unknown, message?: string): ItemError =>
        ({ instancePath: '', schemaPath: '', keyword, params, message }) as ItemError;

    it("is the validator's own message where the keyword is unknown, or says less than it should", () => {
        expect(describeError('schema', odd('isEven', {}, 'must be even'))).toBe('must be even');
        expect(describeError('schema', odd('isEven', {}))).toBe('fails "isEven"');
        for (const params of [{}, undefined, null, { limit: {} }, { limit: null }]) {
            expect(describeError('schema', odd('minimum', params, 'must be >= 0'))).toBe('must be >= 0');
        }
        expect(describeError('schema', odd('enum', { allowedValues: 'G' }, 'is none'))).toBe('is none');
        expect(describeError('schema', odd('type', { type: 'thing' }, 'must be thing'))).toBe('must be thing');
        expect(describeError('schema', odd('constructor', {}, 'odd'))).toBe('odd');
    });

    it('says how many values are allowed also where an error holds the first of them alone', () => {
        const allowedValues = Array.from({ length: 20 }, (_, index) => index);
        expect(describeError('schema', odd('enum', { allowedValues, allowedValuesTotal: 1_000 }))).toBe(
            'must be one of 0, 1, 2, 3, 4, 5, 6, 7 and 992 more',
        );
    });

    it('names a format that has no words of its own', () => {
        expect(describeError('schema', odd('format', { format: 'isbn-13' }))).toBe('must be in the format "isbn-13"');
    });

    it('tells also why an item fails as a whole', () => {
        expect(describeError('not-serializable', odd('not-serializable', {}, 'threw "secret"'))).toBe(
            'has no JSON, or is nested too deeply',
        );
        expect(describeError('too-large', odd('too-large', {}, 'is larger than 9 MB'))).toBe(
            'is larger than one request can carry',
        );
        expect(describeError('duplicate', odd('duplicate', {}))).toBe('is a duplicate');
        expect(describeError('rejected', odd('rejected', {}, 'Bad.'))).toBe('was rejected by the platform: Bad.');
    });

    it('is at most 300 characters long, and leaves out a pattern of more than 60', () => {
        const words = wordsFor({ pattern: `^${'x'.repeat(1_000)}$` }, 'y');
        expect(words).toBe('must match the pattern in the schema');
        expect(describeError('rejected', odd('rejected', {}, 'x'.repeat(1_000))).length).toBe(300);
    });

    it('has no effect on a terminal, whatever schema or platform say', () => {
        expect(describeError('rejected', odd('rejected', {}, 'a\n\u001b[31m'))).toBe(
            String.raw`was rejected by the platform: a\n\u001b[31m`,
        );
    });

    it('holds nothing of the item', () => {
        const schema = {
            additionalProperties: false,
            propertyNames: { maxLength: 3 },
            properties: { a: { enum: [1] } },
        };
        const validate = ajv.compile(schema);
        validate({ secretKey: 'secretValue', a: 'secret' });
        for (const error of validate.errors!)
            expect(describeError('schema', error as ItemError)).not.toContain('secret');
    });
});
