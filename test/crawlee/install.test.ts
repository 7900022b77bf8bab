import { Actor, Configuration, Dataset, log } from 'apify';
import { BasicCrawler, CheerioCrawler } from '@crawlee/cheerio';
import type { BasicCrawlingContext } from 'crawlee';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { crawl, crawlerOptions, httpCrawlerOptions, numbers, sleep, stageOnPlatform } from './support/crawling.js';
import { describeInstalled, install, patchable } from './support/installed.js';

const stage = stageOnPlatform();

describe('install() on the platform', () => {
    describeInstalled(stage, () => {
        const configuration = new Configuration();
        configuration.useStorageClient(Actor.newClient());
        return configuration;
    });
});

describe('after close()', () => {
    it('pushes through all entry points go straight to the dataset, with one warning', async () => {
        const id = await stage.freshDataset(null);
        const warnings = warningsOfGuards();
        const guard = await stage.open();
        install(guard);
        const router = new CheerioCrawler(await httpCrawlerOptions()).router;
        router.use(guard.routerHook());
        router.addDefaultHandler(async ({ pushData }) => pushData({ n: 3 }));
        await guard.close();
        await Actor.pushData({ n: 1 });
        await Dataset.pushData({ n: 2 });
        await crawl(
            new CheerioCrawler({ ...(await httpCrawlerOptions()), requestHandler: guard.handler(router) }),
            stage.site.urls(1),
        );
        expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
        expect(warnings.filter((message) => message.includes('closed'))).toEqual([
            expect.stringContaining('pushes go straight to the dataset'),
        ]);
        await expect(guard.pushData({ n: 4 })).rejects.toMatchObject({ code: 'GUARD_CLOSED' });
    });

    it('another guard that is installed on the same dataset takes them', async () => {
        const id = await stage.freshDataset();
        const [first, second] = [await stage.open(), await stage.open()];
        install(first);
        install(second);
        await first.close();
        await Actor.pushData([{ n: 1 }, { n: 'bad' }]);
        expect(numbers(await stage.items(id))).toEqual([1]);
        expect(second.report()).toMatchObject({ storedItems: 1, quarantinedItems: 1 });
    });
});

describe('Actor.pushData', () => {
    it.each(['', null])('stores the item with %j in place of an event, as without the guard', async (eventName) => {
        const id = await stage.freshDataset();
        await Actor.pushData({ n: 1 }, eventName as string);
        install(await stage.open());
        await Actor.pushData({ n: 2 }, eventName as string);
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('opens the dataset once for calls that come together, and anew for those that come later', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        install(guard);
        const openDataset = vi.spyOn(Actor.getDefaultInstance(), 'openDataset');
        onTestFinished(() => openDataset.mockRestore());
        const all = Array.from({ length: 50 }, (_, n) => n);
        await Promise.all(all.map(async (n) => Actor.pushData({ n })));
        expect(openDataset).toHaveBeenCalledTimes(1);
        await Actor.pushData({ n: 50 });
        expect(openDataset).toHaveBeenCalledTimes(2);
        expect(numbers(await stage.items(id))).toEqual([...all, 50]);

        const other = await stage.freshDataset();
        await Actor.pushData({ n: 51 });
        expect(numbers(await stage.items(other))).toEqual([51]);
        expect(guard.report()).toMatchObject({ storedItems: 51 });
    });
});

describe('Actor.metamorph', () => {
    it('waits until what is buffered is stored', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ flushIntervalMillis: 60_000 });
        install(guard);
        const storedBefore: number[] = [];
        const stop = stage.platform.server.onSignal(() => storedBefore.push(stage.platform.server.items(id).length));
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        await Actor.metamorph('somebody/other', {}, { customAfterSleepMillis: 1 });
        stop();
        expect(storedBefore).toEqual([2]);
    });
});

