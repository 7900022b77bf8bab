import type { RouterHandler } from '@crawlee/core';

import { checkStorageAccess, toCriticalError } from './apify/crawlee-core.js';
import { canReach, isSameDataset, takes } from './apify/storages.js';
import type {
    Awaitable,
    GuardableContext,
    GuardedContext,
    GuardHandle,
    HttpContext,
    RouterContext,
} from './crawlee/guard-handle.js';
import { inCrawler, requestInfoOf } from './crawlee/guard-handle.js';
import { wrapHandler } from './crawlee/handler.js';
import type { InstallableCrawler } from './crawlee/install.js';
import { Installation } from './crawlee/install.js';
import { currentRequest } from './crawlee/request-scope.js';
import { createRouterHook } from './crawlee/router-hook.js';
import { DeliveryError, GuardClosedError } from './errors.js';
import type { GuardParts } from './open.js';
import { openParts } from './open.js';
import type { DatasetGuardOptions } from './options.js';
import type { InternalOptions } from './ports.js';
import type { Dictionary, PushResult } from './records.js';
import type { GuardReport } from './quality/guard-report.js';
import { within } from './utils/clock.js';

/** `close()` does not wait longer for `onQuarantine` callbacks that have not settled. */
const MAX_CALLBACK_MILLIS = 30_000;

const NOT_CONSTRUCTED =
    'A guard is opened, not constructed, because it looks for the schema first. Write: const guard = await DatasetGuard.open();';
const UNCALLED_HOOK =
    'The router got guard.routerHook itself, which makes a middleware and is none. Write router.use(guard.routerHook()).';
const UNCALLED_HANDLER =
    'The crawler got guard.handler itself, which wraps a handler and is none. Write requestHandler: guard.handler(router).';

/**
 * Stands between an Actor and its dataset: each item is checked against the dataset's schema, buffered, and sent with
 * many others in payloads under 5 MB. What fails here, or is rejected by the platform, goes into a separate dataset, the
 * quarantine, with the reason; the rest is stored. No item is lost without a trace.
 *
 * @example
 * await Actor.init();
 * const guard = await DatasetGuard.open();
 * await guard.pushData({ title: 'Alien', year: 1979 });
 * await Actor.exit(); // stores what is buffered
 */
export class DatasetGuard<Item extends object = Dictionary> {
    readonly #parts: GuardParts;
    readonly #handle: GuardHandle;
    readonly #hook: (context: GuardableContext) => void;
    readonly #installation: Installation;
    #closing: Promise<GuardReport> | undefined;

