import { createHttpRouter, NonRetryableError } from 'crawlee';

import type { DatasetGuard } from '../index.js';
import { DatasetGuardError } from '../index.js';
import { parseFeed } from './feed.js';

/** 408, 425 and 429 say "later"; the other 4xx say the same however often one asks. */
const TRANSIENT_STATUS_CODES = [408, 425, 429];

/** Handlers of the feeds. Whatever a feed holds goes to the guard, unchanged and in the feed's order. */
export function createFeedRouter(guard: Pick<DatasetGuard, 'pushData'>) {
    const router = createHttpRouter();

    router.addDefaultHandler(async ({ request, response, body, log }) => {
        const statusCode = response.statusCode ?? 0;
        if (statusCode >= 400) {
            // The crawler itself lets 4xx pass: an error page that happens to be JSON must not become items.
            const message = `The server answered ${statusCode}.`;
            throw TRANSIENT_STATUS_CODES.includes(statusCode) ? new Error(message) : new NonRetryableError(message);
        }
        const records = parseFeed(body);
        log.info(`${request.loadedUrl ?? request.url}: ${records.length} records`);
        await push(guard, records);
    });

    return router;
}

/** A feed whose records have begun to go out is not loaded again: the guard keeps what it took, and would get it twice. */
async function push(guard: Pick<DatasetGuard, 'pushData'>, records: unknown[]): Promise<void> {
    try {
        await guard.pushData(records as Record<string, unknown>[]);
    } catch (error) {
        if (!(error instanceof DatasetGuardError)) throw error;
        throw new NonRetryableError(error.message, { cause: error });
    }
}
