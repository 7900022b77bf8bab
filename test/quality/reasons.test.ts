import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { ReasonDetails, ReasonSummary } from '../../src/quality/reasons.js';
import { describeReason, ReasonCounts } from '../../src/quality/reasons.js';
import type { QuarantineRecord } from '../../src/records.js';
import { countingFor } from './support.js';

const text = { type: 'string' };
const number = { type: 'number' };
const object = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });

const told = (reasons: readonly ReasonSummary[]) => reasons.map((one) => `${one.count} × ${describeReason(one)}`);

/** The reasons that items have in common, in words. */
function reasonsOf(schema: object, items: unknown[]): string[] {
    const { reasons, count } = countingFor(schema);
    for (const item of items) count(item);
    return told(reasons.list());
}

describe('a reason', () => {
    it('is one place in the schema, whatever the index', () => {
        const schema = object({ offers: { type: 'array', items: object({ price: number }) } });
        const items = [0, 3, 17].map((index) => ({
            offers: Array.from({ length: index + 1 }, () => ({ price: 'x' })),
        }));
        expect(reasonsOf(schema, items)).toEqual(['3 × /offers/*/price must be a number']);
    });

    it('is one place in the schema, whatever keys the data has', () => {
        const schema = object({ prices: { type: 'object', additionalProperties: number } });
        const items = Array.from({ length: 150 }, (_, n) => ({ prices: { [`sku-${n}`]: 'x' } }));
        expect(reasonsOf(schema, items)).toEqual(['150 × /prices/* must be a number']);
    });

    it('is one for all pairs of equal elements', () => {
        const schema = object({ tags: { uniqueItems: true }, title: text });
        const items = Array.from({ length: 120 }, (_, n) => ({
            tags: [...Array.from({ length: n }, (_x, index) => index), 'a', 'a'],
            ...(n === 7 && { title: 7 }),
        }));
        expect(reasonsOf(schema, items)).toEqual([
            '120 × /tags must not hold the same element twice',
            '1 × /title must be text',
        ]);
    });

    it('is one for each property that is missing, and one for all that must not be there', () => {
        const schema = object({ a: {}, b: {} }, { required: ['a', 'b'], additionalProperties: false });
        expect(reasonsOf(schema, [{ x: 1 }, { a: 1, y: 1 }, { a: 1, z: 1 }])).toEqual([
            '3 × the item is missing "b"',
            '3 × the item has a property that is not allowed',
            '1 × the item is missing "a"',
        ]);
    });

    it('writes a repetition below a recursive schema once', () => {
        const schema = object({ name: text, children: { type: 'array', items: { $ref: '#' } } });
        const nested = (depth: number): object => (depth === 0 ? { name: 1 } : { children: [nested(depth - 1)] });
        expect(reasonsOf(schema, [nested(1), nested(2), nested(9)])).toEqual(['3 × /children/*/name must be text']);
    });

    it('of names that only the data knows shows none of them, in any language and any depth', () => {
        const schema = { type: 'object', additionalProperties: { anyOf: [number, { $ref: '#' }] } };
        fc.assert(
            fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (outer, inner) => {
                const { reasons, count } = countingFor(schema);
                count({ [`secret${outer}`]: { [`secret${inner}`]: 'x' } });
                for (const line of told(reasons.list())) expect(line).not.toContain('secret');
            }),
        );
    });

    it('without a known schema has the names that its place in the schema tells', () => {
        const reasons = new ReasonCounts({ samples: false });
        reasons.count({
            reason: 'schema',
            rejectedBy: 'platform',
            errors: [
                {
                    instancePath: '/offers/3/extra/joe@example.com',
                    schemaPath: '#/properties/offers/items/properties/extra/additionalProperties/type',
                    keyword: 'type',
                    params: { type: 'number' },
                },
            ],
            item: () => undefined,
        });
        expect(told(reasons.list())).toEqual(['1 × /offers/*/extra/* must be a number']);
    });

    it('knows names that a place in the schema has in the form of a URI', () => {
        const names = { 'Release Date': text, 'a/b~c%d': text, 'Größe': text };
        const { reasons, count } = countingFor(object(names), { names: undefined });
        count({ 'Release Date': 1, 'a/b~c%d': 1, 'Größe': 1 });
        expect(told(reasons.list())).toEqual([
            '1 × /Release Date must be text',
            '1 × /a~1b~0c%d must be text',
            '1 × /Größe must be text',
        ]);
    });

    it('keeps apart by their words what the platform tells without a place', () => {
        const reasons = new ReasonCounts({ samples: false });
        for (const message of ['should be string', 'should be number', 'should be number']) {
            const error = { instancePath: '', schemaPath: '', keyword: 'platform', params: {}, message };
            reasons.count({ reason: 'schema', rejectedBy: 'platform', errors: [error], item: () => undefined });
        }
        expect(told(reasons.list())).toEqual(['2 × the item should be number', '1 × the item should be string']);
    });

    it('is the reason alone where there is no error', () => {
        const reasons = new ReasonCounts({ samples: true });
        for (let n = 0; n < 2; n++) {
            reasons.count({
                reason: 'duplicate',
                rejectedBy: 'guard',
                errors: [],
                item: () => ({ url: 'https://a/' }),
            });
        }
        expect(told(reasons.list())).toEqual(['2 × the item is a duplicate']);
        expect(reasons.list()[0]!.samples).toEqual([{ count: 2, path: '', item: 'https://a/' }]);
    });

    it('shows no secret of a message of the platform', () => {
        const reasons = new ReasonCounts({ samples: true });
        const message = 'cannot fetch https://joe:secret@host/?token=abc';
        const error = { instancePath: '', schemaPath: '', keyword: 'rejected', params: {}, message };
        reasons.count({ reason: 'rejected', rejectedBy: 'platform', errors: [error], item: () => undefined });
        expect(told(reasons.list())).toEqual([
            '1 × the item was rejected by the platform: cannot fetch https://host/?token=***',
        ]);
    });
});

