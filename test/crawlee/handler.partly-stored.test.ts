import { BasicCrawler } from '@crawlee/basic';
import type { HttpCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import { crawl, crawlerOptions, numbers, sleep, stageOnPlatform } from './support/crawling.js';

type Context = Pick<HttpCrawlingContext, 'request' | 'pushData'>;

const stage = stageOnPlatform();

/** Each of these goes in a request of its own. */
const SMALL_REQUESTS = { maxPayloadBytes: 1_024 };
const text = 'x'.repeat(600);
const toItems = { path: /^\/v2\/datasets\/(?!tester).*\/items$/, method: 'POST' };

describe('when some of what a handler collected is stored and the rest is not, its retry leaves each item once', () => {
    it('after a delivery that failed half way', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open(SMALL_REQUESTS, { maxRetries: 0 });
        stage.platform.server.faults.next({ path: `${id}/items`, method: 'POST', skip: 1, fault: { status: 503 } });
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            attempts.push(request.retryCount);
            await pushData([{ n: 1, text }, { n: 2, text }, { n: 2, text }, { n: 'bad' }, { n: 3, text }]);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(attempts).toEqual([0, 1]);
        expect(numbers(await stage.items(id))).toEqual([1, 2, 2, 3]);
        expect(await stage.quarantined(id)).toHaveLength(1);
        expect(guard.report()).toMatchObject({ receivedItems: 10, storedItems: 4, discardedItems: 5 });
    });

    it('after a delivery that failed half way, with a repair function that repairs an item otherwise each time', async () => {
        const id = await stage.freshDataset();
        let calls = 0;
        const repair = ({ n }: Record<string, unknown>) => ({ n: Number(n), text, call: calls++ });
        const guard = await stage.open({ ...SMALL_REQUESTS, repair }, { maxRetries: 0 });
        stage.platform.server.faults.next({ path: `${id}/items`, method: 'POST', skip: 1, fault: { status: 503 } });
        const requestHandler = guard.handler(async ({ pushData }: Context) => {
            await pushData([{ n: '1' }, { n: '2' }, { n: '3' }]);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
        expect(guard.report()).toMatchObject({ receivedItems: 6, storedItems: 3, repairedItems: 3, discardedItems: 3 });
    });

    it('after a quarantine that could not be written', async () => {
        const id = await stage.freshDataset();
        // The SDK has not opened it before.
        const quarantine = `quarantine-of-${id}`;
        const guard = await stage.open({ quarantine });
        for (const path of [/^\/v2\/datasets$/, /\/records\/DATASET-GUARD-QUARANTINE/])
            stage.platform.server.faults.next({ path, fault: { status: 403 } });
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            attempts.push(request.retryCount);
            await pushData([{ n: 1 }, { n: 'bad' }, { n: 2 }]);
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(attempts).toEqual([0, 1]);
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
        expect(stage.platform.quarantined(id, quarantine)).toMatchObject([
            { item: { n: 'bad' }, request: { retryCount: 1 } },
        ]);
    });

    it('after a timeout between two requests', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open(SMALL_REQUESTS);
        stage.platform.server.faults.next({ ...toItems, fault: { delayMillis: 1_500 } });
        const attempts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            attempts.push(request.retryCount);
            await pushData([
                { n: 1, text },
                { n: 2, text },
                { n: 3, text },
            ]);
        });
        const options = { ...(await crawlerOptions()), requestHandlerTimeoutSecs: 1, requestHandler };
        await crawl(new BasicCrawler({ ...options, maxRequestRetries: 5 }), stage.site.urls(1));
        await sleep(50);
        expect(attempts.length).toBeGreaterThan(1);
        expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
    });
});

describe('what no request carries yet when its handler times out', () => {
    it('is given back, and never stored beside what the retry pushes in its place', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ ...SMALL_REQUESTS, maxParallelRequests: 1 });
        stage.platform.server.faults.next({ ...toItems, fault: { delayMillis: 1_500 } });
        let last = 0;
        const requestHandler = guard.handler(async ({ request, pushData }: Context) => {
            last = request.retryCount;
            for (const n of [1, 2, 3]) await pushData({ n, text, attempt: last });
        });
        const options = { ...(await crawlerOptions()), requestHandlerTimeoutSecs: 1, requestHandler };
        await crawl(new BasicCrawler({ ...options, maxRequestRetries: 5 }), stage.site.urls(1));
        await sleep(50);
        const stored = (await stage.items(id)).map(({ n, attempt }) => `${n} of ${attempt}`);
        expect(last).toBeGreaterThan(0);
        // The first was on its way.
        expect(stored).toEqual(['1 of 0', `1 of ${last}`, `2 of ${last}`, `3 of ${last}`]);
    });
});
