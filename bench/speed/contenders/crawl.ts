import { type BasicCrawlingContext, BasicCrawler, RequestList } from 'crawlee';

import type { DatasetGuard } from '../../../src/index.js';
import type { CallTimes } from '../call-times.js';
import type { Item } from '../shapes.js';
import type { Prepare } from './contender.js';
import { openGuard } from './guard.js';

const ITEMS_PER_PAGE = 10;
const PAGES_AT_ONCE = 50;

/** A crawler whose handler does nothing but push the items of a page, in one call. */
export const CRAWL = {
    'bare-crawl': async () => async (items, calls) => crawl(items, calls),
    'guard-crawl': async (task) => {
        const guard = await openGuard(task);
        return async (items, calls) => crawl(items, calls, guard);
    },
} satisfies Record<string, Prepare>;

async function crawl(items: readonly Item[], calls: CallTimes, guard?: DatasetGuard): Promise<void> {
    const pages = Math.ceil(items.length / ITEMS_PER_PAGE);
    const urls = Array.from({ length: pages }, (_, page) => `https://example.com/${page}`);
    const requestHandler = async ({ request, pushData }: Pick<BasicCrawlingContext, 'request' | 'pushData'>) => {
        const first = Number(request.url.slice(request.url.lastIndexOf('/') + 1)) * ITEMS_PER_PAGE;
        const startedAt = performance.now();
        await pushData(items.slice(first, first + ITEMS_PER_PAGE));
        calls.add(performance.now() - startedAt);
    };
    const crawler = new BasicCrawler({
        requestList: await RequestList.open(null, urls),
        requestHandler: guard?.handler(requestHandler) ?? requestHandler,
        minConcurrency: PAGES_AT_ONCE,
        maxConcurrency: PAGES_AT_ONCE,
        useSessionPool: false,
    });
    const { requestsFailed } = await crawler.run();
    if (requestsFailed > 0) throw new Error(`${requestsFailed} pages failed.`);
}
