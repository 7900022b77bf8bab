import type { LifecycleHandlers, ExitOutcome } from '../apify/lifecycle.js';
import type { Log } from '../ports.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Pusher } from '../pipeline/push.js';
import type { RunReport } from '../report/run-report.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import type { SendAtExit } from './send-at-exit.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot-store.js';

/** What handlers have collected and not committed. */
export interface CollectedItems {
    /** Puts everything on its way, as bare pushes would have been by now. Resolves when it is stored; never rejects. */
    commitAll(): Promise<void>;
}

export interface RunEndOptions {
    pipeline: Pipeline;
    pusher: Pusher;
    collected: CollectedItems;
    snapshots: SnapshotStore;
    reports: RunReport;
    sendAtExit: SendAtExit;
    clock: Clock;
    log: Log;
}

/** The guard waits no longer than this for the platform when a run ends. */
const MAX_END_MILLIS = 30_000;
/** At a migration, and at the periodic `persistState`, others wait for the guard: the SDK reboots only after its listeners. */
const MAX_MOVE_MILLIS = 10_000;
/** From so long before a deadline on, what may not be sent in time is saved. */
const SAVE_BEFORE_MILLIS = 10_000;
/** What is saved last needs some time itself. */
const SAVE_MILLIS = 2_000;
const CHECK_MILLIS = 250;
/** An end that has not come in time may come at any moment: for so long pushes still resolve only when their items are stored. */
const OVERDUE_MILLIS = 60_000;
/** Where less is left, the report suggests nothing. */
const MIN_SUGGEST_MILLIS = 5_000;
/** What a process that ends late still takes to send and to save. */
const MIN_SYNC_MILLIS = 1_500;
/** A push that is stored waits no longer until it is counted in what is saved. */
const MAX_COUNTS_MILLIS = 2_000;
/** Repaired items wait no longer until they are saved. */
const MAX_REPAIRED_MILLIS = 2_000;
const PERSIST_INTERVAL_MILLIS = 60_000;
const INTERRUPTED = 'This was written while the run was about to stop or to move. It may have gone on since.';

/**
 * What a guard does when its process is about to go: it sends what it holds, and saves with the run what may not make it, while
 * sending goes on. Nothing here makes a push reject. Where the process lives on, the guard goes back to normal.
 */
export class RunEnd implements LifecycleHandlers {
    readonly #options: RunEndOptions;
    /** On the monotonic clock: when the process may be gone. */
    #deadline = Infinity;
    #isMoving = false;
    #isAborted = false;
    #draining: { isMove: boolean; done: Promise<void> } | undefined;
    #cancelReturn: (() => void) | undefined;
    #cancelPersistTimer: (() => void) | undefined;
    #isStopped = false;
    /** Saving of counters that is under way, and the next one, which has not begun. */
    #lastCounts: Promise<void> = Promise.resolve();
    #nextCounts: Promise<void> | undefined;
    /** Whether what was saved last holds items, too, that a caller waits for. */
    #isAllSaved = false;
    /** Items that had been received when the run was concluded last. */
    #concludedItems: number | undefined;

    constructor(options: RunEndOptions) {
        this.#options = options;
    }

