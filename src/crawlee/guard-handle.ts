import type { IncomingMessage } from 'node:http';

import type { CrawlingContext, RestrictedCrawlingContext } from '@crawlee/core';

import { toCriticalError } from '../apify/crawlee-core.js';
import { DeliveryError, ToleranceExceededError } from '../errors.js';
import type { Log } from '../ports.js';
import type { RequestInfo } from '../records.js';
import type { Pusher } from '../pipeline/push.js';
import { createSecretRemover, readOwnSecrets } from '../utils/secrets.js';
import { shorten } from '../utils/text.js';
import type { CollectedPages } from './collected-pages.js';

/** What an entry point needs of its guard. */
export interface GuardHandle {
    readonly pusher: Pusher;
    readonly pages: CollectedPages;
    readonly isClosed: boolean;
    /** Whether a push of this crawler that names this dataset, or none, is the guard's. */
    takes(datasetIdOrName: string | undefined, crawler: unknown): boolean;
    /** Whether this crawler can push to the guard's dataset. */
    isReachedBy(crawler: unknown): boolean;
    /** Logs once that what is pushed after `close()` goes straight to the dataset. */
    warnClosed(): void;
    /** Logs once that a crawler's storage is not the guard's. */
    warnForeign(): void;
    readonly log: Log;
}

/** A crawling context as far as the entry points need it; an adaptive crawler's has no `crawler`. */
export type GuardableContext = Pick<CrawlingContext, 'request' | 'pushData'> & { crawler?: unknown };

/** What Crawlee demands of a router's context. */
export type RouterContext = Omit<RestrictedCrawlingContext, 'enqueueLinks'>;

/** The context of `HttpCrawler`, written down here because a user need not have that part of Crawlee. */
export interface HttpContext extends CrawlingContext<any, any> {
    body: string | Buffer;
    /** As Crawlee declares it: whatever JSON the page holds. */
    json: any;
    contentType: { type: string; encoding: BufferEncoding };
    response: IncomingMessage;
    waitForSelector(selector: string, timeoutMs?: number): Promise<void>;
    /** Resolves to Cheerio's `$`, whose types a user need not have either. */
    parseWithCheerio(selector?: string, timeoutMs?: number): Promise<any>;
}

/** A handler's context, `pushData` typed with the guard's items. */
export type GuardedContext<Context, Item extends object> = Omit<Context, 'pushData'> & {
    /** Pushes through the guard; a push that names another dataset passes straight through. */
    pushData(data: Item | Item[], datasetIdOrName?: string): Promise<void>;
};

/** What Crawlee allows a handler to return. */
export type Awaitable<T> = T | PromiseLike<T>;

/** `context.pushData` as a crawler provides it. */
export type ContextPush = GuardableContext['pushData'];

/** Characters. A record is at most 64 KB larger than its item. */
const MAX_URL_LENGTH = 4_000;
const MAX_LABEL_LENGTH = 200;

/** What a record says of the request whose handler pushed the item, without credentials. */
export function requestInfoOf({ url, loadedUrl, label, id, retryCount }: GuardableContext['request']): RequestInfo {
    const removeSecrets = createSecretRemover(readOwnSecrets(process.env));
    return {
        // Pages choose their links, and a record is to stay small.
        url: shorten(removeSecrets(url), MAX_URL_LENGTH),
        ...(loadedUrl !== undefined && { loadedUrl: shorten(removeSecrets(loadedUrl), MAX_URL_LENGTH) }),
        ...(label !== undefined && { label: shorten(removeSecrets(label), MAX_LABEL_LENGTH) }),
        ...(id !== undefined && { id }),
        retryCount,
    };
}

/** An adaptive crawler runs a handler twice and keeps one result: only what it commits may be pushed. */
export function rejectAdaptive(context: GuardableContext, entryPoint: string): void {
    if (context.crawler !== undefined) return;
    throw toCriticalError(
        new Error(
            `${entryPoint} cannot be used with AdaptivePlaywrightCrawler: it would push the results of attempts that the ` +
                'crawler throws away. Call guard.install(crawler) instead, and leave the handlers as they are.',
        ),
    );
}

/** Makes the errors stop the crawler that no further request can escape; the others let it try the request again. */
export async function inCrawler<T>(push: () => Awaitable<T>): Promise<T> {
    try {
        return await push();
    } catch (error) {
        throw asCrawlerError(error);
    }
}

export function asCrawlerError(error: unknown): unknown {
    const stops = error instanceof ToleranceExceededError || (error instanceof DeliveryError && error.permanent);
    return stops ? toCriticalError(error) : error;
}
