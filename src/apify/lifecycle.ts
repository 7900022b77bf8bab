import { Actor } from 'apify';

/** What a guard does at the turns of a run's life. None of these rejects. */
export interface LifecycleHandlers {
    /** Sends what is buffered, in time for the regular `persistState`. */
    persist(): Promise<void>;
    /** The process may be gone at `deadline`, in milliseconds since the epoch: sends what is buffered, or saves it. */
    end(deadline: number): Promise<void>;
    /** As `end`, and closes. Resolves to one sentence for a person, and whether something was not stored. */
    close(deadline: number): Promise<{ summary: string; failed: boolean }>;
}

/** What `exit` listeners get: the options of `Actor.exit()`, which still count afterwards. */
interface ExitOptions {
    exitCode?: number;
    timeoutSecs?: number;
    statusMessage?: string;
}

/** The SDK ends the process 30 s after `exit`, and an abort or a migration leaves 30 s in all. */
const MAX_SHUTDOWN_MILLIS = 25_000;
/** What a run that times out is left with for other things. */
const TIMEOUT_MARGIN_MILLIS = 2_000;
/** The longest delay that `setTimeout` takes. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

/** What the listeners get: each event has a part of it. */
interface EventArgument extends ExitOptions {
    /** Of `persistState`. */
    isMigrating?: boolean;
    /** Of `migrating` and `aborting`. */
    timeRemainingSecs?: number;
}

/**
 * Watches for the end of the process in all its forms: exit, abort, migration, reboot (which calls the listeners of
 * `migrating`, so that they may run twice), the run's timeout, which nothing announces, and an Actor that simply ends.
 * Returns how to stop watching.
 */
export function watchLifecycle(handlers: LifecycleHandlers): () => void {
    // One deadline, from the first signal on: an abort is followed by an exit.
    let deadline = Infinity;
    const endIn = (millis: number): number => {
        deadline = Math.min(deadline, Date.now() + Math.min(millis, MAX_SHUTDOWN_MILLIS));
        return deadline;
    };
    const end = async (event?: EventArgument) => {
        await handlers.end(endIn((event?.timeRemainingSecs ?? Infinity) * 1_000));
    };
    const listeners: Record<string, (argument?: EventArgument) => Promise<void>> = {
        persistState: async (event) => (event?.isMigrating ? end() : handlers.persist()),
        migrating: end,
        aborting: end,
        exit: async (options = {}) => {
            const exit = beginExit(options);
            const { summary, failed } = await handlers.close(endIn((options.timeoutSecs ?? Infinity) * 1_000));
            exit.end(failed);
            if (failed) {
                options.statusMessage = [summary, options.statusMessage].filter(Boolean).join(' ');
                // The SDK gives its own attempt a millisecond, and this message must arrive.
                await showFailure(options.statusMessage);
            } else {
                options.statusMessage ??= summary;
            }
        },
    };
    for (const [event, listener] of Object.entries(listeners)) Actor.on(event as 'exit', listener);

    const onBeforeExit = () => {
        void handlers.close(endIn(Infinity)).then(async ({ summary, failed }) => {
            if (!failed) return;
            process.exitCode ||= 1;
            await showFailure(summary);
        });
    };
    process.once('beforeExit', onBeforeExit);
    const stopTimer = watchTimeout((timeoutAt) => {
        void handlers.end(endIn(timeoutAt - TIMEOUT_MARGIN_MILLIS - Date.now()));
    });

    return () => {
        for (const [event, listener] of Object.entries(listeners)) Actor.off(event as 'exit', listener);
        process.off('beforeExit', onBeforeExit);
        stopTimer();
    };
}

/** The exits under way, which all guards of the process share. */
const exits = new WeakMap<ExitOptions, { exitCode: number | undefined; closing: number }>();

/** Until all guards are closed the run is to fail: the SDK may end the process at any time, and then items may be left. */
function beginExit(options: ExitOptions): { end(failed: boolean): void } {
    const exit = exits.get(options) ?? { exitCode: options.exitCode, closing: 0 };
    exits.set(options, exit);
    exit.closing++;
    options.exitCode = exit.exitCode || 1;
    return {
        end(failed) {
            exit.closing--;
            if (failed) exit.exitCode ||= 1;
            if (exit.closing === 0) options.exitCode = exit.exitCode;
        },
    };
}

async function showFailure(statusMessage: string): Promise<void> {
    await Actor.setStatusMessage(statusMessage, { isStatusMessageTerminal: true, level: 'ERROR' }).catch(
        () => undefined,
    );
}

/** Calls back some time before the run times out; sooner than half of what is left when that is little. */
function watchTimeout(callback: (timeoutAt: number) => void): () => void {
    const timeoutAt = Actor.getEnv().timeoutAt?.getTime();
    if (timeoutAt === undefined) return () => undefined;
    const leftMillis = timeoutAt - Date.now();
    const millis = Math.max(leftMillis / 2, leftMillis - MAX_SHUTDOWN_MILLIS);
    if (millis > MAX_TIMER_MILLIS) return () => undefined;
    const timer = setTimeout(() => callback(timeoutAt), millis);
    timer.unref();
    return () => clearTimeout(timer);
}
