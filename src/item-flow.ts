import type { DatasetGuardError } from './errors.js';
import { DeliveryError, ToleranceExceededError } from './errors.js';
import type { Examined } from './intake.js';
import { Intake } from './intake.js';
import type { ResolvedOptions } from './options.js';
import { Flusher } from './pipeline/buffer/flusher.js';
import type { Batch } from './pipeline/buffer/item-buffer.js';
import { ItemBuffer } from './pipeline/buffer/item-buffer.js';
import { PayloadPool } from './pipeline/chunk.js';
import type { Outcome } from './pipeline/deliver/deliver.js';
import { Deliverer } from './pipeline/deliver/deliver.js';
import { sendWithRetry } from './pipeline/deliver/retry.js';
import type { RecordOrigin, RejectedItem } from './pipeline/quarantine.js';
import { Quarantine } from './pipeline/quarantine.js';
import type { Clock, ItemSchema, ItemSink, Log, Owner, Payload, QuarantineStore } from './ports.js';
import { Statistics } from './report/statistics.js';

/** What the flow is made of. */
export interface FlowParts {
    options: ResolvedOptions;
    sink: ItemSink;
    quarantineStore: QuarantineStore;
    /** What all quarantine records of this run say. */
    origin: Omit<RecordOrigin, 'schemaHash'>;
    schema: ItemSchema | undefined;
    clock: Clock;
    log: Log;
}

/**
 * The way of an item: snapshot → validate → buffer → chunk → deliver → quarantine. This is the one place that knows the
 * order of the stages; it knows nothing of how each works.
 */
export class ItemFlow {
    readonly statistics: Statistics;
    readonly #parts: FlowParts;
    readonly #intake: Intake;
    readonly #payloads: PayloadPool;
    readonly #buffer: ItemBuffer;
    readonly #flusher: Flusher;
    readonly #deliverer: Deliverer;
    readonly #quarantine: Quarantine;
    #failure: DatasetGuardError | undefined;
    #deadline = Infinity;
    #cancelQuarantineTimer: (() => void) | undefined;

