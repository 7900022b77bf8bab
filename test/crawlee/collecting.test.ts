import { BasicCrawler, HttpCrawler } from '@crawlee/http';
import type { HttpCrawlingContext } from 'crawlee';
import { describe, expect, it } from 'vitest';

import {
    crawl,
    crawlerOptions,
    httpCrawlerOptions,
    numbers,
    sortedNumbers,
    stageOnPlatform,
} from './support/crawling.js';

const stage = stageOnPlatform();

describe('the context of a handler behind guard.handler()', () => {
    it('collects however its pushData is reached: as a method, taken out, from a copy', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler(async (context: HttpCrawlingContext) => {
            const { pushData } = context;
            const copy = { ...context };
            const { pushData: fromRest, ...rest } = context;
            await context.pushData({ n: 1 });
            await pushData({ n: 2 });
            await copy.pushData({ n: 3 });
            await fromRest({ n: 4 });
            await Object.assign({}, rest, { pushData }).pushData({ n: 5 });
            if (context.request.retryCount === 0) throw new Error('The first attempt fails.');
        });
        await crawl(new HttpCrawler({ ...(await httpCrawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(numbers(await stage.items(id))).toEqual([1, 2, 3, 4, 5]);
    });

    it('takes a large array in slices, between which others have their turn, in the order of the pushes', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        // Work for 60 ms at least, however fast the machine.
        const array = Array.from({ length: 30_000 }, (_, n) => (n % 1_000 === 0 ? slow(n) : { n }));
        let turns = 0;
        let isReady = false;
        const count = () => {
            turns++;
            if (!isReady) setImmediate(count);
        };
        const requestHandler = guard.handler(async ({ pushData }: HttpCrawlingContext) => {
            setImmediate(count);
            const pushes = [pushData(array), pushData({ n: 30_000 })];
            await pushes[0];
            isReady = true;
            // The last one is not waited for.
            void pushData(array.map((_, n) => ({ n: 30_001 + n })));
        });
        await crawl(new HttpCrawler({ ...(await httpCrawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(turns).toBeGreaterThan(5);
        expect(numbers(await stage.items(id))).toEqual(Array.from({ length: 60_001 }, (_, n) => n));
    });

    it('discards all of a large array when the handler throws while it is taken', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = guard.handler(async ({ pushData, request }: HttpCrawlingContext) => {
            void pushData(Array.from({ length: 10_000 }, (_, n) => ({ n })));
            if (request.retryCount === 0) throw new Error('The first attempt fails.');
        });
        await crawl(new HttpCrawler({ ...(await httpCrawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(await stage.items(id)).toHaveLength(10_000);
        expect(guard.report()).toMatchObject({ receivedItems: 20_000, storedItems: 10_000, discardedItems: 10_000 });
    });

    it('is otherwise unchanged, and error handlers find there what the handler has put there', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const seen: unknown[] = [];
        const requestHandler = guard.handler(async (context: HttpCrawlingContext & { mark?: string }) => {
            const { request, crawler: own, body, addRequests, enqueueLinks, useState, getKeyValueStore, log } = context;
            context.mark = 'of the handler';
            const state = await useState({ pages: 0 });
            state.pages++;
            const store = await getKeyValueStore();
            seen.push(own === crawler, String(body).includes('<h1>'), typeof enqueueLinks, typeof log.info, store.id);
            if (request.label === 'second') throw new Error('Every attempt fails.');
            await addRequests([{ url: stage.site.url('/2'), label: 'second' }]);
        });
        const failedRequestHandler = (context: object) => void seen.push('mark' in context && context.mark);
        const options = { ...(await httpCrawlerOptions()), maxRequestRetries: 0, requestHandler, failedRequestHandler };
        const crawler = new HttpCrawler(options);
        await crawler.run([stage.site.url('/1')]);
        const page = [true, true, 'function', 'function', stage.platform.server.ids.keyValueStoreId];
        expect(seen).toEqual([...page, ...page, 'of the handler']);
        expect(await crawler.useState()).toEqual({ pages: 2 });
        expect(await stage.items(id)).toEqual([]);
    });

    it('pushes straight to the dataset once the guard is closed, though its attempt began before', async () => {
        const id = await stage.freshDataset(null);
        const guard = await stage.open();
        let pushLate: HttpCrawlingContext['pushData'];
        const requestHandler = guard.handler(async ({ pushData }: HttpCrawlingContext) => {
            await pushData({ n: 1 });
            pushLate = pushData;
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        const { receivedItems } = await guard.close();
        await pushLate!({ n: 2 });
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
        expect([receivedItems, guard.report().receivedItems]).toEqual([1, 1]);
    });
});

describe('what handlers have collected', () => {
    it('does not wait for room in a full buffer', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ maxPayloadBytes: 1_024, maxBufferedBytes: 1_024, ack: 'buffered' });
        const text = 'x'.repeat(600);
        // Holds the requests until the crawler's items are in the buffer.
        const { server } = stage.platform;
        const pending: number[] = [];
        const stop = server.faults.use(({ path }) => {
            if (path.includes(id)) pending.push(guard.report().pendingItems);
            return { delayMillis: 100 };
        });
        await guard.pushData({ n: 0, text });
        const requestHandler = guard.handler(async ({ pushData }) => {
            await pushData([1, 2, 3, 4, 5].map((n) => ({ n, text })));
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        stop();
        expect(sortedNumbers(await stage.items(id))).toEqual([0, 1, 2, 3, 4, 5]);
        // The first request finds all of them taken, or the first of them under way before the others came.
        expect(Math.max(...pending)).toBeGreaterThanOrEqual(5);
    });
});

/** An item that takes two milliseconds to be read. */
function slow(n: number): { readonly n: number } {
    return {
        get n() {
            const begun = performance.now();
            while (performance.now() - begun < 2);
            return n;
        },
    };
}
