import { BasicCrawler } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, stageOnPlatform } from './support/crawling.js';
import { describeUnique } from './support/unique.js';

const stage = stageOnPlatform();

describe('on the platform', () => {
    describeUnique(stage);

    it("items of handler() are no duplicates of themselves where the crawler's retry pushes what was given back", async () => {
        const id = await stage.freshDataset(null);
        const guard = await stage.open({ unique: 'url' }, { firstRetryDelayMillis: 1, maxRetries: 0 });
        const fault = { status: 503 };
        stage.platform.server.faults.next({ method: 'POST', path: `${id}/items`, times: 2, fault });
        const requestHandler = guard.handler(async ({ pushData }: any) => {
            await pushData([{ url: 'a' }, { url: 'b' }, { url: 'a' }]);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect((await stage.items(id)).map(({ url }) => url)).toEqual(['a', 'b']);
        expect(guard.report()).toMatchObject({ storedItems: 2, duplicateItems: 1, pendingItems: 0 });
    });
});
