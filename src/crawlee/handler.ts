import { checkStorageAccess } from '../apify/crawlee-core.js';
import { GuardClosedError } from '../errors.js';
import type { Examined } from '../intake.js';
import type { ContextPush, DoorHost, GuardableContext } from './door.js';
import { inCrawler, isGuarded, markGuarded, rejectAdaptive, requestInfoOf } from './door.js';

type Handler = (context: any) => void | Promise<void>;

/**
 * Wraps a request handler or a router. `context.pushData` only collects; when the handler returns, the items are stored
 * or quarantined before the crawler marks the request handled; when it throws they are discarded, because the retry
 * pushes them again. A router keeps its methods.
 */
export function wrapHandler<H extends Handler>(host: DoorHost, requestHandler: H): H {
    return new Proxy(requestHandler, {
        apply: async (target, thisArg, [context]: [GuardableContext]) => {
            rejectAdaptive(context, 'guard.handler()');
            if (host.isClosed || isGuarded(context.pushData)) return Reflect.apply(target, thisArg, [context]);
            const attempt = new Attempt(host, context);
            try {
                await Reflect.apply(target, thisArg, [attempt.context]);
            } catch (error) {
                attempt.discard();
                throw error;
            }
            return attempt.commit();
        },
    });
}

/** One run of a handler for a request, and what it has pushed. */
class Attempt {
    /** The crawler's context with a `pushData` that collects. The original stays as it is for the crawler's error handlers. */
    readonly context: GuardableContext;
    readonly #host: DoorHost;
    readonly #request: GuardableContext['request'];
    readonly #state: unknown;
    readonly #retryCount: number;
    #collected: Examined[] = [];

    constructor(host: DoorHost, context: GuardableContext) {
        this.#host = host;
        this.#request = context.request;
        this.#state = context.request.state;
        this.#retryCount = context.request.retryCount;
        const collect = markGuarded(async (data, datasetIdOrName) =>
            this.#collect(data, datasetIdOrName, context.pushData),
        );
        this.context = new Proxy(context, {
            get: (target, key) => (key === 'pushData' ? collect : Reflect.get(target, key)),
            // Middlewares that replace it would push past the attempt.
            set: (target, key, value) => (key === 'pushData' ? true : Reflect.set(target, key, value)),
        });
    }

    /** Stores what was collected; not for an attempt that timed out and went on, because its retry pushes the same. */
    async commit(): Promise<void> {
        if (!this.#isCurrent()) {
            this.discard();
            return;
        }
        const examined = this.#take();
        if (examined.length === 0) return;
        if (this.#host.isClosed) throw new GuardClosedError();
        const request = requestInfoOf(this.#request);
        await inCrawler(this.#host.pusher.pushExamined(examined, request, () => this.#isCurrent()));
    }

    discard(): void {
        this.#host.pusher.discard(this.#take().length);
    }

    async #collect(data: unknown, datasetIdOrName: string | undefined, original: ContextPush): Promise<void> {
        checkStorageAccess();
        if (!this.#host.takes(datasetIdOrName)) {
            await original.call(undefined, data, datasetIdOrName);
            return;
        }
        const examined = await inCrawler(this.#host.pusher.examine(data));
        for (const item of examined) this.#collected.push(item);
    }

    /** Whether the crawler still waits for this very run of the handler. */
    #isCurrent(): boolean {
        return this.#request.state === this.#state && this.#request.retryCount === this.#retryCount;
    }

    #take(): Examined[] {
        const collected = this.#collected;
        this.#collected = [];
        return collected;
    }
}
