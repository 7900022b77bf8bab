import type { DeliveryFailure } from './batch-delivery.js';
import { BatchDelivery } from './batch-delivery.js';
import { createQuarantine } from './create-quarantine.js';
import { deliveryError } from './delivery-error.js';
import type { DatasetGuardError } from '../errors.js';
import type { Examined } from './intake.js';
import { Intake } from './intake.js';
import type { ResolvedOptions } from '../options.js';
import { Flusher } from '../pipeline/buffer/flusher.js';
import { ItemBuffer } from '../pipeline/buffer/item-buffer.js';
import { PayloadPool } from '../pipeline/chunk.js';
import { Deliverer } from '../pipeline/deliver/deliver.js';
import { Sender } from '../pipeline/deliver/sender.js';
import type { Quarantine } from '../pipeline/quarantine/quarantine.js';
import type { RecordOrigin, RejectedItem } from '../pipeline/quarantine/record.js';
import type { Clock, Deadline, ItemSchema, ItemSink, Log, Owner, QuarantineStore, Tuning } from '../ports.js';
import { CallbackErrors } from '../report/callback-errors.js';
import { Statistics } from '../report/statistics.js';
import { checkTolerance } from '../report/tolerance.js';

/** Measured: payloads of 1 to 2 MB cost least CPU an item, see docs/performance.md. `maxPayloadBytes` stays the limit. */
const TARGET_PAYLOAD_BYTES = 2_000_000;

/** What the flow is made of. */
export interface FlowParts {
    options: ResolvedOptions;
    sink: ItemSink;
    quarantineStore: QuarantineStore;
    /** What all quarantine records of this run say. */
    origin: Omit<RecordOrigin, 'schemaHash'>;
    schema: ItemSchema | undefined;
    /** Asks the platform for its schema again; resolves to another one, or to `undefined` when it is the same. */
    refreshSchema: () => Promise<ItemSchema | undefined>;
    clock: Clock;
    deadline: Deadline;
    tuning: Tuning;
    log: Log;
}

/**
 * The way of an item: snapshot → validate → buffer → chunk → deliver → quarantine. This is the one place that knows the
 * order of the stages; it knows nothing of how each works.
 */
export class ItemFlow {
    readonly statistics: Statistics;
    readonly buffer: ItemBuffer;
    readonly quarantine: Quarantine;
    readonly callbackErrors: CallbackErrors;
    readonly #parts: FlowParts;
    readonly #intake: Intake;
    readonly #flusher: Flusher;
    readonly #sender: Sender;
    /** Called after each failure to send. */
    onFailure: () => void = () => undefined;
    /** Called before items are recorded that are saved with the run as unsent: it must know better first. Never rejects. */
    saveRejected: () => Promise<void> = async () => undefined;
    #failure: DatasetGuardError | undefined;
    #suspicion: DeliveryFailure | undefined;
    /** Said last, so that an outage that goes on is not said again and again. */
    #loggedFailure: string | undefined;
    #cancelQuarantineTimer: (() => void) | undefined;

