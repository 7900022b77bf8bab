import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/delivery/canonical-json.js';
import { PayloadWriter } from '../../src/delivery/payload.js';
import type { ItemCounts } from '../../src/delivery/read-back.js';
import { countItems, indexesOf, readBack, readBackSync, Search } from '../../src/delivery/read-back.js';
import type { PageRange } from '../../src/ports.js';

const MAX_PAGES = 50;
const MAX_PAGE_BYTES = 2_000_000;

interface Writers {
    /** Items that others append before each page is read. */
    growth?: number;
    /** The total of a page does not count this many of the last items. */
    lag?: number;
    foreign?: (n: number) => unknown;
}

/** A dataset to which others write while it is read. */
function datasetOf(items: unknown[], { growth = 0, lag = 0, foreign = (n) => ({ foreign: n }) }: Writers = {}) {
    const pages: { offset: number; count: number }[] = [];
    const list = async (offset: number, limit: number) => {
        for (let n = 0; n < growth; n++) items.push(foreign(items.length));
        const page = items.slice(offset, offset + limit);
        pages.push({ offset, count: page.length });
        return { items: page, total: Math.max(0, items.length - lag) };
    };
    return { list, pages };
}

const foreignItems = (count: number) => Array.from({ length: count }, (_, n) => ({ foreign: n }));
const countsOf = (items: readonly unknown[]): ItemCounts =>
    countItems(PayloadWriter.of(items.map((item) => JSON.stringify(item))));
/** Few values, so that some items are equal. */
const ownItems = fc.array(fc.record({ n: fc.nat(20) }), { minLength: 1, maxLength: 40 });
const layout = fc.record({
    before: fc.oneof(fc.nat(30), fc.nat(20_000)),
    after: fc.oneof(fc.nat(30), fc.nat(20_000)),
    growth: fc.oneof(fc.constant(0), fc.nat(2_500)),
    lag: fc.oneof(fc.constant(0), fc.nat(200)),
});
const RUNS = { numRuns: 60 };

