import { AsyncLocalStorage } from 'node:async_hooks';

import { checkStorageAccess } from '../apify/crawlee-core.js';
import type { PatchTarget } from '../apify/patches.js';
import { installTarget, uninstallTarget } from '../apify/patches.js';
import type { PushResult } from '../ports.js';
import type { DoorHost, GuardableContext } from './door.js';
import { inCrawler, requestInfoOf } from './door.js';

/** A crawler as far as `install` needs it. */
export interface InstallableCrawler {
    run(...args: any[]): Promise<unknown>;
}

/** What the guard does for the SDK's methods. */
export type Behind = Pick<PatchTarget, 'matches' | 'end'>;

/** The method through which every crawler of Crawlee 3 runs the Actor's handler. */
type RunsHandlers = { _runRequestHandler?: (context: GuardableContext) => Promise<void> };

/** The guard under code that knows nothing of it: behind the SDK's and Crawlee's own ways to push. */
export class Installation {
    readonly #host: DoorHost;
    readonly #target: PatchTarget;
    /** The request whose handler runs, for the records. */
    readonly #request = new AsyncLocalStorage<GuardableContext['request']>();
    readonly #crawlers = new Map<RunsHandlers, () => void>();

    constructor(host: DoorHost, behind: Behind) {
        this.#host = host;
        this.#target = {
            ...behind,
            get isClosed() {
                return host.isClosed;
            },
            push: async (data, eventName) => this.#push(data, eventName),
            log: host.log,
        };
    }

    /** Again without a crawler: nothing. With one: records of what its handlers push know their request. */
    install(crawler?: InstallableCrawler): void {
        installTarget(this.#target);
        if (crawler !== undefined) this.#wrap(crawler as RunsHandlers);
    }

    uninstall(): void {
        uninstallTarget(this.#target);
        for (const unwrap of this.#crawlers.values()) unwrap();
        this.#crawlers.clear();
    }

    async #push(data: unknown, eventName: string | undefined): Promise<PushResult> {
        checkStorageAccess();
        const request = this.#request.getStore();
        const pushed = this.#host.pusher.pushData(data, {
            ack: 'stored',
            eventName,
            ...(request && { request: requestInfoOf(request) }),
        });
        return request === undefined ? pushed : inCrawler(pushed);
    }

    #wrap(crawler: RunsHandlers): void {
        if (this.#crawlers.has(crawler)) return;
        const original = crawler._runRequestHandler;
        if (typeof original !== 'function') {
            this.#host.log.warning(
                'This crawler is of an unknown kind: quarantine records will not name its requests.',
            );
            return;
        }
        const request = this.#request;
        const wrapped = async function (this: RunsHandlers, context: GuardableContext): Promise<void> {
            await request.run(context.request, async () => original.call(this, context));
        };
        crawler._runRequestHandler = wrapped;
        this.#crawlers.set(crawler, () => {
            // The class has it, too: what is left there comes to light again.
            if (crawler._runRequestHandler === wrapped) delete crawler._runRequestHandler;
        });
    }
}
