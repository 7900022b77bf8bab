import { AsyncResource } from 'node:async_hooks';

import { QuarantineError } from '../../errors.js';
import type { Clock, OpenPayload, PayloadFactory, ReadBack, RecordFailure } from '../../ports.js';
import type { QuarantineRecord } from '../../records.js';
import { TOO_LATE } from '../../ports.js';
import type { CompletionOptions } from './completion.js';
import { complete } from './completion.js';
import type { PendingRecord } from './pending-record.js';
import { readSavedLine, toSavedLine } from './pending-record.js';
import type { RecordOrigin, RejectedItem } from './record.js';
import { recordOf } from './record.js';
import { markSaved, SavedRecords } from './saved-records.js';

export interface QuarantineOptions extends CompletionOptions {
    payloads: PayloadFactory;
    origin: () => RecordOrigin;
    onQuarantine: ((record: QuarantineRecord<any>) => void | Promise<void>) | undefined;
    clock: Clock;
    /** Delivers a payload of records, unless it is found there already; resolves to why not where none was stored. */
    deliver: (payload: OpenPayload, readBack: ReadBack | undefined) => Promise<RecordFailure | undefined>;
    /** Which of a payload's records are there; `undefined` when the run's end came first. */
    findStored: (payload: OpenPayload, readBack: ReadBack) => Promise<ReadonlySet<number> | undefined>;
    /** Saves with the run what is pending by the next turn of the event loop. Never rejects. */
    saveFirst: () => Promise<void>;
    /** Where in the quarantine dataset the next records will lie, at the earliest; undefined where it cannot be opened. */
    position: () => Promise<number | undefined>;
    /** Told of records once they are stored. */
    onStored: (count: number) => void;
}

/** Writes rejected items, with the reason, into the quarantine: one writer, in order, many records a request. */
export class Quarantine {
    readonly #options: QuarantineOptions;
    readonly #writeInContext: () => Promise<void>;
    #pending: PendingRecord[] = [];
    #pendingBytes = 0;
    /** Those in the request that is under way. */
    readonly #underWay = new Set<PendingRecord>();
    #writing: Promise<void> | undefined;
    #secured: Promise<void> | undefined;
    #announced: Promise<void> = Promise.resolve();

    constructor(options: QuarantineOptions) {
        this.#options = options;
        // Whoever happens to flush, the records are written in the async context of whoever opened the guard.
        this.#writeInContext = AsyncResource.bind(async () => this.#write());
    }

    /** Items whose record is not stored yet. */
    get pendingItems(): number {
        return this.#pending.length;
    }

    /** Bytes of those items' JSON. */
    get pendingBytes(): number {
        return this.#pendingBytes;
    }

    /** Takes the item over. It is stored with the next `flush`. */
    add(item: RejectedItem): void {
        const { origin, clock } = this.#options;
        const { text, owner, savedIn } = item;
        const itemBytes = text === undefined ? 0 : Buffer.byteLength(text);
        const record = recordOf(item, itemBytes, origin(), clock.now());
        this.#pending.push({ record, text: owner?.record === undefined ? text : undefined, owner, savedIn });
        this.#pendingBytes += itemBytes;
    }

    /**
     * To be called right before items of a batch are added that is saved with the run: before they are recorded, the run
     * must know that they are not to be sent any more, or its next process would have them rejected and recorded again.
     */
    secure(): void {
        this.#secured = this.#options.saveFirst();
    }

    /**
     * What another process of the run needs: a line for each record that nobody waits for, unless it is saved, alone or
     * with others that are pending as well; and the saved records that hold those items as unsent. `markSaved` tells that
     * the lines are saved; its argument is called when that is over.
     */
    async unsaved(): Promise<{ lines: string[]; savedIn: string[]; markSaved: (onDone: () => void) => void }> {
        const position = this.#pending.length > 0 ? await this.#options.position() : undefined;
        const unsaved = this.#pending.filter(({ owner, saved }) => owner === undefined && saved?.isWhole !== true);
        return {
            lines: unsaved.map((pending) => toSavedLine(pending, position)),
            savedIn: unsaved.flatMap(({ savedIn = [] }) => savedIn.flat()),
            markSaved: (onDone) => markSaved(unsaved, onDone),
        };
    }

