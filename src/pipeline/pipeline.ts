import { setMaxListeners } from 'node:events';
import { types } from 'node:util';

import { Delivery } from '../delivery/delivery.js';
import { PayloadPool } from '../delivery/payload.js';
import { RequestSender } from '../delivery/retry.js';
import type { DatasetGuardError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { InternalOptions, ItemSchema, ItemSink, Log, QuarantineStore } from '../ports.js';
import type { Counters } from '../quality/counters.js';
import { expectedPaths } from '../quality/expectations.js';
import { Redactor } from '../quality/redact.js';
import { checkTolerance } from '../quality/tolerance.js';
import { Quarantine } from '../quarantine/quarantine.js';
import type { RecordOrigin } from '../quarantine/record.js';
import { RecordWriter } from '../quarantine/record-writer.js';
import { CallbackErrors } from '../report/callback-errors.js';
import { Statistics } from '../report/statistics.js';
import type { Clock } from '../utils/clock.js';
import type { SecretRemover } from '../utils/secrets.js';
import type { Writable } from '../utils/writable.js';
import type { PushSource } from '../waiter.js';
import { Waiter } from '../waiter.js';
import { BatchScheduler } from './batch-scheduler.js';
import { ItemBuffer } from './buffer.js';
import { Duplicates } from './duplicates.js';
import { Handover } from './handover.js';
import type { OnRepaired } from './platform-repair.js';
import { PlatformRepair } from './platform-repair.js';
import type { PreparedItem } from './prepare.js';
import { ItemPreparer } from './prepare.js';
import { RejectedItems } from './rejected-items.js';
import { Repairer } from './repair/repairer.js';
import { BatchSettler } from './settle.js';
import { StoredItems } from './stored-items.js';
import type { Admission } from './unique/duplicate-filter.js';

/** Measured: payloads of 1 to 2 MB cost least CPU an item, see docs/performance.md. `maxPayloadBytes` stays the limit. */
const TARGET_PAYLOAD_BYTES = 2_000_000;

export interface PipelineOptions {
    options: ResolvedOptions;
    sink: ItemSink;
    quarantineStore: QuarantineStore;
    /** The fields that all quarantine records of this run share. */
    origin: Omit<RecordOrigin, 'schemaHash'>;
    /** Undefined locally, where the next process of the run has no id in common with this one. */
    platformRunId?: string | undefined;
    schema: ItemSchema | undefined;
    /** Asks the platform for its schema again; resolves to another one, or to `undefined` when it is the same. */
    refreshSchema: () => Promise<ItemSchema | undefined>;
    onRepaired?: OnRepaired;
    /** Whether one other request may pass a request that is slow. */
    mayPassSlowRequest: boolean;
    /** Removes this process's own secrets and what is recognizable as one. */
    removeSecrets: SecretRemover;
    clock: Clock;
    internal: InternalOptions;
    log: Log;
}

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
    readonly #stop = new AbortController();

    /** Gives the repairer the schema before the first item comes. */
    static async open(options: PipelineOptions): Promise<Pipeline> {
        const callbackErrors = new CallbackErrors(options.log, options.removeSecrets);
        const { repair } = options.options;
        const repairer =
            repair &&
            new Repairer(repair, (error) => callbackErrors.add('repair', error, 'The item counts as not repaired'));
        await repairer?.useSchema(options.schema?.json);
        return new Pipeline(options, repairer, callbackErrors);
    }

    private constructor(
        { options, sink, schema, clock, log, internal, removeSecrets, ...given }: PipelineOptions,
        repairer: Repairer | undefined,
        callbackErrors: CallbackErrors,
    ) {
        const { signal } = this.#stop;
        // Each wait listens to it: Node would warn from the eleventh on.
        setMaxListeners(0, signal);
        this.callbackErrors = callbackErrors;
        const { maxItems, maxRatio } = options.tolerance;
        if (maxItems < Infinity || maxRatio < 1) this.#tolerance = options.tolerance;
        const redactor = new Redactor(options.redact, (error) =>
            callbackErrors.add('redact', error, 'Nothing of the item is shown'),
        );
        const { samples, identify } = options;
        const statistics = new Statistics(() => clock.now(), samples, {
            removeSecrets,
            schema: schema?.json,
            paths: expectedPaths(options.expect),
            ...(redactor.isActive && { redact: (item) => redactor.apply(item) }),
            ...(identify && { identify }),
        });
        const { counters } = statistics;
        this.statistics = statistics;
        this.counters = counters;
        const payloads = new PayloadPool(options.maxPayloadBytes);
        const buffer = new ItemBuffer({
            maxBufferedBytes: options.maxBufferedBytes,
            targetPayloadBytes: TARGET_PAYLOAD_BYTES,
            payloads,
            onChange: () => this.#scheduler.schedule(),
        });
        this.buffer = buffer;
        const quarantine = new Quarantine({
            options,
            redactor,
            writer: new RecordWriter({ store: given.quarantineStore, clock, internal, log, signal }),
            store: given.quarantineStore,
            origin: { ...given.origin, ...(schema && { schemaHash: schema.hash }) },
            counters,
            callbackErrors,
            clock,
            log,
        });
        this.quarantine = quarantine;
        const rejectedItems = new RejectedItems({ statistics, quarantine, redactor, removeSecrets, log });
        this.rejectedItems = rejectedItems;
        const duplicates =
            options.unique &&
            new Duplicates(options.unique, options, {
                // Locally a run has no id that its next process would know.
                seed: (sink.isRemote ? given.platformRunId : undefined) ?? sink.stableId,
                buffer,
                statistics,
                redactor,
                rejectedItems,
                log,
            });
        this.duplicates = duplicates;
        const preparer = new ItemPreparer(options.mode, schema, repairer, statistics.fields, duplicates);
        this.#preparer = preparer;
        const sender = new RequestSender({
            sink,
            clock,
            internal,
            counters,
            log,
            signal,
            onSlow: () => this.#scheduler.slowRequest(),
        });
        this.sender = sender;
        const delivery = new Delivery({
            sender,
            maxRetries: internal.maxRetries,
            isInvalid: (itemText) => preparer.isInvalid(itemText),
            onTooLarge: (byteLength) => {
                log.warning(
                    `A request of ${byteLength} bytes is too large for the platform; smaller ones from now on.`,
                );
                payloads.lowerLimit(Math.ceil(byteLength / 2));
            },
        });
        this.delivery = delivery;
        this.platformRepair = repairer && new PlatformRepair(repairer, delivery, duplicates, given.onRepaired);
        this.settler = new BatchSettler({
            delivery,
            sender,
            buffer,
            preparer,
            statistics,
            quarantine,
            storedItems: new StoredItems({ statistics, redactor, preparer, log }),
            rejectedItems,
            platformRepair: this.platformRepair,
            duplicates,
            refreshSchema: given.refreshSchema,
            removeSecrets,
        });
        this.#scheduler = new BatchScheduler({
            buffer,
            clock,
            flushIntervalMillis: options.flushIntervalMillis,
            maxParallelRequests: options.maxParallelRequests,
            sink,
            mayPassSlowRequest: given.mayPassSlowRequest,
            delivery,
            firstRetryDelayMillis: internal.firstRetryDelayMillis,
            settler: this.settler,
            log,
        });
        this.handover = new Handover({ buffer, duplicates, quarantine, sender, counters, clock });
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

    /** The end that was announced has not come: nothing is given up for it, and nobody waits until something is saved. */
    runGoesOn(): void {
        this.settler.decideDisputed(false);
        this.handover.runGoesOn();
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

    /** Sets a rejected item aside. Returns a promise where so much is set aside that its writer must catch up. */
    reject(
        { rejection, text }: PreparedItem,
        source: PushSource | undefined,
        position: number,
        isCounted: boolean,
    ): Promise<void> | undefined {
        if (!isCounted) this.counters.received(1);
        if (source instanceof Waiter) source.expect();
        this.rejectedItems.add(rejection!, text, source, position);
        return this.quarantine.waitForRoom();
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
