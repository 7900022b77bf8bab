import type { Pipeline } from '../pipeline/pipeline.js';
import type { Pusher } from '../pipeline/push.js';
import type { RunReport } from '../report/run-report.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import type { AnnouncedEnd } from './announced-end.js';
import type { StateSaver } from './state-saver.js';

/** What handlers have collected and not committed. */
export interface CollectedItems {
    /** Puts everything on its way, as bare pushes would have been by now. Resolves when it is stored; never rejects. */
    commitAll(): Promise<void>;
}

export interface LastSendingOptions {
    pipeline: Pipeline;
    pusher: Pusher;
    collected: CollectedItems;
    end: AnnouncedEnd;
    saver: StateSaver;
    reports: RunReport;
    clock: Clock;
}

/** From so long before a deadline on, what may not be sent in time is saved. */
const SAVE_BEFORE_MILLIS = 10_000;
/** What is saved last needs some time itself. */
const SAVE_MILLIS = 2_000;
const SAVE_INTERVAL_MILLIS = 1_000;
const CHECK_MILLIS = 250;
const MIN_REPORT_MILLIS = 1_000;
const INTERRUPTED = 'This was written while the run was about to stop or to move. It may have gone on since.';

/**
 * Sends what the guard holds before the process is gone, and saves with the run what may not make it, while sending goes on. Nothing
 * here rejects, or makes a push reject.
 */
export class LastSending {
    readonly #options: LastSendingOptions;
    #underWay: { isMove: boolean; done: Promise<void> } | undefined;

    constructor(options: LastSendingOptions) {
        this.#options = options;
    }

    /** Sends or saves everything within `millis`. Calls that come while one is at work share it; what came in since is sent after it. */
    async sendOrSave(millis: number, isMove: boolean): Promise<void> {
        const { clock, pipeline, reports } = this.#options;
        const until = clock.monotonic() + millis;
        if (this.#underWay?.isMove === isMove) {
            await within(this.#underWay.done, millis);
            // What handlers have collected since is sent, too, unless their pages run again.
            if ((isMove ? pipeline.pendingItems : pipeline.counters.unaccountedItems) === 0) return;
        }
        const done = this.#sendOrSaveUntil(until, isMove).then(async () => {
            await within(reports.write(INTERRUPTED), Math.max(MIN_REPORT_MILLIS, until - clock.monotonic()));
        });
        const underWay = { isMove, done };
        this.#underWay = underWay;
        await within(done, Math.max(0, until - clock.monotonic()));
        if (this.#underWay === underWay) this.#underWay = undefined;
    }

    /** Returns whether all is sent that was accepted until now. */
    async sendWhatCameIn(): Promise<boolean> {
        const { pipeline, end } = this.#options;
        if (pipeline.counters.unaccountedItems === 0) return true;
        if (pipeline.failure !== undefined || pipeline.isInTrouble) return false;
        return (await within(this.flush(), end.remainingMillis)) === true;
    }

    /** Sends what was accepted, and what waits for room, as it gets it. Resolves to whether that worked: a failure was logged, and is kept for the next caller. */
    async flush(): Promise<boolean> {
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

    async #sendOrSaveUntil(maxUntil: number, isMove: boolean): Promise<void> {
        const { pipeline, clock, collected, end, saver } = this.#options;
        const startedAt = clock.monotonic();
        // Another end may be announced meanwhile that comes earlier: the run's timeout while an exit is under way.
        const until = () => Math.min(maxUntil, end.deadline);
        const saveUntil = () => until() - Math.min(SAVE_MILLIS, (until() - startedAt) / 3);
        let isOver = false;
        /** Whether all is sent that had come in by then. A program that goes on pushing has something pending at any moment. */
        let isSent = false;
        // At a move the page runs again; at an end nothing comes after what was collected.
        const committed = isMove ? Promise.resolve() : collected.commitAll();
        const sending = Promise.all([this.flush(), committed]).then(async () => {
            isSent = await this.flush();
            isOver = true;
        });
        let savedAt = 0;
        while (!isOver && clock.monotonic() < saveUntil()) {
            await within(sending, Math.min(CHECK_MILLIS, saveUntil() - clock.monotonic()));
            const left = until() - clock.monotonic();
            const isNear = left <= (pipeline.isInTrouble ? SAVE_BEFORE_MILLIS : SAVE_BEFORE_MILLIS / 2);
            const isDue = isNear && clock.monotonic() - savedAt > SAVE_INTERVAL_MILLIS;
            if (isOver || !isDue || pipeline.pendingItems === 0) continue;
            await within(saver.saveUnsent(isMove), saveUntil() - clock.monotonic());
            savedAt = clock.monotonic();
            if (pipeline.failure !== undefined) break;
        }
        if (pipeline.pendingItems > 0 && !isSent) await saver.saveUnsent(isMove);
        else await saver.saveState();
    }
}
