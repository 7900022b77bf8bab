import { checkStorageAccess, isOfThisCrawlee } from '../apify/crawlee-core.js';
import type { PatchTarget } from '../apify/patches.js';
import { installTarget, uninstallTarget } from '../apify/patches.js';
import type { PushResult } from '../records.js';
import type { GuardHandle } from './guard-handle.js';
import { inCrawler, requestInfoOf } from './guard-handle.js';
import { currentRequest, scopeRequests } from './request-scope.js';

/** A crawler as far as `install` needs it. What `run` takes differs between crawlers, and is handed on as it is. */
export interface InstallableCrawler {
    run(...args: unknown[]): Promise<unknown>;
}

/** The guard under code that knows nothing of it: behind the SDK's and Crawlee's own ways to push. */
export class Installation {
    readonly #guard: GuardHandle;
    readonly #target: PatchTarget;
    /** Crawlers whose handlers run with their request, and how to undo that. */
    readonly #crawlers = new Map<InstallableCrawler, () => void>();

    constructor(guard: GuardHandle, matches: PatchTarget['matches']) {
        this.#guard = guard;
        this.#target = {
            matches,
            get isClosed() {
                return guard.isClosed;
            },
            push: async (data, eventName) => this.#push(data, eventName),
            warnClosed: () => guard.warnClosed(),
        };
    }

    /** Again without a crawler: nothing. With one: records of what its handlers push know their request. */
    install(crawler?: InstallableCrawler): void {
        installTarget(this.#target);
        const isForeign = crawler !== undefined && !(isOfThisCrawlee(crawler) && this.#guard.isReachedBy(crawler));
        if (isForeign) this.#guard.warnForeign();
        if (crawler === undefined || this.#crawlers.has(crawler)) return;
        const undo = scopeRequests(crawler);
        if (undo === undefined) {
            this.#guard.log.warning(
                'This crawler is of an unknown kind: quarantine records will not name its requests.',
            );
            return;
        }
        this.#crawlers.set(crawler, undo);
    }

    uninstall(): void {
        uninstallTarget(this.#target);
        for (const undo of this.#crawlers.values()) undo();
        this.#crawlers.clear();
    }

    async #push(data: unknown, eventName: string | undefined): Promise<PushResult> {
        checkStorageAccess();
        const request = currentRequest();
        const options = {
            // The SDK stores items whose event is '' or null, too.
            ...(eventName !== '' && eventName !== null && { eventName }),
            ...(request && { request: requestInfoOf(request) }),
        };
        // Always: where `install` was not given the crawler, nothing tells whether it is a handler that pushes.
        return inCrawler(async () => this.#guard.pusher.push(data, { ack: 'stored', ...options }));
    }
}
