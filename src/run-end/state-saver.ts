import type { Log } from '../ports.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { within } from '../utils/clock.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot-store.js';

/** A push that is stored waits no longer until it is counted in what is saved. */
const MAX_COUNTS_MILLIS = 2_000;
/** Repaired items wait no longer until they are saved. */
const MAX_REPAIRED_MILLIS = 2_000;
/** The end of a run waits no longer for its last state. */
const MAX_LAST_MILLIS = 10_000;

/** Saves with the run what the next process needs. Never rejects: saving must not make the end of a run fail; what could not be saved is said. */
export class StateSaver {
    readonly #pipeline: Pipeline;
    readonly #snapshots: SnapshotStore;
    readonly #log: Log;
    /** Saving of counters that is under way, and the next one, which has not begun. */
    #lastCounts: Promise<void> = Promise.resolve();
    #nextCounts: Promise<void> | undefined;
    /** Whether what was saved last holds items, too, that a caller waits for. */
    #isAllSaved = false;

    constructor(pipeline: Pipeline, snapshots: SnapshotStore, log: Log) {
        this.#pipeline = pipeline;
        this.#snapshots = snapshots;
        this.#log = log;
    }

    /** Saves what is not stored. Whoever waits for it need not wait any more, unless the page that pushed it runs again: at a move. */
    async saveUnsent(isMove: boolean): Promise<void> {
        const { handover } = this.#pipeline;
        let tellSaved = () => undefined as void;
        this.#isAllSaved = !isMove;
        const saving = this.#snapshots.save(() => {
            // What comes in while it is being saved is not in it.
            tellSaved = handover.rememberWaiters(!isMove);
            return this.#collect(!isMove);
        });
        const isSaved = await this.#attempt(saving.then(() => true));
        if (isSaved !== true) return;
        tellSaved();
        const count = isMove ? this.#pipeline.unawaitedItems : this.#pipeline.pendingItems;
        if (count > 0) {
            this.#log.error(
                `${count} items could not be sent in time. They are saved with the run, and its next start sends them first.`,
            );
        }
    }

    /** Saves the counters, and the items where some are pending or were saved before. */
    async saveState(): Promise<void> {
        const holdsItems = this.#pipeline.pendingItems > 0 || this.#snapshots.holdsItems;
        await this.#attempt(
            holdsItems
                ? this.#snapshots.save(() => this.#collect(false))
                : this.#snapshots.saveHead(this.#pipeline.statistics.save()),
        );
    }

    /** Saves the counters for a push that is stored while the run moves. Those that wait for it at once share one request. */
    async saveCounts(): Promise<void> {
        this.#nextCounts ??= this.#lastCounts.then(async () => {
            this.#nextCounts = undefined;
            await within(this.saveState(), MAX_COUNTS_MILLIS);
        });
        this.#lastCounts = this.#nextCounts;
        await this.#nextCounts;
    }

    /** Items are about to be sent as the platform's errors had them repaired: where they are saved, they are saved so. */
    async saveRepaired(): Promise<void> {
        const saving = this.#snapshots.saveAgain(() => this.#collect(this.#isAllSaved));
        await within(this.#attempt(saving), MAX_REPAIRED_MILLIS);
    }

    /** Saves the state of a run that has ended. `isDone`: its work is done, and nothing is pending. */
    async saveLast(isDone: boolean): Promise<void> {
        const saving = this.#snapshots.save(() => this.#collect(true), isDone);
        await this.#attempt(within(saving, MAX_LAST_MILLIS));
    }

    /** The run goes on: items that a caller waits for are his again. */
    runGoesOn(): void {
        this.#isAllSaved = false;
    }

    #collect(isAll: boolean): Snapshot {
        const { handover, statistics } = this.#pipeline;
        return { ...handover.unsent(isAll), statistics: statistics.save() };
    }

    async #attempt<T>(saving: Promise<T>): Promise<T | undefined> {
        try {
            return await saving;
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            this.#log.error(
                `The state of the guard could not be saved with the run (${this.#pipeline.pendingItems} items are not sent): ${reason}`,
            );
            return undefined;
        }
    }
}
