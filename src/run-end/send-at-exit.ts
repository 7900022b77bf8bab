import type { SyncRunStore, SyncStorage } from '../apify/sync-storages.js';
import type { PositionInterpretation } from '../delivery/positions.js';
import { errorsOfItem, interpretPositions } from '../delivery/positions.js';
import { countItems, Search } from '../delivery/read-back.js';
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
        if (collected.length === 0 && pipeline.pendingItems === 0 && reports.isUpToDate) return;
        const sending = new SyncSending(this.#options, until - maxMillis * SAVE_SHARE);
        try {
            sending.enqueueCollected(collected);
            sending.sendBatches();
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
        let isSaved = false;
        try {
            const snapshot = { ...pipeline.unsent(!isMoving), statistics: pipeline.statistics.save() };
            const notice = left === 0 ? undefined : `${left} items could not be sent before the process ended.`;
            const records = [...snapshots.recordsOf(snapshot, left === 0 && !isMoving), ...reports.records(notice)];
            openRunStore()?.save(records, Math.max(500, until - monotonicMillis()));
            isSaved = true;
        } catch (error) {
            log.error(`The guard's report and state could not be written: ${(error as Error).message}`);
        }
        if (left === 0) return;
        const fate = isSaved ? 'They are saved with the run, and its next start sends them first.' : 'They are lost.';
        log.error(`${left} items could not be sent before the process ended. ${fate}`);
        if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = 1;
    }
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

    /** What was under way first, then everything else with one start of a child, as far as nothing is rejected. */
    sendBatches(): void {
        const { pipeline } = this.#options;
        const isUnknown = (batch: Batch) => batch.isSending || batch.unknown !== undefined;
        const batches = [...pipeline.buffer.batches];
        for (const batch of batches.filter(isUnknown)) this.#sendUnknown(batch);
        const waiting = batches.filter((batch) => !isUnknown(batch));
        const results = this.#isUnavailable
            ? []
            : this.#storage!.pushAll(
                  waiting.map(({ payload }) => payload.body),
                  this.#left,
              );
        for (const [number, batch] of waiting.entries()) {
            const indexes = Array.from({ length: batch.payload.itemCount }, (_, index) => index);
            const result = results[number];
            pipeline.buffer.keep(batch, [{ indexes: result ? this.#settle(result, batch, indexes) : indexes }]);
        }
    }

    #sendUnknown(batch: Batch): void {
        const { pipeline } = this.#options;
        const stored = this.#findStored(batch);
        pipeline.stored(batch, stored);
        const indexes = Array.from({ length: batch.payload.itemCount }, (_, index) => index);
        const unsent = indexes.filter((index) => !stored.has(index));
        const left = this.#send(batch, unsent);
        pipeline.buffer.keep(batch, [{ indexes: left }]);
    }

    writeRecords(): void {
        const { pipeline, openQuarantine } = this.#options;
        const texts = pipeline.quarantine.completeSync();
        if (texts.length === 0) return;
        const bodies = toPayloads(texts).map(({ body }) => body);
        const results = openQuarantine()?.pushAll(bodies, this.#left) ?? [];
        if (results.length === bodies.length && results.every(({ kind }) => kind === 'stored')) {
            pipeline.quarantine.writtenAtExit();
        }
    }

    /** Sends these items of a batch. Returns the indexes of those that are neither stored nor rejected. */
    #send(batch: Batch, indexes: number[]): number[] {
        const { payload } = batch;
        if (indexes.length === 0 || this.#isUnavailable || this.#left === 0) return indexes;
        const part = indexes.length === payload.itemCount ? payload : payload.pick(indexes);
        const [result] = this.#storage!.pushAll([part.body], this.#left);
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
        if (result.kind === 'bad-request' && !batch.isDisputed) return [index];
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

    /** Which items of a request are stored that was under way when the process ended. */
    #findStored(batch: Batch): Set<number> {
        const lookUntil = monotonicMillis() + this.#left * LOOK_SHARE;
        for (;;) {
            const stored = this.#look(batch.payload);
            if (stored.size === batch.payload.itemCount || monotonicMillis() + LOOK_PAUSE_MILLIS >= lookUntil)
                return stored;
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_PAUSE_MILLIS);
        }
    }

    #look(payload: Payload): Set<number> {
        const items = countItems(payload);
        const search = new Search({ items, others: this.#options.pipeline.copiesStored(items), from: 0 });
        let limit = Math.max(8, payload.itemCount);
        for (let skip = 0, pages = 0; !search.isComplete && pages < MAX_LOOK_PAGES; pages++) {
            const page = this.#storage?.newest(limit, skip, this.#left) ?? [];
            search.see(page);
            if (page.length < limit) break;
            skip += page.length;
            limit *= 2;
        }
        return search.foundIn(payload);
    }
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
