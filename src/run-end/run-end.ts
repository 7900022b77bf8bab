import type { LifecycleHandlers, ExitOutcome } from '../apify/lifecycle.js';
import type { Log } from '../ports.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Pusher } from '../pipeline/push.js';
import type { RunReport } from '../report/run-report.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import type { EndKind } from './announced-end.js';
import { AnnouncedEnd } from './announced-end.js';
import { Conclusion } from './conclusion.js';
import type { CollectedItems } from './last-sending.js';
import { LastSending } from './last-sending.js';
import type { SendAtExit } from './send-at-exit.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { StateSaver } from './state-saver.js';

export interface RunEndOptions {
    pipeline: Pipeline;
    pusher: Pusher;
    collected: CollectedItems;
    snapshots: SnapshotStore;
    saver: StateSaver;
    reports: RunReport;
    sendAtExit: SendAtExit;
    clock: Clock;
    log: Log;
}

/** The guard waits no longer than this for the platform when a run ends. */
const MAX_END_MILLIS = 30_000;
/** At a migration, and at the periodic `persistState`, others wait for the guard: the SDK reboots only after its listeners. */
const MAX_MOVE_MILLIS = 10_000;
/** What a process that ends late still takes to send and to save. */
const MIN_SYNC_MILLIS = 1_500;
const PERSIST_INTERVAL_MILLIS = 60_000;

/**
 * What a guard does when its process is about to go: it announces the end, sends or saves what it holds, and says how the run went.
 * Where the process lives on, the guard goes back to normal.
 */
export class RunEnd implements LifecycleHandlers {
    readonly #options: RunEndOptions;
    readonly #end: AnnouncedEnd;
    readonly #lastSending: LastSending;
    readonly #conclusion: Conclusion;
    #cancelPersistTimer: (() => void) | undefined;
    #isStopped = false;

