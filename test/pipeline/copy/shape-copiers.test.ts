import { describe, expect, it } from 'vitest';

import { ShapeCopiers } from '../../../src/pipeline/copy/shape-copiers.js';

const newCopiers = () => new ShapeCopiers((value) => value);
/** How many times such an object is looked for until a copier is found; `Infinity` where it never is. */
const findsAfter = (copiers: ShapeCopiers, object: object, limit = 3_000) => {
    for (let count = 1; count <= limit; count++) if (copiers.find(object) !== undefined) return count;
    return Infinity;
};
const withNames = (count: number, prefix = 'name') =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, index]));

describe('ShapeCopiers', () => {
    it('has a copier for what comes often, and none before', () => {
        expect(findsAfter(newCopiers(), withNames(3))).toBe(3 + 64);
        expect(findsAfter(newCopiers(), {})).toBe(64);
    });

    it('gives the copier of exactly these names in this order', () => {
        const copiers = newCopiers();
        const objects = [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }, { a: 1, b: 2, c: 3 }, { a: 1, c: 3 }, {}];
        for (const object of objects) findsAfter(copiers, object);
        for (const object of objects) {
            const copy = { data: undefined, isPlain: true };
            const copied = copiers.find(object)!(object, copy);
            expect(JSON.stringify(copied)).toBe(JSON.stringify(object));
            expect(copied).not.toBe(object);
            expect(copy.isPlain).toBe(true);
        }
    });

    it('reads no member to find a copier', () => {
        const object = Object.defineProperty({}, 'a', {
            enumerable: true,
            get: () => {
                throw new Error('read');
            },
        });
        expect(findsAfter(newCopiers(), object)).toBe(1 + 64);
    });

    it('leaves objects with hundreds of members alone', () => {
        expect(findsAfter(newCopiers(), withNames(256))).toBeLessThan(Infinity);
        expect(findsAfter(newCopiers(), withNames(257), 10_000)).toBe(Infinity);
    });

    it('keeps no long texts that serve as names', () => {
        expect(findsAfter(newCopiers(), { a: 1, ['x'.repeat(128)]: 1 })).toBeLessThan(Infinity);
        expect(findsAfter(newCopiers(), { a: 1, ['x'.repeat(129)]: 1 }, 10_000)).toBe(Infinity);
    });

    it.each([
        ['first names', (index: number) => ({ [`url${index}`]: 1 })],
        ['later names', (index: number) => ({ a: 1, [`url${index}`]: 1 })],
        ['many names each', (index: number) => withNames(30, `at${index}-`)],
        ['any of twenty names', (index: number) => anyOf(20, index * 7_919)],
    ])('finds what comes often among objects of ever new %s', (_, stranger) => {
        const copiers = newCopiers();
        const common = { id: 1, price: 2, currency: 'EUR' };
        let found = 0;
        for (let index = 0; index < 10_000; index++) {
            copiers.find(stranger(index));
            for (let count = 0; count < 4; count++) if (copiers.find(common) !== undefined) found++;
        }
        expect(found).toBeGreaterThan(39_000);
    });

    it.each([
        ['first', (index: number) => ({ [`url${index}`]: 1 }), { id: 1, ...withNames(5) }],
        ['later', (index: number) => ({ id: 1, [`url${index}`]: 1 }), withNames(5)],
    ])('keeps room for what comes often after thousands of ever new %s names', (_, stranger, common) => {
        const copiers = newCopiers();
        copiers.find({ id: 1 });
        for (let index = 0; index < 50_000; index++) copiers.find(stranger(index));
        expect(findsAfter(copiers, common)).toBeLessThan(Infinity);
    });

    it('remembers no more than some thousand shapes', () => {
        const copiers = newCopiers();
        for (let index = 0; index < 200_000; index++) copiers.find(anyOf(20, index * 7_919));
        expect(findsAfter(copiers, { another: 1 }, 10_000)).toBe(Infinity);
    });

    it('hardly looks at objects while it learns nothing of them', () => {
        const copiers = newCopiers();
        let looks = 0;
        for (let index = 0; index < 50_000; index++) {
            const stranger = { id: 1, [`url${index}`]: 1 };
            copiers.find(new Proxy(stranger, { ownKeys: (target) => (looks++, Reflect.ownKeys(target)) }));
        }
        expect(looks).toBeLessThan(500);
    });

    it('compiles no more than a few hundred copiers', () => {
        const copiers = newCopiers();
        let found = 0;
        for (let first = 0; first < 400; first++)
            if (findsAfter(copiers, { [`first${first}`]: 1 }, 200) < Infinity) found++;
        expect(found).toBe(256);
    });

    it('looks at objects again some time after thousands that were of no use', () => {
        const copiers = newCopiers();
        const common = { id: 1, price: 2 };
        findsAfter(copiers, common);
        for (let index = 0; index < 50_000; index++) copiers.find({ id: 1, [`url${index}`]: 1 });
        expect(findsAfter(copiers, common)).toBeLessThanOrEqual(1_024 + 1);
        for (let count = 0; count < 1_000; count++) expect(copiers.find(common)).toBeDefined();
    });
});

/** Those of so many names whose bits are set. */
function anyOf(count: number, bits: number): Record<string, number> {
    const names = Object.entries(withNames(count));
    return Object.fromEntries(names.filter((_, index) => (bits >> index) & 1));
}
