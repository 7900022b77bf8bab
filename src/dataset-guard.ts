import type { HttpCrawlingContext } from 'crawlee';

import { checkStorageAccess } from './apify/crawlee-core.js';
import { isSameDataset, takes } from './apify/storages.js';
import { Commits } from './crawlee/commits.js';
import type { Awaitable, DoorHost, GuardableContext, GuardedContext, RouterLike } from './crawlee/door.js';
import { inCrawler, requestInfoOf } from './crawlee/door.js';
import { wrapHandler } from './crawlee/handler.js';
import type { InstallableCrawler } from './crawlee/install.js';
import { Installation } from './crawlee/install.js';
import { currentRequest } from './crawlee/request-scope.js';
import { createRouterHook } from './crawlee/router-hook.js';
import { GuardClosedError } from './errors.js';
import type { GuardParts } from './open.js';
import { openParts } from './open.js';
import type { DatasetGuardOptions } from './options.js';
import type { Tuning } from './ports.js';
import type { Dictionary, PushResult } from './records.js';
import type { GuardReport } from './report/statistics.js';
import { summarize } from './report/statistics.js';
import { RunEnd } from './run/run-end.js';

/** What a metamorph waits for at most. */
const METAMORPH_MILLIS = 25_000;

/**
 * Stands between an Actor and its dataset: each item is checked against the dataset's schema, buffered, and sent with
 * many others in payloads under 5 MB. What fails here, or is rejected by the platform, goes into a separate dataset, the
 * quarantine, with the reason; the rest is stored. No item is lost without a trace.
 *
 * @example
 * await Actor.init();
 * const guard = await DatasetGuard.open();
 * await guard.pushData({ title: 'Alien', year: 1979 });
 * await Actor.exit(); // flushes and closes the guard
 */
export class DatasetGuard<Item extends object = Dictionary> {
    readonly #parts: GuardParts;
    readonly #stopWatching: () => void;
    readonly #host: DoorHost;
    readonly #commits = new Commits();
    readonly #hook: (context: GuardableContext) => void;
    readonly #installation: Installation;
    #closing: Promise<GuardReport> | undefined;

    private constructor(parts: GuardParts) {
        this.#parts = parts;
        const runEnd = new RunEnd(parts, async () => this.close());
        this.#stopWatching = parts.watch(runEnd);
        this.pushData = this.pushData.bind(this);
        const isClosed = () => this.#closing !== undefined;
        this.#host = {
            pusher: parts.pusher,
            takes: (name, crawler) => takes(parts.dataset, name, crawler),
            get isClosed() {
                return isClosed();
            },
            warnClosed: once(() =>
                parts.log.warning('The guard is closed: pushes go straight to the dataset from now on. Said once.'),
            ),
            log: parts.log,
        };
        this.#hook = createRouterHook(this.#host);
        this.#installation = new Installation(this.#host, {
            matches: (dataset) => isSameDataset(dataset, parts.dataset),
            end: async () => runEnd.end(Date.now() + METAMORPH_MILLIS),
        });
    }

    /**
     * Opens a guard on the run's default dataset, or that of `options.dataset`, with the schema that the platform
     * enforces. Call it after `Actor.init()`. The guard flushes and closes by itself when the Actor exits.
     * @throws InvalidOptionsError, SchemaLoadError, or whatever opening the dataset throws
     */
    static async open<Item extends object = Dictionary>(
        options?: DatasetGuardOptions<Item>,
    ): Promise<DatasetGuard<Item>>;
    // `tuning` is no part of the API: tests have no ten seconds to wait for a listing.
    static async open(options?: DatasetGuardOptions<any>, tuning?: Partial<Tuning>): Promise<DatasetGuard<any>> {
        return new DatasetGuard(await openParts(options, tuning));
    }

    /**
     * Takes one item or an array of items on their way to the dataset. Resolves as `options.ack` says. An array must not be
     * changed until then. `eventName` charges a pay-per-event event for each item that is stored, as `Actor.pushData` does.
     * May be passed around unbound.
     * @throws TypeError for what is neither an object nor an array; an item within an array that is no object goes to quarantine
     * @throws GuardClosedError, ItemsRejectedError, ToleranceExceededError, DeliveryError, QuarantineError
     */
    async pushData(data: Item | Item[], eventName?: string): Promise<PushResult> {
        checkStorageAccess();
        if (this.#closing !== undefined) throw new GuardClosedError();
        const { pusher } = this.#parts;
        const request = currentRequest();
        if (request === undefined) return pusher.pushData(data, { eventName });
        return inCrawler(async () => pusher.pushData(data, { eventName, request: requestInfoOf(request) }));
    }

    /**
     * Wraps a crawler's request handler, or a router with all its methods. `context.pushData` then only collects; when the
     * handler returns, the items are stored or quarantined before the crawler marks the request handled. When it throws,
     * they are discarded, because the retry pushes them again. A failing delivery fails the handler.
     */
    handler<Router extends RouterLike>(router: Router): Router;
    // The default is for crawlers that would take the context from their handler: HttpCrawler, BasicCrawler.
    handler<Context extends GuardableContext = HttpCrawlingContext>(
        requestHandler: (context: GuardedContext<Context, Item>) => Awaitable<void>,
    ): (context: Context) => Promise<void>;
    handler(requestHandler: (context: never) => Awaitable<void>): (context: never) => Awaitable<void> {
        return wrapHandler(this.#host, this.#commits, requestHandler);
    }

    /** A middleware for `router.use()`: each `context.pushData` resolves when its items are stored or quarantined. */
    routerHook(): (context: GuardableContext) => void {
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
     * Resolves when all that was accepted before is stored or in quarantine.
     * @throws DeliveryError, QuarantineError: the items are kept, and the next flush tries again
     */
    async flush(): Promise<void> {
        await this.#parts.flow.flush();
    }

    /**
     * Flushes, writes the report, and lets go of the Actor's events. Afterwards `pushData` throws. Calling it again gives
     * the same report; after a failure, it tries again.
     * @throws DeliveryError, QuarantineError
     */
    async close(): Promise<GuardReport> {
        this.#closing ??= this.#close();
        return this.#closing;
    }

    /** What became of the items until now. */
    report(): GuardReport {
        return this.#parts.flow.statistics.report();
    }

    async #close(): Promise<GuardReport> {
        const { flow, pusher, carryOver, reports, deadline, exitDeadline, log } = this.#parts;
        try {
            await deadline.race(pusher.settled());
            await flow.flush();
            await deadline.race(flow.quarantine.announced());
        } catch (error) {
            this.#closing = undefined;
            // At the end of a run, what could not be sent is saved first.
            if (exitDeadline.at === Infinity) await reports.write((error as Error).message);
            throw error;
        }
        this.#stopWatching();
        const counters = carryOver
            .saveCounters(true)
            .catch((error: Error) => log.debug(`Counters were not saved: ${error.message}`));
        const [place] = await Promise.all([reports.close(), exitDeadline.race(counters)]);
        flow.callbackErrors.summarize();
        const report = this.report();
        log.info(`${summarize(report)}${place === undefined ? '' : `. Report: ${place}`}`);
        return report;
    }
}

function once(action: () => void): () => void {
    let isDone = false;
    return () => {
        if (!isDone) action();
        isDone = true;
    };
}
