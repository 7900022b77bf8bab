import { checkStorageAccess, Configuration, CriticalError, Dataset, NonRetryableError } from '@crawlee/core';

// This is the part of Crawlee that the SDK stands on, whether or not the Actor depends on `crawlee` itself. It is a peer
// dependency, so that npm, pnpm and bundlers find the very module that the SDK's `Dataset` and the Actor's crawlers use.

export { checkStorageAccess, Dataset as CrawleeDataset };

/** The one kind of error that stops a crawler; any other makes it try the request again. `cause` is `error`. */
export function toCriticalError(error: Error): Error {
    return dressed(new CriticalError(error.message, { cause: error }), error);
}

/** Makes the request fail for good, and this request alone. `cause` is `error`. */
export function toNonRetryableError(error: Error): Error {
    return dressed(new NonRetryableError(error.message, { cause: error }), error);
}

/** With the name and code by which the original is known. */
function dressed(wrapper: Error, { name, code }: Error & { code?: string }): Error {
    return Object.assign(wrapper, { name, ...(code !== undefined && { code }) });
}

/** Whether the crawler is of the copy of Crawlee that the SDK stands on. True where that cannot be told. */
export function isOfThisCrawlee(crawler: unknown): boolean {
    const { config } = crawler as { config?: unknown };
    return typeof config !== 'object' || config === null || config instanceof Configuration;
}

/** A crawler as far as it decides on retries. */
interface RetryingCrawler {
    _canRequestBeRetried?: (request: unknown, error: unknown) => boolean;
}

/** Whether the crawler will run the handler again for this request. True where that is not known. */
export function mayBeRetried(crawler: unknown, request: unknown, error: unknown): boolean {
    const { _canRequestBeRetried: canBeRetried } = crawler as RetryingCrawler;
    try {
        return canBeRetried?.call(crawler, request, error) ?? true;
    } catch {
        return true;
    }
}

/** Whether the crawler has run and runs no more. False where that is not known. */
export function hasEnded(crawler: unknown): boolean {
    return (crawler as { running?: unknown }).running === false;
}
