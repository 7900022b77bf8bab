import { BasicCrawler } from '@crawlee/basic';
import type { BasicCrawlingContext } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, numbers, stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();

const fails = async ({ pushData }: BasicCrawlingContext) => {
    await pushData({ n: 1 });
    throw new Error('This attempt fails.');
};

describe('guard.flush() after a crawler has ended', () => {
    it('stores what a page has pushed whose retry an error handler has forbidden', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new BasicCrawler({
            ...(await crawlerOptions()),
            requestHandler: guard.handler<BasicCrawlingContext>(fails),
            errorHandler: ({ request }) => {
                request.noRetry = true;
            },
        });
        await crawl(crawler, stage.site.urls(1));
        await guard.flush();
        expect(numbers(await stage.items(id))).toEqual([1]);
    });

    it('stores what the last attempt of a page has pushed that has timed out and never returns', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
            await pushData({ n: 1 });
            await new Promise(() => undefined);
        });
        const options = { ...(await crawlerOptions()), maxRequestRetries: 0, requestHandlerTimeoutSecs: 0.2 };
        await crawl(new BasicCrawler({ ...options, requestHandler }), stage.site.urls(1));
        await guard.flush();
        expect(numbers(await stage.items(id))).toEqual([1]);
    });

    it('stores what a page has pushed whose crawler was stopped before the retry, and the retry leaves it out', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler<BasicCrawlingContext>(async (context) => {
            if (context.request.retryCount > 0) return context.pushData([{ n: 1 }, { n: 2 }]);
            context.crawler.stop();
            return fails(context);
        });
        const crawler = new BasicCrawler({ ...(await crawlerOptions()), requestHandler });
        await crawl(crawler, stage.site.urls(1));
        await guard.flush();
        expect(numbers(await stage.items(id))).toEqual([1]);
        await crawler.run([], { purgeRequestQueue: false });
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('leaves what a page has pushed to its retry while the crawler goes on', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler<BasicCrawlingContext>(async ({ request, pushData }) => {
            await guard.flush();
            await pushData({ n: request.retryCount });
            await guard.flush();
            if (request.retryCount === 0) throw new Error('The first attempt fails.');
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1]);
    });
});