    constructor(parts: FlowParts) {
        this.#parts = parts;
        const { options, clock, log } = parts;
        this.statistics = new Statistics(clock.now(), options.samples, () => this.pendingItems);
        this.#intake = new Intake({ options, schema: parts.schema, statistics: this.statistics, log });
        this.#payloads = new PayloadPool(options.maxPayloadBytes);
        this.#buffer = new ItemBuffer(options.maxBufferedBytes, this.#payloads, clock.now, () => {
            this.statistics.receivedItems++;
        });
        this.#flusher = new Flusher(this.#buffer, { ...options, clock, send: async (batch) => this.#deliver(batch) });
        this.#deliverer = new Deliverer({
            send: async (payload) => this.#send(parts.sink, payload, this.statistics),
            onTooLarge: (byteLength) => this.#lowerPayloadLimit(byteLength),
        });
        this.#quarantine = new Quarantine({
            redact: options.redact,
            onQuarantine: options.onQuarantine,
            store: parts.quarantineStore,
            payloads: new PayloadPool(options.maxPayloadBytes),
            maxRecordBytes: options.maxPayloadBytes,
            origin: () => ({ ...parts.origin, ...(parts.schema && { schemaHash: parts.schema.hash }) }),
            clock,
            log,
            deliver: async (payload) => this.#deliverRecords(payload),
            onStored: (count) => {
                this.statistics.quarantinedItems += count;
            },
        });
    }

    /** Items waiting or under way, to the dataset or to the quarantine. */
    get pendingItems(): number {
        return this.#buffer.itemCount + this.#quarantine.pendingItems;
    }

    /** Rejects pushes that cannot succeed: after a failure that no flush has cleared, and beyond the tolerance. */
    checkHealth(): void {
        if (this.#failure !== undefined) throw this.#failure;
        const { maxItems, maxRatio, minItems } = this.#parts.options.tolerance;
        const { rejectedItems, receivedItems } = this.statistics;
        const tooMany = rejectedItems > maxItems;
        const tooGreatAShare = receivedItems >= minItems && rejectedItems > maxRatio * receivedItems;
        if (!tooMany && !tooGreatAShare) return;
        throw new ToleranceExceededError(
            rejectedItems,
            receivedItems,
            `${rejectedItems} of ${receivedItems} items were rejected, more than tolerance allows ` +
                `(${tooMany ? `maxItems: ${maxItems}` : `maxRatio: ${maxRatio}`}). Most frequent: ` +
                `${this.statistics.topReasons(3)}. The source or the schema has probably changed.`,
        );
    }

    /** Makes the item's JSON and validates it; whoever pushes decides what becomes of the result. */
    examine(item: unknown, itemPosition: number, owner: Owner | undefined): Examined {
        return this.#intake.examine(item, itemPosition, owner);
    }

    /** Takes the item's JSON into the buffer. Returns a promise where there is no room yet. */
    take(text: string, owner: Owner | undefined): Promise<void> | undefined {
        const room = this.#buffer.add(text, owner, owner !== undefined);
        this.#flusher.poke();
        return room;
    }

    /** Sets the item aside. Returns a promise where so much is set aside that the writer must catch up. */
    reject(item: RejectedItem): Promise<void> | undefined {
        this.statistics.rejectedItems++;
        if (item.rejectedBy === 'guard') this.statistics.receivedItems++;
        item.owner?.onRejected?.(item);
        this.#intake.count(item);
        this.#quarantine.add(item);
        if (item.owner === undefined) this.#armQuarantineTimer();
        return this.#quarantine.pendingBytes > this.#parts.options.maxPayloadBytes ? this.flushQuarantine() : undefined;
    }

    /** Gives a whole call's items back: some of them failed, and the call takes all or none. */
    giveBack(itemCount: number, rejected: readonly RejectedItem[]): void {
        for (const item of rejected) this.#intake.count(item);
        this.statistics.receivedItems += itemCount;
        this.statistics.discardedItems += itemCount;
    }

    /** Takes those items of `owner` back that no request carries yet. */
    takeBack(owner: Owner, error: Error): void {
        this.statistics.discardedItems += this.#buffer.takeBack(error, owner);
    }

    /** Resolves when what was rejected until now is in quarantine. @throws QuarantineError */
    async flushQuarantine(): Promise<void> {
        this.#cancelQuarantineTimer?.();
        this.#cancelQuarantineTimer = undefined;
        try {
            await this.#quarantine.flush();
        } catch (error) {
            this.#fail(error as DatasetGuardError);
            this.statistics.discardedItems += this.#quarantine.takeBack(error as Error);
            throw error;
        }
    }

    /** Resolves when all that was taken before is stored or quarantined; tries again what failed. @throws DeliveryError, QuarantineError */
    async flush(): Promise<void> {
        this.#failure = undefined;
        this.#flusher.resume();
        await this.#flusher.drain();
        await this.flushQuarantine();
        // Set meanwhile, by the sends that the drain waited for.
        const failure = this.#failure as DatasetGuardError | undefined;
        if (failure !== undefined) throw failure;
    }

    /** The run ends: nothing lingers from now on, and no wait goes beyond `deadline`, in milliseconds since the epoch. */
    hurry(deadline: number): void {
        this.#deadline = Math.min(this.#deadline, deadline);
        this.#flusher.hurry();
    }

    /** Never rejects: what went wrong is kept for the callers. */
    async #deliver(batch: Batch): Promise<boolean> {
        const { payload, runs } = batch;
        let outcome: Outcome;
        try {
            outcome = await this.#deliverer.deliver(payload);
        } catch (error) {
            // A defect, not an outage; the items are kept all the same.
            const unsent = Array.from({ length: payload.itemCount }, (_, index) => index);
            outcome = { rejected: [], unsent, failure: { error: error as Error, permanent: false } };
        }
        const owners = runs.flatMap(({ owner, count }) => new Array<Owner | undefined>(count).fill(owner));
        const elsewhere = new Set([...outcome.unsent, ...outcome.rejected.map(({ index }) => index)]);
        this.statistics.storedItems += payload.itemCount - elsewhere.size;
        if (elsewhere.size === 0) for (const { owner, count } of runs) owner?.settle({ stored: count });
        else owners.forEach((owner, index) => elsewhere.has(index) || owner?.settle({ stored: 1 }));

        for (const { index, ...rejection } of outcome.rejected) {
            const text = payload.itemText(index);
            void this.reject({ ...rejection, text, rejectedBy: 'platform', owner: owners[index] })?.catch(
                () => undefined,
            );
        }
        this.#buffer.keepOnly(batch, outcome.unsent);
        if (outcome.rejected.length > 0) await this.flushQuarantine().catch(() => undefined);
        if (outcome.failure === undefined) return true;
        this.#failDelivery(outcome.failure);
        return false;
    }

    async #send(sink: ItemSink, payload: Payload, counters: Statistics) {
        const { clock, log } = this.#parts;
        return sendWithRetry(payload, { sink, clock, log, counters, deadline: () => this.#deadline });
    }

    async #deliverRecords(payload: Payload): Promise<void> {
        const { clock, log, quarantineStore } = this.#parts;
        const sink = await quarantineStore.open();
        const counters = { requests: 0, rejectedRequests: 0, retriedRequests: 0, sentBytes: 0 };
        const result = await sendWithRetry(payload, { sink, clock, log, counters, deadline: () => this.#deadline });
        if (result.kind !== 'stored') throw result.error;
    }

    #lowerPayloadLimit(byteLength: number): void {
        const halved = Math.ceil(byteLength / 2);
        this.#parts.log.warning(
            `A request of ${byteLength} bytes is too large for the platform; smaller ones from now on.`,
        );
        this.#payloads.lowerLimit(halved);
    }

    #armQuarantineTimer(): void {
        const { clock, options } = this.#parts;
        this.#cancelQuarantineTimer ??= clock.after(options.flushIntervalMillis, () => {
            void this.flushQuarantine().catch(() => undefined);
        });
    }

    #failDelivery({ error: cause, permanent }: NonNullable<Outcome['failure']>): void {
        const failure = new DeliveryError(
            `Items could not be stored in the dataset: ${cause.message} ` +
                (permanent ? 'Trying again does not help until that is mended. ' : '') +
                'Buffered items are kept, and flush() sends them; items of a call that waits are given back to it.',
            this.#buffer.itemCount,
            permanent,
            { cause },
        );
        this.#fail(failure);
        this.statistics.discardedItems += this.#buffer.takeBack(failure);
        this.#buffer.rejectWaiters(failure);
    }

    /** Logged once, kept, and told to the next caller. */
    #fail(failure: DatasetGuardError): void {
        if (this.#failure === undefined) this.#parts.log.error(failure.message);
        this.#failure = failure;
    }
}
