import { createRequire } from 'node:module';

import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { foldErrors } from '../../src/quality/alternatives.js';
import type { FieldSummary } from '../../src/quality/fields.js';
import { FieldCounts } from '../../src/quality/fields.js';
import { movies } from '../actor/support/movies.js';
import type { Declared } from './support-count.js';
import { expectRows } from './support-count.js';
import { validatorOf } from './support.js';

const object = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });
const list = (items: object) => ({ type: 'array', items });

function count(fields: FieldCounts, items: readonly object[]): FieldCounts {
    for (const item of items) fields.store(fields.tally(item));
    return fields;
}

function expectCounts(fields: FieldCounts, items: readonly unknown[], declared: Declared = {}): void {
    expectRows(fields.rows(), items, declared);
}

const SCHEMA = object({
    a: { type: 'string', title: 'The A' },
    b: object({ c: {}, d: object({ e: {} }) }),
    list: list(object({ x: {}, deep: list({}) })),
    map: { additionalProperties: object({ v: {} }) },
    constructor: {},
    __proto__x: {},
});

const value = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('', 'x', null, 0, 1, false, [], {}, ['x'], [null, ''], { c: 1 }, { v: '' }, [
        { x: 1 },
        {},
        'y',
        null,
    ]),
    fc.jsonValue({ maxDepth: 3 }),
);
const item = fc.dictionary(
    fc.constantFrom('a', 'b', 'list', 'map', 'constructor', 'toString', 'z', 'y', 'length'),
    fc.oneof(value, fc.dictionary(fc.constantFrom('c', 'd', 'e', 'v', 'k1', 'k2'), value), fc.array(value)),
    { noNullPrototype: true },
);

describe('counts of fields', () => {
    it('equal those of an independent count, for any items', () => {
        fc.assert(
            fc.property(fc.array(item, { maxLength: 40 }), (items) => {
                const fields = new FieldCounts({
                    schema: SCHEMA,
                    paths: ['/list/*/y', '/a/b/c', '/z', '/list/0', '/map/k1'],
                });
                const plain = JSON.parse(JSON.stringify(items)) as object[];
                count(fields, plain);
                expectCounts(fields, plain, { '/list/*': ['x', 'deep'], '/map/*': ['v'] });
            }),
            { numRuns: 150 },
        );
    });

    it('are the same when the process changes anywhere, and for items tallied before a schema changes', () => {
        fc.assert(
            fc.property(fc.array(item, { maxLength: 40 }), fc.nat(40), (items, cut) => {
                const plain = JSON.parse(JSON.stringify(items)) as object[];
                const first = count(new FieldCounts({ schema: SCHEMA }), plain.slice(0, cut));
                const second = new FieldCounts({ schema: SCHEMA });
                second.restore(JSON.parse(JSON.stringify(first.save())));
                const tallies = plain.slice(cut).map((one) => second.tally(one));
                second.useSchema(SCHEMA);
                for (const tally of tallies) second.store(tally);
                const whole = count(new FieldCounts({ schema: SCHEMA }), plain);
                expect(second.rows().toSorted(byPath)).toEqual(whole.rows().toSorted(byPath));
            }),
        );
    });

    it('equal an independent count of the movies', async () => {
        const { default: definition } = await import('../../.actor/dataset_schema.json', { with: { type: 'json' } });
        const fields = count(new FieldCounts({ schema: definition.fields }), movies);
        expect(fields.rows().length).toBeGreaterThanOrEqual(16);
        expectCounts(fields, movies);
    });

    it('equal an independent count of large items with names that only the data knows', () => {
        const { api } = createRequire(import.meta.url)('@mdn/browser-compat-data') as { api: Record<string, object> };
        const items = Object.values(api).map((one) => JSON.parse(JSON.stringify(one)) as object);
        const schema = object({
            __compat: object({
                mdn_url: {},
                support: { additionalProperties: { anyOf: [object({ version_added: {} }), list({})] } },
                status: object({ deprecated: {} }),
                tags: list({ type: 'string' }),
            }),
        });
        const fields = count(new FieldCounts({ schema, paths: ['/__compat/support/*/notes'] }), items);
        expect(fields.rows().map(({ path }) => path)).toContain('/__compat/support/*/version_added');
        expectCounts(fields, items, { '/__compat/support/*': ['version_added'] });
    });

    it('equal an independent count where items themselves are maps', () => {
        const schema = object({ id: {} }, { additionalProperties: object({ n: { type: 'number' } }) });
        const items = Array.from({ length: 2_000 }, (_, n) => ({
            id: n,
            [`k${n % 90}`]: { n },
            z: n % 3 ? { n: null } : '',
        }));
        const fields = count(new FieldCounts({ schema }), items);
        expect(fields.rows().map(({ path, totalItems }) => [path, totalItems])).toEqual([
            ['/id', 2_000],
            ['/*', 4_000],
            ['/*/n', 4_000],
            ['/z', 2_000],
            ...Array.from({ length: 90 }, (_, n) => [`/k${n}`, 2_000]),
        ]);
    });

    it('are of stored items only: what was tallied and not stored is not in them', () => {
        const fields = new FieldCounts({ schema: SCHEMA });
        const tallies = ['x', '', null].map((a) => fields.tally({ a }));
        fields.store(tallies[1]!);
        expect(fields.rows()[0]).toMatchObject({ path: '/a', totalItems: 1, emptyItems: 1, filledItems: 0 });
    });

    it('stay right after more different shapes than are remembered', () => {
        const schema = object(Object.fromEntries(Array.from({ length: 24 }, (_, n) => [`f${n}`, {}])));
        const items = Array.from({ length: 9_000 }, (_, n) =>
            Object.fromEntries(
                Array.from({ length: 24 }, (_x, bit) => [`f${bit}`, (n * 2_654_435_761) & (1 << bit) ? bit : null]),
            ),
        );
        const fields = new FieldCounts({ schema });
        const early = items.slice(0, 10).map((one) => fields.tally(one));
        count(fields, items.slice(10));
        for (const tally of early) fields.store(tally);
        expectCounts(fields, items);
    });
});

