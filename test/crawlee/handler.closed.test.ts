import { BasicCrawler } from '@crawlee/basic';
import type { BasicCrawlingContext } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, numbers, sortedNumbers, stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();

describe('guard.close() while a handler runs', () => {
    it('stores what was collected, and lets later pushes go straight to the dataset, all of them once', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
            await pushData({ n: 1 });
            await guard.close();
            await pushData({ n: 2 });
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('lets a push go straight to the dataset that is prepared while the guard closes', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        let attempts = 0;
        const requestHandler = guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
            attempts++;
            const pushed = [pushData({ n: 1 }), pushData([{ n: 2 }, { n: 3 }])];
            await guard.close();
            await Promise.all(pushed);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3]);
        expect(attempts).toBe(1);
    });

    it('stores an item once whose late push is under way', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        let late: Promise<void> | undefined;
        const requestHandler = guard.handler<BasicCrawlingContext>(({ pushData }) => {
            setImmediate(() => {
                late = pushData({ n: 1 });
            });
        });
        stage.platform.server.faults.next({ on: 'push', fault: { delayMillis: 500 } });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        await guard.close();
        await late;
        expect(numbers(await stage.items(id))).toEqual([1]);
    });
});