describe('alternatives', () => {
    it('that fail by type alone are one reason that names all types', () => {
        expect(
            reasonsOf(object({ price: { anyOf: [number, { type: 'null' }, { type: ['null', 'string'] }] } }), [
                { price: [] },
            ]),
        ).toEqual(['1 × /price must be a number, null or text']);
    });

    it('are told by the branch that is meant for the value', () => {
        const movie = object({ kind: { const: 'movie' }, year: number, cast: number }, { required: ['kind'] });
        const book = object({ kind: { const: 'book' }, pages: number }, { required: ['kind'] });
        for (const keyword of ['oneOf', 'anyOf']) {
            const schema = object({ about: { [keyword]: [book, movie] } });
            expect(reasonsOf(schema, [{ about: { kind: 'movie', year: 'x', cast: 'x' } }])).toEqual([
                '1 × /about fits none of the alternatives in the schema; in the closest one /year must be a number',
            ]);
        }
    });

    it('are told by the branch that fits by type, at the same place', () => {
        const schema = object({ price: { anyOf: [{ type: 'null' }, { type: 'number', minimum: 0 }] } });
        expect(reasonsOf(schema, [{ price: -1 }])).toEqual(['1 × /price must be at least 0']);
    });

    it.each<[schema: object, value: unknown, words: string]>([
        [{ anyOf: [{ const: 'x' }, { const: 'y' }, { type: 'null' }] }, 'z', 'must be one of x, y, null'],
        [{ oneOf: [{ enum: ['a', 'b'] }, { enum: ['c'] }] }, 'z', 'must be one of a, b, c'],
        [
            { anyOf: [{ format: 'date' }, { format: 'date-time' }] },
            'z',
            'must be a date such as 2025-01-31 or a date and time such as 2025-01-31T12:00:00Z',
        ],
        [{ oneOf: [{ minimum: 10 }, { maximum: 0 }] }, 5, 'must be at least 10 or at most 0'],
        [{ anyOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'c', 'must match the pattern ^a or ^b'],
        [
            { anyOf: [{ minLength: 3 }, { pattern: '^b' }] },
            'c',
            'must have at least 3 characters or match the pattern ^b',
        ],
        [{ anyOf: [{ multipleOf: 3 }, { const: 5 }] }, 4, 'must be a multiple of 3'],
        [
            { anyOf: [{ not: {} }, { minimum: 5 }] },
            4,
            'fits none of the alternatives in the schema; in the closest one it has a value that the schema excludes',
        ],
    ])('name each alternative that fits as well: %j', (schema, value, words) => {
        expect(reasonsOf(object({ a: schema }), [{ a: value }])).toEqual([`1 × /a ${words}`]);
    });

    it.each<[draft: string, schema: object]>([
        ['draft-07', { items: [{}], additionalItems: false, maxItems: 1 }],
        ['2020-12', { prefixItems: [{}], items: false, maxItems: 1 }],
    ])('are not needed for a tuple to be too long once: %s', (draft, schema) => {
        const $schema = draft === 'draft-07' ? undefined : 'https://json-schema.org/draft/2020-12/schema';
        expect(reasonsOf({ ...object({ t: schema }), ...($schema && { $schema }) }, [{ t: [1, 2] }])).toEqual([
            '1 × /t must have at most 1 element',
        ]);
    });

    it('leave the errors beside them alone', () => {
        const schema = object(
            { a: text, b: { type: 'string', minLength: 3, oneOf: [{ pattern: '^x' }, { pattern: '^y' }] } },
            { anyOf: [{ required: ['c'] }, { required: ['d'] }], required: ['e'] },
        );
        expect(reasonsOf(schema, [{ a: 1, b: 'z' }]).toSorted()).toEqual([
            '1 × /a must be text',
            '1 × /b must have at least 3 characters',
            '1 × /b must match the pattern ^x or ^y',
            '1 × the item is missing "c" or "d"',
            '1 × the item is missing "e"',
        ]);
    });

    it.each(['#/definitions/price', '#/definitions/recursive'])('are one reason also by $ref: %s', ($ref) => {
        const price = object({ amount: number, currency: text }, { required: ['amount'] });
        const recursive = object({ amount: number, of: { $ref: '#/definitions/recursive' } }, { required: ['amount'] });
        const schema = {
            ...object({ title: text, price: { oneOf: [{ type: 'null' }, { $ref }] } }),
            definitions: { price, recursive },
        };
        expect(reasonsOf(schema, [{ title: 1, price: { amount: 'x' } }]).toSorted()).toEqual([
            '1 × /price fits none of the alternatives in the schema; in the closest one /amount must be a number',
            '1 × /title must be text',
        ]);
    });

    it('inside alternatives are one reason with them', () => {
        const schema = object({
            a: { anyOf: [object({ b: { oneOf: [number, { type: 'null' }] } }), { type: 'array' }] },
        });
        expect(reasonsOf(schema, [{ a: { b: 'x' } }])).toEqual([
            '1 × /a fits none of the alternatives in the schema; in the closest one /b fits none of the alternatives in the schema',
        ]);
    });

    it('of which too many fit say so', () => {
        const schema = object({ a: { oneOf: [number, { minimum: 0 }] } });
        expect(reasonsOf(schema, [{ a: 1 }])).toEqual(['1 × /a fits more than one of the alternatives in the schema']);
    });

    it.each([
        [
            'contains',
            { tags: { contains: { const: 'x' } } },
            { tags: [1, 2] },
            '/tags must hold an element that the schema asks for',
        ],
        [
            'propertyNames',
            { tags: { propertyNames: { maxLength: 1 } } },
            { tags: { ab: 1 } },
            '/tags has a property with a name that is not allowed',
        ],
    ])('do not count below %s', (_keyword, properties, item, line) => {
        expect(reasonsOf(object(properties), [item])).toEqual([`1 × ${line}`]);
    });

    it('are not made of if, then and else', () => {
        const schema = { if: { required: ['a'] }, then: object({ a: number }) };
        expect(reasonsOf(schema, [{ a: 'x' }])).toEqual(['1 × /a must be a number']);
    });
});

describe('counted reasons', () => {
    const many = object(Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`key${n}`, number])));

    it('count an item that fails twice for the same reason once', () => {
        const { reasons, count } = countingFor(object({ tags: { items: text } }));
        count({ tags: [1, 2, 3] });
        expect([reasons.list()[0]!.count, reasons.rejectedItems]).toEqual([1, 1]);
    });

    it('are a hundred, most frequent first; the others are one, last', () => {
        const { reasons, count } = countingFor(many);
        for (let n = 0; n < 150; n++) count({ [`key${n}`]: 'x' });
        count({ key7: 'x' });
        const list = reasons.list();
        expect(list).toHaveLength(101);
        expect(list[0]).toMatchObject({ path: '/key7', count: 2 });
        expect(list.at(-1)).toMatchObject({
            reason: 'other',
            count: 50,
            samples: [],
            message: 'failed for another reason',
        });
    });

    it('are announced when they are new, ten at most', () => {
        const { count } = countingFor(many);
        expect(count({ key0: '', key1: '' }).map(({ path }) => path)).toEqual(['/key0', '/key1']);
        expect(count({ key1: '', key2: '' }).map(({ path }) => path)).toEqual(['/key2']);
        const later = Array.from({ length: 100 }, (_, n) => count({ [`key${n + 3}`]: '' }));
        expect(later.flat().map(({ path }) => path)).toEqual([3, 4, 5, 6, 7, 8, 9].map((n) => `/key${n}`));
    });

    it('go on in another process where they stopped', () => {
        const earlier = countingFor(many);
        for (let n = 0; n < 102; n++) earlier.count({ [`key${n}`]: 'x' });
        earlier.count({ key0: 'first' });
        const { reasons, count } = countingFor(many);
        const saved = JSON.parse(JSON.stringify(earlier.reasons.details())) as ReasonDetails[];
        reasons.restore(earlier.reasons.rejectedItems, saved);
        expect(reasons.details()).toEqual(earlier.reasons.details());
        expect([count({ key0: 'second' }), count({ key149: 'x' })]).toEqual([[], []]);
        expect(reasons.list()[0]).toMatchObject({ path: '/key0', count: 3 });
        expect(reasons.rejectedItems).toBe(105);
    });

    it('of several earlier processes add up, a hundred of them at most', () => {
        const earlier = [0, 60].map((from) => {
            const counting = countingFor(many);
            for (let n = from; n < from + 70; n++) counting.count({ [`key${n}`]: 'x' });
            return counting.reasons;
        });
        const { reasons } = countingFor(many);
        for (const each of earlier) reasons.restore(each.rejectedItems, each.details());
        const list = reasons.list();
        expect([reasons.rejectedItems, list.length]).toEqual([140, 101]);
        expect(list.slice(0, 10).map(({ count }) => count)).toEqual(Array.from({ length: 10 }, () => 2));
        expect(list[0]).toMatchObject({ samples: [{ value: '"x"', count: 2 }] });
        expect(list.at(-1)).toMatchObject({ reason: 'other', count: 30, message: 'failed for another reason' });
    });

    it('do not change once they are listed, and cannot be changed', () => {
        const { reasons, count } = countingFor(object({ a: number }));
        count({ a: '1' });
        const list = reasons.list();
        count({ a: '1' });
        expect(list[0]).toMatchObject({ count: 1, samples: [{ value: '"1"', count: 1 }] });
        expect([list, list[0], list[0]!.samples, list[0]!.samples[0]].every((part) => Object.isFrozen(part))).toBe(
            true,
        );
    });

    it('are the same for records of the quarantine, but for errors that a record had no room for', () => {
        const { reasons, count } = countingFor(object({ a: number }));
        count({ a: '1' }, 'https://example.com/1');
        const fromRecords = new ReasonCounts({ samples: true });
        const error = {
            instancePath: '/a',
            schemaPath: '#/properties/a/type',
            keyword: 'type',
            params: { type: 'number' },
        };
        const more = { instancePath: '', schemaPath: '', keyword: 'more', params: {} };
        fromRecords.countRecord({
            item: { a: '1' },
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [error, more],
            request: { url: 'https://example.com/1', retryCount: 0 },
        } as unknown as QuarantineRecord);
        expect(fromRecords.list()).toEqual(reasons.list());
    });
});

