import { GuardClosedError } from './errors.js';
import { openParts } from './open.js';
import type { DatasetGuardOptions } from './options.js';
import type { Dictionary, Tuning } from './ports.js';
import type { PushResult } from './pusher.js';
import type { GuardReport } from './report/statistics.js';
import { summarize } from './report/statistics.js';
import type { GuardParts } from './run-end.js';
import { RunEnd } from './run-end.js';

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
    #closing: Promise<GuardReport> | undefined;

    private constructor(parts: GuardParts) {
        this.#parts = parts;
        this.#stopWatching = parts.watch(new RunEnd(parts, async () => this.close()));
        this.pushData = this.pushData.bind(this);
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
        checkArguments(data, eventName);
        if (this.#closing !== undefined) throw new GuardClosedError();
        const { pusher, options } = this.#parts;
        return pusher.push({ items: Array.isArray(data) ? data : [data], eventName, ack: options.ack });
    }

    /**
     * Resolves when all that was accepted before is stored or in quarantine.
     * @throws DeliveryError, QuarantineError: the items are kept, and the next flush tries again
     */
    async flush(): Promise<void> {
        await this.#parts.flow.flush();
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
        return this.#parts.flow.statistics.report();
    }

    async #close(): Promise<GuardReport> {
        const { flow, pusher, carryOver, deadline, log } = this.#parts;
        try {
            await deadline.race(pusher.settled());
            await flow.flush();
        } catch (error) {
            this.#closing = undefined;
            throw error;
        }
        this.#stopWatching();
        await carryOver
            .saveCounters(true)
            .catch((error: Error) => log.debug(`Counters were not saved: ${error.message}`));
        flow.callbackErrors.summarize();
        const report = this.report();
        log.info(summarize(report));
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
