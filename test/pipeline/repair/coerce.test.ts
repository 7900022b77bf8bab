import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { coerce } from '../../../src/pipeline/repair/coerce.js';

const REFUSED = Symbol('refused');

/** The integer as JSON has it, without an exponent. */
function digitsOf(integer: number): string {
    const [mantissa = '', exponent = '0'] = String(integer).split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    return whole + fraction + '0'.repeat(Number(exponent) - fraction.length);
}

describe('coerce', () => {
    it.each<[unknown, string, unknown]>([
        ['12.50', 'number', 12.5],
        ['12', 'number', 12],
        ['0', 'number', 0],
        ['0.5', 'number', 0.5],
        ['.99', 'number', 0.99],
        ['-3.25', 'number', -3.25],
        [' 7 ', 'number', 7],
        ['1,299', 'number', 1299],
        ['1,234,567.89', 'number', 1234567.89],
        ['$12.50', 'number', 12.5],
        ['-$5', 'number', -5],
        ['$-5', 'number', -5],
        ['€ 1,299.00', 'number', 1299],
        ['12.50 €', 'number', 12.5],
        ['12.50\u00a0€', 'number', 12.5],
        ['USD 12.50', 'number', 12.5],
        ['12.50 USD', 'number', 12.5],
        ['99CZK', 'number', 99],
        ['0.0000001', 'number', 1e-7],
        ['9007199254740991', 'number', 9007199254740991],
        ['123456789012345.6', 'number', 123456789012345.6],
        // Digits would be lost.
        ['9007199254740993', 'number', REFUSED],
        ['12345678901234567890', 'number', REFUSED],
        ['0.1234567890123456', 'number', 0.1234567890123456],
        ['0.123456789012345678', 'number', REFUSED],
        ['007', 'number', REFUSED],
        ['00', 'number', REFUSED],
        ['-0', 'number', REFUSED],
        ['+420777123456', 'number', REFUSED],
        // No decimal number, or one of which more than one is meant.
        ['', 'number', REFUSED],
        [' ', 'number', REFUSED],
        ['.', 'number', REFUSED],
        ['-', 'number', REFUSED],
        ['$', 'number', REFUSED],
        ['5.', 'number', REFUSED],
        ['1e5', 'number', REFUSED],
        ['0x10', 'number', REFUSED],
        ['1_000', 'number', REFUSED],
        ['Infinity', 'number', REFUSED],
        ['NaN', 'number', REFUSED],
        ['null', 'number', REFUSED],
        ['12,50', 'number', REFUSED],
        ['1.299,00', 'number', REFUSED],
        ['12,345,6', 'number', REFUSED],
        ['1234,567', 'number', REFUSED],
        ['0,123', 'number', REFUSED],
        ['1 299', 'number', REFUSED],
        ['12-15', 'number', REFUSED],
        ['--5', 'number', REFUSED],
        ['-$-5', 'number', REFUSED],
        ['$5 $6', 'number', REFUSED],
        ['5 GHZ', 'number', REFUSED],
        ['5 usd', 'number', REFUSED],
        ['from $5', 'number', REFUSED],
        ['5%', 'number', REFUSED],
        ['٣', 'number', REFUSED],
        ['9'.repeat(1_000_000), 'number', REFUSED],
        ['12', 'integer', 12],
        ['12.0', 'integer', 12],
        ['$1,299.00', 'integer', 1299],
        ['12.5', 'integer', REFUSED],
        [12.5, 'integer', REFUSED],
        ['true', 'boolean', true],
        ['false', 'boolean', false],
        ['True', 'boolean', REFUSED],
        ['yes', 'boolean', REFUSED],
        ['1', 'boolean', REFUSED],
        ['', 'boolean', REFUSED],
        [1, 'boolean', REFUSED],
        [0, 'boolean', REFUSED],
        [true, 'number', REFUSED],
        [false, 'integer', REFUSED],
        [5, 'string', '5'],
        [-0.5, 'string', '-0.5'],
        [true, 'string', 'true'],
        [false, 'string', 'false'],
        ['', 'null', null],
        [' ', 'null', REFUSED],
        ['null', 'null', REFUSED],
        [0, 'null', REFUSED],
        [false, 'null', REFUSED],
        [null, 'string', REFUSED],
        [null, 'number', REFUSED],
        [null, 'boolean', REFUSED],
        [{}, 'string', REFUSED],
        [[], 'string', REFUSED],
        [['5'], 'number', REFUSED],
        ['5', 'array', REFUSED],
        ['{}', 'object', REFUSED],
    ])('writes %j as %s: %s', (value, type, expected) => {
        const result = coerce(value, [type]);
        if (expected === REFUSED) expect(result).toBeUndefined();
        else expect(result).toEqual({ value: expected });
    });

    it('takes the first type in which nothing is lost', () => {
        expect(coerce('', ['number', 'null'])).toEqual({ value: null });
        expect(coerce('x', ['number', 'null'])).toBeUndefined();
        expect(coerce('true', ['number', 'boolean'])).toEqual({ value: true });
        expect(coerce(5, ['boolean', 'string'])).toEqual({ value: '5' });
        expect(coerce('5', [])).toBeUndefined();
    });

    it('gives back each number of JSON that was written as a decimal', () => {
        fc.assert(
            fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }), (number) => {
                const text = String(number);
                fc.pre(!text.includes('e') && !Object.is(number, -0));
                expect(coerce(text, ['number'])).toEqual({ value: number });
            }),
        );
    });

    it('never changes a digit of a long number', () => {
        fc.assert(
            fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (integer) => {
                const result = coerce(String(integer), ['integer']);
                if (result !== undefined) expect(digitsOf(result.value as number)).toBe(String(integer));
            }),
        );
    });
});
