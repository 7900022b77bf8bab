import { describe, expect, it } from 'vitest';

import { quarantineName } from '../../src/utils/storage-name.js';

describe('the name of the quarantine', () => {
    it.each([
        ['jane/movie-scraper', 'jane-movie-scraper-quarantine'],
        ['movie-scraper', 'movie-scraper-quarantine'],
        [undefined, 'actor-quarantine'],
        ['', 'actor-quarantine'],
        ['---', 'actor-quarantine'],
        ['Ünï/çode_actor', 'n-ode-actor-quarantine'],
        ['a__b..c//d', 'a-b-c-d-quarantine'],
        ['x'.repeat(200), `${'x'.repeat(52)}-quarantine`],
        [`${'x'.repeat(51)}/${'y'.repeat(20)}`, `${'x'.repeat(51)}-quarantine`],
    ])('of %s is %s', (actorName, name) => {
        expect(quarantineName(actorName)).toBe(name);
    });

    it('is one that the platform takes, whatever the Actor is called', () => {
        for (let code = 0; code < 0x300; code++) {
            for (const length of [1, 30, 70]) {
                const name = quarantineName(`o/${String.fromCharCode(code).repeat(length)}-`);
                expect(name).toMatch(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61})[a-zA-Z0-9]$/);
                expect(name.endsWith('-quarantine')).toBe(true);
            }
        }
    });
});
