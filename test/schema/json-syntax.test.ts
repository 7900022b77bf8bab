import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { describeSyntaxError, findSyntaxError } from '../../src/schema/json-syntax.js';

const isJson = (text: string) => {
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
};

describe('a syntax error', () => {
    it.each([
        ['{\n    "a": 1,\n}', 'unexpected "}" at line 3, column 1'],
        ['{"a":}', 'unexpected "}" at line 1, column 6'],
        ['{"a": 1\n "b": 2}', 'unexpected "\\"" at line 2, column 2'],
        ['{"a" 1}', 'unexpected "1" at line 1, column 6'],
        ['{a: 1}', 'unexpected "a" at line 1, column 2'],
        ['{\r\n"a": [1 2]}', 'unexpected "2" at line 2, column 9'],
        ['[1,]', 'unexpected "]" at line 1, column 4'],
        ['[01]', 'unexpected "1" at line 1, column 3'],
        ['{"a": "x\ny"}', 'unexpected "\\n" at line 1, column 9'],
        ['{"a": "\\x"}', 'unexpected "\\\\" at line 1, column 8'],
        ['// comment\n{}', 'unexpected "/" at line 1, column 1'],
        ['{} 😀', 'unexpected "😀" at line 1, column 4'],
        ['{"a": [', 'unexpected end of the text at line 1, column 8'],
        ['{"a": "x', 'unexpected end of the text at line 1, column 9'],
        ['', 'unexpected end of the text at line 1, column 1'],
        ['<<<<<<< HEAD\n{}', 'unexpected "<" at line 1, column 1'],
    ])('in %j is found', (text, description) => {
        expect(describeSyntaxError(text)).toBe(description);
    });

    it('is found exactly where JSON.parse finds one', () => {
        const brokenJson = fc
            .tuple(
                fc.json(),
                fc.nat(),
                fc.nat(3),
                fc.constantFrom('', '"', ',', '}', ']', '\\', '0', '-', '\n', 'e', '.', ':'),
            )
            .map(
                ([text, at, cut, put]) =>
                    text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut),
            );
        fc.assert(
            fc.property(brokenJson, (text) => {
                expect(findSyntaxError(text) === undefined, text).toBe(isJson(text));
            }),
            { numRuns: 5_000 },
        );
    });

    it('is found in deep and in large texts', () => {
        expect(findSyntaxError('['.repeat(100_000))).toBe(100_000);
        expect(findSyntaxError(`{"a": "${'x\\n'.repeat(1_000_000)}", }`)).toBe(3_000_010);
    });
});