    /**
     * Items are about to be sent as the platform's errors had them repaired: where they are saved, they are saved so. Never rejects.
     */
    async saveRepaired(): Promise<void> {
        const saving = this.#options.snapshots.saveAgain(() => this.#collect(this.#isAllSaved));
        await within(this.#attempt(saving), MAX_REPAIRED_MILLIS);
    }

    /** The periodic `persistState`, or the last one: the SDK waits for that without limit, and then ends the process. */
    async persist(isLast: boolean): Promise<void> {
        if (isLast) {
            await this.#end(MAX_END_MILLIS);
            return;
        }
        const { clock } = this.#options;
        const until = clock.monotonic() + Math.min(MAX_MOVE_MILLIS, this.#remaining / 2);
        await within(this.#flush(), until - clock.monotonic());
        await within(this.#attempt(this.#saveState()), until - clock.monotonic());
        if (this.#deadline === Infinity) void this.#options.reports.write();
    }

    async migrating(remainingMillis: number | undefined): Promise<void> {
        this.#isMoving = true;
        this.#options.pipeline.handover.announceMove(async () => this.#saveCounts());
        this.#announce(remainingMillis ?? MAX_END_MILLIS);
        this.#persistByTimer();
        await this.#drain(Math.min(MAX_MOVE_MILLIS, this.#remaining / 2), true);
    }

    async aborting(remainingMillis: number | undefined): Promise<void> {
        this.#isAborted = true;
        await this.#end(remainingMillis ?? MAX_END_MILLIS);
    }

    /** Some time before the run times out. Nothing waits for this. */
    async timeoutSoon(remainingMillis: number): Promise<void> {
        await this.#end(remainingMillis);
    }

    async metamorph(): Promise<void> {
        await this.#end(MAX_END_MILLIS);
    }

    /** The process was to go and lives on: a refused metamorph, `exit: false`. */
    livesOn(): void {
        this.#cancelReturn?.();
        this.#cancelReturn = undefined;
        this.#goOn();
        this.#options.pipeline.handover.announceMove(undefined);
        this.#options.pipeline.announceEnd(false);
    }

    async exit(timeoutMillis: number, hasFailed: boolean): Promise<ExitOutcome> {
        this.#options.pipeline.settler.decideDisputed(true);
        await this.#end(Math.min(timeoutMillis, MAX_END_MILLIS));
        // A program that goes on pushing has something under way at any moment. What is left then is sent as the process ends.
        const isSent = await this.#sendWhatCameIn();
        return this.#conclude(!hasFailed, isSent);
    }

    /** The event loop has run dry. */
    async naturalEnd(): Promise<ExitOutcome | undefined> {
        const { receivedItems } = this.#options.pipeline.counters.values();
        // What the end of the run does lets the event loop run dry once more.
        const isOver = this.#isStopped || this.#concludedItems === receivedItems;
        return isOver ? undefined : this.exit(MAX_END_MILLIS, false);
    }

    /** The process ends now, and nothing asynchronous happens any more. */
    processEnd(maxMillis: number): void {
        if (this.#isStopped) return;
        // Of an end that was announced, the time is known in which the process must be gone.
        const isAnnounced = this.#deadline !== Infinity;
        const millis = isAnnounced ? Math.max(MIN_SYNC_MILLIS, this.#remaining) : maxMillis;
        this.#options.sendAtExit.send(Math.min(maxMillis, millis), { isMoving: this.#isMoving, isAnnounced });
    }

    /** Flushes within 30 s, or saves what is left. For an explicit `close()`. */
    async close(): Promise<ExitOutcome> {
        this.#options.pipeline.settler.decideDisputed(true);
        await this.#end(MAX_END_MILLIS);
        await this.#sendWhatCameIn();
        return this.#conclude(true, this.#options.pipeline.counters.unaccountedItems === 0);
    }

    /** The guard is closed: nothing happens any more, whatever the process does. */
    stop(): void {
        this.#isStopped = true;
        this.#cancelReturn?.();
        this.#cancelPersistTimer?.();
    }

    get #remaining(): number {
        return Math.max(0, this.#deadline - this.#options.clock.monotonic());
    }

    /** Nothing is hurried for a deadline any more. */
    #goOn(): void {
        this.#deadline = Infinity;
        this.#isMoving = false;
        this.#isAborted = false;
        this.#isAllSaved = false;
        this.#options.pipeline.runGoesOn();
        this.#options.pipeline.counters.ended(false);
        this.#options.reports.reopen();
    }

    /** The process may be gone in `remainingMillis`. If it is not, the guard goes back to normal. */
    #announce(remainingMillis: number): void {
        const { clock, pipeline } = this.#options;
        this.#deadline = Math.min(this.#deadline, clock.monotonic() + remainingMillis);
        pipeline.announceEnd(true);
        this.#cancelReturn?.();
        this.#cancelReturn = clock.after(this.#remaining + 1_000, () => {
            this.#goOn();
            this.#cancelReturn = clock.after(OVERDUE_MILLIS, () => this.livesOn());
        });
    }

    async #end(remainingMillis: number): Promise<void> {
        this.#announce(remainingMillis);
        await this.#drain(Math.min(MAX_END_MILLIS, this.#remaining), false);
    }

    /** Calls that come while one is at work share it; what came in since is sent after it. */
    async #drain(millis: number, isMove: boolean): Promise<void> {
        const { clock, reports } = this.#options;
        const until = clock.monotonic() + millis;
        if (this.#draining?.isMove === isMove) {
            await within(this.#draining.done, millis);
            if (this.#options.pipeline.pendingItems === 0) return;
        }
        const done = this.#sendOrSave(until, isMove).then(async () => {
            await within(reports.write(INTERRUPTED), Math.max(1_000, until - clock.monotonic()));
        });
        const draining = { isMove, done };
        this.#draining = draining;
        await within(done, Math.max(0, until - clock.monotonic()));
        if (this.#draining === draining) this.#draining = undefined;
    }

    async #sendOrSave(maxUntil: number, isMove: boolean): Promise<void> {
        const { pipeline, clock, collected } = this.#options;
        const startedAt = clock.monotonic();
        // Another end may be announced meanwhile that comes earlier: the run's timeout while an exit is under way.
        const until = () => Math.min(maxUntil, this.#deadline);
        const saveUntil = () => until() - Math.min(SAVE_MILLIS, (until() - startedAt) / 3);
        let isOver = false;
        /** Whether all is sent that had come in by then. A program that goes on pushing has something pending at any moment. */
        let isSent = false;
        // At a move the page runs again; at an end nothing comes after what was collected.
        const committed = isMove ? Promise.resolve() : collected.commitAll();
        const sending = Promise.all([this.#flush(), committed]).then(async () => {
            isSent = await this.#flush();
            isOver = true;
        });
        let savedAt = 0;
        while (!isOver && clock.monotonic() < saveUntil()) {
            await within(sending, Math.min(CHECK_MILLIS, saveUntil() - clock.monotonic()));
            const left = until() - clock.monotonic();
            const isNear = left <= (pipeline.isInTrouble ? SAVE_BEFORE_MILLIS : SAVE_BEFORE_MILLIS / 2);
            const isDue = isNear && clock.monotonic() - savedAt > 1_000;
            if (isOver || !isDue || pipeline.pendingItems === 0) continue;
            await within(this.#save(isMove), saveUntil() - clock.monotonic());
            savedAt = clock.monotonic();
            if (pipeline.failure !== undefined) break;
        }
        if (pipeline.pendingItems > 0 && !isSent) await this.#save(isMove);
        else await this.#attempt(this.#saveState());
    }

    /** Returns whether all is sent that was accepted until now. */
    async #sendWhatCameIn(): Promise<boolean> {
        const { pipeline } = this.#options;
        if (pipeline.counters.unaccountedItems === 0) return true;
        if (pipeline.failure !== undefined || pipeline.isInTrouble) return false;
        return (await within(this.#flush(), this.#remaining)) === true;
    }

    /** Sends what was accepted, and what waits for room, as it gets it. Resolves to whether that worked: a failure was logged, and is kept for the next caller. */
    async #flush(): Promise<boolean> {
        const { pipeline, pusher } = this.#options;
        try {
            await pipeline.flush();
            await pusher.entries.entered();
            await pipeline.flush();
            return true;
        } catch {
            return false;
        }
    }

    /** Saves what is not stored. Whoever waits for it need not wait any more, unless the page that pushed it runs again. */
    async #save(isMove: boolean): Promise<void> {
        const { pipeline, snapshots, log } = this.#options;
        let tellSaved = () => undefined as void;
        this.#isAllSaved = !isMove;
        const saving = snapshots.save(() => {
            // What comes in while it is being saved is not in it.
            tellSaved = pipeline.handover.rememberWaiters(!isMove);
            return this.#collect(!isMove);
        });
        const isSaved = await this.#attempt(saving.then(() => true));
        if (isSaved !== true) return;
        tellSaved();
        const count = isMove ? pipeline.unawaitedItems : pipeline.pendingItems;
        if (count > 0) {
            log.error(
                `${count} items could not be sent in time. They are saved with the run, and its next start sends them first.`,
            );
        }
    }

    /** Counters, and items where some are pending or were saved before. */
    async #saveState(): Promise<void> {
        const { pipeline, snapshots } = this.#options;
        if (pipeline.pendingItems > 0 || snapshots.holdsItems) await snapshots.save(() => this.#collect(false));
        else await snapshots.saveHead(pipeline.statistics.save());
    }

    /** Saves the counters for a push that is stored while the run moves. Those that wait for it at once share one request. */
    async #saveCounts(): Promise<void> {
        this.#nextCounts ??= this.#lastCounts.then(async () => {
            this.#nextCounts = undefined;
            await within(this.#attempt(this.#saveState()), MAX_COUNTS_MILLIS);
        });
        this.#lastCounts = this.#nextCounts;
        await this.#nextCounts;
    }

