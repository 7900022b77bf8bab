import type { Clock } from '../../src/utils/clock.js';

interface Timer {
    at: number;
    callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class HandClock implements Clock {
    readonly #timers = new Set<Timer>();
    #now: number;

    constructor(now = 1_700_000_000_000) {
        this.#now = now;
    }

    /** Timers that were set and have neither run nor been cancelled. */
    get armedTimers(): number {
        return this.#timers.size;
    }

    now(): number {
        return this.#now;
    }

    monotonic(): number {
        return this.#now;
    }

    afterInterval(millis: number, callback: () => void): () => void {
        return this.after(millis, callback);
    }

    after(millis: number, callback: () => void): () => void {
        const timer = { at: this.#now + millis, callback };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
    }

    async sleep(millis: number, signal?: AbortSignal): Promise<void> {
        return new Promise((resolve) => {
            const cancel = this.after(millis, finish);
            signal?.addEventListener('abort', finish);
            function finish() {
                cancel();
                signal?.removeEventListener('abort', finish);
                resolve();
            }
        });
    }

    /** Moves time on, runs what falls due in its order, and lets what follows from it happen. */
    async advance(millis: number): Promise<void> {
        const end = this.#now + millis;
        for (;;) {
            const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
            if (next === undefined) break;
            this.#now = Math.max(this.#now, next.at);
            this.#timers.delete(next);
            next.callback();
            await turns();
        }
        this.#now = end;
        await turns();
    }
}

/** Lets everything happen that was already on its way: immediates and the promises behind them. */
export async function turns(count = 4): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

/** A promise that the test settles itself. */
export interface Deferred<T> {
    promise: Promise<T>;
    resolve: (value: T) => void;
    reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
    let settle: Pick<Deferred<T>, 'resolve' | 'reject'>;
    const promise = new Promise<T>((resolve, reject) => {
        settle = { resolve, reject };
    });
    return { promise, ...settle! };
}
