import type { ExitOutcome } from '../apify/lifecycle.js';
import type { Log } from '../ports.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RunReport } from '../report/run-report.js';
import type { AnnouncedEnd } from './announced-end.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { StateSaver } from './state-saver.js';

export interface ConclusionOptions {
    pipeline: Pipeline;
    snapshots: Pick<SnapshotStore, 'unread'>;
    end: AnnouncedEnd;
    saver: StateSaver;
    reports: RunReport;
    log: Log;
}

/** Where less is left, the report suggests nothing. */
const MIN_SUGGEST_MILLIS = 5_000;
const NO_ANSWER = 'the platform has not answered in time';

/** Ends the books of a run: its last state, its last report, and how it went, in words. */
export class Conclusion {
    readonly #options: ConclusionOptions;
    /** Items that had been received when the run was concluded last. */
    #concludedItems: number | undefined;

    constructor(options: ConclusionOptions) {
        this.#options = options;
    }

    /** Whether nothing has come in since the run was concluded. */
    get isCurrent(): boolean {
        return this.#concludedItems === this.#options.pipeline.counters.values().receivedItems;
    }

    /**
     * Writes the last report, and says how the run went. `isByItself`: the Actor has not said that it failed. `isSent`: what is pending
     * has come in since, and is not what the platform has left unanswered. Never rejects.
     */
    async conclude(isByItself: boolean, isSent: boolean): Promise<ExitOutcome> {
        const { pipeline, snapshots, end, saver, reports, log } = this.#options;
        const { counters } = pipeline;
        const { unread } = snapshots;
        const { unaccountedItems } = counters;
        const unsentItems = isSent ? 0 : unaccountedItems;
        counters.ended(!isSent || unaccountedItems === 0);
        const { receivedItems } = counters.values();
        this.#concludedItems = receivedItems;
        const isClosed = isSent && unread.reason === undefined;
        if (isClosed) await saver.saveLast(unaccountedItems === 0);
        const reason = isClosed ? undefined : (unread.reason ?? this.#failure?.message ?? NO_ANSWER);
        // The report itself matters more than what it suggests.
        if (end.remainingMillis > MIN_SUGGEST_MILLIS) await reports.suggest();
        reports.finish(isByItself && !end.isAbort);
        const reportPlace = await reports.write(reason);
        pipeline.callbackErrors.summarize();
        const outcome = reports.outcome({ problem: reason, reportPlace });
        const level = isClosed ? outcome.level : 'error';
        log[level](outcome.message);
        const isFailed = !isClosed || reports.report().verdict.outcome === 'failed';
        const isEmpty = receivedItems === 0;
        return { ...outcome, level, isFailed, isEmpty, unsentItems: unsentItems + unread.items, reason };
    }

    get #failure(): Error | undefined {
        const { pipeline } = this.#options;
        return pipeline.failure ?? pipeline.quarantine.itemFailure;
    }

    /** The run goes on after all. */
    runGoesOn(): void {
        this.#options.pipeline.counters.ended(false);
        this.#options.reports.reopen();
    }
}
