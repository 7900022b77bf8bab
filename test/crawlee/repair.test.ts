import { Actor } from 'apify';
import { BasicCrawler } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, stageOnPlatform } from './support/crawling.js';
import { install } from './support/installed.js';

const stage = stageOnPlatform();

describe('repair', () => {
    it('repairs what a handler pushes', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ repair: { coerce: true } });
        const requestHandler = guard.handler(async ({ pushData }: { pushData: (data: object) => Promise<void> }) => {
            await pushData([{ n: '1' }, { n: 2 }]);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(await stage.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, quarantinedItems: 0 });
    });

    it('repairs what code under install() pushes', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ repair: { coerce: true } });
        install(guard);
        await Actor.pushData([{ n: '1' }, { n: 2 }]);
        expect(await stage.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, repairedItems: 1, quarantinedItems: 0 });
    });
});
