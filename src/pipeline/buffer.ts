import type { Payload } from '../ports.js';
import type { PayloadPool, PayloadWriter } from '../delivery/payload.js';
import type { UnknownOutcome } from '../delivery/retry.js';
import { monotonicMillis } from '../utils/clock.js';
import type { Writable } from '../utils/writable.js';
import type { BatchItem, KeptPart } from './batch.js';
import { Batch } from './batch.js';
import type { BatchIdentity } from './batch-identity.js';
import { repairedLength, type RepairedItem } from './repair/repairs.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, type Waiter } from '../waiter.js';

/** UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;

export interface BufferOptions {
    /** Limit for what waits or is under way, and for what handlers have collected. */
    maxBufferedBytes: number;
    /** A payload of this size is sent as soon as a request may begin; until then it takes more. @default Infinity */
    targetPayloadBytes?: number;
    payloads: PayloadPool;
    /** Called when there may be something to send: a batch was opened or is full, somebody waits for one, or for room. */
    onChange: () => void;
}

interface RoomWaiter {
    itemText: string;
    repaired: RepairedItem | undefined;
    resolve: () => void;
    reject: (error: Error) => void;
}

/** Items between the push and the platform's answer, in order, as batches that are filled one after the other. Bounded. */
export class ItemBuffer {
    readonly #options: Required<BufferOptions>;
    readonly #batches: Batch[] = [];
    /** In order. */
    readonly batches: readonly Batch[] = this.#batches;
    /** The last batch, while it takes items. */
    readonly open: Batch | undefined;
    #openPayload: PayloadWriter | undefined;
    /** Whether that has come to `targetPayloadBytes`. */
    #isOpenFull = false;
    #nextSequence = 0;
    /** Bytes of all batches but the open one. */
    #closedBytes = 0;
    /** Bytes of what handlers have collected. */
    #collectedBytes = 0;
    #itemCount = 0;
    /** One at a time: pushes enter in order. */
    #roomWaiter: RoomWaiter | undefined;

    constructor(options: BufferOptions) {
        this.#options = { targetPayloadBytes: Infinity, ...options };
    }

    /** Items waiting or under way. */
    get itemCount(): number {
        return this.#itemCount;
    }

    /** Bytes waiting, under way or collected. */
    get bytes(): number {
        return this.#closedBytes + this.#collectedBytes + (this.open?.heldBytes ?? 0);
    }

    get isOverfull(): boolean {
        return this.bytes > this.#options.maxBufferedBytes;
    }

    /** Items that nobody waits for. */
    get unawaitedItems(): number {
        return this.#batches.reduce((sum, batch) => sum + batch.sources.unawaitedItems, 0);
    }

    get hasRoomWaiter(): boolean {
        return this.#roomWaiter !== undefined;
    }

    /** The sequence that the next batch will have. */
    get nextSequence(): number {
        return this.#nextSequence;
    }

