import { BasicCrawler } from '@crawlee/basic';
import type { BasicCrawlingContext } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import { crawlerOptions, numbers, stageLocally } from './support/crawling.js';

const stage = stageLocally();

const fails = async ({ pushData }: BasicCrawlingContext) => {
    await pushData({ n: 1 });
    throw new Error('This attempt fails.');
};

// Locally, because there a crawler empties the run's default queue before it runs again.
describe('a crawler that runs again on the same page', () => {
    it.each([
        ['whose retry an error handler has forbidden', 'throws'],
        ['that has timed out and never returns', 'hangs'],
    ])('stores the items of the new run beside equal ones of an attempt %s', async (_what, end) => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        let runs = 0;
        const requestHandler = guard.handler<BasicCrawlingContext>(async (context) => {
            runs++;
            if (runs === 1 && end === 'throws') return fails(context);
            await context.pushData({ n: 1 });
            if (runs === 1) await new Promise(() => undefined);
        });
        const { requestQueue, ...options } = await crawlerOptions();
        const crawler = new BasicCrawler({
            ...options,
            ...(end === 'hangs' && { maxRequestRetries: 0, requestHandlerTimeoutSecs: 0.2 }),
            requestHandler,
            errorHandler: ({ request }) => {
                request.noRetry = true;
            },
        });
        await crawler.run(stage.site.urls(1));
        await crawler.run(stage.site.urls(1));
        await guard.close();
        expect(runs).toBe(2);
        await (await crawler.getRequestQueue()).drop();
        expect(numbers(await stage.items(id))).toEqual([1, 1]);
    });
});
