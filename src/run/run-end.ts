import type { LifecycleHandlers } from '../apify/lifecycle.js';
import type { ItemFlow } from '../flow/item-flow.js';
import type { Clock, Log } from '../ports.js';
import { TOO_LATE } from '../ports.js';
import type { Pusher } from '../push/pusher.js';
import type { RunReport } from '../report/run-report.js';
import type { GuardReport } from '../report/statistics.js';
import { summarize } from '../report/statistics.js';
import type { CarryOver } from './carry-over.js';
import type { MovableDeadline } from './deadline.js';

/** Of the time until the deadline, so much at most is kept for saving what could not be sent. */
const MAX_SAVE_MILLIS = 5_000;
const SAVE_SHARE = 0.3;
/** The SDK waits for `persistState` before it even begins to exit; what takes longer goes on beside it. */
const MAX_PERSIST_MILLIS = 3_000;
/** What a report says that is not the last one of its run, as far as its process can know. */
const INTERRUPTED = 'This was written while the run was about to stop or to move. It may have gone on since.';

export interface RunEndParts {
    flow: ItemFlow;
    pusher: Pusher;
    carryOver: CarryOver;
    reports: RunReport;
    /** By which sending must end; what is left is then saved. */
    deadline: MovableDeadline;
    /** When the process may be gone. */
    exitDeadline: MovableDeadline;
    clock: Clock;
    log: Log;
}

/** What a guard does when its process is about to go: sends what it holds, or saves it for the next process of the run. */
export class RunEnd implements LifecycleHandlers {
    readonly #parts: RunEndParts;
    readonly #close: () => Promise<GuardReport>;
    #isEnding = false;

    constructor(parts: RunEndParts, close: () => Promise<GuardReport>) {
        this.#parts = parts;
        this.#close = close;
        parts.flow.onFailure = () => {
            // Items that came in after the signal.
            if (this.#isEnding) void this.#save();
        };
    }

    async persist(): Promise<void> {
        const { flow, carryOver, clock } = this.#parts;
        const persisted = flow
            .flush()
            .then(async () => carryOver.saveCounters(false))
            // The flow has logged it, and keeps it for the next caller.
            .catch(() => undefined);
        await Promise.race([persisted, new Promise<void>((resolve) => clock.after(MAX_PERSIST_MILLIS, resolve))]);
    }

    async end(deadline: number): Promise<void> {
        const { flow, carryOver, pusher, reports, deadline: sendDeadline } = this.#parts;
        this.#begin(deadline);
        // A push that waits for room is accepted as it gets it, and must be sent as well.
        await sendDeadline.race(pusher.settled());
        const isFlushed = await flow.flush().then(
            () => true,
            () => false,
        );
        if (isFlushed) await this.#attempt(this.#inTime(carryOver.saveCounters(false)));
        else await this.#save();
        await reports.write(INTERRUPTED);
    }

    async close(deadline: number): Promise<{ summary: string; failed: boolean }> {
        const { flow, carryOver, reports } = this.#parts;
        this.#begin(deadline);
        try {
            if (carryOver.hasUnread) await this.#attempt(this.#inTime(carryOver.restoreItems()));
            const summary = summarize(await this.#close());
            if (!carryOver.hasUnread) return { summary, failed: false };
            return { summary: `${summary}: items that an earlier process saved could not be read`, failed: true };
        } catch (error) {
            await this.#save();
            flow.statistics.unsentItems = flow.pendingItems;
            const reason = error instanceof Error ? error.message : String(error);
            await reports.write(reason);
            return { summary: `${summarize(flow.statistics.report())}: ${reason}`, failed: true };
        }
    }

    #begin(deadline: number): void {
        const { flow, deadline: sendDeadline, exitDeadline, clock } = this.#parts;
        this.#isEnding = true;
        exitDeadline.bringForward(deadline);
        const leftMillis = Math.max(0, deadline - clock.now());
        sendDeadline.bringForward(deadline - Math.min(MAX_SAVE_MILLIS, leftMillis * SAVE_SHARE));
        flow.hurry();
    }

    /** Goes on until the process is gone: nobody else has these items. */
    async #save(): Promise<void> {
        const { flow, carryOver, log } = this.#parts;
        if (flow.pendingItems === 0) return;
        const count = await this.#attempt(carryOver.save());
        if (count)
            log.error(
                `${count} items could not be sent in time. They are saved with the run, and its next start sends them first.`,
            );
    }

    async #inTime(work: Promise<void>): Promise<void> {
        const isDone = await this.#parts.exitDeadline.race(work.then(() => true));
        if (isDone === undefined) throw new Error(TOO_LATE);
    }

    /** Saving must not make the end of a run fail; what could not be saved is said. */
    async #attempt<T>(saving: Promise<T>): Promise<T | undefined> {
        const { flow, log } = this.#parts;
        try {
            return await saving;
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            log.error(
                `The state of the guard could not be saved with the run (${flow.pendingItems} items are not sent): ${reason}`,
            );
            return undefined;
        }
    }
}
