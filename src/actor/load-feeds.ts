import type { RouterHandler, HttpCrawlingContext } from 'crawlee';
import { HttpCrawler } from 'crawlee';

import { startFeedServer } from './feed-server.js';
import type { FeedSource } from './input.js';

/** A feed that could not be loaded, or whose records the guard could not take. */
export interface FailedFeed {
    url: string;
    /** The first line of the error's message. */
    message: string;
}

/** Crawls the feeds, or the movies that came along if there are none. Feeds that failed are returned, not thrown. */
export async function loadFeeds(
    sources: readonly FeedSource[],
    router: RouterHandler<HttpCrawlingContext>,
): Promise<FailedFeed[]> {
    if (sources.length > 0) return crawl(sources, router);
    const server = await startFeedServer();
    try {
        return await crawl([{ url: server.url }], router);
    } finally {
        await server.close();
    }
}

async function crawl(
    sources: readonly FeedSource[],
    router: RouterHandler<HttpCrawlingContext>,
): Promise<FailedFeed[]> {
    const failedFeeds: FailedFeed[] = [];
    const crawler = new HttpCrawler({
        requestHandler: router,
        failedRequestHandler: ({ request }, { message }) => {
            failedFeeds.push({ url: request.url, message: message.split('\n', 1)[0]! });
        },
        // Many servers send JSON as text/plain; whether it is JSON shows when it is parsed.
        additionalMimeTypes: ['*/*'],
        preNavigationHooks: [
            (_context, options) => {
                options.headers = { ...options.headers, accept: 'application/json, */*;q=0.1' };
            },
        ],
        // One feed after another: the dataset keeps the order of the input, and only one feed is in memory.
        maxConcurrency: 1,
        // Handing over a large feed may have to wait for the platform.
        requestHandlerTimeoutSecs: 600,
        // Feeds are meant to be read by programs: no sessions, no cookies.
        useSessionPool: false,
    });
    await crawler.run(sources.map((source) => ({ ...source })));
    return failedFeeds;
}
