import { BasicCrawler, CheerioCrawler, HttpCrawler } from '@crawlee/cheerio';
import type { HttpCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import {
    crawl,
    crawlerOptions,
    FIELDS,
    httpCrawlerOptions,
    numbers,
    pageNumber,
    sleep,
    sortedNumbers,
    stageOnPlatform,
    together,
} from './support/crawling.js';

type Handler = (context: Context) => Promise<void>;
type Context = Pick<HttpCrawlingContext, 'request' | 'pushData'>;

const stage = stageOnPlatform();
const HANDLERS = 50;
const ALL = Array.from({ length: HANDLERS }, (_, index) => index + 1);

describe('50 handlers at once, with 20 ms of latency', () => {
    const pushes =
        (wait: () => Promise<void>) =>
        async ({ request, pushData }: Context) => {
            await wait();
            await pushData({ n: pageNumber(request.url), page: request.url });
        };

    it('share requests: at most a tenth of those of bare Crawlee', async () => {
        const requestsOf = async (handlerOf: (handler: Handler) => Handler | Promise<Handler>) => {
            const id = await stage.freshDataset();
            const requestHandler = await handlerOf(pushes(together(HANDLERS)));
            const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions(HANDLERS)), requestHandler });
            stage.platform.server.latencyMillis = 20;
            await crawl(crawler, stage.site.urls(HANDLERS));
            stage.platform.server.latencyMillis = 0;
            expect(sortedNumbers(await stage.items(id))).toEqual(ALL);
            return stage.platform.server.pushRequests(id).length;
        };
        const bare = await requestsOf((handler) => handler);
        const guarded = await requestsOf(async (handler) => (await stage.open()).handler(handler));
        expect(bare).toBe(HANDLERS);
        expect(guarded).toBeLessThanOrEqual(bare / 10);
    });

    it('share them behind the router hook and install(), too', async () => {
        for (const entryPoint of ['hook', 'install'] as const) {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const wait = together(HANDLERS);
            const crawler = new CheerioCrawler(await httpCrawlerOptions(HANDLERS));
            crawler.router.addDefaultHandler(pushes(wait));
            if (entryPoint === 'hook') crawler.router.use(guard.routerHook());
            else guard.install(crawler);
            stage.platform.server.latencyMillis = 20;
            await crawl(crawler, stage.site.urls(HANDLERS));
            guard.uninstall();
            expect(await stage.items(id)).toHaveLength(HANDLERS);
            expect(stage.platform.server.pushRequests(id).length).toBeLessThanOrEqual(HANDLERS / 10);
        }
    });
});

describe('a 400 for the item of one handler', () => {
    it('touches the items of no other', async () => {
        const id = await stage.freshDataset({ ...FIELDS, properties: { n: { not: { const: 7 } } } });
        const guard = await stage.open({ schema: false });
        const wait = together(10);
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            await wait();
            attempts.push(pageNumber(request.url));
            await pushData([{ n: pageNumber(request.url) }, { n: 100 + pageNumber(request.url) }]);
        });
        await crawl(new HttpCrawler({ ...(await httpCrawlerOptions(10)), requestHandler }), stage.site.urls(10));
        const expected = ALL.slice(0, 10).flatMap((n) => (n === 7 ? [107] : [n, 100 + n]));
        expect(sortedNumbers(await stage.items(id))).toEqual(expected.sort((a, b) => a - b));
        expect(attempts).toHaveLength(10);
        expect(await stage.quarantined(id)).toMatchObject([
            { item: { n: 7 }, rejectedBy: 'platform', request: { url: stage.site.url('/7'), retryCount: 0 } },
        ]);
    });

    it("fails its handler alone, for good, where mode: 'fail' says so, and stores the others once", async () => {
        const id = await stage.freshDataset({ ...FIELDS, properties: { n: { not: { const: 3 } } } });
        const guard = await stage.open({ schema: false, mode: 'fail' });
        const wait = together(4);
        const failed: string[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            await wait();
            await pushData([{ n: pageNumber(request.url) }, { n: 100 + pageNumber(request.url) }]);
        });
        const crawler = new BasicCrawler({
            ...(await crawlerOptions(4)),
            requestHandler,
            failedRequestHandler: ({ request }, { name }) => {
                failed.push(`${pageNumber(request.url)} ${name}`);
            },
        });
        await crawl(crawler, stage.site.urls(4));
        expect(failed).toEqual(['3 ItemsRejectedError']);
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 4, 101, 102, 103, 104]);
    });
});

describe('a delivery that fails', () => {
    it('fails the handler, whose retry leaves each item once', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open(undefined, { maxRetries: 0 });
        stage.platform.server.faults.next({
            path: /\/items$/,
            method: 'POST',
            times: 1,
            fault: { status: 503 },
        });
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            attempts.push(request.retryCount);
            await pushData([{ n: 1 }, { n: 2 }]);
        });
        await crawl(
            new BasicCrawler({ ...(await crawlerOptions()), maxRequestRetries: 5, requestHandler }),
            stage.site.urls(1),
        );
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
        expect(attempts.length).toBeGreaterThan(1);
        const { receivedItems, storedItems, discardedItems } = guard.report();
        expect([storedItems, discardedItems]).toEqual([2, receivedItems - 2]);
    });

    it('waits for a platform that is away for a while, and stores each item once', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        stage.platform.server.faults.next({ path: /\/items$/, method: 'POST', fault: { status: 503 } });
        stage.platform.server.faults.next({ path: /\/items$/, method: 'POST', fault: { when: 'after', cut: true } });
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            await pushData({ n: pageNumber(request.url) });
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions(3)), requestHandler }), stage.site.urls(3));
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3]);
    });

    it('leaves each item once when the handler times out while its items are on their way', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        stage.platform.server.faults.next({ path: /\/items$/, method: 'POST', fault: { delayMillis: 1_500 } });
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            attempts.push(request.retryCount);
            await pushData([{ n: 1 }, { n: 1 }, { n: 'bad' }, { n: 2 }]);
            if (request.retryCount > 0) await pushData({ n: 3 });
        });
        const options = { ...(await crawlerOptions()), requestHandlerTimeoutSecs: 1, requestHandler };
        await crawl(new BasicCrawler({ ...options, maxRequestRetries: 5 }), stage.site.urls(1));
        await sleep(50);
        expect(attempts.length).toBeGreaterThan(1);
        expect(numbers(await stage.items(id))).toEqual([1, 1, 2, 3]);
        expect(await stage.quarantined(id)).toHaveLength(1);
        const { receivedItems, storedItems, quarantinedItems, discardedItems } = guard.report();
        expect([storedItems, quarantinedItems, receivedItems - discardedItems]).toEqual([4, 1, 5]);
    });
});
