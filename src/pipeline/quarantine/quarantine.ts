import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

import { QuarantineError } from '../../errors.js';
import { synchronous } from '../../ports.js';
import type {
    Clock,
    Dictionary,
    ItemError,
    OpenPayload,
    Owner,
    PayloadFactory,
    QuarantineReason,
    QuarantineRecord,
    QuarantineStore,
    ReadBack,
    RecordFailure,
    RequestInfo,
} from '../../ports.js';
import { markSaved, SavedRecords } from './saved-records.js';

/** An item that was rejected, on its way into quarantine. */
export interface RejectedItem {
    /** The item's JSON, where it has one. */
    text: string | undefined;
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: ItemError[];
    itemPosition: number;
    owner: Owner | undefined;
    /** The request whose handler pushed the item, where that is known without an owner. */
    request?: RequestInfo;
}

/** What the records of a run have in common. */
export type RecordOrigin = Pick<
    QuarantineRecord,
    'datasetId' | 'datasetName' | 'actorId' | 'actorRunId' | 'actorBuildId' | 'schemaHash'
>;

export interface QuarantineOptions {
    store: Pick<QuarantineStore, 'storeItem'>;
    payloads: PayloadFactory;
    /** A record that is larger has its item put into the key-value store. */
    maxRecordBytes: number;
    origin: () => RecordOrigin;
    redact: ((item: Dictionary) => Dictionary) | undefined;
    onQuarantine: ((record: QuarantineRecord<any>) => void | Promise<void>) | undefined;
    clock: Clock;
    /** Told when one of the two functions above throws. */
    onCallbackError: (option: string, error: unknown) => void;
    /** Delivers a payload of records, unless it is found there already; resolves to why not where none was stored. */
    deliver: (payload: OpenPayload, readBack: ReadBack | undefined) => Promise<RecordFailure | undefined>;
    /** Where in the quarantine dataset the next records will lie, at the earliest; undefined before it is opened. */
    position: () => number | undefined;
    /** Told of records once they are stored. */
    onStored: (count: number) => void;
}

/** A record names no more errors than this: of a long array each element may fail. */
const MAX_ERRORS = 100;

interface PendingRecord {
    record: QuarantineRecord;
    /** The whole item's JSON, until it is known whether it goes into the record or beside it. */
    text: string | undefined;
    owner: Owner | undefined;
    /** Set when its request may have been stored: to be looked for before it is sent again. */
    readBack?: ReadBack;
    /** Set once it is saved with the run. */
    saved?: SavedRecords;
    /** It is in quarantine, or was given back. */
    isDone?: boolean;
}

/** A record as another process of the run takes it over. */
interface SavedRecord extends Pick<PendingRecord, 'record' | 'text'> {
    readBackFrom: number | undefined;
}

/** Writes rejected items, with the reason, into the quarantine: one writer, in order, many records a request. */
export class Quarantine {
    readonly #options: QuarantineOptions;
    readonly #writeInContext: () => Promise<void>;
    readonly #pending: PendingRecord[] = [];
    #pendingBytes = 0;
    /** Those in the request that is under way. */
    readonly #underWay = new Set<PendingRecord>();
    #writing: Promise<void> | undefined;
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
    add({ text, reason, rejectedBy, errors, itemPosition, owner, request = owner?.request }: RejectedItem): void {
        const { origin, clock } = this.#options;
        const itemBytes = text === undefined ? 0 : Buffer.byteLength(text);
        // What came from the quarantine goes back as it was there, to be mended from the same beginning.
        const instead = owner?.record;
        const record: QuarantineRecord = {
            ...(instead !== undefined && 'item' in instead && { item: instead.item }),
            itemBytes,
            reason,
            rejectedBy,
            errors: atMost(errors, MAX_ERRORS),
            itemPosition,
            ...(request && { request }),
            ...origin(),
            attempt: 1,
            quarantinedAt: new Date(clock.now()).toISOString(),
            ...instead,
        };
        this.#pending.push({ record, text: instead === undefined ? text : undefined, owner });
        this.#pendingBytes += itemBytes;
    }

    /**
     * What another process of the run needs: a line for each record that nobody waits for, unless it is saved, alone or
     * with others that are pending as well. `markSaved` tells that they are; its argument is called when that is over.
     */
    unsaved(): { lines: string[]; markSaved: (onDone: () => void) => void } {
        const unsaved = this.#pending.filter(({ owner, saved }) => owner === undefined && saved?.isWhole !== true);
        const position = this.#options.position();
        const lines = unsaved.map(({ record, text, readBack }) =>
            JSON.stringify({ record, text, readBackFrom: readBack?.from ?? position } satisfies SavedRecord),
        );
        return { lines, markSaved: (onDone) => markSaved(unsaved, onDone) };
    }