describe('samples', () => {
    const samplesOf = (schema: object, items: unknown[], options = {}, url?: string) => {
        const { reasons, count } = countingFor(schema, options);
        for (const item of items) count(item, url);
        return reasons.list()[0]!.samples;
    };
    const schema = object({ a: number }, { required: ['b'] });

    it('are different values with their counts, the most frequent first, and the first item that had each', () => {
        const items = ['x', 'y', 'y', 'z', 'y', 'x'].map((a, n) => ({ a, b: 1, url: `https://example.com/${n}` }));
        expect(samplesOf(schema, items)).toEqual([
            { value: '"y"', count: 3, path: '/a', item: 'https://example.com/1' },
            { value: '"x"', count: 2, path: '/a', item: 'https://example.com/0' },
            { value: '"z"', count: 1, path: '/a', item: 'https://example.com/3' },
        ]);
    });

    it('are five, and none of the values after the first thousand items is looked at', () => {
        const { reasons, count, asked } = countingFor(schema);
        for (let n = 0; n < 1_500; n++) count({ a: `v${n % 30}`, b: 1 });
        expect(reasons.list()[0]!.samples).toHaveLength(5);
        expect([reasons.list()[0]!.count, asked()]).toEqual([1_500, 1_000]);
    });

    it('of a missing property are the items that miss it', () => {
        expect(samplesOf(schema, [{ id: 7 }, { id: 8 }])).toEqual([
            { count: 1, path: '/b', item: '7' },
            { count: 1, path: '/b', item: '8' },
        ]);
    });

    it('name the property that must not be there', () => {
        const strict = object({ good: {} }, { additionalProperties: false });
        expect(samplesOf(strict, [{ good: 1, bad: 5 }])).toEqual([{ value: '5', count: 1, path: '/bad' }]);
    });

    it('of alternatives show the value that failed in the closest branch', () => {
        const choice = object({ about: { anyOf: [object({ year: number }), { type: 'null' }] } });
        expect(samplesOf(choice, [{ about: { year: 'MCMLXXIX' } }])).toEqual([
            { value: '"MCMLXXIX"', count: 1, path: '/about/year' },
        ]);
    });

    it.each([
        ['the first field that usually names one', { name: 'n', id: 3, a: 'x', b: 1 }, undefined, '3'],
        ['what identify returns', { id: 3, a: 'x', b: 1 }, (item: { a?: unknown }) => `<${String(item.a)}>`, '<x>'],
        ['nothing where identify throws', { id: 3, a: 'x', b: 1 }, () => JSON.parse('no'), undefined],
        ['nothing where it returns a promise', { id: 3, a: 'x', b: 1 }, async () => 'late', undefined],
        [
            'no credentials',
            { link: 'https://joe:secret@host/?token=abc', a: 'x', b: 1 },
            undefined,
            'https://host/?token=***',
        ],
    ])('name the item by %s', (_what, item, identify, name) => {
        expect(samplesOf(schema, [item], { identify })[0]!.item).toBe(name);
    });

    it('show no credentials, in a value or in the address of a page', () => {
        const url = 'https://joe:secret@host/?token=abc';
        const [sample] = samplesOf(schema, [{ a: url, b: 1 }], {}, url);
        expect(sample).toEqual({
            value: '"https://host/?token=***"',
            count: 1,
            path: '/a',
            url: 'https://host/?token=***',
        });
    });

    it('name no key that only the item knew where redact took it away', () => {
        const map = object({ people: { additionalProperties: number } });
        const { reasons } = countingFor(map);
        const errors = [
            {
                instancePath: '/people/joe@example.com',
                schemaPath: '#/properties/people/additionalProperties/type',
                keyword: 'type',
                params: { type: 'number' },
            },
        ];
        reasons.count({ reason: 'schema', rejectedBy: 'guard', errors, item: () => ({ people: {} }) });
        reasons.count({ reason: 'schema', rejectedBy: 'guard', errors, item: () => undefined });
        expect(reasons.list()[0]!.samples).toEqual([{ count: 2, path: '/people/*' }]);
    });

    it('are neither kept nor asked for where they are switched off', () => {
        const { reasons, count, asked } = countingFor(schema, { samples: false });
        count({ a: 'x', id: 1 });
        expect([reasons.list().flatMap(({ samples }) => samples), asked()]).toEqual([[], 0]);
    });

    it('are bounded, whatever the item', () => {
        const key = 'k'.repeat(100_000);
        const map = { type: 'object', additionalProperties: number };
        const item = { [key]: 'v'.repeat(100_000), url: 7, name: key };
        const [sample] = samplesOf(map, [item], {}, `https://example.com/${key}`);
        expect(sample).toEqual({
            value: expect.stringMatching(/^"v{198}…$/),
            count: 1,
            path: expect.stringMatching(/^\/k{198}…$/),
            item: '7',
        });
    });

    it('keep no item alive', { timeout: 60_000 }, () => {
        const { count } = countingFor(schema);
        globalThis.gc?.();
        const before = process.memoryUsage().heapUsed;
        for (let n = 0; n < 60; n++)
            count({ a: `${n}${'x'.repeat(2_000_000)}`, b: 1, url: `${n}${'y'.repeat(1_000_000)}` });
        globalThis.gc?.();
        const kept = process.memoryUsage().heapUsed - before;
        // 60 slices of such texts would keep 180 MB.
        expect(kept).toBeLessThan(60_000_000);
    });
});
