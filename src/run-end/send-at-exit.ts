import type { SyncRunStore, SyncStorage } from '../apify/sync-storages.js';
import type { PositionInterpretation } from '../delivery/positions.js';
import { errorsOfItem, interpretPositions } from '../delivery/positions.js';
import type { ItemCounts } from '../delivery/read-back.js';
import { countItems, indexesOf, Search } from '../delivery/read-back.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { Log, Payload, SendResult } from '../ports.js';
import type { Batch } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import type { Rejection } from '../quarantine/record.js';
import type { RunReport } from '../report/run-report.js';
import { monotonicMillis } from '../utils/clock.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface SendAtExitOptions {
    pipeline: Pipeline;
    snapshots: SnapshotStore;
    reports: RunReport;
    /** Items that handlers have collected. They are taken out. */
    takeCollected: () => PreparedItem[];
    openStorage: () => SyncStorage | undefined;
    openQuarantine: () => SyncStorage | undefined;
    openRunStore: () => SyncRunStore | undefined;
    log: Log;
}

/** Looking for a request that was under way takes no more than this share of the time. */
const LOOK_SHARE = 0.3;
const LOOK_PAUSE_MILLIS = 100;
const MAX_LOOK_PAGES = 10;
const MIN_SAVE_MILLIS = 500;
/** This much of the time is kept for the report and for what could not be sent. */
const SAVE_SHARE = 0.2;
const MAX_PAYLOAD_BYTES = 5_000_000;
const REASONS = { 'invalid': 'schema', 'too-large': 'too-large', 'bad-request': 'rejected' } as const;

type RejectedResult = Extract<SendResult, { kind: keyof typeof REASONS }>;

/**
 * Sends what is left from the listener of the process's `exit` event, where nothing asynchronous happens any more: items, then
 * quarantine records, then the report. A request that was under way is looked for first. Whatever is left is saved with the run
 * and counted in one line.
 */
export class SendAtExit {
    readonly #options: SendAtExitOptions;

    constructor(options: SendAtExitOptions) {
        this.#options = options;
    }

    /** `isMoving`: the run goes on elsewhere, where the pages of running handlers run again. */
    send(maxMillis: number, { isMoving }: { isMoving: boolean }): void {
        const { pipeline, reports, takeCollected, log } = this.#options;
        const until = monotonicMillis() + maxMillis;
        const collected = isMoving ? [] : takeCollected();
        if (!isMoving) reports.processEnds();
        if (collected.length === 0 && pipeline.pendingItems === 0 && reports.isUpToDate) return;
        const sending = new SyncSending(this.#options, until - maxMillis * SAVE_SHARE);
        try {
            sending.enqueueCollected(collected);
            sending.sendAll();
            sending.writeRecords();
        } catch (error) {
            // What was not sent is still pending, and is saved and counted below.
            log.error(`The guard could not send at the end of the process: ${(error as Error).message}`);
        }
        this.#conclude(until, isMoving);
    }

    #conclude(until: number, isMoving: boolean): void {
        const { pipeline, snapshots, reports, openRunStore, log } = this.#options;
        const { counters } = pipeline;
        const left = counters.unaccountedItems;
        counters.ended(true);
        const snapshot = { ...pipeline.unsent(!isMoving), statistics: pipeline.statistics.save() };
        const { pieces, head } = snapshots.recordsOf(snapshot, left === 0 && !isMoving);
        if (left === 0) {
            const { level, message } = reports.outcome({ reportPlace: reports.place });
            if (level !== 'info' && !isMoving) log[level](message);
            // Each call starts a child, and the time is short.
            this.#attempt('report and state', () => {
                const store = openRunStore();
                if (pieces.length > 0) store?.save(pieces, millisUntil(until));
                store?.save([head, ...reports.records()], millisUntil(until), isMoving ? undefined : message);
            });
            return;
        }
        const isSaved = this.#attempt('state', () => {
            if (snapshots.holds(snapshot)) return;
            const store = openRunStore();
            if (store === undefined) throw new Error('the run has no store that can be written now');
            // The head names the pieces, so it is written only when all of them are there.
            if (pieces.length > 0) store.save(pieces, millisUntil(until));
            store.save([head], millisUntil(until));
        });
        const reason = pipeline.failure === undefined ? '' : ` ${pipeline.failure.message}`;
        const notice = `${left} items could not be sent before the process ended.${reason}`;
        this.#attempt('report', () =>
            openRunStore()?.save(
                reports.records(notice),
                millisUntil(until),
                isMoving ? undefined : reports.outcome({ problem: notice, reportPlace: reports.place }).message,
            ),
        );
        const fate = isSaved ? 'They are saved with the run, and its next start sends them first.' : 'They are lost.';
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

