import type { Writable } from './writable.js';

interface Flush {
    /** The place of the last that it waits for. */
    upTo: number;
    /** Requests that had begun before it. */
    startedRequests: number;
    resolve: () => void;
    reject: (error: Error) => void;
    /** Set where something that it waits for has been left behind. */
    error?: Error;
}

/** The flushes that wait, each for what was pending when it began. What is pending has places in ascending order. */
export class Flushes {
    readonly count: number = 0;
    #waiting: Flush[] = [];

    /** Waits for all up to the place `upTo`, after that number of requests has begun. Rejects with the error that ends the wait. */
    async wait(upTo: number, startedRequests = 0): Promise<void> {
        return new Promise<void>((resolve, reject) => {
            this.#waiting.push({ upTo, startedRequests, resolve, reject });
            (this as Writable<Flushes>).count++;
        });
    }

    waitFor(place: number): boolean {
        return this.#waiting.some(({ upTo }) => place <= upTo);
    }

    /** The first that is pending has this place now: `Infinity` where nothing is. */
    leftBefore(place: number): void {
        for (const { resolve, reject, error } of this.#take(({ upTo }) => upTo < place)) {
            if (error === undefined) resolve();
            else reject(error);
        }
    }

    /** What is at this place is left behind: flushes that wait for it reject once all else that they wait for has left. */
    leaveBehind(place: number, error: Error): void {
        for (const flush of this.#waiting) if (flush.upTo >= place) flush.error ??= error;
    }

    /** What is at this place and behind it cannot leave now. */
    fail(error: Error, place = 0): void {
        for (const { reject } of this.#take(({ upTo }) => upTo >= place)) reject(error);
    }

    /** What is at this place was refused again, by the request with that number: flushes that began before the request wait no longer for it. */
    refused(place: number, requestNumber: number, error: Error): void {
        const isMeant = ({ upTo, startedRequests }: Flush) => upTo >= place && startedRequests < requestNumber;
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