    private constructor(parts: GuardParts) {
        if (parts === undefined) throw new TypeError(NOT_CONSTRUCTED);
        this.#parts = parts;
        this.pushData = this.pushData.bind(this);
        const { dataset, pusher, pages, log } = parts;
        const isClosed = () => this.#closing !== undefined;
        this.#handle = {
            pusher,
            pages,
            takes: (name, crawler) => takes(dataset, name, crawler),
            isReachedBy: (crawler) => canReach(dataset, crawler),
            get isClosed() {
                return isClosed();
            },
            warnClosed: once(() =>
                log.warning('The guard is closed: pushes go straight to the dataset from now on. Logged once.'),
            ),
            warnForeign: once(() =>
                log.warning(
                    "This crawler's storage is not the guard's, so nothing that it pushes is guarded. Either two copies of @crawlee/core are installed, or the crawler has a storage client of its own.",
                ),
            ),
            log,
        };
        this.#hook = createRouterHook(this.#handle);
        this.#installation = new Installation(this.#handle, (other) => isSameDataset(other, dataset));
    }

    /**
     * Opens a guard on the run's default dataset, or that of `options.dataset`, with the schema that the platform
     * enforces. Call it after `Actor.init()`. The guard stores what it holds by itself however the run ends.
     * @throws InvalidOptionsError, SchemaLoadError, or whatever opening the dataset throws
     */
    static async open<Item extends object = Dictionary>(
        options?: DatasetGuardOptions<Item>,
    ): Promise<DatasetGuard<Item>>;
    // `internal` is no part of the API: tests have no ten seconds to wait for a listing.
    static async open(
        options?: DatasetGuardOptions<any>,
        internal?: Partial<InternalOptions>,
    ): Promise<DatasetGuard<any>> {
        return new DatasetGuard(await openParts(options, internal));
    }

    /**
     * Takes one item or an array of items on their way to the dataset. Resolves as `options.ack` says, and once an end of the
     * run is announced when the items are stored. An array must not be changed until then. `eventName` charges a pay-per-event
     * event for each item that is stored, as `Actor.pushData` does. May be passed around unbound.
     * @throws TypeError for what is neither an object nor an array; an item within an array that is no object goes to quarantine
     * @throws GuardClosedError, ItemsRejectedError, ToleranceExceededError, DeliveryError, QuarantineError
     */
    async pushData(data: Item | Item[], eventName?: string): Promise<PushResult> {
        checkStorageAccess();
        if (this.#closing !== undefined) throw new GuardClosedError();
        const { pusher } = this.#parts;
        const request = currentRequest();
        if (request === undefined) return pusher.push(data, { eventName });
        return inCrawler(async () => pusher.push(data, { eventName, request: requestInfoOf(request) }));
    }

    /**
     * Wraps a crawler's request handler, or a router with all its methods. `context.pushData` then only collects; when the
     * handler returns, the items are stored or quarantined before the crawler marks the request handled. When it throws,
     * they wait for the retry, which pushes them again; where none follows they are stored. A failing delivery fails the handler.
     */
    // Not `<Router>(router: Router): Router`: that would let `requestHandler: guard.handler` pass, which nobody has called.
    handler<Context extends RouterContext, Routes extends Record<keyof Routes, Dictionary>>(
        router: RouterHandler<Context, Routes>,
    ): RouterHandler<Context, Routes>;
    // The default is for crawlers that would take the context from their handler: HttpCrawler, BasicCrawler.
    handler<Context extends GuardableContext = HttpContext>(
        requestHandler: (context: GuardedContext<Context, Item>) => Awaitable<void>,
    ): (context: Context) => Promise<void>;
    handler(requestHandler: (context: never) => Awaitable<void>): (context: never) => Awaitable<void> {
        // Called by a crawler, as one of its methods: no request could ever do better.
        if (!(#handle in this)) throw toCriticalError(new TypeError(UNCALLED_HANDLER));
        return wrapHandler(this.#handle, requestHandler);
    }

    /** A middleware for `router.use()`: each `context.pushData` resolves when its items are stored or quarantined. */
    routerHook(): (context: GuardableContext) => void {
        // Called by a router, without the guard: no request could ever do better.
        if (!(this instanceof DatasetGuard)) throw toCriticalError(new TypeError(UNCALLED_HOOK));
        return this.#hook;
    }

    /**
     * Puts the guard under code that stays as it is: `Actor.pushData`, `Dataset.pushData`, and every crawler's `pushData`
     * and `context.pushData`, as far as they push to the guard's dataset. With `crawler`, quarantine records name the
     * request. Calling it again does no harm.
     */
    install(crawler?: InstallableCrawler): void {
        this.#installation.install(crawler);
    }

    /** Undoes `install`, in any order among several guards. */
    uninstall(): void {
        this.#installation.uninstall();
    }

    /**
     * Resolves when all that was accepted before this call is stored or in quarantine. What `handler` has collected stays with its page
     * while the crawler runs, and is stored by this call once the crawler has ended.
     * @throws DeliveryError, QuarantineError: the items are kept, and the next flush tries again
     */
    async flush(): Promise<void> {
        this.#parts.pages.commitEnded();
        await this.#parts.pipeline.flush();
    }

    /**
     * Stores what is buffered and what running handlers have collected, writes the report, undoes `install()`, and lets go of the
     * Actor's events. Afterwards `pushData` throws. Calling it again gives the same report. When items cannot be stored within
     * 30 s it rejects, after writing the report; the items are kept and saved with the run, and the next call tries again.
     * @throws DeliveryError
     */
    async close(): Promise<GuardReport> {
        this.#closing ??= this.#close().catch((error: unknown) => {
            this.#closing = undefined;
            throw error;
        });
        return this.#closing;
    }

    /** As `close`, for `await using`. */
    async [Symbol.asyncDispose](): Promise<void> {
        await this.close();
    }

    /** Reports the outcome of the items until now. */
    report(): GuardReport {
        return this.#parts.reports.report();
    }

    async #close(): Promise<GuardReport> {
        const { runEnd, pipeline, letGo, tellOutcome } = this.#parts;
        const outcome = await runEnd.close();
        const { unsentItems, reason } = outcome;
        if (reason !== undefined) {
            // The guard stays open, so that the next call can try again.
            runEnd.livesOn('exit');
            const unsent = unsentItems === 0 ? 'Items may be unsent' : `${unsentItems} items could not be sent`;
            throw new DeliveryError(`${unsent}: ${reason}`, {
                keptItems: pipeline.pendingItems,
                permanent: false,
                cause: pipeline.failure ?? pipeline.quarantine.itemFailure,
            });
        }
        this.uninstall();
        await within(pipeline.quarantine.announced(), MAX_CALLBACK_MILLIS);
        letGo();
        tellOutcome(outcome);
        return this.report();
    }
}

function once(action: () => void): () => void {
    let isDone = false;
    return () => {
        if (!isDone) action();
        isDone = true;
    };
}
