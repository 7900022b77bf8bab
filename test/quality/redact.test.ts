import { describe, expect, it } from 'vitest';

import { maskError, Redactor } from '../../src/quality/redact.js';
import { SchemaNames } from '../../src/quality/schema-names.js';
import { validatorOf } from './support.js';

describe('a redactor', () => {
    it('gives the redacted item, and says whether there is anything to hide', () => {
        const redactor = new Redactor(
            ({ name }) => ({ name }),
            () => undefined,
        );
        expect([redactor.apply({ name: 1, email: 2 }), redactor.isActive]).toEqual([{ name: 1 }, true]);
        expect(new Redactor(undefined, () => undefined).apply({ a: 1 })).toEqual({ a: 1 });
    });

    it.each<[string, (item: any) => unknown]>([
        ['throws', () => JSON.parse('{')],
        ['returns a promise', async () => ({})],
        ['returns nothing', () => undefined],
        ['returns text', () => 'x'],
        ['returns an array', () => []],
    ])('shows nothing of an item where redact %s', (_what, redact) => {
        const errors: unknown[] = [];
        expect(new Redactor(redact, (error) => errors.push(error)).apply({ email: 'x' })).toBeUndefined();
        expect(errors).toHaveLength(1);
    });
});

describe('a masked error', () => {
    it('names no key that only the data knows, in path, parameters or message', () => {
        const schema = {
            additionalProperties: false,
            properties: {
                people: { additionalProperties: { properties: { age: { type: 'number' } } } },
                tags: { items: { type: 'number' } },
            },
        };
        const names = new SchemaNames(schema);
        const people = { 'jane@example.com': { age: 'x' }, '4915112345678': { age: 'x' } };
        const item = { 'joe@example.com': 1, people, 'tags': ['x'] };
        const errors = validatorOf(schema)(item).map((error) => maskError(error, names, item));
        expect(errors.map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([
            ' has a property that is not allowed',
            '/people/*/age must be a number',
            '/people/*/age must be a number',
            '/tags/0 must be a number',
        ]);
        expect(JSON.stringify(errors)).not.toMatch(/@|49151/);
    });
});
