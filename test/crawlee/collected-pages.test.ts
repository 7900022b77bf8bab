import { randomUUID } from 'node:crypto';

import { BasicCrawler, NonRetryableError } from '@crawlee/basic';
import type { HttpCrawlingContext } from 'crawlee';
import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, numbers, sleep, sortedNumbers, stageOnPlatform } from './support/crawling.js';

type Context = Pick<HttpCrawlingContext, 'request' | 'pushData'>;

const stage = stageOnPlatform();
const MAX_RETRIES = 2;

/** An attempt pushes a number of items, and then returns, throws, or throws for good. */
interface Plan {
    items: number;
    end: 'returns' | 'throws' | 'throws for good' | 'forbids retries';
}
const plan: fc.Arbitrary<Plan> = fc.record({
    items: fc.nat(3),
    end: fc.constantFrom('returns', 'throws', 'throws', 'throws for good', 'forbids retries'),
});
const pageOf = (length: number) => fc.array(plan, { minLength: length, maxLength: length });

/** Numbers that tell page, attempt and place. */
const numbersOf = (page: number, attempt: number, { items }: Plan) =>
    Array.from({ length: items }, (_, n) => page * 1_000 + attempt * 100 + n);

/** The attempts that a crawler makes, and the one that counts. */
function expectedOf(page: number, plans: readonly Plan[]): number[] {
    const made = plans.slice(0, 1 + plans.findIndex(({ end }, attempt) => end !== 'throws' || attempt === MAX_RETRIES));
    const last = made.at(-1)!;
    const counted = last.end === 'returns' ? made.length - 1 : made.findLastIndex(({ items }) => items > 0);
    return counted === -1 ? [] : numbersOf(page, counted, made[counted]!);
}

async function runPages(
    pages: readonly Plan[][],
    requestHandler: (context: HttpCrawlingContext) => Promise<void>,
): Promise<void> {
    const options = {
        ...(await crawlerOptions(10)),
        maxRequestRetries: MAX_RETRIES,
        requestHandler: requestHandler as never,
    };
    const crawler = new BasicCrawler(options);
    await crawler.run(pages.map((_, page) => ({ url: `http://page/${page}`, uniqueKey: randomUUID() })));
}

async function follow({ request }: Context, pages: readonly Plan[][], push: (attempt: number) => Promise<void>) {
    const page = Number(request.url.split('/').at(-1));
    const { end } = pages[page]![request.retryCount]!;
    await push(request.retryCount);
    if (end === 'forbids retries') request.noRetry = true;
    if (end === 'throws for good') throw new NonRetryableError('This page is broken.');
    if (end !== 'returns') throw new Error('This attempt fails.');
}

describe('pages behind guard.handler()', () => {
    it('leave the items of the newest attempt that returned, or, where none did, of the newest that pushed any', async () => {
        const run = async (pages: Plan[][]) => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const handler = guard.handler(async (context: HttpCrawlingContext) => {
                const page = Number(context.request.url.split('/').at(-1));
                await follow(context, pages, async (attempt) => {
                    for (const n of numbersOf(page, attempt, pages[page]![attempt]!)) await context.pushData({ n });
                });
            });
            await runPages(pages, handler);
            const expected = pages.flatMap((plans, page) => expectedOf(page, plans));
            expect(sortedNumbers(await stage.items(id))).toEqual(expected.sort((a, b) => a - b));
            const { storedItems, receivedItems, discardedItems } = guard.report();
            expect([storedItems, receivedItems - discardedItems]).toEqual([expected.length, expected.length]);
            await guard.close();
        };
        await fc.assert(fc.asyncProperty(fc.array(pageOf(MAX_RETRIES + 1), { minLength: 30, maxLength: 40 }), run), {
            numRuns: 4,
            endOnFailure: true,
        });
    }, 60_000);

    it('store each item once, although memory is short and they are committed before their handlers are done', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ maxBufferedBytes: 1_024, maxPayloadBytes: 1_024 });
        const [pages] = fc.sample(fc.array(pageOf(MAX_RETRIES + 1), { minLength: 40, maxLength: 40 }), {
            numRuns: 1,
            seed: 5,
        }) as [Plan[][]];
        // Each attempt pushes the same, among it equal items.
        const items = (page: number) => [0, 0, 1, 2].map((n) => ({ n: page * 1_000 + n, text: 'x'.repeat(200) }));
        const handler = guard.handler(async (context: HttpCrawlingContext) => {
            const page = Number(context.request.url.split('/').at(-1));
            await follow(context, pages, async () => {
                for (const item of items(page)) await context.pushData(item);
            });
        });
        await runPages(pages, handler);
        await guard.close();
        const expected = pages.flatMap((_, page) => items(page).map(({ n }) => n));
        expect(sortedNumbers(await stage.items(id))).toEqual(expected);
        const { storedItems, receivedItems, discardedItems, pendingItems } = guard.report();
        expect([storedItems, receivedItems - discardedItems, pendingItems]).toEqual([160, 160, 0]);
    }, 60_000);

    it('take nothing from an attempt that goes on after its retry has returned', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const late: Promise<unknown>[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            const { retryCount } = request;
            await pushData({ n: retryCount });
            if (retryCount === 1) return;
            late.push(sleep(400).then(async () => pushData({ n: 100 })));
            throw new Error('The first attempt fails.');
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        await Promise.all(late);
        await guard.close();
        expect(numbers(await stage.items(id))).toEqual([1]);
        // Nothing of it is held for a retry that does not come.
        expect(guard.report()).toMatchObject({ receivedItems: 3, storedItems: 1, discardedItems: 2, unsentItems: 0 });
    });

    it('store what the last attempt pushes after it has failed for good', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const late: Promise<unknown>[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            request.noRetry = true;
            await pushData({ n: 1 });
            late.push(sleep(200).then(async () => pushData({ n: 2 })));
            throw new Error('This page is broken.');
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        await Promise.all(late);
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });
});
