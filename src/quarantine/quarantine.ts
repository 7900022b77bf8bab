import { AsyncResource } from 'node:async_hooks';

import { PayloadWriter } from '../delivery/payload.js';
import { QuarantineError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { QuarantineStore } from '../ports.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Counters } from '../quality/counters.js';
import type { Redactor } from '../quality/redact.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import type { Clock } from '../utils/clock.js';
import { afterThisTurn } from '../utils/clock.js';
import type { Writable } from '../utils/writable.js';
import { Announcer } from './announcer.js';
import type { RecordHead, RecordOrigin, Rejection } from './record.js';
import { createRecord, recordText } from './record.js';
import type { RecordWriter } from './record-writer.js';

export interface QuarantineOptions {
    options: Pick<ResolvedOptions, 'onQuarantine' | 'maxPayloadBytes' | 'flushIntervalMillis'>;
    redactor: Redactor;
    writer: Pick<RecordWriter, 'write'>;
    store: Pick<QuarantineStore, 'storeItem'>;
    origin: RecordOrigin;
    counters: Counters;
    callbackErrors: CallbackErrors;
    clock: Clock;
}

/** A record that is not stored yet. */
interface PendingRecord {
    /** Its place in the order, from 1. */
    readonly number: number;
    readonly head: RecordHead;
    /** The item's JSON, until it is in the record's text or beside it. */
    itemText: string | undefined;
    /** The record's JSON, once it is complete. */
    text: string | undefined;
    readonly waiter: Waiter | undefined;
    readonly position: number;
}

interface Flush {
    upTo: number;
    resolve: () => void;
    reject: (error: Error) => void;
}

/** What a record says besides its item. */
const MAX_HEAD_BYTES = 65_536;
/** After a failure writing begins again by itself, in case nobody flushes. */
const RESUME_MILLIS = 30_000;

/** Rejected items on their way into the quarantine: one writer, in order, many records to a request. */
export class Quarantine {
    /** Why nothing is written now. */
    readonly failure: QuarantineError | undefined;
    readonly #options: QuarantineOptions;
    readonly #announcer: Announcer;
    #origin: RecordOrigin;
    readonly #writeInContext: () => void;
    #pending: PendingRecord[] = [];
    #pendingBytes = 0;
    #nextNumber = 1;
    #isWriting = false;
    #flushes: Flush[] = [];
    #cancelTimer: (() => void) | undefined;

    constructor(options: QuarantineOptions) {
        this.#options = options;
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
        return this.#pending.length;
    }

    /** Those of them that nobody waits for. */
    get unawaitedItems(): number {
        return this.#pending.filter(({ waiter }) => !isAwaited(waiter)).length;
    }

    /** Takes the item over. Its record is stored soon; at once where somebody waits for it. */
    add(rejection: Rejection, itemText: string | undefined, source: PushSource | undefined, position: number): void {
        const { clock, options } = this.#options;
        const itemBytes = itemText === undefined ? 0 : Buffer.byteLength(itemText);
        const original = source?.record;
        const isReturned = original !== undefined;
        const returnedText = isReturned && 'item' in original ? JSON.stringify(original.item) : undefined;
        this.#push({
            number: this.#nextNumber++,
            head: createRecord(rejection, itemBytes, this.#origin, source, clock.now()),
            itemText: isReturned ? returnedText : itemText,
            text: undefined,
            waiter: source instanceof Waiter ? source : undefined,
            position,
        });
        if (source instanceof Waiter || this.#pendingBytes > options.maxPayloadBytes) this.#write();
        else this.#armTimer(options.flushIntervalMillis);
    }

    /** Resolves when so little is pending that more may come; undefined where that is so now. */
    waitForRoom(): Promise<void> | undefined {
        return this.#pendingBytes > this.#options.options.maxPayloadBytes ? this.flush() : undefined;
    }

    /** Resolves when what is pending now is stored. @throws QuarantineError: it is kept for the next flush, or given back */
    async flush(): Promise<void> {
        const last = this.#pending.at(-1);
        if (last === undefined) return;
        (this as Writable<Quarantine>).failure = undefined;
        await new Promise<void>((resolve, reject) => {
            this.#flushes.push({ upTo: last.number, resolve, reject });
            this.#write();
        });
    }

    /** Gives items back whose callers wait for them. */
    #giveBack(error: Error): void {
        const awaited = this.#pending.filter(({ waiter }) => isAwaited(waiter));
        this.#remove(awaited);
        const duplicates = awaited.filter(({ head }) => head.reason === 'duplicate').length;
        this.#options.counters.rejectedGivenBack(awaited.length - duplicates);
        this.#options.counters.discarded(duplicates);
        for (const { waiter, position } of awaited) waiter!.givenBack(position, error);
    }

    /** Resolves when `onQuarantine` has been called for all that is stored. */
    async announced(): Promise<void> {
        await this.#announcer.settled();
    }

    /** The records that another process has to write, as JSON. Where `isAll` is false, only those that nobody waits for. */
    unwritten(isAll: boolean): string[] {
        const pending = this.#pending.filter(({ waiter }) => isAll || !isAwaited(waiter));
        return pending.map(({ head, itemText, text }) => JSON.stringify({ head, itemText, text }));
    }

    /** The callers who wait for pending records. */
    get waiters(): Waiter[] {
        return this.#pending.flatMap(({ waiter }) => waiter ?? []);
    }

    /** Takes over what `unwritten` gave in an earlier process. Returns how many. @throws SyntaxError, TypeError */
    restore(lines: readonly string[]): number {
        const saved = lines.map((line) => JSON.parse(line) as Pick<PendingRecord, 'head' | 'itemText' | 'text'>);
        for (const { head, itemText, text } of saved) {
            this.#push({ number: this.#nextNumber++, head, itemText, text, waiter: undefined, position: 0 });
        }
        if (saved.length > 0) this.#armTimer(0);
        return saved.length;
    }

    /** The records' JSON, for the end of a process. Those whose item is too large for them have to be saved with the run. */
    completeSync(): string[] {
        const fitting = this.#pending.filter((pending) => !this.#isTooLarge(pending));
        return fitting.map((pending) => {
            const { head, itemText } = pending;
            pending.text ??= recordText(head, itemText === undefined ? undefined : this.#redact(itemText));
            return pending.text;
        });
    }

    /** The texts that `completeSync` gave are stored. */
    writtenAtExit(): void {
        this.#markStored(this.#pending.filter((pending) => !this.#isTooLarge(pending)));
    }

    /** The item is no smaller for being redacted, as far as anybody knows. */
    #isTooLarge({ head, text, itemText }: PendingRecord): boolean {
        if (text !== undefined || itemText === undefined) return false;
        return head.reason === 'too-large' || head.itemBytes + MAX_HEAD_BYTES > this.#options.options.maxPayloadBytes;
    }

    #push(pending: PendingRecord): void {
        this.#pending.push(pending);
        this.#pendingBytes += pending.head.itemBytes;
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
            while (this.#pending.length > 0) {
                await this.#writeFirst();
                this.#settleFlushes();
            }
        } catch (error) {
            this.#fail(error);
        } finally {
            this.#isWriting = false;
        }
    }

    /** Writes as many of the first records as fit one request. A record whose item cannot be stored waits, and costs only itself. */
    async #writeFirst(): Promise<void> {
        const { writer, options } = this.#options;
        const texts: string[] = [];
        const written: PendingRecord[] = [];
        let bytes = 2;
        let failure: unknown;
        for (const pending of this.#pending.slice()) {
            try {
                pending.text ??= await this.#complete(pending);
            } catch (error) {
                failure = error;
                continue;
            }
            bytes += Buffer.byteLength(pending.text) + 1;
            if (bytes > options.maxPayloadBytes && texts.length > 0) break;
            texts.push(pending.text);
            written.push(pending);
        }
        if (texts.length === 0) throw failure;
        const error = await writer.write(PayloadWriter.of(texts));
        if (error !== undefined) throw error;
        this.#markStored(written);
    }

    /** Puts the item into its record, or, where it is too large for that, into the store beside the quarantine. */
    async #complete(pending: PendingRecord): Promise<string> {
        const { options, store } = this.#options;
        const { head, itemText } = pending;
        if (itemText === undefined) return recordText(head, undefined);
        const redacted = this.#redact(itemText);
        if (redacted !== undefined && head.reason !== 'too-large') {
            const text = recordText(head, redacted);
            if (Buffer.byteLength(text) + 2 <= options.maxPayloadBytes) return text;
        }
        // What `redact` would have hidden is unknown, so the item stays with the run.
        const place = redacted === undefined ? 'run' : 'quarantine';
        Object.assign(head, await store.storeItem(`item-${head.id}`, redacted ?? itemText, place));
        // The item is not stored again when the record's own request fails.
        pending.itemText = undefined;
        return recordText(head, undefined);
    }

    /** What of the item may be written; undefined when `redact` fails. */
    #redact(itemText: string): string | undefined {
        const { redactor } = this.#options;
        if (!redactor.isActive) return itemText;
        const redacted = redactor.apply(JSON.parse(itemText));
        try {
            return redacted && JSON.stringify(redacted);
        } catch (error) {
            // What `redact` returned has no JSON.
            this.#options.callbackErrors.add('redact', error);
            return undefined;
        }
    }

    #markStored(written: readonly PendingRecord[]): void {
        this.#remove(written);
        this.#options.counters.quarantined(written.length);
        for (const { waiter } of written) waiter?.quarantined();
        this.#announcer.announce(written.map(({ text }) => text ?? ''));
    }

    #remove(done: readonly PendingRecord[]): void {
        const gone = new Set(done);
        this.#pending = this.#pending.filter((pending) => !gone.has(pending));
        for (const { head } of done) this.#pendingBytes -= head.itemBytes;
    }

    #fail(cause: unknown): void {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const count = this.#pending.length;
        const error = new QuarantineError(
            `${count} rejected ${count === 1 ? 'item' : 'items'} could not be written to the quarantine: ${reason} ` +
                'They are kept in memory; flush() tries again.',
            { cause },
        );
        this.#giveBack(error);
        const flushes = this.#flushes;
        this.#flushes = [];
        for (const { reject } of flushes) reject(error);
        if (this.#pending.length === 0) return;
        (this as Writable<Quarantine>).failure = error;
        this.#options.clock.after(RESUME_MILLIS, () => {
            if (this.failure !== error) return;
            (this as Writable<Quarantine>).failure = undefined;
            this.#write();
        });
    }

    #settleFlushes(): void {
        const first = this.#pending[0]?.number ?? Infinity;
        this.#flushes = this.#flushes.filter(({ upTo, resolve }) => {
            if (first <= upTo) return true;
            resolve();
            return false;
        });
    }
}