describe('rows', () => {
    it('have the titles of the schema, in its order, through references and alternatives', () => {
        const schema = {
            ...object({
                offer: { $ref: '#/definitions/offer' },
                price: { title: 'Price', anyOf: [object({ amount: {} }), {}] },
            }),
            definitions: { offer: object({ seller: { title: 'Seller' }, next: { $ref: '#/definitions/offer' } }) },
        };
        expect(new FieldCounts({ schema }).rows().map(({ path, title }) => [path, title])).toEqual([
            ['/offer', undefined],
            ['/offer/seller', 'Seller'],
            ['/offer/next', undefined],
            ['/price', 'Price'],
            ['/price/amount', undefined],
        ]);
    });

    it('of names that no schema knows are there once 1 % and 5 of the stored items have them, at most 200', () => {
        const items = Array.from({ length: 1_000 }, (_, n) => ({
            always: n,
            ...(n % 100 === 0 && { often: 1 }),
            ...(n % 250 === 0 && { rare: 1 }),
            [`data${n}`]: 1,
        }));
        const rows = count(new FieldCounts(), items).rows();
        expect(rows.map(({ path, filledItems }) => [path, filledItems])).toEqual([
            ['/always', 1_000],
            ['/often', 10],
        ]);
        const wide = Array.from({ length: 6 }, () =>
            Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`k${n}`, n])),
        );
        expect(count(new FieldCounts(), wide).rows()).toHaveLength(200);
    });

    it('are bounded, whatever schema and items', () => {
        const schema = object(Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, {}])));
        const fields = new FieldCounts({ schema });
        for (let n = 0; n < 3_000; n++) fields.store(fields.tally({ [`key${n}`]: n, ['k'.repeat(500) + n]: 1 }));
        expect(fields.rows()).toHaveLength(500);
        expect(JSON.stringify(fields.save()).length).toBeLessThan(200_000);
    });

    it('count items that failed because of them, once each', () => {
        const schema = object(
            { a: { type: 'string' }, list: list(object({ x: { type: 'number' } })) },
            { required: ['a'] },
        );
        const errorsOf = validatorOf(schema);
        const fields = new FieldCounts({ schema });
        for (const bad of [{}, { a: 1, list: [{ x: '' }, { x: '' }, 5] }, { list: 'x' }]) {
            fields.fail(foldErrors(errorsOf(bad)));
        }
        expect(fields.rows().map(({ path, failedItems }) => [path, failedItems])).toEqual([
            ['/a', 3],
            ['/list', 1],
            ['/list/*', 1],
            ['/list/*/x', 1],
        ]);
    });

    it('are missing for what redact takes away, also after a restart', () => {
        const schema = object({ name: {}, email: {}, owner: object({ phone: {} }) });
        const options = {
            schema,
            redact: (one: any) => {
                delete one.email;
                delete one.owner?.phone;
                delete one.note;
                return one;
            },
        };
        const people = Array.from({ length: 9 }, (_, n) => ({
            name: `n${n}`,
            email: 'e',
            owner: { phone: 1 },
            note: 'x',
        }));
        const fields = count(new FieldCounts(options), people);
        const paths = ['/name', '/owner'];
        expect(fields.rows().map(({ path }) => path)).toEqual(paths);
        const later = new FieldCounts(options);
        later.restore(fields.save());
        expect(later.rows().map(({ path }) => path)).toEqual(paths);
        expect(people[0]).toHaveProperty('email');
    });

    it('are missing for what redact takes away of items that have little in common', () => {
        const redact = (one: any) => {
            for (const name of Object.keys(one)) if (name.startsWith('secret')) delete one[name];
            return one;
        };
        const fields = new FieldCounts({ schema: object({ secret9: {} }), redact });
        for (let n = 0; n < 3_000; n++) {
            const bits = Array.from({ length: 20 }, (_, bit) => [
                `f${bit}`,
                (n * 2_654_435_761) & (1 << bit) ? bit : null,
            ]);
            fields.store(fields.tally({ ...Object.fromEntries(bits), ...(n > 1_000 && { [`secret${n % 10}`]: n }) }));
        }
        const paths = fields.rows().map(({ path }) => path);
        expect(paths).toHaveLength(20);
        expect(paths.filter((path) => path.startsWith('/secret'))).toEqual([]);
    });

    it('are missing for all values of an item that redact fails on', () => {
        const fail = () => {
            throw new Error('no');
        };
        for (const redact of [fail, () => undefined, () => ({ toJSON: fail })]) {
            const items = Array.from({ length: 9 }, () => ({ a: 1, b: 2 }));
            expect(count(new FieldCounts({ schema: object({ a: {} }), redact }), items).rows()).toEqual([]);
        }
    });

    it('have an example for the page, redacted, short and without credentials', () => {
        const schema = object({ url: {}, list: list(object({ x: {} })), none: {} });
        const items = [{ url: '' }, { url: 'https://joe:secret@host/', list: [{ x: 'y'.repeat(500) }], none: null }];
        const details = count(new FieldCounts({ schema }), items).details();
        expect(details.map(({ path, example }) => [path, example?.slice(0, 20), (example?.length ?? 0) <= 60])).toEqual(
            [
                ['/url', '"https://host/"', true],
                ['/list', `[{"x":"${'y'.repeat(13)}`, true],
                ['/list/*', `{"x":"${'y'.repeat(14)}`, true],
                ['/list/*/x', `"${'y'.repeat(19)}`, true],
                ['/none', undefined, true],
            ],
        );
        const without = count(new FieldCounts({ schema, samples: false }), items).details();
        expect(without.map(({ example }) => example)).toEqual(new Array(5).fill(undefined));
    });
});

function byPath(a: FieldSummary, b: FieldSummary): number {
    return a.path < b.path ? -1 : 1;
}