    constructor(options: RunEndOptions) {
        this.#options = options;
        this.#end = new AnnouncedEnd(
            options.clock,
            () => this.#goOn(),
            () => this.#backToNormal(),
        );
        this.#lastSending = new LastSending({ ...options, end: this.#end });
        this.#conclusion = new Conclusion({ ...options, end: this.#end });
    }

    /** The periodic `persistState`, or the last one: the SDK waits for that without limit, and then ends the process. */
    async persist(isLast: boolean): Promise<void> {
        if (isLast) {
            await this.#sendBeforeEnd(MAX_END_MILLIS);
            return;
        }
        const { clock, reports, saver } = this.#options;
        const until = clock.monotonic() + this.#moveMillis;
        await within(this.#lastSending.flush(), until - clock.monotonic());
        await within(saver.saveState(), until - clock.monotonic());
        if (!this.#end.isAnnounced) void reports.write();
    }

    async migrating(remainingMillis: number | undefined): Promise<void> {
        const { pipeline, saver } = this.#options;
        pipeline.handover.announceMove(async () => saver.saveCounts());
        this.#announce('move', remainingMillis ?? MAX_END_MILLIS);
        this.#persistByTimer();
        await this.#lastSending.sendOrSave(this.#moveMillis, true);
    }

    async aborting(remainingMillis: number | undefined): Promise<void> {
        await this.#sendBeforeEnd(remainingMillis ?? MAX_END_MILLIS, 'abort');
    }

    /** Some time before the run times out. Nothing waits for this. */
    async timeoutSoon(remainingMillis: number): Promise<void> {
        await this.#sendBeforeEnd(remainingMillis, 'timeout');
    }

    async metamorph(): Promise<void> {
        await this.#sendBeforeEnd(MAX_END_MILLIS, 'metamorph');
    }

    /** The process was to go and lives on: a refused metamorph, `exit: false`, a `close()` that failed. */
    livesOn(kind: 'metamorph' | 'exit'): void {
        this.#end.withdraw(kind);
        this.#reopen();
        // A migration may be announced, too, and that still comes.
        if (this.#end.isAnnounced) return;
        this.#options.pipeline.handover.runGoesOn();
        this.#backToNormal();
    }

    async exit(timeoutMillis: number, hasFailed: boolean): Promise<ExitOutcome> {
        this.#options.pipeline.settler.decideDisputed(true);
        await this.#sendBeforeEnd(Math.min(timeoutMillis, MAX_END_MILLIS));
        // A program that goes on pushing has something under way at any moment. What is left then is sent as the process ends.
        const isSent = await this.#lastSending.sendWhatCameIn();
        return this.#conclusion.conclude(!hasFailed, isSent);
    }

    /** The event loop has run dry. */
    async naturalEnd(): Promise<ExitOutcome | undefined> {
        // What the end of the run does lets the event loop run dry once more.
        const isOver = this.#isStopped || this.#conclusion.isCurrent;
        return isOver ? undefined : this.exit(MAX_END_MILLIS, false);
    }

    /** The process ends now, and nothing asynchronous happens any more. */
    processEnd(maxMillis: number, isBySignal: boolean): void {
        if (this.#isStopped) return;
        // Of an end that was announced, the time is known in which the process must be gone.
        const { isAnnounced, isMove, remainingMillis } = this.#end;
        // A program that ends before the platform has moved it has ended its run.
        const isMoving = isMove && isBySignal;
        const millis = isAnnounced ? Math.max(MIN_SYNC_MILLIS, remainingMillis) : maxMillis;
        this.#options.sendAtExit.send(Math.min(maxMillis, millis), { isMoving, isAnnounced });
    }

    /** Flushes within 30 s, or saves what is left. For an explicit `close()`. */
    async close(): Promise<ExitOutcome> {
        const { pipeline } = this.#options;
        pipeline.settler.decideDisputed(true);
        await this.#sendBeforeEnd(MAX_END_MILLIS);
        await this.#lastSending.sendWhatCameIn();
        return this.#conclusion.conclude(true, pipeline.counters.unaccountedItems === 0);
    }

    /** The guard is closed: nothing happens any more, whatever the process does. */
    stop(): void {
        this.#isStopped = true;
        this.#end.stop();
        this.#cancelPersistTimer?.();
    }

    /** How long others may wait for the guard. */
    get #moveMillis(): number {
        return Math.min(MAX_MOVE_MILLIS, this.#end.remainingMillis / 2);
    }

    #announce(kind: EndKind, remainingMillis: number): void {
        this.#end.announce(kind, remainingMillis);
        this.#options.pipeline.announceEnd(true);
    }

    async #sendBeforeEnd(remainingMillis: number, kind: EndKind = 'exit'): Promise<void> {
        this.#announce(kind, remainingMillis);
        await this.#lastSending.sendOrSave(Math.min(MAX_END_MILLIS, this.#end.remainingMillis), false);
    }

    /** Nothing is given up any more for an end that has not come. */
    #reopen(): void {
        const { saver, pipeline } = this.#options;
        saver.runGoesOn();
        pipeline.settler.decideDisputed(false);
        this.#conclusion.runGoesOn();
    }

    /** Nothing is hurried for a deadline any more. */
    #goOn(): void {
        this.#reopen();
        this.#options.pipeline.handover.runGoesOn();
    }

    /** Pushes need not wait any more until their items are stored. */
    #backToNormal(): void {
        const { pipeline } = this.#options;
        pipeline.handover.announceMove(undefined);
        pipeline.announceEnd(false);
    }

    /** The platform stops the interval of `persistState` with the first `migrating`, also where no migration follows. */
    #persistByTimer(): void {
        this.#cancelPersistTimer?.();
        this.#cancelPersistTimer = this.#options.clock.after(PERSIST_INTERVAL_MILLIS, () => {
            void this.persist(false);
            this.#persistByTimer();
        });
    }
}
