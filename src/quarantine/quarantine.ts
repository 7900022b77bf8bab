import { AsyncResource } from 'node:async_hooks';

import { PayloadWriter } from '../delivery/payload.js';
import type { QuarantineError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Log, QuarantineStore } from '../ports.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Counters } from '../quality/counters.js';
import type { Redactor } from '../quality/redact.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import type { Clock } from '../utils/clock.js';
import { afterThisTurn } from '../utils/clock.js';
import { Flushes } from '../utils/flushes.js';
import type { Writable } from '../utils/writable.js';
import { Announcer } from './announcer.js';
import { ItemsBeside } from './items-beside.js';
import { type PendingRecord, PendingRecords } from './pending-records.js';
import { quarantineError } from './quarantine-error.js';
import type { RecordOrigin, RecordTarget, Rejection } from './record.js';
import { createRecord, RecordDraft } from './record.js';
import type { RecordWriter } from './record-writer.js';
import { RoomWaiters } from './room-waiters.js';

export interface QuarantineOptions {
    options: Pick<ResolvedOptions, 'onQuarantine' | 'maxPayloadBytes' | 'maxBufferedBytes' | 'flushIntervalMillis'>;
    redactor: Redactor;
    writer: Pick<RecordWriter, 'write'>;
    store: Pick<QuarantineStore, 'storeItem'>;
    origin: RecordOrigin;
    counters: Counters;
    callbackErrors: CallbackErrors;
    clock: Clock;
    log: Pick<Log, 'error'>;
}

/** After a failure writing begins again by itself, in case nobody flushes. */
const RESUME_MILLIS = 30_000;

/** Rejected items on their way into the quarantine: one writer, in order, many records to a request. */
export class Quarantine {
    /** Why nothing is written now. */
    readonly failure: QuarantineError | undefined;
    /** Why the items of some records cannot be stored now, which their records need. */
    readonly itemFailure: QuarantineError | undefined;
    readonly #options: QuarantineOptions;
    readonly #announcer: Announcer;
    readonly #target: RecordTarget;
    #origin: RecordOrigin;
    readonly #writeInContext: () => void;
    readonly #pending = new PendingRecords();
    readonly #beside: ItemsBeside<PendingRecord>;
    #isWriting = false;
    readonly #flushes = new Flushes();
    readonly #room = new RoomWaiters();
    #cancelTimer: (() => void) | undefined;
    #cancelRetry: (() => void) | undefined;
    /** So that a failure that goes on is not logged again and again. */
    #loggedReason: string | undefined;