/** Sends without the event loop, and tells the pipeline what became of each item. */
class SyncSending {
    readonly #options: SendAtExitOptions;
    readonly #until: number;
    readonly #storage: SyncStorage | undefined;
    /** Set once the platform does not answer: asking again for each payload would only use up the time. */
    #isUnavailable: boolean;

    constructor(options: SendAtExitOptions, until: number) {
        this.#options = options;
        this.#until = until;
        this.#storage = options.openStorage();
        this.#isUnavailable = this.#storage === undefined;
    }

    get #left(): number {
        return Math.max(0, this.#until - monotonicMillis());
    }

    enqueueCollected(collected: readonly PreparedItem[]): void {
        const { pipeline } = this.#options;
        for (const prepared of collected) {
            if (prepared.rejection === undefined) pipeline.enqueue(prepared, undefined, 0, true);
            else void pipeline.reject(prepared, undefined, 0, true)?.catch(() => undefined);
        }
    }

    /** What waits beside another item takes its place where that one is not stored. */
    sendAll(): void {
        const { duplicates } = this.#options.pipeline;
        for (;;) {
            const waitingItems = duplicates?.waitingItems ?? 0;
            this.sendBatches();
            // Only what waited before can have taken a place.
            if (waitingItems === 0 || waitingItems === duplicates!.waitingItems) return;
        }
    }

    /** What was under way is looked for, all of it at once; then one start of a child sends everything, as far as nothing is rejected. */
    sendBatches(): void {
        const { pipeline } = this.#options;
        // What takes a place while these are settled goes into a batch of its own.
        pipeline.buffer.closeOpen();
        const batches = [...pipeline.buffer.batches];
        const stored = this.#findStored(batches.filter((batch) => batch.isSending || batch.unknown !== undefined));
        const unsent = batches.map((batch) => {
            const found = stored.get(batch) ?? new Set<number>();
            pipeline.stored(batch, found);
            const all = Array.from({ length: batch.payload.itemCount }, (_, index) => index);
            return { batch, indexes: all.filter((index) => !found.has(index)) };
        });
        const sent = unsent.filter(({ indexes }) => indexes.length > 0);
        const bodies = sent.map(({ batch, indexes }) => partOf(batch.payload, indexes).body);
        const results = this.#isUnavailable ? [] : this.#storage!.pushAll(bodies, this.#left);
        for (const { batch, indexes } of unsent) {
            const result = results[sent.findIndex((each) => each.batch === batch)];
            const left = result && indexes.length > 0 ? this.#settle(result, batch, indexes) : indexes;
            pipeline.buffer.keep(batch, [{ indexes: left }]);
        }
    }

