import { Actor, log } from 'apify';

/** What a guard does at the turns of a run's life. */
export interface LifecycleHandlers {
    /** Sends what is buffered. */
    flush(): Promise<void>;
    /** The run ends: nothing lingers, and no wait goes beyond `deadline`, in milliseconds since the epoch. */
    hurry(deadline: number): void;
    /** Flushes and closes; resolves to one sentence for a person. */
    close(): Promise<string>;
}

/** What `exit` listeners get: the options of `Actor.exit()`, which still count afterwards. */
interface ExitOptions {
    exitCode?: number;
    timeoutSecs?: number;
    statusMessage?: string;
}

/** The SDK ends the process 30 s after `exit`, and an abort leaves 30 s in all; the rest is for what comes after us. */
const MAX_SHUTDOWN_MILLIS = 25_000;

/** Flushes before the run moves or is aborted, and closes when it exits. Listeners never reject. Returns how to stop that. */
export function watchLifecycle(handlers: LifecycleHandlers): () => void {
    const warn = (event: string) => (error: unknown) => {
        log.error(`DatasetGuard could not flush on "${event}": ${error instanceof Error ? error.message : error}`);
    };
    const flushOn = (event: string, deadlineMillis?: number) => async () => {
        if (deadlineMillis !== undefined) handlers.hurry(Date.now() + deadlineMillis);
        await handlers.flush().catch(warn(event));
    };
    const exit = async (options: ExitOptions = {}) => {
        const timeoutMillis = (options.timeoutSecs ?? Infinity) * 1_000;
        handlers.hurry(Date.now() + Math.min(MAX_SHUTDOWN_MILLIS, timeoutMillis));
        try {
            const summary = await handlers.close();
            options.statusMessage ??= summary;
        } catch (error) {
            options.exitCode = options.exitCode || 1;
            options.statusMessage = `Items were not stored: ${error instanceof Error ? error.message : error}`;
        }
    };
    const listeners = {
        persistState: flushOn('persistState'),
        migrating: flushOn('migrating', MAX_SHUTDOWN_MILLIS),
        aborting: flushOn('aborting', MAX_SHUTDOWN_MILLIS),
        exit,
    };
    for (const [event, listener] of Object.entries(listeners)) Actor.on(event as 'exit', listener);
    // An Actor that simply ends, without `Actor.exit()`.
    const beforeExit = () => {
        void handlers.close().catch(() => {
            process.exitCode ||= 1;
        });
    };
    process.once('beforeExit', beforeExit);

    return () => {
        for (const [event, listener] of Object.entries(listeners)) Actor.off(event as 'exit', listener);
        process.off('beforeExit', beforeExit);
    };
}
