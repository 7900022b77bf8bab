import { types } from 'node:util';

import type { Delivery } from '../delivery/delivery.js';
import type { RequestSender } from '../delivery/retry.js';
import type { DatasetGuardError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Counters } from '../quality/counters.js';
import { checkTolerance } from '../quality/tolerance.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import type { Statistics } from '../report/statistics.js';
import type { Writable } from '../utils/writable.js';
import type { PushSource } from '../waiter.js';
import { Waiter } from '../waiter.js';
import type { BatchScheduler } from './batch-scheduler.js';
import type { ItemBuffer } from './buffer.js';
import type { Duplicates } from './duplicates.js';
import type { Handover } from './handover.js';
import type { PlatformRepair } from './platform-repair.js';
import type { ItemPreparer, PreparedItem } from './prepare.js';
import type { RejectedItems } from './rejected-items.js';
import type { BatchSettler } from './settle.js';
import type { PipelineOptions, PipelineStages } from './stages.js';
import { createStages } from './stages.js';
import type { Admission } from './unique/duplicate-filter.js';

/**
 * An item's way: prepare → duplicates → buffer → batch → deliver → settle, with the quarantine beside it. This is the one place that knows the
 * order of the stages; it knows nothing of how each works.
 */
export class Pipeline {
    readonly statistics: Statistics;
    readonly counters: Counters;
    readonly buffer: ItemBuffer;
    readonly quarantine: Quarantine;
    readonly callbackErrors: CallbackErrors;
    /** Undefined where items have no key. */
    readonly duplicates: Duplicates | undefined;
    readonly rejectedItems: RejectedItems;
    readonly sender: RequestSender;
    readonly delivery: Delivery;
    /** Undefined where nothing is repaired. */
    readonly platformRepair: PlatformRepair | undefined;
    readonly settler: BatchSettler;
    readonly handover: Handover;
    /** From now on a push resolves only when its items are stored. */
    readonly isEndAnnounced: boolean = false;
    /** Undefined where no rejection can exceed it. */
    readonly #tolerance: ResolvedOptions['tolerance'] | undefined;
    readonly #preparer: ItemPreparer;
    readonly #scheduler: BatchScheduler;
    readonly #stop: AbortController;

    static async open(options: PipelineOptions): Promise<Pipeline> {
        return new Pipeline(await createStages(options));
    }

    private constructor(stages: PipelineStages) {
        this.statistics = stages.statistics;
        this.counters = stages.statistics.counters;
        this.buffer = stages.buffer;
        this.quarantine = stages.quarantine;
        this.callbackErrors = stages.callbackErrors;
        this.duplicates = stages.duplicates;
        this.rejectedItems = stages.rejectedItems;
        this.sender = stages.sender;
        this.delivery = stages.delivery;
        this.platformRepair = stages.platformRepair;
        this.settler = stages.settler;
        this.handover = stages.handover;
        this.#tolerance = stages.tolerance;
        this.#preparer = stages.preparer;
        this.#scheduler = stages.scheduler;
        this.#stop = stages.stop;
    }

    /** Items that are neither stored nor in quarantine, nor collected by a handler. */
    get pendingItems(): number {
        return this.buffer.itemCount + this.quarantine.pendingItems + (this.duplicates?.waitingItems ?? 0);
    }

    /** Pending items that no caller waits for. */
    get unawaitedItems(): number {
        return this.buffer.unawaitedItems + this.quarantine.unawaitedItems + (this.duplicates?.unawaitedItems ?? 0);
    }

    /** Whether requests fail or are slow, so that it is not sure that everything will be sent in time. */
    get isInTrouble(): boolean {
        return this.#scheduler.failure !== undefined || this.#scheduler.hasSlowRequest || this.sender.isRetrying;
    }

    /** Why nothing is sent or written now. */
    get failure(): DatasetGuardError | undefined {
        return this.#scheduler.failure ?? this.quarantine.failure;
    }

    /** From now on a push resolves only when its items are stored, and nothing lingers. `false` takes that back. */
    announceEnd(isAnnounced: boolean): void {
        (this as Writable<Pipeline>).isEndAnnounced = isAnnounced;
        this.#scheduler.hurry(isAnnounced);
    }

    /** Rejects pushes that cannot succeed: after a failure that nothing has cleared, and beyond the tolerance. */
    checkHealth(): void {
        const failure = this.#scheduler.failure ?? this.quarantine.failure;
        if (failure !== undefined) throw failure;
        if (this.#tolerance !== undefined) checkTolerance(this.statistics, this.#tolerance);
    }

    /** Makes the item's JSON and validates it. Counts nothing but warnings. */
    prepare(item: unknown, itemPosition: number): PreparedItem {
        const prepared = this.#preparer.prepare(item, itemPosition);
        if (prepared.warning !== undefined) this.rejectedItems.countWarned(prepared.warning, prepared.text);
        if (prepared.text === '{}' && types.isPromise(item)) this.rejectedItems.sayThatItIsAPromise();
        return prepared;
    }

    /** Whether an item with the key of this one is stored or under way: then it takes no place in a budget. */
    isKnown({ key }: PreparedItem): boolean {
        return this.duplicates?.isKnown(key) ?? false;
    }

    /**
     * Takes a valid item. `isCounted`: it was counted as received when a handler collected it. Returns what becomes of it; a
     * duplicate is settled.
     */
    enqueue(prepared: PreparedItem, source: PushSource | undefined, position: number, isCounted: boolean): Admission {
        if (!isCounted) this.counters.received(1);
        if (source instanceof Waiter) source.expect();
        const { text, repaired, key, tally, warning } = prepared;
        const item = { source, position, repaired, key, tally, isWarned: warning !== undefined };
        const admission = this.duplicates === undefined ? 'send' : this.duplicates.admit(key);
        if (admission === 'send') this.buffer.enqueue(text!, item);
        else this.duplicates!.keep({ ...item, text: text! }, admission);
        return admission;
    }

    /** Sets a rejected item aside. */
    reject(
        { rejection, text }: PreparedItem,
        source: PushSource | undefined,
        position: number,
        isCounted: boolean,
    ): void {
        if (!isCounted) this.counters.received(1);
        if (source instanceof Waiter) source.expect();
        this.rejectedItems.add(rejection!, text, source, position);
    }

    /**
     * Resolves when all that was accepted before is stored or in quarantine; tries again what failed.
     * @throws DeliveryError, QuarantineError
     */
    async flush(): Promise<void> {
        const [sent, recorded] = await Promise.allSettled([this.#sendAll(), this.quarantine.flush()]);
        if (recorded.status === 'rejected') throw recorded.reason;
        // Items that the platform has rejected meanwhile are among those that were accepted before.
        await this.quarantine.flush();
        if (sent.status === 'rejected') throw sent.reason;
    }

    /** Sends what is in the buffer now, and what waits beside it as far as that takes its place. */
    async #sendAll(): Promise<void> {
        let waiting = this.duplicates?.waiting ?? [];
        for (;;) {
            await this.#scheduler.flush();
            if (waiting.length === 0) return;
            waiting = waiting.filter((item) => this.duplicates!.isWaiting(item));
        }
    }

    /** Nothing is sent any more. */
    stop(): void {
        this.#stop.abort();
    }
}
