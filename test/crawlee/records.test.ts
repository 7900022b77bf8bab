import { Actor, Dataset } from 'apify';
import { CheerioCrawler, type CheerioCrawlingContext } from '@crawlee/cheerio';
import { describe, expect, it } from 'vitest';

import { crawl, FIELDS, httpCrawlerOptions, sortedNumbers, stageOnPlatform } from './support/crawling.js';
import { install } from './support/installed.js';

const stage = stageOnPlatform();

/** The platform rejects what the guard, which has no schema here, lets through. */
const ODD_ALONE = { ...FIELDS, properties: { n: { type: 'number', multipleOf: 2 } } };

describe.each(['handler', 'hook', 'install(crawler)'])(
    'records of what the platform rejected later: %s',
    (entryPoint) => {
        it('know the request whose handler pushed the item, and nothing of its user data and headers', async () => {
            const id = await stage.freshDataset(ODD_ALONE);
            const guard = await stage.open({ schema: false });
            const crawler = new CheerioCrawler(await httpCrawlerOptions(5));
            const { router } = crawler;
            router.addHandler('page', async ({ request, pushData }) => {
                const n = Number(request.userData.n);
                await pushData([{ n }, { n: n * 100 }]);
                if (entryPoint !== 'install(crawler)') return;
                await Actor.pushData({ n: n + 10, by: 'Actor' });
                await Dataset.pushData({ n: n + 20, by: 'Dataset' });
                await crawler.pushData({ n: n + 30, by: 'crawler' });
            });
            if (entryPoint === 'hook') router.use(guard.routerHook());
            if (entryPoint === 'install(crawler)') install(guard, crawler);
            const requestHandler = entryPoint === 'handler' ? guard.handler(router) : router;
            const guarded =
                entryPoint === 'handler'
                    ? new CheerioCrawler({ ...(await httpCrawlerOptions(5)), requestHandler })
                    : crawler;
            const headers = { authorization: 'a secret' };
            await guarded.run(
                [1, 2, 3, 4, 5].map((n) => ({
                    url: n === 5 ? stage.site.url('/moved') : stage.site.url(`/${n}`),
                    label: 'page',
                    userData: { n, secret: 'of the request' },
                    headers,
                })),
            );
            const records = await stage.quarantined(id);
            const perRequest = entryPoint === 'install(crawler)' ? 4 : 1;
            expect(records).toHaveLength(3 * perRequest);
            for (const { item, rejectedBy, request } of records) {
                const n = Number(item!.n) % 10;
                expect(rejectedBy).toBe('platform');
                expect(request).toEqual({
                    url: n === 5 ? stage.site.url('/moved') : stage.site.url(`/${n}`),
                    loadedUrl: n === 5 ? stage.site.url('/here') : stage.site.url(`/${n}`),
                    label: 'page',
                    id: expect.any(String),
                    retryCount: 0,
                });
            }
            expect(JSON.stringify(records)).not.toContain('secret');
            expect(sortedNumbers(await stage.items(id)).slice(-5)).toEqual([100, 200, 300, 400, 500]);
        });
    },
);

describe.each(['stored', 'buffered'] as const)("guard.pushData() in a handler, with ack: '%s'", (ack) => {
    it.each(['handler', 'install(crawler)'])('has records that know the request: %s', async (entryPoint) => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ ack });
        const handler = async () => void (await guard.pushData({ n: 'bad' }));
        const requestHandler = entryPoint === 'handler' ? guard.handler<CheerioCrawlingContext>(handler) : handler;
        const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler });
        if (entryPoint === 'install(crawler)') install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        await guard.flush();
        expect(await stage.quarantined(id)).toMatchObject([{ request: { url: stage.site.url('/1'), retryCount: 0 } }]);
    });
});
