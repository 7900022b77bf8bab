import { GuardClosedError } from './errors.js';
import type { ItemFlow } from './item-flow.js';
import { openParts } from './open.js';
import type { DatasetGuardOptions } from './options.js';
import type { Dictionary, Log } from './ports.js';
import type { Pusher, PushResult } from './pusher.js';
import type { GuardReport } from './report/statistics.js';
import { summarize } from './report/statistics.js';

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
    readonly #flow: ItemFlow;
    readonly #pusher: Pusher;
    readonly #ack: 'buffered' | 'stored';
    readonly #log: Log;
    readonly #stopWatching: () => void;
    #closing: Promise<GuardReport> | undefined;

    private constructor({ flow, pusher, options, log, watch }: Awaited<ReturnType<typeof openParts>>) {
        this.#flow = flow;
        this.#pusher = pusher;
        this.#ack = options.ack;
        this.#log = log;
        this.#stopWatching = watch({
            flush: async () => this.flush(),
            hurry: (deadline) => flow.hurry(deadline),
            close: async () => summarize(await this.close()),
        });
        this.pushData = this.pushData.bind(this);
    }

    /**
     * Opens a guard on the run's default dataset, or that of `options.dataset`, with the schema that the platform
     * enforces. Call it after `Actor.init()`. The guard flushes and closes by itself when the Actor exits.
     * @throws InvalidOptionsError, SchemaLoadError, or whatever opening the dataset throws
     */
    static async open<Item extends object = Dictionary>(
        options?: DatasetGuardOptions<Item>,
    ): Promise<DatasetGuard<Item>> {
        return new DatasetGuard<Item>(await openParts(options));
    }

    /**
     * Takes one item or an array of items on their way to the dataset. Resolves as `options.ack` says. An array must not be
     * changed until then. `eventName` charges a pay-per-event event for each item that is stored, as `Actor.pushData` does.
     * May be passed around unbound.
     * @throws TypeError for what is neither an object nor an array; an item within an array that is no object goes to quarantine
     * @throws GuardClosedError, ItemsRejectedError, ToleranceExceededError, DeliveryError, QuarantineError
     */
    async pushData(data: Item | Item[], eventName?: string): Promise<PushResult> {
        checkArguments(data, eventName);
        if (this.#closing !== undefined) throw new GuardClosedError();
        return this.#pusher.push({ items: Array.isArray(data) ? data : [data], eventName, ack: this.#ack });
    }

    /**
     * Resolves when all that was accepted before is stored or in quarantine.
     * @throws DeliveryError, QuarantineError: the items are kept, and the next flush tries again
     */
    async flush(): Promise<void> {
        await this.#flow.flush();
    }

    /**
     * Flushes, and lets go of the Actor's events. Afterwards `pushData` throws. Calling it again gives the same report;
     * after a failure, it tries again.
     * @throws DeliveryError, QuarantineError
     */
    async close(): Promise<GuardReport> {
        this.#closing ??= this.#close();
        return this.#closing;
    }

    /** What became of the items until now. */
    report(): GuardReport {
        return this.#flow.statistics.report();
    }

    async #close(): Promise<GuardReport> {
        const { statistics } = this.#flow;
        try {
            await this.#pusher.settled();
            await this.#flow.flush();
            statistics.unsentItems = 0;
        } catch (error) {
            statistics.unsentItems = this.#flow.pendingItems;
            this.#closing = undefined;
            throw error;
        }
        this.#stopWatching();
        const report = this.report();
        this.#log.info(summarize(report));
        return report;
    }
}

function checkArguments(data: unknown, eventName: unknown): void {
    if (typeof data !== 'object' || data === null) {
        const got = data === null ? 'null' : typeof data;
        throw new TypeError(`pushData() expects an object or an array of objects, but got: ${got}.`);
    }
    if (eventName !== undefined && (typeof eventName !== 'string' || eventName === '')) {
        throw new TypeError(
            `pushData() expects the name of an event as its second argument, but got: ${typeof eventName}.`,
        );
    }
}
