import { Actor } from 'apify';
import { type CrawlingContext, HttpCrawler } from '@crawlee/http';
import { describe, expect, it } from 'vitest';

import { crawl, httpCrawlerOptions, stageOnPlatform } from './support/crawling.js';
import { install } from './support/installed.js';

const stage = stageOnPlatform();

/** The rows of the README's table: which pushes of a crawler come to the guard, by entry point. */
const GUARDED = {
    handler: ['handler'],
    hook: ['errorHandler', 'failedRequestHandler', 'handler'],
    install: ['Actor', 'crawler', 'errorHandler', 'failedRequestHandler', 'handler', 'hook'],
};

describe('of the pushes in a crawler', () => {
    it.each(Object.entries(GUARDED))(
        '%s guards those of %j, and the others go straight to the dataset',
        async (entryPoint, guarded) => {
            const id = await stage.freshDataset(null);
            const guard = await stage.open({ schema: { required: ['page'] } });
            const by =
                (from: string) =>
                async ({ pushData }: Pick<CrawlingContext, 'pushData'>) =>
                    pushData({ from });
            const options = {
                ...(await httpCrawlerOptions()),
                maxRequestRetries: 1,
                postNavigationHooks: [by('hook')],
                errorHandler: by('errorHandler'),
                failedRequestHandler: by('failedRequestHandler'),
            };
            const crawler = new HttpCrawler(options);
            const { router } = crawler;
            router.addDefaultHandler(async (context) => {
                await by('handler')(context);
                await Actor.pushData({ from: 'Actor' });
                await context.crawler.pushData({ from: 'crawler' });
                // The items of a handler that fails are discarded where the guard collects them.
                if (!context.request.url.endsWith('/1')) throw new Error('Every attempt fails.');
            });
            if (entryPoint === 'hook') router.use(guard.routerHook());
            if (entryPoint === 'install') install(guard, crawler);
            const wrapped = () => new HttpCrawler({ ...options, requestHandler: guard.handler(router) });
            await crawl(entryPoint === 'handler' ? wrapped() : crawler, stage.site.urls(2));
            const all = new Set(GUARDED.install);
            const inQuarantine = new Set((await stage.quarantined(id)).map(({ item }) => item!.from as string));
            const inDataset = new Set((await stage.items(id)).map(({ from }) => from as string));
            expect([...inQuarantine].sort()).toEqual(guarded);
            expect([...inDataset].sort()).toEqual([...all].filter((from) => !guarded.includes(from)).sort());
        },
    );
});
