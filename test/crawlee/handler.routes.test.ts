import { Actor } from 'apify';
import {
    CheerioCrawler,
    createCheerioRouter,
    createHttpRouter,
    HttpCrawler,
    RequestValidationError,
} from '@crawlee/cheerio';
import type { HttpCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import { crawl, httpCrawlerOptions, numbers, stageOnPlatform } from './support/crawling.js';
import { install } from './support/installed.js';

const stage = stageOnPlatform();

/** A route schema: user data with a page number, which may come as text. */
const withPage = {
    '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => {
            const page = Number((value as { page?: unknown }).page);
            return Number.isNaN(page) ? { issues: [{ message: 'page must be a number' }] } : { value: { page } };
        },
    },
} as const;

describe('a router behind guard.handler()', () => {
    it('keeps its methods, called with or without their object', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const original = createCheerioRouter();
        const router = guard.handler(original);
        const { addHandler, addDefaultHandler, use, getHandler, getSchema } = router;
        addHandler('detail', async ({ pushData }) => pushData({ n: 1 }));
        addDefaultHandler(async ({ pushData, addRequests }) => {
            await pushData({ n: 0 });
            await addRequests([{ url: stage.site.url('/detail'), label: 'detail' }]);
        });
        use(async ({ request }) => {
            request.userData.seen = true;
        });
        expect(getSchema('detail')).toBeUndefined();
        expect(getHandler('detail')).toBe(original.getHandler('detail'));
        expect(() => router.addHandler('detail', () => undefined)).toThrow(/already defined/);
        expect(router).toBeInstanceOf(Function);
        await crawl(
            new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler: router }),
            stage.site.urls(1),
        );
        expect(numbers(await stage.items(id))).toEqual([0, 1]);
    });

    it('keeps the schemas of its routes: they are applied where requests are added, and where they are handled', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const router = guard.handler(createHttpRouter({ detail: withPage }));
        router.addHandler('detail', async ({ request, pushData }) => pushData({ n: request.userData.page }));
        const crawler = new HttpCrawler({ ...(await httpCrawlerOptions()), requestHandler: router });
        expect(router.getSchema('detail')).toBe(withPage);
        await expect(
            crawler.addRequests([{ url: stage.site.url('/1'), label: 'detail', userData: { page: 'first' } }]),
        ).rejects.toThrow(RequestValidationError);
        await crawler.run([{ url: stage.site.url('/1'), label: 'detail', userData: { page: '7' } }]);
        expect(numbers(await stage.items(id))).toEqual([7]);
    });

    it('tells of a route that there is not', async () => {
        await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler(createCheerioRouter());
        const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler });
        await expect(crawl(crawler, stage.site.urls(1))).rejects.toThrow(/Route not found/);
    });
});

describe('records of what a handler pushes', () => {
    it('know its request, those of Actor.pushData behind install(), too', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        install(guard);
        const requestHandler = guard.handler(async ({ pushData }: HttpCrawlingContext) => {
            await Actor.pushData({ n: 'Actor' });
            await pushData([{ n: 1 }, { n: 'context' }]);
        });
        await crawl(new HttpCrawler({ ...(await httpCrawlerOptions()), requestHandler }), [stage.site.url('/moved')]);
        const request = {
            url: stage.site.url('/moved'),
            loadedUrl: stage.site.url('/here'),
            id: expect.any(String),
            retryCount: 0,
        };
        expect((await stage.quarantined(id)).map((record) => [record.item!.n, record.request])).toEqual([
            ['Actor', request],
            ['context', request],
        ]);
    });
});
