import { describe, expect, it } from 'vitest';

import { parseInput } from '../../src/actor/input.js';

describe('parseInput', () => {
    it.each([[null], [undefined], [{}], [{ startUrls: null }], [{ startUrls: [] }]])('takes %j for no feeds', (raw) => {
        expect(parseInput(raw)).toEqual({ startUrls: [] });
    });

    it('takes addresses, requests and lists of requests', () => {
        const startUrls = [
            'https://example.com/a.json',
            { url: 'http://example.com/b.json', method: 'POST' },
            { requestsFromUrl: 'https://example.com/feeds.txt' },
        ];
        expect(parseInput({ startUrls })).toEqual({ startUrls: [{ url: startUrls[0] }, startUrls[1], startUrls[2]] });
    });

    it('takes a quarantine, and an empty field for none', () => {
        expect(parseInput({ quarantine: 'movies-quarantine' })).toEqual({
            startUrls: [],
            quarantine: 'movies-quarantine',
        });
        for (const quarantine of ['', null, undefined]) expect(parseInput({ quarantine })).toEqual({ startUrls: [] });
        expect(() => parseInput({ quarantine: ['movies-quarantine'] })).toThrow('Input field "quarantine" must be');
    });

    it.each([[[]], ['feeds'], [5]])('rejects %j as an input', (raw) => {
        expect(() => parseInput(raw)).toThrow(TypeError);
    });

    it.each([['https://example.com'], [{ url: 'https://example.com' }], [0]])(
        'rejects %j as start URLs',
        (startUrls) => {
            expect(() => parseInput({ startUrls })).toThrow('Input field "startUrls" must be an array');
        },
    );

    it.each([[null], [5], [{}], ['movies.json'], [{ url: 'ftp://example.com/a' }], [{ url: '' }]])(
        'names the place of %j among the start URLs',
        (source) => {
            expect(() => parseInput({ startUrls: ['https://example.com', source] })).toThrow('"startUrls[1]"');
        },
    );
});