    /** Resolves when there is room for the item. One caller at a time. */
    waitForRoom(itemText: string, repaired?: RepairedItem): Promise<void> | undefined {
        if (this.#hasRoomFor(itemText, repaired)) return undefined;
        const room = new Promise<void>((resolve, reject) => {
            this.#roomWaiter = { itemText, repaired, resolve, reject };
        });
        this.#options.onChange();
        return room;
    }

    rejectRoomWaiter(error: Error): void {
        this.#roomWaiter?.reject(error);
        this.#roomWaiter = undefined;
    }

    /** Handlers have collected this many bytes more, or less. */
    collected(bytes: number): void {
        this.#collectedBytes += bytes;
        if (bytes < 0) this.#admitRoomWaiter();
    }

    /** Takes the item. */
    enqueue(itemText: string, item: Omit<BatchItem, 'index'>): void {
        const before = this.open;
        const wasUrgent = before?.isUrgent;
        if (this.#openPayload?.tryAppend(itemText) !== true) this.#openBatch(itemText);
        const batch = this.open!;
        batch.add(item);
        this.#itemCount++;
        const hasBecomeFull = !this.#isOpenFull && batch.payload.byteLength >= this.#options.targetPayloadBytes;
        if (hasBecomeFull) this.#isOpenFull = true;
        if (batch !== before || hasBecomeFull || batch.isUrgent !== wasUrgent) this.#options.onChange();
    }

    /** Takes items that another process of the run left, before any others come in. */
    restore(
        payload: Payload,
        unknown: UnknownOutcome | undefined,
        items: readonly Pick<BatchItem, 'key' | 'repaired'>[] = [],
        identity?: BatchIdentity,
    ): void {
        const sequence = this.#nextSequence++;
        const batch = Batch.restored(sequence, monotonicMillis(), payload, unknown, items, identity);
        this.#batches.push(batch);
        this.#account(batch, 1);
        this.#options.onChange();
    }

    /** Somebody waits for what is here now: it is sent as soon as a request may begin. */
    expedite(): void {
        for (const batch of this.#batches) batch.expedite();
        this.#options.onChange();
    }

    /** Whether the batch holds enough to be sent, whoever waits for it. */
    isFull(batch: Batch): boolean {
        return batch !== this.open || this.#isOpenFull;
    }

    /** Items that come in from now on go into a batch of their own. */
    closeOpen(): void {
        if (this.open === undefined) return;
        this.#closedBytes += this.open.heldBytes;
        (this as Writable<ItemBuffer>).open = undefined;
        this.#openPayload = undefined;
    }

    /** The batch is about to be sent, to lie at `position` of the dataset or behind it. */
    beginSending(batch: Batch, position: number): void {
        if (batch === this.open) this.closeOpen();
        batch.beginSending(position);
    }

    /** Keeps only these parts of the batch, in its place; an item that is refused for the first time goes to the end. */
    keep(batch: Batch, parts: readonly KeptPart[]): void {
        if (batch === this.open) this.closeOpen();
        const kept = parts.filter(({ indexes }) => indexes.length > 0).map((part) => batch.part(part));
        const place = this.#batches.indexOf(batch);
        const isMoved = (part: Batch) => part.isDisputed && !batch.isDisputed;
        this.#batches.splice(place, 1, ...kept.filter((part) => !isMoved(part)));
        this.#batches.push(...kept.filter(isMoved));
        // A batch that takes items stays the last one, so that what comes in is behind what is there.
        if (this.open !== undefined && this.#batches.at(-1) !== this.open) {
            this.#batches.splice(this.#batches.indexOf(this.open), 1);
            this.#batches.push(this.open);
        }
        for (const part of kept) this.#account(part, 1);
        this.#account(batch, -1);
        if (!kept.some(({ payload }) => payload === batch.payload)) this.#options.payloads.release(batch.payload);
        this.#admitRoomWaiter();
    }

    /**
     * Gives items back to callers who wait for them, as far as no request carries them: those of `waiter`, or all. Returns those
     * that were.
     */
    giveBack(error: Error, waiter?: Waiter): BatchItem[] {
        const isMeant = (source: PushSource | undefined): source is Waiter =>
            isAwaited(source) && (waiter === undefined || source === waiter);
        const givenBack: BatchItem[] = [];
        for (const batch of [...this.#batches]) {
            if (!batch.isSending) givenBack.push(...this.giveBackItems(batch, error, isMeant));
        }
        return givenBack;
    }

    /** Gives items of one batch back. Returns those that were. */
    giveBackItems(
        batch: Batch,
        error: Error,
        isMeant: (source: PushSource | undefined) => source is Waiter,
    ): BatchItem[] {
        const kept: number[] = [];
        const givenBack: (BatchItem & { source: Waiter })[] = [];
        for (const item of batch.items()) {
            const { index, source } = item;
            if (isMeant(source)) givenBack.push({ ...item, source });
            else kept.push(index);
        }
        if (givenBack.length === 0) return [];
        const { unknown, acceptedBefore, refusals } = batch;
        this.keep(batch, [{ indexes: kept, unknown, acceptedBefore, refusals }]);
        for (const { source, position } of givenBack) source.givenBack(position, error);
        return givenBack;
    }

    #openBatch(firstText: string): void {
        if (this.open !== undefined) this.closeOpen();
        this.#openPayload = this.#options.payloads.open(firstText);
        this.#isOpenFull = false;
        const batch = new Batch(this.#nextSequence++, monotonicMillis(), this.#openPayload);
        (this as Writable<ItemBuffer>).open = batch;
        this.#batches.push(batch);
    }

    #account({ heldBytes, payload }: Batch, sign: 1 | -1): void {
        this.#closedBytes += sign * heldBytes;
        this.#itemCount += sign * payload.itemCount;
    }

    /** One item is taken whatever its size when there is nothing else. */
    #hasRoomFor(itemText: string, repaired: RepairedItem | undefined): boolean {
        if (this.#batches.length === 0) return true;
        // A new payload has two brackets; one that is open has one comma more.
        let room = this.#options.maxBufferedBytes - this.bytes - 2;
        if (repaired !== undefined) room -= repairedLength(repaired);
        return itemText.length * MAX_BYTES_PER_CODE_UNIT <= room || Buffer.byteLength(itemText) <= room;
    }

    #admitRoomWaiter(): void {
        if (this.#roomWaiter === undefined) return;
        const { itemText, repaired, resolve } = this.#roomWaiter;
        if (!this.#hasRoomFor(itemText, repaired)) return;
        this.#roomWaiter = undefined;
        resolve();
    }
}