    writeRecords(): void {
        const { pipeline, openQuarantine } = this.#options;
        const texts = pipeline.quarantine.completeSync();
        if (texts.length === 0) return;
        const bodies = toPayloads(texts).map(({ body }) => body);
        const results = openQuarantine()?.pushAll(bodies, this.#left) ?? [];
        // A record that is written again has the same id, so all of them are where one is missing.
        if (results.length === bodies.length && results.every(({ kind }) => kind === 'stored')) {
            pipeline.quarantine.writtenAtExit();
        }
    }

    /** Sends these items of a batch. Returns the indexes of those that are neither stored nor rejected. */
    #send(batch: Batch, indexes: number[]): number[] {
        if (indexes.length === 0 || this.#isUnavailable || this.#left === 0) return indexes;
        const [result] = this.#storage!.pushAll([partOf(batch.payload, indexes).body], this.#left);
        return result === undefined ? indexes : this.#settle(result, batch, indexes);
    }

    /** As `Delivery` does it: the named items are set aside, and what is rejected without names is halved. */
    #settle(result: SendResult, batch: Batch, indexes: number[]): number[] {
        const { pipeline } = this.#options;
        if (result.kind === 'unavailable' || result.kind === 'refused') {
            this.#isUnavailable = true;
            return indexes;
        }
        if (result.kind === 'stored') {
            pipeline.stored(batch, new Set(indexes));
            return [];
        }
        if (indexes.length === 1) return this.#settleSingle(result, batch, indexes[0]!);
        const [named] = result.kind === 'invalid' ? interpretPositions(result.invalidItems, indexes.length, 0) : [];
        if (named !== undefined && this.#setAsideNamed(named, batch, indexes)) return [];
        const middle = Math.floor(indexes.length / 2);
        return [...this.#send(batch, indexes.slice(0, middle)), ...this.#send(batch, indexes.slice(middle))];
    }

    #settleSingle(result: RejectedResult, batch: Batch, index: number): number[] {
        // Without a contrast nobody knows whether a refusal is about the item.
        const isKnown = batch.isDisputed && this.#options.pipeline.hasAccepted;
        if (result.kind === 'bad-request' && !isKnown) return [index];
        const errors = result.kind === 'invalid' ? errorsOfItem(result.invalidItems) : [];
        const reason = REASONS[result.kind];
        this.#options.pipeline.setAside(batch, index, { reason, rejectedBy: 'platform', errors, itemPosition: 0 });
        return [];
    }

    /** Returns false where the platform does not accept the rest: its positions mean something else. */
    #setAsideNamed(named: PositionInterpretation, batch: Batch, indexes: number[]): boolean {
        const { pipeline } = this.#options;
        const rest = indexes.filter((_, position) => !named.errors.has(position));
        if (rest.length > 0) {
            const [result] = this.#storage!.pushAll([batch.payload.pick(rest).body], this.#left);
            if (result?.kind !== 'stored') return false;
            pipeline.stored(batch, new Set(rest));
        }
        for (const [itemPosition, errors] of named.errors) {
            const rejection: Rejection = { reason: 'schema', rejectedBy: 'platform', errors, itemPosition };
            pipeline.setAside(batch, indexes[itemPosition]!, rejection);
        }
        return true;
    }

    /** Which items are stored of requests that were under way, here or in an earlier process. */
    #findStored(batches: readonly Batch[]): Map<Batch, Set<number>> {
        const items: ItemCounts = new Map();
        for (const { payload } of batches) countItems(payload, items);
        if (items.size === 0) return new Map();
        const lookUntil = monotonicMillis() + this.#left * LOOK_SHARE;
        for (;;) {
            const search = this.#look(items);
            const isLast = monotonicMillis() + LOOK_PAUSE_MILLIS >= lookUntil;
            // Only what was under way in this process may yet show up.
            if (search.isComplete || isLast || !batches.some(({ isSending }) => isSending)) {
                const found = search.found();
                return new Map(batches.map((batch) => [batch, takeFound(batch.payload, found)]));
            }
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_PAUSE_MILLIS);
        }
    }

    #look(items: ItemCounts): Search {
        const search = new Search({ items, others: this.#options.pipeline.copiesStored(items), from: 0 });
        let limit = Math.max(
            8,
            [...items.values()].reduce((sum, count) => sum + count, 0),
        );
        for (let skip = 0, pages = 0; !search.isComplete && pages < MAX_LOOK_PAGES; pages++) {
            const page = this.#storage?.newest(limit, skip, this.#left) ?? [];
            search.see(page);
            if (page.length < limit) break;
            skip += page.length;
            limit *= 2;
        }
        return search;
    }
}

/** The indexes of the payload's items that are found. Those copies are found for no other payload. */
function takeFound(payload: Payload, found: ItemCounts): Set<number> {
    const indexes = indexesOf(payload, found);
    for (const [key, count] of countItems(payload)) found.set(key, Math.max(0, (found.get(key) ?? 0) - count));
    return indexes;
}

function partOf(payload: Payload, indexes: readonly number[]): Payload {
    return indexes.length === payload.itemCount ? payload : payload.pick(indexes);
}

function toPayloads(texts: readonly string[]): PayloadWriter[] {
    const groups: string[][] = [];
    let bytes = Infinity;
    for (const text of texts) {
        bytes += Buffer.byteLength(text) + 1;
        if (bytes > MAX_PAYLOAD_BYTES) {
            groups.push([]);
            bytes = Buffer.byteLength(text) + 2;
        }
        groups.at(-1)!.push(text);
    }
    return groups.map((group) => PayloadWriter.of(group));
}
