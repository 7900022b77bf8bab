import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { shortJson } from '../../src/utils/short-json.js';
import { escapeControls, escapeControlsInLines, shorten } from '../../src/utils/text.js';

describe('escapeControls', () => {
    it('escapes what a terminal obeys, what reverses text and what cannot be seen', () => {
        expect(escapeControls('a\nb\r\t\u001b[31m\u202e\u2066\u200b\u2028\ud800')).toBe(
            String.raw`a\nb\r\t\u001b[31m\u202e\u2066\u200b\u2028\ud800`,
        );
        expect(escapeControls('\u{e0041}')).toBe(String.raw`\udb40\udc41`);
    });

    it('leaves scripts, joiners and emoji as they are', () => {
        for (const text of ['مرحبا بالعالم', '👨‍👩‍👧‍👦 👍🏽', 'naïve “quotes”']) expect(escapeControls(text)).toBe(text);
    });

    it('keeps line breaks of text that has several lines', () => {
        expect(escapeControlsInLines('a\nb\u0007')).toBe('a\nb\\u0007');
    });
});

describe('shorten', () => {
    it('cuts no character in half', () => {
        expect(shorten('ab😀cd', 4)).toBe('ab…');
        expect(shorten('abcd', 4)).toBe('abcd');
    });
});

describe('shortJson', () => {
    it('is the beginning of the JSON, for any JSON value and any length', () => {
        fc.assert(
            fc.property(fc.jsonValue(), fc.integer({ min: 2, max: 60 }), (value, length) => {
                const json = JSON.stringify(value);
                const short = shortJson(value, length)!;
                if (json.length <= length) expect(short).toBe(json);
                else expect([short.length <= length, short.endsWith('…')]).toEqual([true, true]);
                expect(json.startsWith(short.replace(/…$/, ''))).toBe(true);
            }),
        );
    });

    it('leaves out members that have no JSON, as JSON.stringify does', () => {
        expect(shortJson({ a: () => 1, b: [undefined, Symbol('x')], c: new Date(0) }, 100)).toBe(
            '{"b":[null,null],"c":"1970-01-01T00:00:00.000Z"}',
        );
        expect(shortJson(() => 1, 10)).toBeUndefined();
        expect(() => shortJson(5n, 10)).toThrow(TypeError);
    });

    it('reads no more than it shows', () => {
        let reads = 0;
        const array = Array.from({ length: 1_000 }, () => ({
            toJSON: () => {
                reads++;
                return 1;
            },
        }));
        shortJson(array, 20);
        expect(reads).toBeLessThan(30);
    });
});
