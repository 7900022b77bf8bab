import { Actor } from 'apify';
import { BasicCrawler, createBasicRouter } from '@crawlee/basic';
import { describe, expect, it } from 'vitest';

import type { DatasetGuard } from '../../../src/index.js';
import type { Stage } from './crawling.js';
import { crawl, crawlerOptions, pageNumber, together } from './crawling.js';
import { install } from './installed.js';

type Handler = (context: any) => Promise<void>;
/** Options of a crawler whose handler pushes through the guard. */
type EntryPoint = (guard: DatasetGuard<any>, handler: Handler) => object;

const ENTRY_POINTS: Record<string, EntryPoint> = {
    'handler()': (guard, handler) => ({ requestHandler: guard.handler(handler) }),
    'routerHook()': (guard, handler) => {
        const router = createBasicRouter();
        router.use(guard.routerHook());
        router.addDefaultHandler(handler);
        return { requestHandler: router };
    },
    'install()': (guard, handler) => {
        install(guard);
        return { requestHandler: handler };
    },
    'guard.pushData': (guard, handler) => ({
        requestHandler: async (context: object) => handler({ ...context, pushData: guard.pushData }),
    }),
};

const names = (items: readonly any[]) => items.map(({ name }) => name);

/** The option `unique` behind each entry point; the same on the platform and locally. */
export function describeUnique(stage: Stage): void {
    describe.each(Object.entries(ENTRY_POINTS))('unique behind %s', (_name, options) => {
        it('stores one item of two with a key that one handler pushes', async () => {
            const id = await stage.freshDataset(null);
            const guard = await stage.open({ unique: 'url' });
            const handler: Handler = async ({ pushData }) => {
                await pushData({ url: 'a', name: '1' });
                await pushData([
                    { url: 'a', name: '2' },
                    { url: 'b', name: '3' },
                ]);
            };
            await crawl(
                new BasicCrawler({ ...(await crawlerOptions()), ...options(guard, handler) }),
                stage.site.urls(1),
            );
            await guard.flush();
            expect(names(await stage.items(id))).toEqual(['1', '3']);
            expect(guard.report()).toMatchObject({ receivedItems: 3, storedItems: 2, duplicateItems: 1 });
        });

        it('stores one item of each key that handlers push at once', async () => {
            const id = await stage.freshDataset(null);
            const guard = await stage.open({ unique: 'url' });
            const gate = together(4);
            const handler: Handler = async ({ pushData, request }) => {
                await gate();
                await pushData([{ url: 'a' }, { url: 'b' }, { url: request.url }]);
            };
            const crawler = new BasicCrawler({ ...(await crawlerOptions(4)), ...options(guard, handler) });
            await crawl(crawler, stage.site.urls(4));
            await guard.flush();
            const items = await stage.items(id);
            expect(items).toHaveLength(6);
            expect(new Set(items.map(({ url }) => url)).size).toBe(6);
            expect(guard.report()).toMatchObject({ receivedItems: 12, storedItems: 6, duplicateItems: 6 });
        });

        it('stores each item once of a page whose handler throws and is run again', async () => {
            const id = await stage.freshDataset(null);
            const guard = await stage.open({ unique: 'url' });
            let attempts = 0;
            const handler: Handler = async ({ pushData }) => {
                await pushData({ url: 'a' });
                if (++attempts < 3) throw new Error('of the test');
                await pushData({ url: 'b' });
            };
            await crawl(
                new BasicCrawler({ ...(await crawlerOptions()), ...options(guard, handler) }),
                stage.site.urls(1),
            );
            await guard.flush();
            expect((await stage.items(id)).map(({ url }) => url)).toEqual(['a', 'b']);
            expect(guard.report()).toMatchObject({ storedItems: 2, pendingItems: 0, unsentItems: 0 });
        });
    });

    it('a retry is no duplicate of what handler() collected for the attempt that threw', async () => {
        const id = await stage.freshDataset(null);
        const guard = await stage.open({ unique: 'url' });
        let attempts = 0;
        const requestHandler = guard.handler(async ({ pushData }: any) => {
            await pushData({ url: 'a', attempt: ++attempts });
            if (attempts < 2) throw new Error('of the test');
        });
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        expect(await stage.items(id)).toEqual([{ url: 'a', attempt: 2 }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, duplicateItems: 0, discardedItems: 1 });
    });

    it('an item takes the place of one with its key whose handler failed for good before it pushed it', async () => {
        const id = await stage.freshDataset(null);
        const guard = await stage.open({ unique: 'url' });
        const requestHandler = guard.handler(async ({ pushData, request }: any) => {
            if (pageNumber(request.url) === 1) throw new Error('of the test');
            await pushData({ url: 'a', page: pageNumber(request.url) });
        });
        await crawl(
            new BasicCrawler({ ...(await crawlerOptions()), requestHandler, maxRequestRetries: 0 }),
            stage.site.urls(3),
        );
        expect(await stage.items(id)).toEqual([{ url: 'a', page: 2 }]);
        expect(guard.report()).toMatchObject({ storedItems: 1, duplicateItems: 1 });
    });

    it('of two items with a key that code under install() pushes at once the first is stored', async () => {
        const id = await stage.freshDataset(null);
        const guard = await stage.open({ unique: 'url' });
        install(guard);
        await Promise.all([Actor.pushData({ url: 'a' }), Actor.pushData({ url: 'b' }), Actor.pushData({ url: 'a' })]);
        expect((await stage.items(id)).map(({ url }) => url)).toEqual(['a', 'b']);
    });
}
