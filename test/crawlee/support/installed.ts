import type { Configuration } from 'apify';
import { Actor, Dataset } from 'apify';
import { BasicCrawler, CheerioCrawler } from '@crawlee/cheerio';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { DatasetGuard } from '../../../src/index.js';
import type { Stage } from './crawling.js';
import { crawl, crawlerOptions, httpCrawlerOptions, numbers, sortedNumbers } from './crawling.js';

/** The methods that `install()` replaces. */
export const patchable = () => [Actor.prototype.pushData, Dataset.prototype.pushData];

/** An `install()` that ends with the test. */
export function install(guard: DatasetGuard<any>, crawler?: Parameters<DatasetGuard['install']>[0]): void {
    guard.install(crawler);
    onTestFinished(() => guard.uninstall());
}

/** `guard.install()` under what pushes to the dataset; the same on the platform and locally. */
export function describeInstalled(stage: Stage, ownConfiguration: () => Configuration): void {
    const oneGoodOneBad = [{ n: 1 }, { n: 'bad' }];
    const waysIn: [name: string, push: (data: object) => Promise<unknown>][] = [
        ['Actor.pushData', async (data) => Actor.pushData(data)],
        ['pushData of an Actor instance', async (data) => Actor.getDefaultInstance().pushData(data)],
        ['Dataset.pushData', async (data) => Dataset.pushData(data)],
        ['pushData of an open dataset', async (data) => (await Actor.openDataset()).pushData(data)],
        ['crawler.pushData', async (data) => new BasicCrawler().pushData(data)],
        [
            'context.pushData',
            async (data) => {
                const requestHandler = async ({ pushData }: any) => pushData(data);
                return crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
            },
        ],
        [
            'crawler.pushData of a crawler with a Configuration of its own',
            async (data) => new BasicCrawler({}, ownConfiguration()).pushData(data),
        ],
        [
            'context.pushData of a crawler with a Configuration of its own',
            async (data) => {
                const requestHandler = async ({ pushData }: any) => pushData(data);
                const crawler = new CheerioCrawler(
                    { ...(await httpCrawlerOptions()), requestHandler },
                    ownConfiguration(),
                );
                return crawl(crawler, stage.site.urls(1));
            },
        ],
    ];

    it.each(waysIn)('%s is guarded, and as before once the guard is uninstalled', async (_name, push) => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        install(guard);
        await push(oneGoodOneBad);
        expect(numbers(await stage.items(id))).toEqual([1]);
        expect(await stage.quarantined(id)).toMatchObject([{ item: { n: 'bad' }, itemPosition: 1 }]);
        expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 1, quarantinedItems: 1 });
        guard.uninstall();
        await push({ n: 2 });
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
        expect(guard.report()).toMatchObject({ receivedItems: 2 });
    });

    it("the guard's own way to the dataset does not lead through it again", async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        install(guard);
        await Promise.all([guard.pushData({ n: 1 }), Actor.pushData({ n: 2 }), guard.pushData({ n: 3 })]);
        await guard.flush();
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3]);
        expect(guard.report()).toMatchObject({ receivedItems: 3, storedItems: 3 });
    });

    it('what goes to another dataset passes untouched', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const other = `other-of-${id.slice(-12)}`;
        install(guard);
        const requestHandler = async ({ pushData }: any) => pushData({ n: 'a' }, other);
        await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
        await (await Actor.openDataset(other)).pushData([{ n: 'b' }]);
        await new BasicCrawler().pushData({ n: 'c' }, other);
        expect(numbers(await stage.items(other))).toEqual(['a', 'b', 'c']);
        expect(guard.report()).toMatchObject({ receivedItems: 0 });
    });

    it('all entry points at once store each item once', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions(3)) });
        const router = guard.handler(crawler.router);
        const guarded = new CheerioCrawler({ ...(await httpCrawlerOptions(3)), requestHandler: router });
        router.use(guard.routerHook());
        install(guard, guarded);
        router.addDefaultHandler(async ({ request, pushData, crawler: self }) => {
            const page = Number(new URL(request.url).pathname.slice(1));
            await pushData({ n: page * 10 });
            await Actor.pushData({ n: page * 10 + 1 });
            await Dataset.pushData({ n: page * 10 + 2 });
            await self.pushData({ n: page * 10 + 3 });
            await guard.pushData({ n: page * 10 + 4 });
        });
        await guard.pushData({ n: 0 });
        await crawl(guarded, stage.site.urls(6));
        await Actor.pushData({ n: 1 });
        await guard.flush();
        const expected = [0, 1, ...[1, 2, 3, 4, 5, 6].flatMap((page) => [0, 1, 2, 3, 4].map((n) => page * 10 + n))];
        expect(sortedNumbers(await stage.items(id))).toEqual(expected);
        expect(guard.report()).toMatchObject({ receivedItems: 32, storedItems: 32, requests: expect.any(Number) });
    });

    describe('several times', () => {
        it('installing twice is installing once', async () => {
            const before = patchable();
            const id = await stage.freshDataset();
            const guard = await stage.open();
            install(guard);
            const once = patchable();
            install(guard);
            expect(patchable()).toEqual(once);
            await Actor.pushData({ n: 1 });
            expect(numbers(await stage.items(id))).toEqual([1]);
            guard.uninstall();
            expect(patchable()).toEqual(before);
            guard.uninstall();
            expect(patchable()).toEqual(before);
        });

        it.each(['first', 'second'])('two guards on two datasets; the %s is uninstalled first', async (which) => {
            const before = patchable();
            const id = await stage.freshDataset();
            const name = `named-${id.slice(-12)}`;
            const guards = [
                await stage.open(),
                await stage.open({ dataset: name, schema: { required: ['title'], properties: {} } }),
            ];
            for (const guard of guards) install(guard);
            const named = await Actor.openDataset(name);
            await Promise.all([Actor.pushData([{ n: 1 }, { title: 'x' }]), named.pushData([{ n: 2 }, { title: 'y' }])]);
            expect(await stage.items(id)).toEqual([{ n: 1 }]);
            expect(await stage.items(name)).toEqual([{ title: 'y' }]);

            const [first, second] = which === 'first' ? guards : [...guards].reverse();
            first!.uninstall();
            await named.pushData({ title: 'z' });
            await Actor.pushData({ n: 3 });
            expect(first!.report()).toMatchObject({ receivedItems: 2 });
            expect(second!.report()).toMatchObject({ receivedItems: 3 });
            expect(patchable()).not.toEqual(before);
            second!.uninstall();
            expect(patchable()).toEqual(before);
            expect(patchable().every((method, index) => method === before[index])).toBe(true);
        });

        it('uninstalling leaves in place what somebody else has put over it, and a later install() works again', async () => {
            const { pushData } = Dataset.prototype;
            onTestFinished(() => {
                Dataset.prototype.pushData = pushData;
            });
            const id = await stage.freshDataset();
            const guard = await stage.open();
            install(guard);
            const below = Dataset.prototype.pushData;
            let calls = 0;
            Dataset.prototype.pushData = async function (this: Dataset, data: any) {
                calls++;
                await below.call(this, data);
            };
            const foreign = Dataset.prototype.pushData;
            guard.uninstall();
            expect(Dataset.prototype.pushData).toBe(foreign);
            await Dataset.pushData({ n: 1 });
            install(guard);
            await Dataset.pushData([{ n: 2 }, { n: 'bad' }]);
            expect(calls).toBeGreaterThan(0);
            expect(numbers(await stage.items(id))).toEqual([1, 2]);
            expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 1 });
        });
    });
}
