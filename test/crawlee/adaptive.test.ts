import { Actor, Dataset } from 'apify';
import { AdaptivePlaywrightCrawler, createAdaptivePlaywrightRouter, PlaywrightCrawler } from 'crawlee';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import type { DatasetGuard } from '../../src/index.js';
import { hasChromium, launchOptions, unlessSkipped } from '../support/chromium.js';
import { crawl, crawlerOptions, numbers, stageOnPlatform } from './support/crawling.js';
import { install } from './support/installed.js';

const stage = stageOnPlatform();
/** A browser takes its time to start on a busy machine. */
const BROWSER_TIME = { timeout: 120_000 };

/** Options of a crawler that looks at pages with the machine's own Chromium. */
async function browserOptions() {
    const { useSessionPool, ...options } = await crawlerOptions();
    return {
        ...options,
        maxRequestRetries: 1,
        launchContext: { launcher: chromium, launchOptions },
    };
}

/** How an adaptive crawler is made to take both ways for each page, or the one without a browser alone. */
const bothWays = {
    predict: () => ({ renderingType: 'clientOnly' as const, detectionProbabilityRecommendation: 1 }),
    storeResult: () => undefined,
    initialize: async () => undefined,
};
const withoutBrowser = {
    ...bothWays,
    predict: () => ({ renderingType: 'static' as const, detectionProbabilityRecommendation: 0 }),
};

/**
 * Without a browser, the adaptive crawler never starts the one that it is told of. The predictor has the three methods that the
 * crawler calls, and is no instance of Crawlee's class, hence the loose type.
 */
async function adaptiveOptions(renderingTypePredictor: object) {
    return { ...(await browserOptions()), renderingTypePredictor: renderingTypePredictor as never };
}

describe('AdaptivePlaywrightCrawler behind install()', BROWSER_TIME, () => {
    // Loose, because one handler serves crawlers with and without a browser, whose contexts differ.
    const pagesTitle = async ({ pushData, querySelector, request }: any) => {
        const title = (await querySelector('h1')).text();
        await pushData([
            { n: 1, title, page: request.url },
            { n: 'bad', title },
        ]);
    };

    it('has what it commits guarded, and the records know their request', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new AdaptivePlaywrightCrawler({
            ...(await adaptiveOptions(withoutBrowser)),
            requestHandler: pagesTitle,
        });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(2));
        expect((await stage.items(id)).map(({ title }) => title).sort()).toEqual(['/1', '/2']);
        const records = await stage.quarantined(id);
        expect(records.map(({ item, request }) => [item!.title, request?.url]).sort()).toEqual([
            ['/1', stage.site.url('/1')],
            ['/2', stage.site.url('/2')],
        ]);
    });

    it.skipIf(!hasChromium)(`has nothing pushed by the attempts that it throws away${unlessSkipped}`, async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        let runs = 0;
        const crawler = new AdaptivePlaywrightCrawler({
            ...(await adaptiveOptions(bothWays)),
            requestHandler: async (context) => {
                runs++;
                await pagesTitle(context);
            },
        });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        expect(runs).toBe(2);
        expect(await stage.items(id)).toEqual([{ n: 1, title: '/1', page: stage.site.url('/1') }]);
        expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 1, quarantinedItems: 1 });
    });

    const pastTheCrawler: [name: string, push: (guard: DatasetGuard<any>) => Promise<unknown>][] = [
        ['Actor.pushData', async () => Actor.pushData({ n: 1 })],
        ['Dataset.pushData', async () => Dataset.pushData({ n: 1 })],
        ['guard.pushData', async (guard) => guard.pushData({ n: 1 })],
    ];
    it.each(pastTheCrawler)('has %s in a handler rejected as Crawlee does', async (_name, push) => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const messages: string[] = [];
        const crawler = new AdaptivePlaywrightCrawler({
            ...(await adaptiveOptions(withoutBrowser)),
            requestHandler: async ({ pushData }) => {
                await push(guard).catch(({ message }: Error) => messages.push(message));
                await pushData({ n: 2 });
            },
        });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        await guard.flush();
        expect(messages).toEqual([expect.stringContaining('Directly accessing storage in a request handler')]);
        expect(numbers(await stage.items(id))).toEqual([2]);
    });

    it('has a dataset that was opened before rejected, too', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const dataset = await Actor.openDataset();
        const messages: string[] = [];
        const crawler = new AdaptivePlaywrightCrawler({
            ...(await adaptiveOptions(withoutBrowser)),
            requestHandler: async () => {
                await dataset.pushData({ n: 1 }).catch(({ message }: Error) => messages.push(message));
            },
        });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        expect(messages).toEqual([expect.stringContaining('Directly accessing storage')]);
        expect(await stage.items(id)).toEqual([]);
    });
});

describe('AdaptivePlaywrightCrawler behind the entry points that it cannot use', BROWSER_TIME, () => {
    it.skipIf(!hasChromium)(`is stopped by guard.handler(), which says what to use${unlessSkipped}`, async () => {
        await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler(createAdaptivePlaywrightRouter());
        requestHandler.addDefaultHandler(async ({ pushData }) => pushData({ n: 1 }));
        const crawler = new AdaptivePlaywrightCrawler({ ...(await adaptiveOptions(bothWays)), requestHandler });
        await expect(crawl(crawler, stage.site.urls(2))).rejects.toThrow(
            /guard\.handler\(\) cannot be used with AdaptivePlaywrightCrawler.*guard\.install\(crawler\)/,
        );
        expect(guard.report()).toMatchObject({ receivedItems: 0 });
    });

    it.skipIf(!hasChromium)(`is stopped by guard.routerHook(), which says what to use${unlessSkipped}`, async () => {
        await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new AdaptivePlaywrightCrawler(await adaptiveOptions(bothWays));
        crawler.router.use(guard.routerHook());
        crawler.router.addDefaultHandler(async ({ pushData }) => pushData({ n: 1 }));
        await expect(crawl(crawler, stage.site.urls(2))).rejects.toThrow(
            /guard\.routerHook\(\) cannot be used with AdaptivePlaywrightCrawler.*guard\.install\(crawler\)/,
        );
        expect(guard.report()).toMatchObject({ receivedItems: 0 });
    });
});

describe('PlaywrightCrawler', BROWSER_TIME, () => {
    it.skipIf(!hasChromium).each(['handler', 'hook', 'install'])(
        `is guarded: %s${unlessSkipped}`,
        async (entryPoint) => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            const crawler = new PlaywrightCrawler(await browserOptions());
            const { router } = crawler;
            router.addDefaultHandler(async ({ page, request, pushData }) => {
                await pushData([{ n: 1, title: await page.locator('h1').innerText() }, { n: 'bad' }]);
                if (entryPoint === 'handler' && request.retryCount === 0) throw new Error('The first attempt fails.');
            });
            if (entryPoint === 'hook') router.use(guard.routerHook());
            if (entryPoint === 'install') install(guard, crawler);
            await crawl(
                entryPoint === 'handler'
                    ? new PlaywrightCrawler({ ...(await browserOptions()), requestHandler: guard.handler(router) })
                    : crawler,
                stage.site.urls(1),
            );
            expect(await stage.items(id)).toEqual([{ n: 1, title: '/1' }]);
            expect(await stage.quarantined(id)).toMatchObject([
                { item: { n: 'bad' }, request: { url: stage.site.url('/1'), loadedUrl: stage.site.url('/1') } },
            ]);
        },
    );
});
