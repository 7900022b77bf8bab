import type { SyncRunStore, SyncStorage } from '../apify/sync-storages.js';
import type { ItemSink, Log } from '../ports.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import type { RunReport } from '../report/run-report.js';
import { monotonicMillis } from '../utils/clock.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot-store.js';
import { writeRecordsSync } from './sync-records.js';
import { SyncRequests } from './sync-requests.js';
import { SyncSending } from './sync-sending.js';

export interface SendAtExitOptions {
    pipeline: Pipeline;
    sink: ItemSink;
    snapshots: SnapshotStore;
    reports: RunReport;
    /** Items that handlers have collected. They are taken out. */
    takeCollected: () => PreparedItem[];
    openStorage: () => SyncStorage | undefined;
    openQuarantine: () => SyncStorage | undefined;
    openRunStore: () => SyncRunStore | undefined;
    log: Log;
}

const MIN_SAVE_MILLIS = 500;
/** This much of the time is kept for the report and for what could not be sent. */
const SAVE_SHARE = 0.2;

/**
 * Sends what is left from the listener of the process's `exit` event, where nothing asynchronous happens any more: items, then
 * quarantine records, then the report. Before that it is saved with the run: the time may end at any moment, and a start of the run
 * that finds what was saved looks first what of it was stored. Whatever is left is counted in one line.
 */
export class SendAtExit {
    readonly #options: SendAtExitOptions;
    /** Whether what was pending when the process began to end is saved. */
    #isSaved = false;

    constructor(options: SendAtExitOptions) {
        this.#options = options;
    }

    /**
     * `isMoving`: the run goes on elsewhere, where the pages of running handlers run again. `isAnnounced`: this is the last second or
     * two of an end that was announced. Items that may be stored and cannot be looked for in that time stay saved.
     */
    send(maxMillis: number, { isMoving, isAnnounced }: { isMoving: boolean; isAnnounced: boolean }): void {
        const { pipeline, sink, reports, takeCollected, openStorage, openQuarantine, log } = this.#options;
        const until = monotonicMillis() + maxMillis;
        const collected = isMoving ? [] : takeCollected();
        if (!isMoving) reports.processEnds();
        if (collected.length === 0 && pipeline.pendingItems === 0 && reports.isUpToDate) return;
        // A server may store what it still waits for only when this process is gone: too late to be found here.
        sink.cutRequests?.();
        const requests = new SyncRequests(until - maxMillis * SAVE_SHARE);
        const sending = new SyncSending(pipeline, openStorage(), requests);
        try {
            sending.enqueueCollected(collected);
            this.#saveFirst(requests, isMoving);
            sending.sendAll(() => isAnnounced && this.#isSaved);
            writeRecordsSync(pipeline.quarantine, openQuarantine, requests);
        } catch (error) {
            // What was not sent is still pending, and is saved and counted below.
            log.error(`The guard could not send at the end of the process: ${(error as Error).message}`);
        }
        this.#conclude(until, isMoving);
    }

    /** Saves what is pending before anything is sent. Where that fails, it is tried again for what could not be sent. */
    #saveFirst(requests: SyncRequests, isMoving: boolean): void {
        const { pipeline, snapshots, openRunStore, log } = this.#options;
        const snapshot = this.#collect(isMoving);
        if (pipeline.pendingItems === 0) return;
        if (snapshots.holds(snapshot)) {
            this.#isSaved = true;
            return;
        }
        const saved = snapshots.recordsOf(snapshot, false, false);
        const onSaved = () => {
            snapshots.savedAtExit(saved);
            this.#isSaved = true;
        };
        try {
            const first = openRunStore()?.saveFirst(saved.records, onSaved);
            if (first !== undefined) requests.makeFirst(first);
        } catch (error) {
            log.debug(`What is pending could not be saved before it is sent: ${(error as Error).message}`);
        }
    }

    #collect(isMoving: boolean): Snapshot {
        const { pipeline } = this.#options;
        return { ...pipeline.handover.unsent(!isMoving), statistics: pipeline.statistics.save() };
    }

    #conclude(until: number, isMoving: boolean): void {
        const { pipeline, snapshots, reports, openRunStore, log } = this.#options;
        const { counters } = pipeline;
        // Where the run goes on elsewhere, the pages run again whose handlers have collected something.
        const left = isMoving ? pipeline.pendingItems : counters.unaccountedItems;
        counters.ended(!isMoving);
        const snapshot = this.#collect(isMoving);
        const saved = snapshots.recordsOf(snapshot, left === 0 && !isMoving, true);
        if (left === 0) {
            const { level, message } = reports.outcome({ reportPlace: reports.place });
            if (level !== 'info' && !isMoving) log[level](message);
            const statusMessage = isMoving ? undefined : message;
            // Each call starts a child, and the time is short.
            this.#attempt('report and state', () => {
                const records = [...saved.records, ...reports.records()];
                const outdated = snapshots.savedAtExit(saved);
                openRunStore()?.save(records, millisUntil(until), { outdated, statusMessage });
            });
            return;
        }
        const isSaved = this.#attempt('state', () => {
            if (snapshots.holds(snapshot)) return;
            const store = openRunStore();
            if (store === undefined) throw new Error('the run has no store that can be written now');
            store.save(saved.records, millisUntil(until));
            snapshots.savedAtExit(saved);
        });
        const reason = pipeline.failure === undefined ? '' : ` ${pipeline.failure.message}`;
        const notice = `${left} items could not be sent before the process ended.${reason}`;
        const outcome = reports.outcome({ problem: notice, reportPlace: reports.place });
        const statusMessage = isMoving ? undefined : outcome.message;
        this.#attempt('report', () =>
            openRunStore()?.save(reports.records(notice), millisUntil(until), { statusMessage }),
        );
        const fate =
            isSaved || this.#isSaved
                ? 'They are saved with the run, and its next start sends them first.'
                : 'They are lost.';
        log.error(`${left} items could not be sent before the process ended. ${fate}`);
        if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = 1;
    }

    /** Returns whether the work was done. */
    #attempt(what: string, work: () => void): boolean {
        try {
            work();
            return true;
        } catch (error) {
            this.#options.log.error(`The guard's ${what} could not be written: ${(error as Error).message}`);
            return false;
        }
    }
}

function millisUntil(until: number): number {
    return Math.max(MIN_SAVE_MILLIS, until - monotonicMillis());
}
