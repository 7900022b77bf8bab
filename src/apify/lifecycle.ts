import { Actor } from 'apify';

import { MAX_TIMER_MILLIS } from '../utils/clock.js';
import type { ExitOptions, RunOutcome } from './run-outcome.js';
import {
    applyOutcome,
    exitCodeOfUser,
    reportOutcome,
    showStatusMessage,
    tellNaturalEnd,
    withdrawOutcome,
} from './run-outcome.js';

/** The outcome of a run. */
export interface ExitOutcome extends RunOutcome {
    /** 0 where everything has found its place. */
    readonly unsentItems: number;
    /** Why something was not stored. */
    readonly reason?: string | undefined;
}

/** The actions of a guard at the events of a run. None of these rejects, and each returns within the time it is given. */
export interface LifecycleHandlers {
    /** `isLast`: the SDK waits for this without limit, and then ends the process. */
    persist(isLast: boolean): Promise<void>;
    /** The run is about to go on elsewhere. `remainingMillis` where the platform has said it. */
    migrating(remainingMillis: number | undefined): Promise<void>;
    aborting(remainingMillis: number | undefined): Promise<void>;
    /** The run times out in `remainingMillis`. */
    timeoutSoon(remainingMillis: number): Promise<void>;
    /** The run is about to become another Actor's. */
    metamorph(): Promise<void>;
    /** The process was to go and lives on. */
    livesOn(end: 'metamorph' | 'exit'): void;
    /** `hasFailed`: the Actor itself says that the run failed, so that its data is not judged. */
    exit(timeoutMillis: number, hasFailed: boolean): Promise<ExitOutcome>;
    /** The event loop has run dry. Resolves to undefined where there is nothing left to do. */
    naturalEnd(): Promise<ExitOutcome | undefined>;
}

/** The argument of listeners: each event has a part of it. */
interface EventArgument extends ExitOptions {
    /** Set in the event `persistState`. */
    isMigrating?: boolean;
    /** Set in the events `migrating` and `aborting`. */
    timeRemainingSecs?: number;
}

/** The run's timeout, which nothing announces, is an end from so long before on. */
const TIMEOUT_NOTICE_MILLIS = 10_000;
const DEFAULT_EXIT_TIMEOUT_SECS = 30;
/** `Actor.fail()` is an `Actor.exit()` with 1; `Actor.main()` exits with 91 where its function throws. */
const FAILURE_EXIT_CODES: readonly (number | undefined)[] = [1, 91];

/**
 * Watches for the ends of a run: exit, abort, migration, reboot (which calls the listeners of `persistState` and `migrating`
 * itself, so that they may run twice), the run's timeout, a metamorph, and an Actor that simply ends. `guard` names who watches
 * among all guards of the run. Returns how to stop.
 */
export function watchLifecycle(handlers: LifecycleHandlers, guard: string): () => void {
    const listeners: Record<string, (argument?: EventArgument) => Promise<void>> = {
        persistState: async (event) => {
            if (event?.isMigrating) await handlers.migrating(undefined);
            else await handlers.persist(isEventManagerClosed());
        },
        migrating: async (event) => handlers.migrating(toMillis(event?.timeRemainingSecs)),
        aborting: async (event) => handlers.aborting(toMillis(event?.timeRemainingSecs)),
        exit: async (options = {}) => onExit(handlers, guard, options),
    };
    for (const [event, listener] of Object.entries(listeners)) Actor.on(event as 'exit', listener);

    const onBeforeExit = () => {
        void onNaturalEnd(handlers, guard);
    };
    process.on('beforeExit', onBeforeExit);
    const stopTimer = watchTimeout(handlers);
    metamorphListeners.add(handlers);
    patchMetamorph();

    return () => {
        for (const [event, listener] of Object.entries(listeners)) Actor.off(event as 'exit', listener);
        process.off('beforeExit', onBeforeExit);
        stopTimer();
        metamorphListeners.delete(handlers);
        if (metamorphListeners.size === 0) unpatchMetamorph?.();
    };
}

async function onExit(handlers: LifecycleHandlers, guard: string, options: ExitOptions): Promise<void> {
    const hasFailed = FAILURE_EXIT_CODES.includes(exitCodeOfUser(options));
    const timeoutMillis = (options.timeoutSecs ?? DEFAULT_EXIT_TIMEOUT_SECS) * 1_000;
    const outcome = await handlers.exit(timeoutMillis, hasFailed);
    reportOutcome(guard, outcome);
    applyOutcome(options);
    if (outcome.isFailed) await showStatusMessage(options.statusMessage!);
    if (options.exit !== false) return;
    handlers.livesOn('exit');
    withdrawOutcome(guard);
}

async function onNaturalEnd(handlers: LifecycleHandlers, guard: string): Promise<void> {
    const outcome = await handlers.naturalEnd();
    if (outcome === undefined) return;
    reportOutcome(guard, outcome);
    await tellNaturalEnd();
}

/** The SDK closes its event manager before it emits the last `persistState`. Only then it is not initialized. */
function isEventManagerClosed(): boolean {
    return !Actor.config.getEventManager().isInitialized();
}

/** Where the timeout is in the past, nobody knows when the run ends: then it is no end. */
function watchTimeout(handlers: LifecycleHandlers): () => void {
    const timeoutAt = Actor.getEnv().timeoutAt?.getTime();
    const leftMillis = timeoutAt === undefined ? -1 : timeoutAt - Date.now();
    if (leftMillis <= 0 || leftMillis > MAX_TIMER_MILLIS) return () => undefined;
    const noticeMillis = Math.min(TIMEOUT_NOTICE_MILLIS, leftMillis / 2);
    const timer = setTimeout(() => {
        void handlers.timeoutSoon(noticeMillis);
    }, leftMillis - noticeMillis);
    timer.unref?.();
    return () => clearTimeout(timer);
}

function toMillis(secs: number | undefined): number | undefined {
    return typeof secs === 'number' && Number.isFinite(secs) && secs >= 0 ? secs * 1_000 : undefined;
}

// Nothing announces a metamorph: the process is simply gone. The method is the SDK's, one for all guards.
const metamorphListeners = new Set<Pick<LifecycleHandlers, 'metamorph' | 'livesOn'>>();
let unpatchMetamorph: (() => void) | undefined;

function patchMetamorph(): void {
    if (unpatchMetamorph !== undefined) return;
    const { metamorph } = Actor.prototype;
    async function metamorphAfterFlush(this: Actor, ...args: Parameters<Actor['metamorph']>): Promise<void> {
        const listeners = [...metamorphListeners];
        await Promise.all(listeners.map(async (listener) => listener.metamorph()));
        try {
            await metamorph.apply(this, args);
        } finally {
            // It was refused, or this is no run on the platform: the process goes on.
            for (const listener of listeners) listener.livesOn('metamorph');
        }
    }
    Actor.prototype.metamorph = metamorphAfterFlush;
    unpatchMetamorph = () => {
        unpatchMetamorph = undefined;
        // What somebody else has patched meanwhile stays; ours then finds no listener, and passes the call on.
        if (Actor.prototype.metamorph === metamorphAfterFlush) Actor.prototype.metamorph = metamorph;
    };
}
