import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** Called synchronously as the process ends; what it has not done after `maxMillis` is lost. `isBySignal`: somebody else ends it. */
export type ProcessEndListener = (maxMillis: number, isBySignal: boolean) => void;

type Signal = (typeof SIGNALS)[number];

/** Most container runtimes and supervisors kill 10 s after they asked a process to end. */
const MAX_EXIT_MILLIS = 10_000;
/** Shorter, because a person who pressed Ctrl+C is waiting. */
const MAX_SIGNAL_MILLIS = 5_000;
/** The share of the time that each later listener has in any case: enough to send a little, or to save. */
const RESERVED_SHARE = 0.1;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Two copies of this library in one process share one object: each copy would take the other's signal listener for the
 * user's, both would leave the signal to the other, and the process would live on.
 */
const SHARED = Symbol.for('apify-dataset-guard process end 1');

/** The monotonic clock as it was when this module loaded: a user's fake timers must not stop it. */
const now = performance.now.bind(performance);

/**
 * Calls `listener` when the process exits, or when a signal ends it. Returns a function that removes the listener.
 *
 * There is no listener for uncaught errors: such a listener cannot give back Node's own output and exit code. On an
 * uncaught error Node emits `exit`, too.
 */
export function onProcessEnd(listener: ProcessEndListener): () => void {
    return processEnd().add(listener);
}

function processEnd(): Pick<ProcessEnd, 'add'> {
    const shared = globalThis as { [SHARED]?: Pick<ProcessEnd, 'add'> };
    return (shared[SHARED] ??= new ProcessEnd());
}

/** Owns the listeners that the library has on `process`. */
class ProcessEnd {
    /** Objects, because the same function may be registered twice. */
    readonly #registrations = new Set<{ readonly listener: ProcessEndListener }>();
    #isInstalled = false;

    add(listener: ProcessEndListener): () => void {
        const registration = { listener };
        this.#registrations.add(registration);
        this.#install();
        return () => {
            this.#registrations.delete(registration);
            if (this.#registrations.size === 0) this.#uninstall();
        };
    }

    #install(): void {
        if (this.#isInstalled) return;
        this.#isInstalled = true;
        process.on('exit', this.#onExit);
        if (!isMainThread) return; // Signals are delivered to the main thread only.
        for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    }

    #uninstall(): void {
        this.#isInstalled = false;
        process.off('exit', this.#onExit);
        for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    }

    readonly #onExit = (): void => {
        this.#callListeners(MAX_EXIT_MILLIS, false);
    };

    readonly #onSignal = (signal: NodeJS.Signals): void => {
        if (hasOtherListeners(signal)) return;
        this.#callListeners(MAX_SIGNAL_MILLIS, true);
        // Also the `exit` listener: everything was told already.
        this.#uninstall();
        raise(signal as Signal);
    };

    #callListeners(maxMillis: number, isBySignal: boolean): void {
        const deadline = now() + maxMillis;
        let waiting = this.#registrations.size;
        for (const { listener } of this.#registrations) {
            try {
                // Most have little to do, but one whose dataset does not answer must not use up the time of the next ones.
                const left = Math.max(0, deadline - now());
                waiting--;
                const ownMillis = Math.max(left / (waiting + 1), left - maxMillis * RESERVED_SHARE * waiting);
                listener(ownMillis, isBySignal);
            } catch {
                // An error thrown here would replace the program's own error and exit code, and skip the next listener.
            }
        }
    }
}

/**
 * Whether anybody but this library and signal-exit listens to the signal. The SDK loads signal-exit, by way of
 * proper-lockfile. It only cleans up, and does nothing at all where anybody else listens, this library included.
 */
function hasOtherListeners(signal: NodeJS.Signals): boolean {
    const others = process.listenerCount(signal) - 1;
    // Zero although signal-exit is loaded: a program may have removed all listeners of the signal.
    return others !== 0 && others !== signalExitListenerCount();
}

/** Both major versions count their listeners where every copy of them finds the number. */
function signalExitListenerCount(): number {
    const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { count?: number } };
    const version4 = (globalThis as Record<symbol, { count?: number } | undefined>)[Symbol.for('signal-exit emitter')];
    return (version3?.count ?? 0) + (version4?.count ?? 0);
}

/** Ends the process by the signal, as it would have ended without this library's listeners. */
function raise(signal: Signal): void {
    // Each version of signal-exit that is loaded unloads itself in a round of its own, cleans up, and raises the signal.
    // The rounds are synchronous: once back in the event loop, asynchronous writes would go on over what was just stored.
    for (let round = 0; round < 2 && process.listenerCount(signal) > 0; round++) process.emit(signal, signal);
    const number = constants.signals[signal];
    // The kernel ignores a signal that PID 1 of a container sends to itself, unless a listener handles it.
    if (process.pid === 1) process.exit(128 + number);
    try {
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    } catch {
        process.exit(128 + number); // Windows cannot raise SIGHUP.
    }
}
