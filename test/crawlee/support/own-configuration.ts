import { Configuration } from 'apify';
import { BasicCrawler } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import type { Stage } from './crawling.js';
import { crawl, crawlerOptions, numbers } from './crawling.js';

/** `withSameStorage` has the run's default dataset. */
export function describeOwnConfiguration(stage: Stage, withSameStorage: () => Configuration): void {
    describe.each(['handler', 'hook'])('a crawler with a Configuration of its own, behind the %s', (entryPoint) => {
        const crawlWith = async (configuration: Configuration) => {
            const guard = await stage.open();
            const options = await crawlerOptions();
            const { router } = new BasicCrawler(options);
            if (entryPoint === 'hook') router.use(guard.routerHook());
            router.addDefaultHandler(async ({ pushData }) => pushData([{ n: 1 }, { n: 'bad' }]));
            const requestHandler = entryPoint === 'handler' ? guard.handler(router) : router;
            const crawler = new BasicCrawler({ ...options, requestHandler }, configuration);
            await crawl(crawler, stage.site.urls(1));
            return { crawler, report: guard.report() };
        };

        it('is guarded where its default dataset is that of the guard', async () => {
            const id = await stage.freshDataset();
            const { report } = await crawlWith(withSameStorage());
            expect(numbers(await stage.items(id))).toEqual([1]);
            expect(report).toMatchObject({ storedItems: 1, quarantinedItems: 1 });
        });

        it('pushes untouched where it is another, in memory alone', async () => {
            const id = await stage.freshDataset();
            const inMemory = new Configuration({ purgeOnStart: false, persistStorage: false });
            const { crawler, report } = await crawlWith(inMemory);
            const { items } = await (await crawler.getDataset()).getData();
            expect(numbers(items)).toEqual([1, 'bad']);
            expect(await stage.items(id)).toEqual([]);
            expect(report).toMatchObject({ receivedItems: 0 });
        });
    });
}