describe('reading a dataset back', () => {
    it('finds the items of a request wherever they lie behind the bound, whatever others append between the pages', async () => {
        await fc.assert(
            fc.asyncProperty(ownItems, layout, fc.nat(50), async (own, { before, after, growth, lag }, known) => {
                const dataset = [...foreignItems(known + before), ...own, ...foreignItems(after)];
                const { list, pages } = datasetOf(dataset, { growth, lag });
                const items = countsOf(own);
                const result = await readBack({ list }, { items, from: known });
                expect(result).toMatchObject({ outcome: 'stored', found: items });
                expect(pages.length).toBeLessThanOrEqual(MAX_PAGES);
                expect(Math.min(...pages.map(({ offset }) => offset))).toBe(known);
                expect(result!.total).toBeLessThanOrEqual(dataset.length);
            }),
            RUNS,
        );
    });

    it('finds exactly those items of a request that are there, each as often as it is there', async () => {
        await fc.assert(
            fc.asyncProperty(ownItems, layout, fc.infiniteStream(fc.boolean()), async (own, place, picks) => {
                const there = own.filter(() => picks.next().value);
                const dataset = [...foreignItems(place.before), ...there, ...foreignItems(place.after)];
                const { list, pages } = datasetOf(dataset, { growth: Math.min(place.growth, 100) });
                const result = await readBack({ list }, { items: countsOf(own), from: 0 });
                expect(result!.outcome).toBe(there.length === own.length ? 'stored' : 'partial');
                expect(new Map(result!.found)).toEqual(countsOf(there));
                expect(pages.length).toBeLessThanOrEqual(MAX_PAGES);
            }),
            RUNS,
        );
    });

    it('does not take the equal items of other requests for those of the request', async () => {
        await fc.assert(
            fc.asyncProperty(ownItems, ownItems, layout, fc.boolean(), async (own, other, place, isStored) => {
                const dataset = [
                    ...foreignItems(place.before),
                    ...other,
                    ...(isStored ? own : []),
                    ...foreignItems(place.after),
                ];
                const { list } = datasetOf(dataset);
                const others = countsOf(other);
                const result = await readBack({ list }, { items: countsOf(own), others, from: 0 });
                expect(result!.outcome).toBe(isStored ? 'stored' : 'partial');
                expect(result!.found).toEqual(isStored ? countsOf(own) : new Map());
            }),
            RUNS,
        );
    });

    it('reads no item twice', async () => {
        await fc.assert(
            fc.asyncProperty(layout, async ({ before, lag }) => {
                const { list, pages } = datasetOf(foreignItems(before), { lag });
                await readBack({ list }, { items: countsOf([{ n: 1 }]), from: 0 });
                const read = pages.flatMap(({ offset, count }) => Array.from({ length: count }, (_, n) => offset + n));
                expect(new Set(read).size).toBe(read.length);
                expect(read.length).toBe(before);
            }),
            RUNS,
        );
    });

    it('ends after 50 pages, and claims nothing, where the items of others are too large and too many', async () => {
        const large = { text: 'x'.repeat(200_000) };
        const own = { n: 1 };
        const { list, pages } = datasetOf([...Array(600).fill(large), own, ...Array(600).fill(large)]);
        const result = await readBack({ list }, { items: countsOf([own]), from: 0 });
        expect(result).toMatchObject({ outcome: 'unbounded', total: 1_201 });
        expect(pages).toHaveLength(MAX_PAGES);
    });

    it('asks for pages of at most two megabytes once it knows how large the items are', async () => {
        const { list, pages } = datasetOf(Array(300).fill({ text: 'x'.repeat(50_000) }));
        await readBack({ list }, { items: countsOf([{ n: 1 }]), from: 0 });
        const [first, ...others] = pages;
        expect(first).toEqual({ offset: 0, count: 8 });
        for (const { count } of others) expect(count * 50_000).toBeLessThanOrEqual(MAX_PAGE_BYTES);
        // Not much smaller either: each page costs a request.
        expect(others.length).toBeLessThan(12);
    });

    it('asks at the end of a process for a first page of at most two megabytes, also where items are large and equal', () => {
        const own = Array(100).fill({ text: 'x'.repeat(50_000) });
        const limits: number[] = [];
        const list = (ranges: readonly PageRange[]) =>
            ranges.map(({ offset, limit }) => {
                limits.push(limit);
                return { items: own.slice(offset, offset + limit), total: own.length };
            });
        const wanted = { items: countsOf(own), from: 0 };
        const search = new Search(wanted);
        expect(readBackSync(list, wanted, search)).toBe(true);
        expect(search.isComplete).toBe(true);
        expect(limits[0]).toBeGreaterThan(30);
        for (const limit of limits) expect(limit * 50_000).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    });

    it('finds items behind 20,000 others that the total does not count yet', async () => {
        const own = { n: 1 };
        const { list, pages } = datasetOf([...foreignItems(20_000), own], { lag: 20_001 });
        const result = await readBack({ list }, { items: countsOf([own]), from: 0 });
        expect(result).toMatchObject({ outcome: 'stored' });
        expect(pages.length).toBeLessThan(10);
    });

    it('says nothing where the dataset can never be read', async () => {
        const wanted = { items: countsOf([{ n: 1 }]), from: 0 };
        expect(await readBack({ list: async () => undefined }, wanted)).toBeUndefined();
        const { list } = datasetOf(foreignItems(100));
        const once = { list: async (offset: number, limit: number) => (offset === 0 ? list(0, limit) : undefined) };
        expect(await readBack(once, wanted)).toBeUndefined();
    });

    it('tells items by their data, not by the order of their properties nor by how a number is written', () => {
        fc.assert(
            fc.property(fc.jsonValue(), (value) => {
                const reversed = JSON.parse(JSON.stringify(value), (_, each: unknown) =>
                    typeof each === 'object' && each !== null && !Array.isArray(each)
                        ? Object.fromEntries(Object.entries(each).reverse())
                        : each,
                ) as unknown;
                expect(canonicalJson(reversed)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
                expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
            }),
        );
        expect(
            countItems(PayloadWriter.of(['{"a":1,"b":[2,{"c":3,"d":4}]}', '{"b":[2,{"d":4.0,"c":3}],"a":1e0}'])).size,
        ).toBe(1);
    });

    it('marks as many items of a payload as were found of each, the first ones first', () => {
        const payload = PayloadWriter.of(['{"n":1}', '{"n":2}', '{"n":1}', '{"n":1}']);
        expect([...indexesOf(payload, countsOf([{ n: 1 }, { n: 1 }]))]).toEqual([0, 2]);
    });
});
