import { AsyncResource } from 'node:async_hooks';

import type { Delivery } from '../delivery/delivery.js';
import type { DeliveryFailure } from '../delivery/progress.js';
import type { DeliveryError } from '../errors.js';
import type { ItemSink, Log } from '../ports.js';
import type { Clock } from '../utils/clock.js';
import { afterThisTurn } from '../utils/clock.js';
import { Flushes } from '../utils/flushes.js';
import type { Writable } from '../utils/writable.js';
import type { Batch } from './batch.js';
import type { ItemBuffer } from './buffer.js';
import { retryAt } from './disputed.js';

export interface SchedulerOptions {
    buffer: ItemBuffer;
    clock: Clock;
    /** No item waits longer in the buffer than this, in milliseconds. */
    flushIntervalMillis: number;
    maxParallelRequests: number;
    /** Its `maxOrderedRequests` may be under way at once in any case: they are stored in the order in which they began. */
    sink: Pick<ItemSink, 'maxOrderedRequests' | 'prepare'>;
    /** Whether one other request may pass a request that is slow. */
    mayPassSlowRequest: boolean;
    /** A request that the platform has accepted tells what is wrong with a disputed item. */
    delivery: Pick<Delivery, 'acceptedSince'>;
    /** Wait before a disputed item is tried again without contrast; doubled for each further try. */
    firstRetryDelayMillis: number;
    settler: {
        /** Sends a batch, and takes it, or what is done of it, out of the buffer. Never rejects. */
        send(batch: Batch): Promise<SendBatchResult>;
        /** Makes the error that callers get, and gives them back what they wait for. */
        failed(failure: DeliveryFailure): DeliveryError;
    };
    log: Log;
}

export interface SendBatchResult {
    failure?: DeliveryFailure | undefined;
    /** A disputed item was refused again, and there is no contrast that would tell why. */
    dispute?: DeliveryError | undefined;
}

/** After a failure sending begins again by itself, in case nobody flushes. */
const RESUME_MILLIS = 30_000;

/**
 * Decides when a batch is sent: when it is full, when its oldest item has waited long enough, or when somebody waits for it or
 * for room. While a request is under way whatever arrives gathers for the next.
 *
 * It owns the one failure of the delivery. While there is one nothing is sent, and pushes reject with it; a flush, or time,
 * clears it.
 */
export class BatchScheduler {
    /** Why nothing is sent now. */
    readonly failure: DeliveryError | undefined;
    readonly #options: SchedulerOptions;
    readonly #runInNextTurn: () => void;
    readonly #underWay = new Set<Batch>();
    /** The batches whose request has been without an answer for long. */
    readonly #slow = new Set<Batch>();
    readonly #flushes = new Flushes();
    #flushIntervalMillis: number;
    #startedRequests = 0;
    #isScheduled = false;
    /** Fires when the batch is due. */
    #timer: { batch: Batch; cancel: () => void } | undefined;
    /** Logged last, so that an outage that goes on is not logged again and again. */
    #loggedFailure: string | undefined;
    #hasSaidThatOrderIsGivenUp = false;

