import { AsyncResource } from 'node:async_hooks';

// Captured when the module is loaded, so that a test that installs fake timers later does not stop delivery. Only the flush
// interval, which users see, follows the timers that are current when it is armed.
const { setTimeout: setTimer, clearTimeout: clearTimer, setImmediate: afterThisTurn, performance } = globalThis;

export { afterThisTurn };
export const monotonicMillis: () => number = performance.now.bind(performance);

export interface Clock {
    /** Wall time in milliseconds since the epoch, for what people read. It may jump. */
    now(): number;
    /** Milliseconds that only ever grow, for durations. */
    monotonic(): number;
    /**
     * Calls `callback` after `millis`. The timer does not keep the process alive. Returns a function that cancels it.
     * The callback runs in the async context in which the clock was made: in that of the handler that happened to push first,
     * Crawlee's adaptive crawler would see a handler touch a storage behind its back.
     */
    after(millis: number, callback: () => void): () => void;
    /** As `after`, by the timers that are current when it is called: fake ones in a user's test. */
    afterInterval(millis: number, callback: () => void): () => void;
    /** Resolves after `millis`, or as soon as `signal` is aborted. Keeps the process alive until then. */
    sleep(millis: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that `setTimeout` takes. */
export const MAX_TIMER_MILLIS = 2 ** 31 - 1;

export function createClock(): Clock {
    const inThisContext = AsyncResource.bind((callback: () => void) => callback());
    return {
        now: () => Date.now(),
        monotonic: monotonicMillis,
        after(millis, callback) {
            const timer = setTimer(() => inThisContext(callback), Math.min(millis, MAX_TIMER_MILLIS));
            timer.unref();
            return () => clearTimer(timer);
        },
        afterInterval(millis, callback) {
            const timer = setTimeout(() => inThisContext(callback), Math.min(millis, MAX_TIMER_MILLIS));
            timer.unref?.();
            return () => clearTimeout(timer);
        },
        sleep: async (millis, signal) =>
            new Promise((resolve) => {
                if (signal?.aborted) {
                    resolve();
                    return;
                }
                const timer = setTimer(finish, Math.min(millis, MAX_TIMER_MILLIS));
                signal?.addEventListener('abort', finish);
                function finish() {
                    clearTimer(timer);
                    signal?.removeEventListener('abort', finish);
                    resolve();
                }
            }),
    };
}

/** Resolves to what `work` does, or to `undefined` once `millis` have passed. Does not keep the process alive for it. */
export async function within<T>(work: Promise<T>, millis: number): Promise<T | undefined> {
    if (millis === Infinity) return work;
    let timer: NodeJS.Timeout | undefined;
    const timeIsUp = new Promise<undefined>((resolve) => {
        timer = setTimer(() => resolve(undefined), Math.min(Math.max(0, millis), MAX_TIMER_MILLIS));
        timer.unref();
    });
    try {
        return await Promise.race([work, timeIsUp]);
    } finally {
        clearTimer(timer);
    }
}
