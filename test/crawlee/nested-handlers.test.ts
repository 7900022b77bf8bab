import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BasicCrawler } from '@crawlee/basic';
import type { BasicCrawlingContext } from '@crawlee/basic';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readItems } from '../actor/support/actor-run.js';
import { runScript } from '../support/run-script.js';
import { crawl, crawlerOptions, numbers, sortedNumbers, stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();

type Handler = (context: BasicCrawlingContext) => Promise<void>;

/** Pushes one item. */
const pushes =
    (n: number): Handler =>
    async ({ pushData }) =>
        pushData({ n });

/** A guard, and a handler of its own that pushes item 2. */
async function openWithInner() {
    const id = await stage.freshDataset();
    const guard = await stage.open();
    return { id, guard, inner: guard.handler<BasicCrawlingContext>(pushes(2)) };
}

const ENDS_IN_THE_SECOND_HANDLER = `
import { BasicCrawler } from '@crawlee/basic';
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';

await Actor.init();
const guard = await DatasetGuard.open({ schema: false });
const first = guard.handler(async ({ pushData }) => {
    await pushData({ n: 1 });
    await new Promise(() => {});
});
const second = guard.handler(async ({ pushData }) => {
    await pushData({ n: 2 });
    process.exit(3);
});
const requestHandler = async (context) => void (await Promise.all([first(context), second(context)]));
await new BasicCrawler({ requestHandler }).run(['https://example.com/']);
`;

async function crawlOnePage(requestHandler: Handler): Promise<void> {
    await crawl(new BasicCrawler({ ...(await crawlerOptions()), requestHandler }), stage.site.urls(1));
}

describe('guard.handler() around a handler that calls another guarded handler', () => {
    it('stores the items of both, in their order, when the inner one gets a copy of the context', async () => {
        const { id, guard, inner } = await openWithInner();
        const outer = guard.handler<BasicCrawlingContext>(async (context) => {
            await context.pushData({ n: 1 });
            await inner({ ...context });
            await context.pushData({ n: 3 });
        });
        await crawlOnePage(outer);
        expect(numbers(await stage.items(id))).toEqual([1, 2, 3]);
    });

    it('pushes what the inner one pushes the way that the outer one has given it', async () => {
        const { id, guard, inner } = await openWithInner();
        const outer = guard.handler<BasicCrawlingContext>(async (context) => {
            await inner({
                ...context,
                pushData: async (item: object) => context.pushData({ ...item, isWrapped: true }),
            });
        });
        await crawlOnePage(outer);
        expect(await stage.items(id)).toEqual([{ n: 2, isWrapped: true }]);
    });

    it('stores the items of the last attempt once when the outer one fails the first time', async () => {
        const { id, guard, inner } = await openWithInner();
        const outer = guard.handler<BasicCrawlingContext>(async (context) => {
            await context.pushData({ n: 1 });
            await inner({ ...context });
            if (context.request.retryCount === 0) throw new Error('The first attempt fails.');
        });
        await crawlOnePage(outer);
        expect(numbers(await stage.items(id))).toEqual([1, 2]);
    });
});

describe('a bare handler that calls guarded ones', () => {
    it('stores the items of all of them, one after another or at the same time', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const handlers = [1, 2].map((n) => guard.handler<BasicCrawlingContext>(pushes(n)));
        await crawlOnePage(async (context) => {
            for (const handler of handlers) await handler(context);
            await Promise.all(handlers.map(async (handler) => handler(context)));
        });
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 1, 2, 2]);
    });

    it.each([0, 2])('stores the items of one whose error it catches, with %i retries', async (maxRequestRetries) => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const fails = guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
            await pushData({ n: 1 });
            throw new Error('Only this part of the page fails.');
        });
        const goesOn = guard.handler<BasicCrawlingContext>(pushes(2));
        const requestHandler: Handler = async (context) => {
            await fails(context).catch(() => undefined);
            await goesOn(context);
        };
        const options = { ...(await crawlerOptions()), maxRequestRetries };
        await crawl(new BasicCrawler({ ...options, requestHandler }), stage.site.urls(1));
        await guard.close();
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('stores the items of all of them when each attempt fails', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const fails = (n: number) =>
            guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
                await pushData({ n });
                throw new Error('Each part fails.');
            });
        const [first, second] = [fails(1), fails(2)];
        await crawlOnePage(async (context) => {
            await first(context).catch(() => undefined);
            await second(context);
        });
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2]);
    });

    it('stores what two of them hold when the process ends', async () => {
        const storage = await mkdtemp(join(tmpdir(), 'nested-handlers-'));
        onTestFinished(async () => rm(storage, { recursive: true, force: true }));
        const { exitCode, stderr } = await runScript(ENDS_IN_THE_SECOND_HANDLER, {
            env: { CRAWLEE_STORAGE_DIR: storage },
        });
        expect(exitCode, stderr).toBe(3);
        expect(await readItems(storage)).toEqual([{ n: 1 }, { n: 2 }]);
    });
});
