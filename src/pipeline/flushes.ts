import type { DeliveryError } from '../errors.js';
import type { Writable } from '../utils/writable.js';
import type { Batch } from './batch.js';

interface Flush {
    /** The last batch that it waits for. */
    upTo: number;
    /** Requests that had begun before it. */
    startedRequests: number;
    resolve: () => void;
    reject: (error: DeliveryError) => void;
}

/** The flushes that wait, each for the batches that were in the buffer when it began. */
export class Flushes {
    readonly count: number = 0;
    #waiting: Flush[] = [];

    /** Waits for the batches up to `upTo`, after that number of requests has begun. Rejects with the error that ends the wait. */
    async wait(upTo: number, startedRequests: number): Promise<void> {
        return new Promise<void>((resolve, reject) => {
            this.#waiting.push({ upTo, startedRequests, resolve, reject });
            (this as Writable<Flushes>).count++;
        });
    }

    waitFor({ sequence }: Batch): boolean {
        return this.#waiting.some(({ upTo }) => sequence <= upTo);
    }

    /** The oldest batch in the buffer has this sequence now. */
    leftBefore(sequence: number): void {
        for (const { resolve } of this.#take(({ upTo }) => upTo < sequence)) resolve();
    }

    /** Nothing can be sent now. */
    fail(error: DeliveryError): void {
        for (const { reject } of this.#take(() => true)) reject(error);
    }

    /** A disputed item was refused again, by the request with that number: flushes that began before the request wait no longer for it. */
    refused({ sequence }: Batch, requestNumber: number, error: DeliveryError): void {
        const isMeant = ({ upTo, startedRequests }: Flush) => upTo >= sequence && startedRequests < requestNumber;
        for (const { reject } of this.#take(isMeant)) reject(error);
    }

    /** They do not wait any more. */
    #take(isMeant: (flush: Flush) => boolean): Flush[] {
        const taken = this.#waiting.filter(isMeant);
        this.#waiting = this.#waiting.filter((flush) => !isMeant(flush));
        (this as Writable<Flushes>).count = this.#waiting.length;
        return taken;
    }
}
