import { AsyncResource } from 'node:async_hooks';

import type { Clock } from '../../ports.js';
import type { Batch } from './batch.js';
import type { ItemBuffer } from './item-buffer.js';

export interface FlusherOptions {
    clock: Clock;
    /** No item waits longer in the buffer than this, in milliseconds. */
    flushIntervalMillis: number;
    maxParallelRequests: number;
    /** So many may be under way at once in any case, and are stored in the order in which they began. @default 1 */
    maxOrderedRequests?: number;
    /** Sends a batch and takes it, or what is done of it, out of the buffer. Resolves to whether to go on; never rejects. */
    send: (batch: Batch) => Promise<boolean>;
    /** Makes a closed batch ready, which will be sent next, while the request before it is under way. */
    prepare: (batch: Batch) => void;
}

/**
 * Decides when a batch is sent: when it is full, when its oldest item has waited long enough, or when somebody waits
 * for it or for room. While requests are under way whatever arrives gathers for the next.
 */
export class Flusher {
    readonly #buffer: ItemBuffer;
    readonly #options: FlusherOptions;
    readonly #pumpSoon: () => void;
    readonly #drains: { upTo: number; resolve: () => void }[] = [];
    #flushIntervalMillis: number;
    #underWay = 0;
    #scheduled = false;
    #halted = false;
    #cancelTimer: (() => void) | undefined;

    constructor(buffer: ItemBuffer, options: FlusherOptions) {
        this.#buffer = buffer;
        this.#options = options;
        this.#flushIntervalMillis = options.flushIntervalMillis;
        // Sends and timers run in the async context of whoever opened the guard. In that of the handler that happened to
        // push first, Crawlee's adaptive crawler would see a handler touch a storage behind its back.
        this.#pumpSoon = AsyncResource.bind(() => {
            setImmediate(() => {
                this.#scheduled = false;
                this.#pump();
            });
        });
    }

    /** To be called when the buffer has changed. Pushes of the same tick share the request. */
    poke(): void {
        if (this.#scheduled || this.#halted) return;
        const batch = this.#buffer.next();
        if (batch === undefined) return;
        const mayBegin = this.#mayBegin(batch);
        // What comes in until the event loop turns goes into the next, but for what shares a request with those who wait.
        if (mayBegin && !batch.urgent && this.#buffer.isFull(batch) && !this.#buffer.isClosed(batch))
            this.#buffer.seal();
        this.#prepare(batch);
        if (!this.#isDue(batch)) {
            this.#armTimer(batch);
            return;
        }
        if (!mayBegin) return;
        this.#scheduled = true;
        this.#pumpSoon();
    }

    /** Resolves when all batches that are in the buffer now have left it or are suspended, or sending has halted. */
    async drain(): Promise<void> {
        const last = this.#buffer.batches.at(-1);
        if (last === undefined) return;
        for (const batch of this.#buffer.batches) batch.urgent = true;
        await new Promise<void>((resolve) => {
            this.#drains.push({ upTo: last.sequence, resolve });
            this.poke();
            this.#settleDrains();
        });
    }

    /** Whether sending has stopped after a failure, until `resume()`. */
    get halted(): boolean {
        return this.#halted;
    }

    resume(): void {
        this.#halted = false;
    }

    /** From now on nothing lingers: each item is sent as soon as a request may begin. */
    hurry(): void {
        this.#flushIntervalMillis = 0;
        this.poke();
    }

    #pump(): void {
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
        while (!this.#halted) {
            const batch = this.#buffer.next();
            if (batch === undefined || !this.#mayBegin(batch)) break;
            if (!this.#isDue(batch)) {
                this.#armTimer(batch);
                break;
            }
            this.#buffer.beginSending(batch);
            this.#underWay++;
            void this.#send(batch);
        }
        const next = this.#halted ? undefined : this.#buffer.next();
        if (next !== undefined) this.#prepare(next);
    }

    #prepare(batch: Batch): void {
        if (batch.prepared || !this.#buffer.isClosed(batch)) return;
        batch.prepared = true;
        this.#options.prepare(batch);
    }

    async #send(batch: Batch): Promise<void> {
        const goOn = await this.#options.send(batch);
        this.#underWay--;
        if (!goOn) this.#halted = true;
        this.#settleDrains();
        this.#pump();
    }

    /** What may have been stored is looked for while nothing else is being stored beside it, unless the order is given up. */
    #mayBegin(batch: Batch): boolean {
        const { maxParallelRequests, maxOrderedRequests = 1 } = this.#options;
        if (this.#underWay < maxParallelRequests) return true;
        const isLookedFor = ({ sending, readBack }: Batch) => sending && readBack !== undefined;
        return this.#underWay < maxOrderedRequests && !batch.readBack && !this.#buffer.batches.some(isLookedFor);
    }

    #isDue(batch: Batch): boolean {
        return (
            batch.urgent ||
            this.#buffer.isFull(batch) ||
            this.#buffer.hasWaiters ||
            this.#options.clock.now() - batch.since >= this.#flushIntervalMillis
        );
    }

    #armTimer(batch: Batch): void {
        if (this.#cancelTimer !== undefined) return;
        const waitMillis = batch.since + this.#flushIntervalMillis - this.#options.clock.now();
        this.#cancelTimer = this.#options.clock.after(Math.max(0, waitMillis), () => {
            this.#cancelTimer = undefined;
            this.#pumpSoonUnlessScheduled();
        });
    }

    #pumpSoonUnlessScheduled(): void {
        if (this.#scheduled) return;
        this.#scheduled = true;
        this.#pumpSoon();
    }

    #settleDrains(): void {
        const first = this.#buffer.batches.find(({ suspended }) => !suspended)?.sequence ?? Infinity;
        for (let index = this.#drains.length - 1; index >= 0; index--) {
            const { upTo, resolve } = this.#drains[index]!;
            if (first > upTo || (this.#halted && this.#underWay === 0)) {
                this.#drains.splice(index, 1);
                resolve();
            }
        }
    }
}