    /** Takes over lines that `unsaved` gave to an earlier process of the run. */
    restore(lines: readonly string[], onDone: () => void): void {
        const sentBefore = this.#options.clock.now();
        const saved = new SavedRecords(lines.length, onDone);
        for (const line of lines) {
            const { record, text, readBackFrom } = JSON.parse(line) as SavedRecord;
            const readBack = readBackFrom === undefined ? undefined : { from: readBackFrom, sentBefore };
            this.#pending.push({ record, text, owner: undefined, readBack, saved });
            this.#pendingBytes += record.itemBytes;
        }
    }

    /** Gives the items that somebody waits for back to them, to be pushed again. Returns how many. */
    takeBack(error: Error): number {
        const owned = this.#pending.filter((pending) => pending.owner !== undefined && !this.#underWay.has(pending));
        for (const pending of owned) {
            this.#pending.splice(this.#pending.indexOf(pending), 1);
            this.#pendingBytes -= pending.record.itemBytes;
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
            await this.#writeFirst();
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            this.#underWay.clear();
            throw new QuarantineError(
                `${this.#pending.length} rejected items could not be written to the quarantine: ${reason} ` +
                    'They are kept in memory; flush() tries again.',
                { cause: error },
            );
        }
    }

    /** Writes as many of the first records as go in one request. What is to be looked for goes as it went before. */
    async #writeFirst(): Promise<void> {
        const { payloads, deliver } = this.#options;
        const written: QuarantineRecord[] = [];
        const readBack = this.#pending[0]?.readBack;
        let payload: OpenPayload | undefined;
        for (const pending of this.#pending) {
            if (pending.readBack?.from !== readBack?.from) break;
            this.#underWay.add(pending);
            const { record, recordText } = await this.#complete(pending);
            if (payload === undefined) payload = payloads.open(recordText);
            else if (!payload.tryAppend(recordText)) break;
            written.push(record);
        }
        if (payload === undefined) return;
        const failure = await deliver(payload, readBack);
        payloads.close(payload);
        if (failure !== undefined) {
            for (const pending of this.#pending.slice(0, written.length)) pending.readBack = failure.readBack;
            throw failure.error;
        }
        const done = this.#pending.splice(0, written.length);
        for (const pending of done) {
            this.#pendingBytes -= pending.record.itemBytes;
            pending.owner?.settle({ quarantined: 1 });
            pending.isDone = true;
            pending.saved?.leave();
        }
        this.#underWay.clear();
        this.#options.onStored(done.length);
        // Not waited for here: who is told may well want to flush.
        this.#announced = this.#announced.then(async () => {
            for (const record of written) await this.#announce(record);
        });
    }

    /** Puts the item into its record, or, where it is too large for that, into the store beside the quarantine. */
    async #complete(pending: PendingRecord): Promise<{ record: QuarantineRecord; recordText: string }> {
        const { store, maxRecordBytes } = this.#options;
        if (pending.text !== undefined && pending.record.itemStoreId === undefined) {
            const itemText = this.#redacted(pending.text);
            if (itemText !== undefined) {
                if (pending.record.reason !== 'too-large') {
                    const record = { item: JSON.parse(itemText), ...pending.record };
                    const recordText = JSON.stringify(record);
                    if (Buffer.byteLength(recordText) + 2 <= maxRecordBytes) return { record, recordText };
                }
                Object.assign(pending.record, await store.storeItem(`item-${randomUUID()}`, itemText));
            }
            // What is stored is not stored again when the record's own request fails.
            pending.text = undefined;
        }
        return { record: pending.record, recordText: JSON.stringify(pending.record) };
    }

    /** What of the item may be written; nothing when `redact` fails, because what it would have hidden is unknown. */
    #redacted(text: string): string | undefined {
        const { redact } = this.#options;
        if (redact === undefined) return text;
        try {
            return JSON.stringify(synchronous(redact(JSON.parse(text))));
        } catch (error) {
            this.#options.onCallbackError('redact', error);
            return undefined;
        }
    }

    async #announce(record: QuarantineRecord): Promise<void> {
        try {
            await this.#options.onQuarantine?.(record);
        } catch (error) {
            this.#options.onCallbackError('onQuarantine', error);
        }
    }
}

function atMost(errors: ItemError[], count: number): ItemError[] {
    if (errors.length <= count) return errors;
    const omittedErrors = errors.length - count;
    const last = {
        instancePath: '',
        schemaPath: '',
        keyword: 'more',
        params: { omittedErrors },
        message: `and ${omittedErrors} more`,
    };
    return [...errors.slice(0, count), last];
}