    /** Takes over lines that `unsaved` gave to an earlier process of the run. */
    restore(lines: readonly string[], onDone: () => void): void {
        const sentBefore = this.#options.clock.now();
        const saved = new SavedRecords(lines.length, onDone);
        for (const line of lines) {
            const { id, record, text, readBackFrom: from, savedIn } = readSavedLine(line);
            const readBack = from === undefined ? undefined : { from, sentBefore, isSplit: true };
            this.#pending.push({ id, record, text, owner: undefined, readBack, savedIn, saved });
            this.#pendingBytes += record.itemBytes;
        }
    }

    /** Gives the items that somebody waits for back to them, to be pushed again. Returns how many. */
    takeBack(error: Error): number {
        const owned = this.#pending.filter((pending) => pending.owner !== undefined && !this.#underWay.has(pending));
        this.#remove(owned);
        for (const pending of owned) {
            pending.owner!.onTakenBack?.(pending.text);
            pending.owner!.settle({ takenBack: 1, error });
        }
        return owned.length;
    }

    /** Resolves when all records are stored. @throws QuarantineError: they are kept, and tried again by the next flush. */
    async flush(): Promise<void> {
        while (this.#pending.length > 0) {
            this.#writing ??= this.#writeInContext().finally(() => {
                this.#writing = undefined;
            });
            await this.#writing;
        }
    }

    /** Resolves when `onQuarantine` has been called for all that is stored. */
    async announced(): Promise<void> {
        await this.#announced;
    }

    async #write(): Promise<void> {
        try {
            await this.#secured;
            await this.#writeFirst(this.#pending.slice());
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            throw new QuarantineError(
                `${this.#pending.length} rejected items could not be written to the quarantine: ${reason} ` +
                    'They are kept in memory; flush() tries again.',
                { cause: error },
            );
        } finally {
            this.#underWay.clear();
        }
    }

    /** Writes as many of the first records as go in one request. What is to be looked for goes as it went before. */
    async #writeFirst(all: readonly PendingRecord[]): Promise<void> {
        const { payloads, deliver } = this.#options;
        const records: QuarantineRecord[] = [];
        const readBack = all[0]?.readBack;
        const sent: PendingRecord[] = [];
        let payload: OpenPayload | undefined;
        for (const pending of all) {
            // Given back meanwhile.
            if (pending.isDone) continue;
            if (!isSameReadBack(pending.readBack, readBack)) break;
            this.#underWay.add(pending);
            const { record, recordText } = await complete(pending, this.#options);
            if (payload === undefined) payload = payloads.open(recordText);
            else if (!payload.tryAppend(recordText)) break;
            records.push(record);
            sent.push(pending);
        }
        if (payload === undefined) return;
        try {
            if (readBack?.isSplit) return await this.#leaveOutStored(payload, sent, records, readBack);
            const failure = await deliver(payload, readBack);
            if (failure !== undefined) {
                for (const pending of sent) pending.readBack = failure.readBack;
                throw failure.error;
            }
            this.#markStored(sent, records);
        } finally {
            payloads.close(payload);
        }
    }

    /** Of records that an earlier process has left: those in quarantine are done with, and the others are written next. */
    async #leaveOutStored(
        payload: OpenPayload,
        sent: readonly PendingRecord[],
        records: readonly QuarantineRecord[],
        readBack: ReadBack,
    ): Promise<void> {
        const stored = await this.#options.findStored(payload, readBack);
        if (stored === undefined) throw new Error(TOO_LATE);
        for (const pending of sent) pending.readBack = undefined;
        const isStored = (_: unknown, index: number) => stored.has(index);
        this.#markStored(sent.filter(isStored), records.filter(isStored));
    }

    #markStored(done: readonly PendingRecord[], records: readonly QuarantineRecord[]): void {
        this.#remove(done);
        for (const { owner, saved } of done) {
            owner?.settle({ quarantined: 1 });
            saved?.leave();
        }
        this.#options.onStored(done.length);
        // Not waited for here: who is told may well want to flush.
        this.#announced = this.#announced.then(async () => {
            for (const record of records) await this.#announce(record);
        });
    }

    #remove(done: readonly PendingRecord[]): void {
        for (const pending of done) {
            pending.isDone = true;
            this.#pendingBytes -= pending.record.itemBytes;
        }
        this.#pending = this.#pending.filter(({ isDone }) => !isDone);
    }

    async #announce(record: QuarantineRecord): Promise<void> {
        try {
            await this.#options.onQuarantine?.(record);
        } catch (error) {
            this.#options.onCallbackError('onQuarantine', error);
        }
    }
}

function isSameReadBack(one: ReadBack | undefined, other: ReadBack | undefined): boolean {
    return one?.from === other?.from && one?.isSplit === other?.isSplit;
}