describe('install(crawler)', () => {
    it('lets each record know its request, 20 at once, and nothing of its user data and headers', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions(20)), failedRequestHandler: report });
        install(guard, crawler);
        async function report({ request }: { request: { url: string } }, { message }: Error) {
            await Actor.pushData({ n: message, page: request.url });
        }
        crawler.router.addHandler('detail', async ({ request, pushData }) => {
            await sleep(Math.random() * 20);
            await pushData({ n: 'context', page: request.url });
            await sleep(Math.random() * 20);
            await Promise.all([
                Actor.pushData({ n: 'Actor', page: request.url }),
                (await Actor.openDataset()).pushData({ n: 'Dataset', page: request.url }),
                crawler.pushData({ n: 'crawler', page: request.url }),
            ]);
            if (request.url.endsWith('/7')) throw new Error('failed');
        });
        await crawler.run(
            stage.site.urls(20).map((url) => ({
                url: url.endsWith('/9') ? stage.site.url('/moved') : url,
                label: 'detail',
                maxRetries: 0,
                userData: { secret: 'of the request' },
                headers: { authorization: 'a secret' },
            })),
        );
        const records = await stage.quarantined(id);
        expect(records).toHaveLength(81);
        for (const { item, request } of records) {
            expect(request).toEqual({
                url: item!.page,
                loadedUrl: item!.page.replace('/moved', '/here'),
                label: 'detail',
                id: expect.any(String),
                retryCount: 0,
            });
        }
        expect(JSON.stringify(records)).not.toContain('secret');
        expect(records.filter(({ item }) => item!.n === 'failed')).toHaveLength(1);
    });

    it('counts the attempts', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const requestHandler = async ({ pushData }: BasicCrawlingContext) => {
            await pushData({ n: 'bad' });
            throw new Error('Every attempt fails.');
        };
        const crawler = new BasicCrawler({ ...(await crawlerOptions()), requestHandler });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        expect((await stage.quarantined(id)).map(({ request }) => request?.retryCount)).toEqual([0, 1, 2]);
    });

    it('leaves the crawler as it was, whichever of two guards is uninstalled first', async () => {
        const before = patchable();
        await stage.freshDataset();
        const guards = [await stage.open(), await stage.open({ dataset: 'named' })];
        for (const order of [guards, [...guards].reverse()]) {
            const crawler = new BasicCrawler();
            const methods = Object.getOwnPropertyNames(crawler);
            for (const guard of guards) {
                install(guard, crawler);
                install(guard, crawler);
            }
            for (const guard of order) {
                expect(Object.getOwnPropertyNames(crawler)).not.toEqual(methods);
                guard.uninstall();
            }
            expect(Object.getOwnPropertyNames(crawler)).toEqual(methods);
        }
        expect(patchable()).toEqual(before);
    });

    it('lets the records of one guard know their request still when the other is uninstalled', async () => {
        const id = await stage.freshDataset();
        const guards = [await stage.open(), await stage.open({ dataset: 'named' })];
        const requestHandler = async ({ pushData }: BasicCrawlingContext) => pushData({ n: 'bad' });
        const crawler = new BasicCrawler({ ...(await crawlerOptions()), requestHandler });
        for (const guard of guards) install(guard, crawler);
        guards[1]!.uninstall();
        await crawl(crawler, stage.site.urls(1));
        expect((await stage.quarantined(id))[0]).toMatchObject({ request: { url: stage.site.url('/1') } });
    });

    it('warns of a crawler of another kind, and still guards its pushes', async () => {
        const id = await stage.freshDataset();
        const warnings = warningsOfGuards();
        const guard = await stage.open();
        install(guard, { run: async () => Actor.pushData({ n: 'bad' }) });
        expect(warnings).toEqual([expect.stringContaining('will not name its requests')]);
        await Actor.pushData({ n: 'bad' });
        expect(await stage.quarantined(id)).toHaveLength(1);
    });
});

describe('errorHandler and failedRequestHandler', () => {
    it('are guarded behind install(), and know their request behind install(crawler)', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const report =
            (from: string) =>
            async ({ pushData }: BasicCrawlingContext) =>
                pushData([{ n: 1, from }, { n: from }]);
        const crawler = new BasicCrawler({
            ...(await crawlerOptions()),
            maxRequestRetries: 1,
            requestHandler: () => {
                throw new Error('Every attempt fails.');
            },
            errorHandler: report('errorHandler'),
            failedRequestHandler: report('failedRequestHandler'),
        });
        install(guard, crawler);
        await crawl(crawler, stage.site.urls(1));
        expect((await stage.items(id)).map(({ from }) => from)).toEqual(['errorHandler', 'failedRequestHandler']);
        expect(await stage.quarantined(id)).toMatchObject([
            { item: { n: 'errorHandler' }, request: { url: stage.site.url('/1'), retryCount: 0 } },
            { item: { n: 'failedRequestHandler' }, request: { url: stage.site.url('/1'), retryCount: 1 } },
        ]);
    });
});

/** Collects the warnings of guards that are opened from now on. */
function warningsOfGuards(): string[] {
    const warnings: string[] = [];
    const { child } = log;
    const spy = vi.spyOn(log, 'child').mockImplementation((options) => {
        const made = child.call(log, options);
        if (options?.prefix === 'DatasetGuard') made.warning = (message) => void warnings.push(message);
        return made;
    });
    onTestFinished(() => spy.mockRestore());
    return warnings;
}