    constructor(parts: FlowParts) {
        this.#parts = parts;
        const { options, clock, log } = parts;
        const payloads = new PayloadPool(options.maxPayloadBytes);
        this.statistics = new Statistics(
            () => clock.now(),
            options.samples,
            () => this.pendingItems,
        );
        this.callbackErrors = new CallbackErrors(log);
        this.#intake = new Intake({ ...parts, statistics: this.statistics, callbackErrors: this.callbackErrors });
        this.buffer = new ItemBuffer({ ...options, targetPayloadBytes: TARGET_PAYLOAD_BYTES }, payloads, clock.now, {
            onTake: () => {
                this.statistics.receivedItems++;
            },
            onChange: () => this.#flusher.poke(),
        });
        this.#sender = new Sender({ ...parts, counters: this.statistics });
        const deliverer = new Deliverer({
            send: async (payload, manner) => this.#sender.send(payload, manner),
            isInvalid: (itemText) => this.#intake.isInvalid(itemText),
            onTooLarge: (byteLength) => {
                log.warning(
                    `A request of ${byteLength} bytes is too large for the platform; smaller ones from now on.`,
                );
                payloads.lowerLimit(Math.ceil(byteLength / 2));
            },
        });
        const delivery = new BatchDelivery({
            deliverer,
            buffer: this.buffer,
            statistics: this.statistics,
            position: () => this.position,
            findStored: async (payload, readBack) => this.#sender.findStored(payload, readBack),
            quarantine: async (items) => this.#quarantineAll(items),
            learnSchema: async () => this.#learnSchema(),
            onSuspect: (failure) => {
                this.#suspicion = failure;
            },
            onFailure: (failure) => this.#failDelivery(failure),
        });
        this.#flusher = new Flusher(this.buffer, {
            ...options,
            maxOrderedRequests: parts.sink.maxOrderedRequests ?? 1,
            clock,
            send: async (batch) => delivery.deliver(batch),
            prepare: ({ payload }) => parts.sink.prepare?.(payload),
        });
        this.quarantine = createQuarantine({
            ...parts,
            statistics: this.statistics,
            callbackErrors: this.callbackErrors,
            recordOrigin: () => ({ ...parts.origin, ...this.#intake.schemaOrigin }),
            saveRejected: async () => this.saveRejected(),
        });
    }

    /** Items waiting or under way, to the dataset or to the quarantine. */
    get pendingItems(): number {
        return this.buffer.itemCount + this.quarantine.pendingItems;
    }

    /** Where in the dataset the items of a request that begins now will lie, at the earliest. */
    get position(): number {
        return this.#sender.position;
    }

    /** Rejects pushes that cannot succeed: after a failure that no flush has cleared, and beyond the tolerance. */
    checkHealth(): void {
        if (this.#failure !== undefined) throw this.#failure;
        checkTolerance(this.statistics, this.#parts.options.tolerance);
    }

    /** Makes the item's JSON and validates it; whoever pushes decides what becomes of the result. */
    examine(item: unknown, itemPosition: number, owner: Owner | undefined): Examined {
        return this.#intake.examine(item, itemPosition, owner);
    }

    /** Takes the item's JSON into the buffer. Returns a promise where there is no room yet, unless `hasRoom` says not to wait. */
    take(text: string, owner: Owner | undefined, hasRoom = false): Promise<void> | undefined {
        return this.buffer.add(text, owner, owner !== undefined, hasRoom);
    }

    /** Sets the item aside. Returns a promise where so much is set aside that the writer must catch up. */
    reject(item: RejectedItem): Promise<void> | undefined {
        this.statistics.rejectedItems++;
        if (item.rejectedBy === 'guard') this.statistics.receivedItems++;
        item.owner?.onRejected?.(item);
        this.#intake.count(item);
        this.quarantine.add(item);
        if (item.owner === undefined) this.#armQuarantineTimer();
        return this.quarantine.pendingBytes > this.#parts.options.maxPayloadBytes ? this.flushQuarantine() : undefined;
    }

    /** Gives a whole call's items back: some of them failed, and the call takes all or none. */
    giveBack(itemCount: number, rejected: readonly RejectedItem[]): void {
        for (const item of rejected) this.#intake.count(item);
        this.statistics.receivedItems += itemCount;
        this.statistics.discardedItems += itemCount;
    }

    /** Takes those items of `owner` back that no request carries yet. */
    takeBack(owner: Owner, error: Error): void {
        this.statistics.discardedItems += this.buffer.takeBack(error, owner);
    }

    /** Resolves when what was rejected until now is in quarantine. @throws QuarantineError */
    async flushQuarantine(): Promise<void> {
        this.#cancelQuarantineTimer?.();
        this.#cancelQuarantineTimer = undefined;
        try {
            await this.quarantine.flush();
        } catch (error) {
            this.#fail(error as DatasetGuardError);
            this.statistics.discardedItems += this.quarantine.takeBack(error as Error);
            // As after a delivery that failed: where nothing is kept, the next push is as good as this one was.
            if (this.quarantine.pendingItems === 0) this.#failure = undefined;
            throw error;
        }
    }

    /** Resolves when all that was taken before is stored or quarantined; tries again what failed. @throws DeliveryError, QuarantineError */
    async flush(): Promise<void> {
        this.#failure = undefined;
        this.#flusher.resume();
        await this.#flusher.drain();
        await this.flushQuarantine();
        // Nothing was accepted that would tell an item's fault from the platform's.
        const isUnproven = this.buffer.resume();
        if (isUnproven) this.#failDelivery(this.#suspicion!);
        // Set meanwhile, by the sends that the drain waited for.
        const failure = this.#failure as DatasetGuardError | undefined;
        // The next push may bring the evidence, so it must not be turned away.
        if (isUnproven) this.#failure = undefined;
        if (failure !== undefined) throw failure;
        this.#loggedFailure = undefined;
    }

    /** Sends what was taken over from an earlier process, without anybody pushing. */
    begin(): void {
        this.#flusher.poke();
        if (this.quarantine.pendingItems > 0) this.#armQuarantineTimer();
    }

    /** The run ends: nothing lingers from now on. */
    hurry(): void {
        this.#flusher.hurry();
    }

    /** The platform rejected what passed here: it has another schema, which counts from now on. */
    async #learnSchema(): Promise<void> {
        const { deadline, refreshSchema } = this.#parts;
        const schema = await deadline.race(refreshSchema().catch(() => undefined));
        if (schema !== undefined) this.#intake.useSchema(schema);
    }

    /** Sets aside what the platform rejected, and waits for it to be in quarantine; a failure is kept for the callers. */
    async #quarantineAll(items: readonly RejectedItem[]): Promise<void> {
        if (items.some(({ savedIn }) => savedIn !== undefined)) this.quarantine.secure();
        for (const item of items) void this.reject(item)?.catch(() => undefined);
        await this.flushQuarantine().catch(() => undefined);
    }

    #armQuarantineTimer(): void {
        const { clock, options } = this.#parts;
        this.#cancelQuarantineTimer ??= clock.after(options.flushIntervalMillis, () => {
            void this.flushQuarantine().catch(() => undefined);
        });
    }

    /** Returns whether sending may go on. */
    #failDelivery({ error: cause, permanent }: DeliveryFailure): boolean {
        const keptItems = this.buffer.unownedItemCount;
        const failure = deliveryError(cause, permanent, keptItems);
        this.#fail(failure);
        this.buffer.rejectWaiters(failure);
        this.statistics.discardedItems += this.buffer.takeBack(failure);
        if (keptItems > 0) return false;
        // Nothing is kept that a flush could send: the next push is as good as this one was.
        this.#failure = undefined;
        return true;
    }

    /** Logged, kept, and told to the next caller. */
    #fail(failure: DatasetGuardError): void {
        if (this.#loggedFailure !== failure.message) this.#parts.log.error(failure.message);
        this.#loggedFailure = failure.message;
        this.#failure = failure;
        setImmediate(this.onFailure);
    }
}