    constructor(options: SchedulerOptions) {
        this.#options = options;
        this.#flushIntervalMillis = options.flushIntervalMillis;
        // Requests run in the async context of whoever opened the guard. In that of the handler that happened to push first,
        // Crawlee's adaptive crawler would see a handler touch a storage behind its back.
        this.#runInNextTurn = AsyncResource.bind(() => {
            if (this.#isScheduled) return;
            this.#isScheduled = true;
            afterThisTurn(() => {
                this.#isScheduled = false;
                this.#run();
            });
        });
    }

    /** Whether a request has been without an answer for long. */
    get hasSlowRequest(): boolean {
        return this.#slow.size > 0;
    }

    /** To be called when the buffer has changed. Pushes of the same turn of the event loop share the request. */
    schedule(): void {
        if (this.#isScheduled || this.failure !== undefined) return;
        const batch = this.#next();
        if (batch === undefined) return;
        const { buffer } = this.#options;
        const mayBegin = this.#mayBegin(batch);
        // Items that come in until the event loop turns go into the next batch, unless a caller waits for this one.
        if (mayBegin && !batch.isUrgent && batch === buffer.open && buffer.isFull(batch)) buffer.closeOpen();
        if (batch !== buffer.open) this.#prepare(batch);
        if (!this.#isDue(batch)) this.#armTimer(batch);
        else if (mayBegin) this.#runInNextTurn();
    }

    /**
     * Resolves when all that is in the buffer now has left it. Rejects when sending fails before; then it is given back, or
     * kept for the next flush.
     */
    async flush(): Promise<void> {
        const { buffer } = this.#options;
        (this as Writable<BatchScheduler>).failure = undefined;
        const upTo = buffer.nextSequence - 1;
        for (const batch of buffer.batches) batch.expedite();
        const flushed = this.#flushes.wait(upTo, this.#startedRequests);
        this.schedule();
        this.#settleFlushes();
        await flushed;
        this.#loggedFailure = undefined;
    }

    /** From now on nothing lingers: each item is sent as soon as a request may begin. `false` takes that back. */
    hurry(isHurried: boolean): void {
        this.#flushIntervalMillis = isHurried ? 0 : this.#options.flushIntervalMillis;
        this.schedule();
    }

    /** A request has been without an answer for long. */
    slowRequest(): void {
        for (const batch of this.#underWay) this.#slow.add(batch);
        this.schedule();
    }

    #run(): void {
        this.#timer?.cancel();
        this.#timer = undefined;
        let batch = this.failure === undefined ? this.#next() : undefined;
        while (batch !== undefined && this.#mayBegin(batch)) {
            if (!this.#isDue(batch)) {
                this.#armTimer(batch);
                break;
            }
            if (this.#underWay.size > 0 && this.#isPassing()) this.#giveUpOrder();
            this.#underWay.add(batch);
            void this.#send(batch);
            batch = this.#next();
        }
        if (batch !== undefined && batch !== this.#options.buffer.open) this.#prepare(batch);
        if (this.#flushes.count > 0) this.#settleFlushes();
    }

    async #send(batch: Batch): Promise<void> {
        const number = ++this.#startedRequests;
        const { failure, dispute } = await this.#options.settler.send(batch);
        this.#underWay.delete(batch);
        this.#slow.delete(batch);
        if (failure !== undefined) this.#fail(failure);
        if (dispute !== undefined) this.#flushes.refused(batch.sequence, number, dispute);
        this.#run();
    }

    #fail(cause: DeliveryFailure): void {
        const { settler, clock, log } = this.#options;
        const error = settler.failed(cause);
        if (this.#loggedFailure !== error.message) log.error(error.message);
        this.#loggedFailure = error.message;
        this.#flushes.fail(error);
        // Where nothing is kept that a flush could send, the next push is a try of its own.
        if (error.keptItems === 0) return;
        (this as Writable<BatchScheduler>).failure = error;
        clock.after(RESUME_MILLIS, () => {
            if (this.failure !== error) return;
            (this as Writable<BatchScheduler>).failure = undefined;
            this.schedule();
        });
    }

    /** The oldest batch that waits. A disputed one waits until the others are sent, or until there is a contrast. */
    #next(): Batch | undefined {
        const { buffer, delivery } = this.#options;
        let disputed: Batch | undefined;
        for (const batch of buffer.batches) {
            if (batch.isSending) continue;
            if (!batch.isDisputed || delivery.acceptedSince(batch.acceptedBefore!)) return batch;
            disputed ??= batch;
        }
        return this.#underWay.size === 0 ? disputed : undefined;
    }

    /** Items that may be stored are looked for while nothing else is being stored, unless the order is given up. */
    #mayBegin(batch: Batch): boolean {
        const { maxParallelRequests, sink } = this.#options;
        if (this.#underWay.size < maxParallelRequests || this.#isPassing()) return true;
        if (this.#underWay.size >= (sink.maxOrderedRequests ?? 1) || batch.unknown !== undefined) return false;
        return ![...this.#underWay].some(({ unknown }) => unknown !== undefined);
    }

    /** Whether a request that begins now passes one that is slow. */
    #isPassing(): boolean {
        return this.#options.mayPassSlowRequest && this.#underWay.size === 1 && this.#slow.size === 1;
    }

    #giveUpOrder(): void {
        if (this.#hasSaidThatOrderIsGivenUp) return;
        this.#hasSaidThatOrderIsGivenUp = true;
        this.#options.log.warning(
            'A request has had no answer for 2 s: others pass it, so the order of items is not kept for them. Logged once.',
        );
    }

    /** Begins what can be done for a closed batch that will be sent next, while the request before it is under way. */
    #prepare(batch: Batch): void {
        if (batch.prepareOnce()) this.#options.sink.prepare?.(batch.payload);
    }

    #isDue(batch: Batch): boolean {
        const { buffer, clock, delivery } = this.#options;
        if (batch.isDisputed && delivery.acceptedSince(batch.acceptedBefore!)) return true;
        if (batch.isDisputed && this.#retryAt(batch) > clock.monotonic() && !this.#flushes.waitFor(batch.sequence))
            return false;
        return (
            batch.isUrgent ||
            buffer.isFull(batch) ||
            buffer.hasRoomWaiter ||
            this.#flushes.waitFor(batch.sequence) ||
            clock.monotonic() - batch.openedAt >= this.#flushIntervalMillis
        );
    }

    #retryAt(batch: Batch): number {
        return retryAt(batch, this.#options.firstRetryDelayMillis);
    }

    #armTimer(batch: Batch): void {
        if (this.#timer?.batch === batch) return;
        // That of a disputed item may be due long after an item that has come since.
        this.#timer?.cancel();
        const { clock } = this.#options;
        const cancel = batch.isDisputed
            ? clock.after(Math.max(1, this.#retryAt(batch) - clock.monotonic()), this.#runInNextTurn)
            : clock.afterInterval(Math.max(0, batch.openedAt + this.#flushIntervalMillis - clock.monotonic()), () => {
                  // The timer decides, not the clock: a test's fake timers move without it.
                  batch.expedite();
                  this.#runInNextTurn();
              });
        this.#timer = { batch, cancel };
    }

    #settleFlushes(): void {
        this.#flushes.leftBefore(
            this.#options.buffer.batches.reduce((min, { sequence }) => Math.min(min, sequence), Infinity),
        );
    }
}
