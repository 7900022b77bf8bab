import { describe, expect, it } from 'vitest';

import { suggestChanges } from '../../../src/infer/suggest/suggest-changes.js';
import { openRepair } from '../support/repairs.js';
import { compile } from '../support/strict-ajv.js';

type Item = Record<string, any>;

const COERCE = 'repair: { coerce: true }';

/** The best repair that keeps the values of items that fail, after it was applied to them. */
async function bestRepair(properties: Item, items: Item[]) {
    const schema = { type: 'object', properties };
    const { changes } = await suggestChanges(items, schema);
    const [repair] = changes[0]!.repairs.filter(({ keepsValue }) => keepsValue);
    if (repair === undefined) return undefined;
    const isValid = compile(schema);
    const apply = await openRepair(repair.code, schema);
    const repaired = items.map((item) => apply(structuredClone(item)));
    expect(repaired.filter((item) => isValid(item))).toHaveLength(repair.mendedItems);
    return { ...repair, repaired };
}

async function readingOf(value: unknown, schema: Item) {
    const repair = await bestRepair({ value: schema }, [{ value }]);
    return repair && { after: repair.samples[0]!.after, isCoercion: repair.code === COERCE };
}

describe('a suggested repair', () => {
    it.each([
        ['12.50', { type: 'number' }, 12.5],
        ['$12.50', { type: 'number' }, 12.5],
        ['1,234', { type: 'integer' }, 1_234],
        ['-3', { type: ['integer', 'null'] }, -3],
        ['USD 1,234.5', { type: 'number' }, 1_234.5],
        ['12 €', { type: 'number' }, 12],
        ['true', { type: 'boolean' }, true],
        [300, { type: 'string' }, '300'],
        ['', { type: ['number', 'null'] }, null],
    ])('reads %j by coercion', async (value, schema, after) => {
        expect(await readingOf(value, schema)).toEqual({ after, isCoercion: true });
    });

    it.each([
        ['12,50', { type: 'number' }, 12.5],
        ['1.234,50 €', { type: 'number' }, 1_234.5],
        ['1 234', { type: 'integer' }, 1_234],
        ['12.5 kg', { type: 'number' }, 12.5],
        ['from $1,234.50 each', { type: 'number' }, 1_234.5],
        ['at -3 °C', { type: 'integer' }, -3],
        ['1,234 reviews', { type: 'integer' }, 1_234],
        ['Yes', { type: 'boolean' }, true],
        ['0', { type: 'boolean' }, false],
        ['Jan 31, 2025', { type: 'string', format: 'date' }, '2025-01-31'],
        ['31 January 2025', { type: 'string', format: 'date' }, '2025-01-31'],
        ['2025/1/31', { type: 'string', format: 'date' }, '2025-01-31'],
        ['31.1.2025', { type: 'string', format: 'date' }, '2025-01-31'],
        ['01/31/2025', { type: 'string', format: 'date' }, '2025-01-31'],
        ['2025-01-31T12:00:00Z', { type: 'string', format: 'date' }, '2025-01-31'],
        ['Feb. 1 2025', { type: 'string', format: 'date' }, '2025-02-01'],
        ['31/01/2025', { type: 'string', format: 'date-time' }, '2025-01-31T00:00:00Z'],
        ['31 Jan 2025', { type: 'string', format: 'date-time' }, '2025-01-31T00:00:00Z'],
        ['2025-01-31', { type: 'string', format: 'date-time' }, '2025-01-31T00:00:00Z'],
        ['2025-01-31 12:00', { type: 'string', format: 'date-time' }, '2025-01-31T12:00:00Z'],
        [1_738_324_800, { type: 'string', format: 'date-time' }, '2025-01-31T12:00:00.000Z'],
        [1_738_324_800, { type: 'string', format: 'date' }, '2025-01-31'],
        ['example.com/a b', { type: 'string', format: 'uri' }, 'https://example.com/a%20b'],
        ['//example.com', { type: 'string', format: 'uri' }, 'https://example.com'],
        ['LARGE', { enum: ['small', 'large'] }, 'large'],
        ['not  rated', { enum: ['Not Rated'] }, 'Not Rated'],
        [' two  words ', { type: 'string', pattern: '^\\S+( \\S+)*$' }, 'two words'],
        ['n/a', { type: ['number', 'null'] }, null],
    ])('reads %j by a function, which does what it claims', async (value, schema, after) => {
        expect(await readingOf(value, schema)).toEqual({ after, isCoercion: false });
    });

    it.each([
        ['text', { type: 'number' }],
        ['10-20', { type: 'number' }],
        ['model x5', { type: 'number' }],
        ['A-4', { type: 'number' }],
        ['1.2.3', { type: 'number' }],
        ['1,23', { type: 'integer' }],
        ['12345678901234567890', { type: 'integer' }],
        ['Feb 30 2025', { type: 'string', format: 'date' }],
        ['Foo 12 2025', { type: 'string', format: 'date' }],
        ['32.1.2025', { type: 'string', format: 'date' }],
        ['some words', { type: 'string', format: 'uri' }],
        ['maybe', { type: 'boolean' }],
        ['huge', { enum: ['small', 'large'] }],
        [null, { type: 'string' }],
        [{ a: 1 }, { type: 'string' }],
    ])('is not made up for %j', async (value, schema) => {
        expect(await readingOf(value, schema)).toBeUndefined();
    });

    it('tells day and month apart by what mends more items', async () => {
        const released = { type: 'string', format: 'date' };
        const items = ['03/04/2025', '31/01/2025', '05/06/2025'].map((text) => ({ released: text }));
        expect(await bestRepair({ released }, items)).toMatchObject({
            mendedItems: 3,
            repaired: [{ released: '2025-04-03' }, { released: '2025-01-31' }, { released: '2025-06-05' }],
        });
    });

    it('converts elements and values of maps, and leaves what is right as it is', async () => {
        const address = { type: 'string', format: 'uri' };
        const properties = {
            offers: { type: 'array', items: { type: 'object', properties: { 'web address': address } } },
            byShop: { type: 'object', additionalProperties: address },
        };
        const offers = [{ 'web address': 'example.com' }, { 'web address': 'https://example.com/b' }, {}];
        expect(await bestRepair(properties, [{ offers }])).toMatchObject({
            mendedItems: 1,
            repaired: [{ offers: [{ 'web address': 'https://example.com' }, offers[1], {}] }],
        });
        expect(await bestRepair(properties, [{ byShop: { a: 'example.com', b: 'http://example.com' } }])).toMatchObject(
            {
                mendedItems: 1,
                repaired: [{ byShop: { a: 'https://example.com', b: 'http://example.com' } }],
            },
        );
    });
});
