import { BasicCrawler, CheerioCrawler } from '@crawlee/cheerio';
import type { BasicCrawlingContext, CheerioCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import type { DatasetGuard, Dictionary } from '../../src/index.js';
import { crawl, crawlerOptions, httpCrawlerOptions, numbers, stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();

/** Crawls one page with this handler behind the guard's hook. */
async function crawlHooked(
    guard: DatasetGuard<any>,
    handler: (context: CheerioCrawlingContext) => Promise<void>,
    options: object = {},
): Promise<void> {
    const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions()), ...options });
    crawler.router.use(guard.routerHook());
    crawler.router.addHandler('detail', handler);
    await crawler.run([{ url: stage.site.url('/moved'), label: 'detail', userData: { secret: 1 } }]);
}

describe('behind guard.routerHook(), context.pushData', () => {
    it('resolves when its items are stored or quarantined, not after the flush interval', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ flushIntervalMillis: 60_000 });
        const seen: number[] = [];
        await crawlHooked(guard, async ({ pushData }) => {
            await pushData([{ n: 1 }, { n: 'bad' }]);
            seen.push(stage.platform.server.items(id).length, stage.platform.quarantined(id).length);
            await pushData({ n: 2 });
            seen.push(stage.platform.server.items(id).length);
        });
        expect(seen).toEqual([1, 1, 2]);
    });

    it('lets the records know their request, and nothing of its user data', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        await crawlHooked(guard, async ({ pushData }) => pushData({ n: 'bad' }));
        const [record] = await stage.quarantined(id);
        expect(record!.request).toEqual({
            url: stage.site.url('/moved'),
            loadedUrl: stage.site.url('/here'),
            label: 'detail',
            id: expect.any(String),
            retryCount: 0,
        });
    });

    it('stores items as they were when they were pushed', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        await crawlHooked(guard, async ({ pushData }) => {
            const item = { n: 1 };
            const pushed = pushData(item);
            item.n = 2;
            await pushed;
        });
        expect(numbers(await stage.items(id))).toEqual([1]);
    });

    it('lets pushes to another dataset pass untouched', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        await crawlHooked(guard, async ({ pushData }) => {
            await pushData({ n: 'bad' }, 'hook-other');
            await pushData({ n: 1 }, id);
        });
        expect(await stage.items('hook-other')).toEqual([{ n: 'bad' }]);
        expect(guard.report()).toMatchObject({ receivedItems: 1, storedItems: 1 });
    });

    it('is guarded in errorHandler and failedRequestHandler, too, once the router was reached', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const report =
            (from: string) =>
            async ({ pushData }: BasicCrawlingContext) =>
                pushData([{ n: 1, from }, { n: 'bad' }]);
        const failing = async () => {
            throw new Error('Every attempt fails.');
        };
        const options = { errorHandler: report('error'), failedRequestHandler: report('failed'), maxRequestRetries: 1 };
        await crawlHooked(guard, failing, options);
        expect((await stage.items(id)).map(({ from }) => from)).toEqual(['error', 'failed']);
        expect(await stage.quarantined(id)).toHaveLength(2);
    });

    it('pushes once where the hook is used twice', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new BasicCrawler(await crawlerOptions());
        crawler.router.use(guard.routerHook());
        crawler.router.use(guard.routerHook());
        crawler.router.addDefaultHandler(async ({ pushData }) => pushData({ n: 1 }));
        await crawl(crawler, stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1]);
    });
});

describe('entry points behind entry points', () => {
    const failsOnce = async ({ request, pushData }: Pick<BasicCrawlingContext, 'request' | 'pushData'>) => {
        await pushData([{ n: 1 }, { n: 2 }]);
        if (request.retryCount === 0) throw new Error('The first attempt fails.');
    };

    it('a handler within a handler collects once', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler(guard.handler(failsOnce));
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
        expect(guard.report()).toMatchObject({ receivedItems: 4, storedItems: 2, discardedItems: 2 });
    });

    it('a single route may be wrapped, in a router that has the hook', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new CheerioCrawler(await httpCrawlerOptions());
        crawler.router.use(guard.routerHook());
        crawler.router.addDefaultHandler<Dictionary>(guard.handler(failsOnce));
        await crawl(crawler, stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('a middleware of your own may put its pushData before that of the guard', async () => {
        for (const entryPoint of ['handler', 'hook']) {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const crawler = new BasicCrawler(await crawlerOptions());
            if (entryPoint === 'hook') crawler.router.use(guard.routerHook());
            crawler.router.use((context) => {
                const { pushData } = context;
                context.pushData = async (item) => pushData({ ...item, page: context.request.url });
            });
            crawler.router.use(guard.routerHook());
            crawler.router.addDefaultHandler(async ({ pushData }) => pushData({ n: 1 }));
            const options = { ...(await crawlerOptions()), requestHandler: guard.handler(crawler.router) };
            await crawl(entryPoint === 'handler' ? new BasicCrawler(options) : crawler, stage.site.urls(1));
            expect(await stage.items(id)).toEqual([{ n: 1, page: stage.site.url('/1') }]);
        }
    });

    it.each(['handlers', 'hooks', 'a hook within a handler'])('two guards on two datasets: %s', async (how) => {
        const id = await stage.freshDataset();
        const named = `named-${id.slice(-12)}`;
        const guard = await stage.open();
        const other = await stage.open({ dataset: named, schema: { required: ['title'] } });
        const crawler = new BasicCrawler(await crawlerOptions());
        const { router } = crawler;
        router.addDefaultHandler(async ({ pushData }) => {
            await pushData([{ n: 1 }, { title: 'x' }]);
            await pushData([{ n: 2 }, { title: 'y' }], named);
        });
        if (how !== 'handlers') router.use(other.routerHook());
        if (how === 'hooks') router.use(guard.routerHook());
        const requestHandler = how === 'handlers' ? other.handler(guard.handler(router)) : guard.handler(router);
        await crawl(
            how === 'hooks' ? crawler : new BasicCrawler({ ...(await crawlerOptions()), requestHandler }),
            stage.site.urls(1),
        );
        expect(await stage.items(id)).toEqual([{ n: 1 }]);
        expect(await stage.items(named)).toEqual([{ title: 'y' }]);
        expect([guard, other].map((one) => one.report().receivedItems)).toEqual([2, 2]);
    });
});
