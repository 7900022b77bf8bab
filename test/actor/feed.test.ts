import { describe, expect, it } from 'vitest';

import { parseFeed } from '../../src/actor/feed.js';

describe('parseFeed', () => {
    it.each([
        ['an array', '[{"a":1},null,5]', [{ a: 1 }, null, 5]],
        ['an empty array', '[]', []],
        ['an object with one array', '{"total":1,"movies":[{"a":1}],"next":null}', [{ a: 1 }]],
    ])('takes %s', (_what, body, records) => {
        expect(parseFeed(body)).toEqual(records);
        expect(parseFeed(Buffer.from(body))).toEqual(records);
    });

    it('takes UTF-8 with a byte order mark', () => {
        expect(parseFeed(Buffer.from('\uFEFF[{"title":"Amélie 🎬"}]'))).toEqual([{ title: 'Amélie 🎬' }]);
    });

    it('keeps a key named __proto__', () => {
        expect(JSON.stringify(parseFeed('[{"__proto__":{"a":1}}]'))).toBe('[{"__proto__":{"a":1}}]');
    });

    it.each([
        ['nothing', '', 'The feed is not JSON'],
        ['a web page', '<html></html>', 'The feed is not JSON'],
        ['a feed that was cut off', '[{"a":1},', 'The feed is not JSON'],
        ['bytes that are not UTF-8', Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]), 'The feed is not JSON'],
        ['an object without an array', '{"a":1}', 'is an object without any'],
        ['an object with two arrays', '{"a":[],"b":[]}', 'holds 2 arrays'],
        ['a number', '5', 'is a number'],
        ['null', 'null', 'is null'],
    ])('rejects %s', (_what, body, message) => {
        expect(() => parseFeed(body)).toThrow(message);
    });
});
