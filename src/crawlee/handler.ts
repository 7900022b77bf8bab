import { AsyncLocalStorage } from 'node:async_hooks';

import { checkStorageAccess, mayBeRetried, toNonRetryableError } from '../apify/crawlee-core.js';
import { GuardClosedError, ItemsRejectedError } from '../errors.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import type { Attempt } from './attempt.js';
import type { Awaitable, ContextPush, GuardableContext, GuardHandle } from './guard-handle.js';
import { kindOf } from '../schema/place.js';
import { asCrawlerError, inCrawler, rejectAdaptive, requestInfoOf } from './guard-handle.js';
import { withRequest } from './request-scope.js';

/** `never`: the context of whichever crawler; the public signatures say which. */
type Handler = (context: never) => Awaitable<void>;
type PushedData = Parameters<ContextPush>[0];

/** The runs of handlers that the code is part of, all for the same attempt: one handler may call another. */
const scope = new AsyncLocalStorage<readonly HandlerRun[]>();

/** Whether `guard.handler()` of the same guard collects already what is pushed here, also by way of a copy of the context. */
export function isCollected(guard: GuardHandle, context: GuardableContext): boolean {
    return runsAround(context).some((run) => run.guard === guard);
}

/** What handlers start may go on to run other requests, and other attempts. Their runs are not around those. */
function runsAround(context: GuardableContext): HandlerRun[] {
    const attemptId = attemptIdOf(context);
    return scope.getStore()?.filter((run) => run.attemptId === attemptId) ?? [];
}

/** Crawlee gives each attempt an id, which copies of its context keep. */
function attemptIdOf(context: GuardableContext & { id?: unknown }): unknown {
    return context.id ?? context;
}

/**
 * Wraps a request handler or a router. `context.pushData` only collects; when the handler returns, the items are stored or
 * quarantined before the crawler marks the request handled. When it throws they wait for the retry, which pushes them again.
 * A router keeps its methods.
 */
export function wrapHandler<H extends Handler>(guard: GuardHandle, requestHandler: H): H {
    if (typeof requestHandler !== 'function') throw new TypeError(noHandler(requestHandler));
    return new Proxy(requestHandler, {
        apply: async (target, thisArg, [context]: [GuardableContext]) => {
            rejectAdaptive(context, 'guard.handler()');
            if (guard.isClosed) guard.warnClosed();
            if (guard.isClosed || isCollected(guard, context)) return Reflect.apply(target, thisArg, [context]);
            if (!guard.isReachedBy(context.crawler)) guard.warnForeign();
            const run = new HandlerRun(guard, context);
            return run.run(async () => Reflect.apply(target, thisArg, [run.context]));
        },
    });
}

function noHandler(given: unknown): string {
    const isPromise = typeof (given as PromiseLike<unknown> | undefined)?.then === 'function';
    const kind = isPromise ? 'a promise' : given === null || given === undefined ? String(given) : kindOf(given);
    const advice = isPromise
        ? 'Await it first.'
        : 'Check that its module exports it, and that the import has the same name.';
    return `guard.handler() needs a request handler or a router, but got ${kind}. ${advice}`;
}

/** One run of a handler. */
class HandlerRun {
    /** The crawler's context with a `pushData` that collects. The original stays as it is for the crawler's error handlers. */
    readonly context: GuardableContext;
    readonly guard: GuardHandle;
    readonly attemptId: unknown;
    readonly #original: GuardableContext;
    readonly #attempt: Attempt;
    /** Settles when the items of all pushes are collected, in the order of the calls: a large array takes its time. */
    #collected: Promise<unknown> = Promise.resolve();
    /** Once the handler has returned or thrown: whether its items were stored. Does not reject. */
    #isStored: Promise<boolean> | undefined;

    constructor(guard: GuardHandle, context: GuardableContext) {
        this.guard = guard;
        this.attemptId = attemptIdOf(context);
        this.#original = context;
        const { pushData, request, crawler } = context;
        const { state, retryCount } = request;
        const attemptState = {
            isCurrent: () => request.state === state && request.retryCount === retryCount,
            isHandled: () => Boolean(request.handledAt),
        };
        const info = requestInfoOf(request);
        const ids = { crawler: crawler as object, uniqueKey: request.uniqueKey, attemptId: this.attemptId };
        this.#attempt = guard.pages.begin(ids, info, attemptState);
        let push: ContextPush = async (data, datasetIdOrName) => this.#push(data, datasetIdOrName, pushData);
        this.context = new Proxy(context, {
            get: (target, key) => (key === 'pushData' ? push : Reflect.get(target, key)),
            // A middleware may put its own before ours.
            set: (target, key, value) => {
                if (key !== 'pushData') return Reflect.set(target, key, value);
                push = value;
                return true;
            },
        });
    }

    async run(handler: () => Promise<void>): Promise<void> {
        try {
            const runs = [...runsAround(this.#original), this];
            await scope.run(runs, async () => withRequest(this.#original.request, handler));
        } catch (error) {
            this.#isStored = Promise.resolve(false);
            await this.#collected;
            const isLast = !mayBeRetried(this.#original.crawler, this.#original.request, error);
            await this.guard.pages.threw(this.#attempt, isLast);
            throw error;
        }
        const commit = this.#commit();
        this.#isStored = commit.catch(() => false);
        await commit;
    }

    async #commit(): Promise<boolean> {
        await this.#collected;
        if (this.guard.isClosed && this.#attempt.hasItems) throw new GuardClosedError();
        try {
            return await this.guard.pages.returned(this.#attempt);
        } catch (error) {
            // `mode: 'fail'`: the platform rejected some, and has stored the others, which a retry would push again.
            if (error instanceof ItemsRejectedError) throw toNonRetryableError(error);
            throw asCrawlerError(error);
        }
    }

    async #push(data: PushedData, datasetIdOrName: string | undefined, original: ContextPush): Promise<void> {
        checkStorageAccess();
        if (!this.guard.takes(datasetIdOrName, this.#original.crawler)) {
            await original.call(undefined, data, datasetIdOrName);
            return;
        }
        const isPushed = !this.guard.isClosed && (await this.#pushGuarded(data));
        if (isPushed) return;
        this.guard.warnClosed();
        await inCrawler(async () => original.call(undefined, data, datasetIdOrName));
    }

    /** Resolves to whether the guard has the items: `false` where it was closed before it had. */
    async #pushGuarded(data: PushedData): Promise<boolean> {
        const { pusher, pages } = this.guard;
        const prepared = pusher.prepareAll(data);
        try {
            // Before the first `await`: the handler may return without waiting.
            if (this.#isStored === undefined) return await this.#collect(prepared);
            const [items, isStored] = await Promise.all([prepared, this.#isStored]);
            if (this.guard.isClosed) return false;
            if (isStored) await pages.pushLate(this.#attempt, items);
            else await pages.collect(this.#attempt, items);
            return true;
        } catch (error) {
            throw asCrawlerError(error);
        }
    }

    /** Collects the items of a push behind those of the pushes before it. @throws what preparing them throws */
    async #collect(prepared: Promise<readonly PreparedItem[]>): Promise<boolean> {
        const before = this.#collected;
        const collected = prepared.then(async (items) => {
            await before;
            if (this.guard.isClosed) return false;
            await this.guard.pages.collect(this.#attempt, items);
            return true;
        });
        // Of a push that was rejected nothing is collected, as the handler was told.
        this.#collected = Promise.all([before, collected.catch(ignore)]);
        return collected;
    }
}

function ignore(): void {
    // The handler that pushed handles the rejection.
}