    constructor(options: QuarantineOptions) {
        this.#options = options;
        const { maxPayloadBytes } = options.options;
        this.#target = { ...options, maxPayloadBytes };
        this.#beside = new ItemsBeside(
            options,
            () => this.#write(),
            (failed, reason) => this.#failAlone(failed, reason),
        );
        this.#origin = options.origin;
        this.#announcer = new Announcer(options.options.onQuarantine, options.callbackErrors);
        // Whoever happens to flush, the records are written in the async context of whoever opened the guard.
        this.#writeInContext = AsyncResource.bind(() => {
            afterThisTurn(() => {
                void this.#writeAll();
            });
        });
    }

    /** Items are validated with another schema from now on. */
    useSchema(schemaHash: string): void {
        this.#origin = { ...this.#origin, schemaHash };
    }

    /** Items whose record is not stored yet. */
    get pendingItems(): number {
        return this.#pending.all.length;
    }

    /** Those of them that nobody waits for. */
    get unawaitedItems(): number {
        return this.#pending.unawaited.length;
    }

    /** Takes the item over. Its record is stored soon; at once where somebody waits for it. */
    add(rejection: Rejection, itemText: string | undefined, source: PushSource | undefined, position: number): void {
        const { clock, options } = this.#options;
        const itemBytes = itemText === undefined ? 0 : Buffer.byteLength(itemText);
        const original = source?.record;
        const isReturned = original !== undefined;
        const returnedText = isReturned && 'item' in original ? JSON.stringify(original.item) : undefined;
        const head = createRecord(rejection, itemBytes, this.#origin, source, clock.now());
        const draft = new RecordDraft(head, isReturned ? returnedText : itemText);
        const waiter = source instanceof Waiter ? source : undefined;
        this.#pending.add(draft, waiter, position);
        if (waiter !== undefined || this.#pending.bytes > options.maxPayloadBytes) this.#write();
        else this.#armTimer(options.flushIntervalMillis);
    }

    /** Resolves when so little is pending that more may come; undefined where that is so now. @throws QuarantineError where it stays */
    waitForRoom(): Promise<void> | undefined {
        if (this.#hasRoom) return undefined;
        const room = this.#room.wait();
        this.#tryAgain();
        return room;
    }

    /** Resolves when what is pending now is stored. @throws QuarantineError: it is kept for the next flush, or given back */
    async flush(): Promise<void> {
        if (this.pendingItems === 0) return;
        const flushed = this.#flushes.wait(this.#pending.lastNumber);
        this.#tryAgain();
        await flushed;
    }

    /** Gives items back whose callers wait for them. */
    #giveBack(records: readonly PendingRecord[], error: Error): void {
        const awaited = records.filter(({ waiter }) => isAwaited(waiter));
        this.#remove(awaited);
        const duplicates = awaited.filter(({ draft }) => draft.head.reason === 'duplicate').length;
        this.#options.counters.rejectedGivenBack(awaited.length - duplicates);
        this.#options.counters.givenBack(duplicates);
        for (const { waiter, position } of awaited) waiter!.givenBack(position, error);
    }

    /** Resolves when `onQuarantine` has been called for all that is stored. */
    async announced(): Promise<void> {
        await this.#announcer.settled();
    }

    /** The records that another process has to write, as JSON. Where `isAll` is false, only those that nobody waits for. */
    unwritten(isAll: boolean): string[] {
        const pending = isAll ? this.#pending.all : this.#pending.unawaited;
        return pending.map(({ draft }) => draft.toSaved());
    }

    /** The callers who wait for pending records. */
    get waiters(): Waiter[] {
        return this.#pending.waiters;
    }

    /** Takes over what `unwritten` gave in an earlier process. Returns how many. @throws SyntaxError, TypeError */
    restore(lines: readonly string[]): number {
        const drafts = lines.map((line) => RecordDraft.fromSaved(line));
        for (const draft of drafts) this.#pending.add(draft);
        if (drafts.length > 0) this.#armTimer(0);
        return drafts.length;
    }

    /** The records' JSON, for the end of a process. Those that cannot hold their item have to be saved with the run. */
    completeSync(): string[] {
        return this.#pending.all.flatMap(({ draft }) => draft.complete(this.#target) ?? []);
    }

    /** The texts that `completeSync` gave are stored. */
    writtenAtExit(): void {
        this.#markStored(this.#pending.all.filter(({ draft }) => draft.text !== undefined));
    }

    #armTimer(millis: number): void {
        this.#cancelTimer ??= this.#options.clock.afterInterval(millis, () => {
            this.#cancelTimer = undefined;
            this.#write();
        });
    }

    /** Records of the same turn of the event loop share a request. */
    #write(): void {
        if (this.#isWriting || this.failure !== undefined) return;
        this.#isWriting = true;
        this.#writeInContext();
    }

    async #writeAll(): Promise<void> {
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
        try {
            for (let next = this.#next(); next.texts.length > 0; next = this.#next()) {
                const error = await this.#options.writer.write(PayloadWriter.of(next.texts));
                if (error !== undefined) throw error;
                this.#markStored(next.records);
                this.#settleFlushes();
            }
        } catch (error) {
            this.#fail(error);
        } finally {
            this.#isWriting = false;
        }
    }

    /** As many of the first records as fit one request. */
    #next(): { texts: string[]; records: PendingRecord[] } {
        const { maxPayloadBytes } = this.#options.options;
        const texts: string[] = [];
        const records: PendingRecord[] = [];
        let bytes = 2;
        for (const pending of this.#pending.all) {
            const text = pending.draft.complete(this.#target);
            if (text === undefined) {
                this.#beside.add(pending);
                continue;
            }
            bytes += Buffer.byteLength(text) + 1;
            if (bytes > maxPayloadBytes && texts.length > 0) break;
            texts.push(text);
            records.push(pending);
        }
        this.#admitRoomWaiters();
        void this.#beside.store();
        return { texts, records };
    }

    /** What is stored beside its record, or cannot be, does not hold up records that can be written. */
    get #hasRoom(): boolean {
        const { maxPayloadBytes, maxBufferedBytes } = this.#options.options;
        return this.#pending.bytes - this.#beside.bytes <= maxPayloadBytes && this.#beside.bytes <= maxBufferedBytes;
    }

    #admitRoomWaiters(): void {
        if (this.#room.isAwaited && this.#hasRoom) this.#room.admit();
    }

    #settleFlushes(): void {
        const first = this.#pending.all.find((pending) => !this.#beside.isUnstorable(pending));
        this.#flushes.leftBefore(first?.number ?? Infinity);
    }

    #markStored(written: readonly PendingRecord[]): void {
        this.#remove(written);
        this.#options.counters.quarantined(written.length);
        for (const { waiter } of written) waiter?.quarantined();
        this.#announcer.announce(written.map(({ draft }) => draft.text ?? ''));
    }

    #remove(done: readonly PendingRecord[]): void {
        this.#pending.remove(done);
        for (const pending of done) this.#beside.remove(pending);
        this.#admitRoomWaiters();
    }

    /** Nothing can be written. */
    #fail(cause: unknown): void {
        const error = this.#errorOf(this.#pending.all, cause);
        this.#giveBack(this.#pending.all, error);
        this.#flushes.fail(error);
        this.#room.refuse(error);
        if (this.pendingItems === 0) return;
        (this as Writable<Quarantine>).failure = error;
        this.#tryAgainLater();
    }

    /** The items of these records cannot be stored. */
    #failAlone(records: readonly PendingRecord[], cause: unknown): void {
        const error = this.#errorOf(records, cause);
        this.#giveBack(records, error);
        this.#flushes.leaveBehind(records[0]!.number, error);
        this.#settleFlushes();
        if (!this.#beside.hasUnstorable) return;
        (this as Writable<Quarantine>).itemFailure = error;
        if (this.#beside.bytes > this.#options.options.maxBufferedBytes) {
            // Memory is bounded: nothing more is taken. What else takes up room leaves it.
            (this as Writable<Quarantine>).failure = error;
            this.#room.refuse(error);
        }
        this.#tryAgainLater();
    }

    #errorOf(records: readonly PendingRecord[], cause: unknown): QuarantineError {
        const keptItems = records.filter(({ waiter }) => !isAwaited(waiter)).length;
        const { error, reason } = quarantineError(cause, records.length, keptItems);
        if (this.#loggedReason !== reason) this.#options.log.error(error.message);
        this.#loggedReason = reason;
        return error;
    }

    #tryAgainLater(): void {
        this.#cancelRetry?.();
        this.#cancelRetry = this.#options.clock.after(RESUME_MILLIS, () => this.#tryAgain());
    }

    #tryAgain(): void {
        (this as Writable<Quarantine>).failure = undefined;
        (this as Writable<Quarantine>).itemFailure = undefined;
        this.#beside.tryAgain();
        this.#write();
    }
}
