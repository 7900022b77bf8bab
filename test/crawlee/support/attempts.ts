import { BasicCrawler, CheerioCrawler, createCheerioRouter, HttpCrawler } from '@crawlee/cheerio';
import type { HttpCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import { collectLog } from '../../report/support/log-lines.js';
import type { Stage } from './crawling.js';
import { crawl, crawlerOptions, httpCrawlerOptions, numbers, sortedNumbers, sleep } from './crawling.js';

type Context = Pick<HttpCrawlingContext, 'request' | 'pushData'>;
type Handler = (context: Context) => Promise<void>;
type Options = Awaited<ReturnType<typeof httpCrawlerOptions>>;

/** Pushes three items, and then fails the first time. */
const failsOnce = async ({ request, pushData }: Context) => {
    for (const n of [1, 2, 3]) await pushData({ n });
    if (request.retryCount === 0) throw new Error('The first attempt fails.');
};

/** `guard.handler()` around what a request handler may be; the same on the platform and locally. */
export function describeAttempts(stage: Stage): void {
    describe('a handler that pushes three items and then throws on its first attempt', () => {
        it('leaves six items in bare Crawlee', async () => {
            const id = await stage.freshDataset();
            await crawl(
                new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler: failsOnce }),
                stage.site.urls(1),
            );
            expect(numbers(await stage.items(id))).toEqual([1, 2, 3, 1, 2, 3]);
        });

        it.each([
            [
                'CheerioCrawler',
                (handler: Handler, options: Options) => new CheerioCrawler({ ...options, requestHandler: handler }),
            ],
            [
                'HttpCrawler',
                (handler: Handler, options: Options) => new HttpCrawler({ ...options, requestHandler: handler }),
            ],
            [
                'BasicCrawler',
                (handler: Handler, { persistCookiesPerSession: _, ...options }: Options) =>
                    new BasicCrawler({ ...options, requestHandler: handler }),
            ],
        ])('leaves three behind guard.handler() in a %s', async (_name, create) => {
            const lines = collectLog();
            const id = await stage.freshDataset();
            const guard = await stage.open();
            await crawl(create(guard.handler(failsOnce), await httpCrawlerOptions()), stage.site.urls(1));
            expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
            expect(guard.report()).toMatchObject({ receivedItems: 6, storedItems: 3, discardedItems: 3 });
            await guard.close();
            // Nobody got them back with an error.
            expect(lines.join('\n')).not.toContain('given back');
        });

        it('leaves three behind guard.handler() around a router, whose methods work through it', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const router = guard.handler(createCheerioRouter());
            const seen: string[] = [];
            router.use(({ request }) => {
                seen.push(`middleware of attempt ${request.retryCount}`);
            });
            router.addDefaultHandler(failsOnce);
            await crawl(
                new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler: router }),
                stage.site.urls(1),
            );
            expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
            expect(seen).toEqual(['middleware of attempt 0', 'middleware of attempt 1']);
        });

        it('leaves those of its last attempt when every attempt fails, as bare pushes would, and all are counted', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const requestHandler = guard.handler(async ({ pushData }: Context) => {
                await pushData([{ n: 1 }, { n: 'bad' }]);
                throw new Error('Every attempt fails.');
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            expect(numbers(await stage.items(id))).toEqual([1]);
            expect(await stage.quarantined(id)).toMatchObject([{ item: { n: 'bad' }, request: { retryCount: 2 } }]);
            expect(guard.report()).toMatchObject({
                receivedItems: 6,
                storedItems: 1,
                quarantinedItems: 1,
                discardedItems: 4,
            });
        });
    });

    describe('guard.handler()', () => {
        it('stores items as they were when they were pushed', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const requestHandler = guard.handler(async ({ pushData }: Context) => {
                const item = { n: 1, list: [1] };
                const pushed = pushData(item);
                item.n = 2;
                item.list.push(2);
                await pushed;
                item.n = 3;
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            expect(await stage.items(id)).toEqual([{ n: 1, list: [1] }]);
        });

        it('stores what a handler pushes without waiting for it', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const requestHandler = guard.handler(({ pushData }: Context) => {
                void pushData({ n: 1 });
                void pushData([{ n: 2 }, { n: 3 }]);
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
        });

        it('stores what comes after the handler has returned, too', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const late: Promise<void>[] = [];
            const requestHandler = guard.handler(async ({ pushData }: Context) => {
                await pushData({ n: 1 });
                late.push(sleep(50).then(async () => pushData({ n: 2 })));
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            await Promise.all(late);
            expect(numbers(await stage.items(id))).toEqual([1, 2]);
            expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 2 });
        });

        it('counts what comes after the handler has failed as discarded, for its retry pushes it again', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const late: Promise<void>[] = [];
            const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
                late.push(sleep(30).then(async () => pushData({ n: 1 })));
                if (request.retryCount === 0) throw new Error('The first attempt fails.');
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            await Promise.all(late);
            expect(numbers(await stage.items(id))).toEqual([1]);
            expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 1, discardedItems: 1 });
        });

        it('leaves each item once when a handler times out and goes on beside its retry', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const attempts: Promise<void>[] = [];
            let goOn: () => void;
            const isRetried = new Promise<void>((resolve) => {
                goOn = resolve;
            });
            const work = async ({ request, pushData }: Context) => {
                await pushData({ n: 1, attempt: request.retryCount });
                if (request.retryCount === 0) await isRetried;
                else goOn();
                await pushData({ n: 2, attempt: request.retryCount });
            };
            const requestHandler = guard.handler(async (context: Context) => {
                const attempt = work(context);
                attempts.push(attempt);
                await attempt;
            });
            const options = { ...(await crawlerOptions()), requestHandlerTimeoutSecs: 1 };
            await crawl(new BasicCrawler({ ...options, requestHandler }), stage.site.urls(1));
            await Promise.all(attempts);
            await sleep(20);
            expect(attempts).toHaveLength(2);
            expect(await stage.items(id)).toEqual([
                { n: 1, attempt: 1 },
                { n: 2, attempt: 1 },
            ]);
            expect(guard.report()).toMatchObject({ receivedItems: 4, storedItems: 2, discardedItems: 2 });
        });

        it('holds no handler for the flush interval', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open({ flushIntervalMillis: 60_000 });
            const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
                await pushData({ n: Number(new URL(request.url).pathname.slice(1)) });
            });
            const startedAt = performance.now();
            await crawl(new BasicCrawler({ ...(await crawlerOptions(2)), requestHandler }), stage.site.urls(6));
            expect(performance.now() - startedAt).toBeLessThan(20_000);
            expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3, 4, 5, 6]);
        });

        it('leaves the crawler its own pushData, for its error handlers', async () => {
            const id = await stage.freshDataset(null);
            const guard = await stage.open();
            const requestHandler = guard.handler(async ({ pushData }: Context) => {
                await pushData({ n: 1 });
                throw new Error('Every attempt fails.');
            });
            const report =
                (from: string) =>
                async ({ request, pushData }: Context) =>
                    pushData({ from, retryCount: request.retryCount });
            const crawler = new BasicCrawler({
                ...(await crawlerOptions()),
                requestHandler,
                errorHandler: report('errorHandler'),
                failedRequestHandler: report('failedRequestHandler'),
            });
            await crawl(crawler, stage.site.urls(1));
            expect(await stage.items(id)).toEqual([
                { from: 'errorHandler', retryCount: 0 },
                { from: 'errorHandler', retryCount: 1 },
                { n: 1 },
                { from: 'failedRequestHandler', retryCount: 2 },
            ]);
            // The guard does not know of those of error handlers: they went straight to the dataset.
            expect(guard.report()).toMatchObject({ storedItems: 1, discardedItems: 2 });
        });

        it('lets pushes to another dataset pass untouched, at once', async () => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
                await pushData({ n: 'not of this schema' }, `other-of-${id.slice(-12)}`);
                await pushData({ n: 1 }, id);
                if (request.retryCount === 0) throw new Error('The first attempt fails.');
            });
            await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            expect(numbers(await stage.items(`other-of-${id.slice(-12)}`))).toHaveLength(2);
            expect(numbers(await stage.items(id))).toEqual([1]);
            expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 1, quarantinedItems: 0 });
        });
    });
}
