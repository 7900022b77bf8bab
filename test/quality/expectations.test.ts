import { describe, expect, it } from 'vitest';

import { InvalidOptionsError } from '../../src/errors.js';
import { expectedPaths, readExpectations, resolveExpectOption } from '../../src/quality/expectations.js';

const errorOf = (value: unknown) => {
    try {
        resolveExpectOption(value);
    } catch (error) {
        return error;
    }
    return undefined;
};

describe('the option expect', () => {
    it.each([
        ['not an object', 5, 'expect', /must be an object such as \{ minItems: 1 \}, or a function .* but got: 5\./],
        [
            'an unknown key',
            { minItem: 1 },
            'expect.minItem',
            /Unknown option "expect\.minItem"\. Expected one of: minItems, filled/,
        ],
        ['a count below 0', { minItems: -1 }, 'expect.minItems', /an integer of 0 or more, but got: -1/],
        [
            'a percentage',
            { maxQuarantined: 5 },
            'expect.maxQuarantined',
            /a share from 0 to 1 \(0\.05 for 5 %\), but got: 5\./,
        ],
        ['a share that is text', { maxRepaired: '0.5' }, 'expect.maxRepaired', /but got: "0\.5"/],
        [
            'fields without shares',
            { filled: ['price'] },
            'expect.filled',
            /an object such as \{ price: 0\.95 \}, but got: an array/,
        ],
        [
            'an invalid share of a field',
            { filled: { price: 95 } },
            'expect.filled.price',
            /\(0\.95 for 95 %\), but got: 95/,
        ],
        [
            'a path that is no JSON Pointer',
            { filled: { '/a~b': 1 } },
            'expect.filled./a~b',
            /a JSON Pointer in which .* but got: "\/a~b"/,
        ],
        ['a promise', Promise.resolve({ minItems: 1 }), 'expect', /but got: a promise/],
        ['another consequence', { otherwise: 'stop' }, 'expect.otherwise', /'warn' or 'fail', but got: "stop"/],
    ])('is refused where it is %s', (_what, value, option, message) => {
        const error = errorOf(value);
        expect(error).toBeInstanceOf(InvalidOptionsError);
        expect(error).toMatchObject({ option, message: expect.stringMatching(message) });
    });

    it('takes undefined and 0 for each of its keys', () => {
        const none = { minItems: undefined, filled: undefined, maxQuarantined: undefined, otherwise: undefined };
        expect(readExpectations(none)).toMatchObject({ filled: [], otherwise: 'warn' });
        expect(readExpectations({ minItems: 0, maxQuarantined: 0, maxDuplicates: 1 })).toMatchObject({ minItems: 0 });
    });

    it('names the fields to be counted: bare names at the top, pointers as they are', () => {
        const filled = { 'price': 1, 'a/b': 0.5, '/offers/*/url': 1 };
        expect(expectedPaths({ filled })).toEqual(['/price', '/a~1b', '/offers/*/url']);
        expect(expectedPaths(() => ({ filled }))).toEqual([]);
    });

    it('is asked for at the end where it is a function, and checked then', () => {
        expect(resolveExpectOption(() => ({ minItems: -1 }))).toBeTypeOf('function');
        expect(() => readExpectations(() => ({ minItems: -1 }))).toThrow(InvalidOptionsError);
        expect(() => readExpectations((async () => ({})) as never)).toThrow(
            /a function that returns an object at once, but got: a promise/,
        );
    });

    it('is not changed', () => {
        const given = Object.freeze({ filled: Object.freeze({ price: 1 }) });
        readExpectations(given);
        expect(given).toEqual({ filled: { price: 1 } });
    });
});