    #collect(isAll: boolean): Snapshot {
        const { handover, statistics } = this.#options.pipeline;
        return { ...handover.unsent(isAll), statistics: statistics.save() };
    }

    /**
     * Writes the last report, and says how the run went. `isByItself`: nothing but the program has ended it. `isSent`: what is pending
     * has come in since, and is not what the platform has left unanswered.
     */
    async #conclude(isByItself: boolean, isSent: boolean): Promise<ExitOutcome> {
        const { pipeline, snapshots, reports, log } = this.#options;
        const { unreadItems, unreadHeads } = snapshots;
        const { unaccountedItems } = pipeline.counters;
        const unsentItems = isSent ? 0 : unaccountedItems;
        pipeline.counters.ended(!isSent || unaccountedItems === 0);
        this.#concludedItems = pipeline.counters.values().receivedItems;
        const isClosed = isSent && unreadItems === 0 && unreadHeads === 0;
        if (isClosed)
            await this.#attempt(
                within(
                    snapshots.save(() => this.#collect(true), unaccountedItems === 0),
                    MAX_MOVE_MILLIS,
                ),
            );
        const reason = isClosed ? undefined : this.#reasonOf(snapshots);
        // The report itself matters more than what it suggests.
        if (this.#remaining > MIN_SUGGEST_MILLIS) await reports.suggest();
        reports.finish(isByItself && !this.#isAborted);
        const reportPlace = await reports.write(reason);
        pipeline.callbackErrors.summarize();
        const outcome = reports.outcome({ problem: reason, reportPlace });
        const level = isClosed ? outcome.level : 'error';
        log[level](outcome.message);
        const isFailed = !isClosed || reports.report().verdict.outcome === 'failed';
        const isEmpty = this.#concludedItems === 0;
        return { ...outcome, level, isFailed, isEmpty, unsentItems: unsentItems + unreadItems, reason };
    }

    #reasonOf({ unreadItems, unreadHeads }: SnapshotStore): string {
        if (unreadHeads > 0) {
            const processes =
                unreadHeads === 1
                    ? 'an earlier process of this run has'
                    : `${unreadHeads} earlier processes of this run have`;
            return `what ${processes} saved could not be read`;
        }
        if (unreadItems > 0) return `${unreadItems} items that an earlier process saved could not be read`;
        return this.#options.pipeline.failure?.message ?? 'the platform has not answered in time';
    }

    /** The platform stops the interval of `persistState` with the first `migrating`, also where no migration follows. */
    #persistByTimer(): void {
        this.#cancelPersistTimer?.();
        this.#cancelPersistTimer = this.#options.clock.after(PERSIST_INTERVAL_MILLIS, () => {
            void this.persist(false);
            this.#persistByTimer();
        });
    }

    /** Saving must not make the end of a run fail; what could not be saved is said. */
    async #attempt<T>(saving: Promise<T>): Promise<T | undefined> {
        const { pipeline, log } = this.#options;
        try {
            return await saving;
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            log.error(
                `The state of the guard could not be saved with the run (${pipeline.pendingItems} items are not sent): ${reason}`,
            );
            return undefined;
        }
    }
}
