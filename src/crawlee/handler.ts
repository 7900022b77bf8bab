import { checkStorageAccess, toNonRetryableError } from '../apify/crawlee-core.js';
import { GuardClosedError, ItemsRejectedError } from '../errors.js';
import { HandlerCall } from '../push/handler-call.js';
import type { Examined } from '../flow/intake.js';
import type { RequestInfo } from '../records.js';
import type { Commits } from './commits.js';
import type { Awaitable, ContextPush, DoorHost, GuardableContext } from './door.js';
import { asCrawlerError, inCrawler, rejectAdaptive, requestInfoOf } from './door.js';
import { withRequest } from './request-scope.js';

/** `never`: the context of whichever crawler; the public signatures say which. */
type Handler = (context: never) => Awaitable<void>;
type PushedData = Parameters<ContextPush>[0];

/** The contexts of attempts, each with the guard that collects its pushes. */
const collecting = new WeakMap<GuardableContext, DoorHost>();

/** Whether pushes of this context are collected by `guard.handler()` of the same guard. */
export function isCollected(host: DoorHost, context: GuardableContext): boolean {
    return collecting.get(context) === host;
}

/**
 * Wraps a request handler or a router. `context.pushData` only collects; when the handler returns, the items are stored
 * or quarantined before the crawler marks the request handled; when it throws they are discarded, because the retry
 * pushes them again. A router keeps its methods.
 */
export function wrapHandler<H extends Handler>(host: DoorHost, commits: Commits, requestHandler: H): H {
    return new Proxy(requestHandler, {
        apply: async (target, thisArg, [context]: [GuardableContext]) => {
            rejectAdaptive(context, 'guard.handler()');
            if (host.isClosed) host.warnClosed();
            if (host.isClosed || isCollected(host, context)) return Reflect.apply(target, thisArg, [context]);
            const attempt = new Attempt(host, commits, context);
            return attempt.run(async () => Reflect.apply(target, thisArg, [attempt.context]));
        },
    });
}

/** One run of a handler for a request, and what it has pushed. */
class Attempt {
    /** The crawler's context with a `pushData` that collects. The original stays as it is for the crawler's error handlers. */
    readonly context: GuardableContext;
    readonly #original: GuardableContext;
    readonly #host: DoorHost;
    readonly #commits: Commits;
    readonly #state: unknown;
    readonly #retryCount: number;
    /** The items of each push, as they are made ready; a large array takes its time. */
    #collected: Promise<readonly Examined[]>[] = [];
    /** Once the handler has returned or thrown: whether its items were stored. Does not reject. */
    #isStored: Promise<boolean> | undefined;

    constructor(host: DoorHost, commits: Commits, context: GuardableContext) {
        this.#host = host;
        this.#commits = commits;
        this.#original = context;
        this.#state = context.request.state;
        this.#retryCount = context.request.retryCount;
        const { pushData } = context;
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
        collecting.set(this.context, host);
    }

    async run(handler: () => Promise<void>): Promise<void> {
        try {
            await withRequest(this.#original.request, handler);
        } catch (error) {
            this.#isStored = Promise.resolve(false);
            this.#discard(await this.#take());
            throw error;
        }
        const commit = this.#commit();
        this.#isStored = commit.catch(() => false);
        await commit;
    }

    /** Stores what was collected; not for an attempt that timed out and went on, because its retry pushes the same. */
    async #commit(): Promise<boolean> {
        const examined = await this.#take();
        if (!this.#isCurrent()) {
            this.#discard(examined);
            return false;
        }
        if (examined.length === 0) return true;
        if (this.#host.isClosed) {
            this.#discard(examined);
            throw new GuardClosedError();
        }
        const isCurrent = () => this.#isCurrent();
        const { leftOut, error } = await this.#commits.commit(this.#original, examined, isCurrent, async (items) => {
            const call = new HandlerCall(items, this.#info, isCurrent);
            const failure = await this.#host.pusher.pushExamined(call).then(
                () => undefined,
                (reason: unknown) => reason,
            );
            return { done: call.doneItems, error: failure };
        });
        this.#host.pusher.discard(leftOut);
        // `mode: 'fail'`: the platform rejected some, and has stored the others, which a retry would push again.
        if (error instanceof ItemsRejectedError) throw toNonRetryableError(error);
        if (error !== undefined) throw asCrawlerError(error);
        return true;
    }

    async #push(data: PushedData, datasetIdOrName: string | undefined, original: ContextPush): Promise<void> {
        checkStorageAccess();
        if (!this.#host.takes(datasetIdOrName, this.#original.crawler)) {
            await original.call(undefined, data, datasetIdOrName);
            return;
        }
        const isLate = this.#isStored !== undefined;
        const examining = this.#host.pusher.examine(data);
        // Before the first `await`: the handler may return without waiting.
        if (!isLate) this.#collected.push(examining);
        const examined = await examining.catch((error: unknown) => {
            throw asCrawlerError(error);
        });
        if (!isLate) return;
        if (!(await this.#isStored)) {
            this.#discard(examined);
        } else if (this.#host.isClosed) {
            this.#host.warnClosed();
            await original.call(undefined, data, datasetIdOrName);
        } else {
            await inCrawler(async () => this.#host.pusher.pushExamined(new HandlerCall(examined, this.#info)));
        }
    }

    get #info(): RequestInfo {
        return requestInfoOf(this.#original.request);
    }

    /** Whether the crawler still waits for this very run of the handler. */
    #isCurrent(): boolean {
        const { state, retryCount } = this.#original.request;
        return state === this.#state && retryCount === this.#retryCount;
    }

    /** What was collected; of a push that was rejected nothing, as the handler was told. */
    async #take(): Promise<readonly Examined[]> {
        const collected = await Promise.all(this.#collected.map(async (items) => items.catch(() => [])));
        return collected.flat();
    }

    #discard(items: readonly Examined[]): void {
        this.#host.pusher.discard(items.length);
    }
}
