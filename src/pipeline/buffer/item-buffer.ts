import type { OpenPayload, Owner, Payload, PayloadFactory } from '../../ports.js';
import type { Batch, KeptPart } from './batch.js';
import { addToRuns, ownersByIndex, partOf } from './batch.js';
import { WaitingLine } from './waiting-line.js';

/** UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;

export interface BufferLimits {
    /** What may be waiting or under way. */
    maxBufferedBytes: number;
    /** A payload of this size is sent as soon as a request may begin; until then it takes more. @default Infinity */
    targetPayloadBytes?: number;
}

export interface BufferEvents {
    /** An item was taken. */
    onTake: () => void;
    /** There may be something to send: a batch was opened or has become full, somebody waits for one, or for room. */
    onChange: () => void;
}

/**
 * Items between the push and the platform's answer, in order, as payloads that are filled one after the other.
 * Bounded: an item that finds no room waits in line, first come, first served.
 */
export class ItemBuffer {
    readonly #batches: Batch[] = [];
    readonly #line = new WaitingLine();
    readonly #maxBufferedBytes: number;
    readonly #targetPayloadBytes: number;
    readonly #payloads: PayloadFactory;
    readonly #now: () => number;
    readonly #events: BufferEvents;
    /** The last batch's payload while it takes items. */
    #open: OpenPayload | undefined;
    /** Whether that has come to `targetPayloadBytes`. */
    #isOpenFull = false;
    #nextSequence = 0;
    /** Bytes of all payloads but the open one. */
    #closedBytes = 0;
    #itemCount = 0;

    constructor(limits: BufferLimits, payloads: PayloadFactory, now: () => number, events: BufferEvents) {
        this.#maxBufferedBytes = limits.maxBufferedBytes;
        this.#targetPayloadBytes = limits.targetPayloadBytes ?? Infinity;
        this.#payloads = payloads;
        this.#now = now;
        this.#events = events;
    }

    /** Items waiting or under way. */
    get itemCount(): number {
        return this.#itemCount;
    }

    /** Bytes of the payloads waiting or under way. */
    get bytes(): number {
        return this.#closedBytes + (this.#open?.byteLength ?? 0);
    }

    /** Items that nobody waits for. */
    get unownedItemCount(): number {
        let itemCount = 0;
        for (const { runs } of this.#batches)
            for (const { owner, count } of runs) if (owner === undefined) itemCount += count;
        return itemCount;
    }

    get hasWaiters(): boolean {
        return this.#line.first !== undefined;
    }

    get batches(): readonly Batch[] {
        return this.#batches;
    }

    /** Takes the item, or, where there is no room, returns a promise that resolves once it was taken. */
    add(itemText: string, owner: Owner | undefined, urgent: boolean, hasRoom = false): Promise<void> | undefined {
        if (hasRoom || (this.#line.first === undefined && this.#hasRoomFor(itemText))) {
            this.#take(itemText, owner, urgent);
            return undefined;
        }
        const taken = this.#line.join(itemText, owner);
        this.#events.onChange();
        return taken;
    }

    /** The oldest batch that is not being sent. */
    next(): Batch | undefined {
        return this.#batches.find(({ sending, suspended }) => !sending && !suspended);
    }

    /** Whether the batch is closed for further items. */
    isClosed(batch: Batch): boolean {
        return batch.payload !== this.#open;
    }

    /** Whether the batch holds enough to be sent, whoever waits for it. */
    isFull(batch: Batch): boolean {
        return this.isClosed(batch) || this.#isOpenFull;
    }

    /** What comes in from now on goes into a batch of its own. */
    seal(): void {
        this.#closedBytes = this.bytes;
        this.#open = undefined;
    }

    /** The batch is about to be sent: what comes in from now on goes into the next. */
    beginSending(batch: Batch): void {
        batch.sending = true;
        if (batch.payload === this.#open) this.seal();
    }

    /** Leaves the batches of these parts out of `next` until `resume`. */
    suspend(sequence: number): void {
        for (const batch of this.#batches) if (batch.sequence === sequence) batch.suspended = true;
    }

    /** Lets `next` give the suspended batches again. Returns whether there were any. */
    resume(): boolean {
        const suspended = this.#batches.filter((batch) => batch.suspended);
        for (const batch of suspended) batch.suspended = false;
        return suspended.length > 0;
    }

    /** The batch is done with. Its memory is free for those in line. */
    remove(batch: Batch): void {
        this.keep(batch, []);
    }

    /** Keeps only these parts of the batch, each as a batch of its own in its place. */
    keep(batch: Batch, parts: readonly KeptPart[]): void {
        const place = this.#batches.indexOf(batch);
        if (batch.payload === this.#open) this.seal();
        const kept = parts.filter(({ indexes }) => indexes.length > 0).map((part) => partOf(batch, part));
        this.#batches.splice(place, 1, ...kept);
        for (const { payload } of kept) this.#account(payload, 1);
        this.#account(batch.payload, -1);
        if (!kept.some(({ payload }) => payload === batch.payload)) this.#payloads.close(batch.payload);
        if (batch.onDone && !this.#batches.some(({ onDone }) => onDone === batch.onDone)) batch.onDone();
        this.#admit();
    }

    /** Takes items that an earlier process of the run left, before any others come in. */
    restore(
        itemTexts: readonly string[],
        saved: Required<Pick<Batch, 'readBack' | 'savedOrder' | 'savedKeys' | 'onDone'>>,
    ): void {
        for (const itemText of itemTexts) {
            const isNew = this.#batches.at(-1)?.onDone !== saved.onDone;
            const batch = this.#takeInto(isNew ? undefined : this.#batches.at(-1), itemText);
            Object.assign(batch, { urgent: true, ...saved });
            addToRuns(batch.runs, undefined);
        }
        this.seal();
    }

    /**
     * Takes the items that somebody waits for, or those of one `owner`, out of all batches that are not being sent, and
     * tells their owners why. Returns how many.
     */
    takeBack(error: Error, owner?: Owner): number {
        let takenBackItems = 0;
        const isTaken = (other: Owner | undefined) => other !== undefined && (owner === undefined || other === owner);
        const isAffected = ({ sending, runs }: Batch) => !sending && runs.some((run) => isTaken(run.owner));
        // Each step makes room for those in line, whose items may have to go as well.
        for (let batch = this.#batches.find(isAffected); batch !== undefined; batch = this.#batches.find(isAffected)) {
            const runs = batch.runs.filter((run) => isTaken(run.owner));
            const owners = ownersByIndex(batch.runs);
            const indexes = owners.flatMap((other, index) => (isTaken(other) ? [] : [index]));
            for (const [index, other] of owners.entries())
                if (isTaken(other)) other!.onTakenBack?.(batch.payload.itemText(index));
            this.keep(batch, [{ indexes, readBack: batch.readBack }]);
            for (const run of runs) {
                takenBackItems += run.count;
                run.owner!.settle({ takenBack: run.count, error });
            }
        }
        return takenBackItems;
    }

    /** Sends those in line away: their items are not taken. */
    rejectWaiters(error: Error): void {
        this.#line.sendAway(error);
    }

    #account(payload: Payload, sign: 1 | -1): void {
        this.#closedBytes += sign * payload.byteLength;
        this.#itemCount += sign * payload.itemCount;
    }

    #take(itemText: string, owner: Owner | undefined, urgent: boolean): void {
        const last = this.#batches[this.#batches.length - 1];
        const batch = this.#takeInto(last, itemText);
        addToRuns(batch.runs, owner);
        this.#events.onTake();
        const hasBecomeFull = !this.#isOpenFull && this.#hasTargetSize();
        if (hasBecomeFull) this.#isOpenFull = true;
        if (!hasBecomeFull && batch === last && batch.urgent === (batch.urgent || urgent)) return;
        batch.urgent ||= urgent;
        this.#events.onChange();
    }

    #hasTargetSize(): boolean {
        // Counted only where the cheap bound does not settle it.
        return (
            this.#open !== undefined &&
            this.#open.maxByteLength >= this.#targetPayloadBytes &&
            this.#open.byteLength >= this.#targetPayloadBytes
        );
    }

    /** Writes the item into `batch` if that takes more, else into a new one. */
    #takeInto(batch: Batch | undefined, itemText: string): Batch {
        this.#itemCount++;
        if (batch !== undefined && batch.payload === this.#open && this.#open.tryAppend(itemText)) return batch;
        this.seal();
        this.#open = this.#payloads.open(itemText);
        this.#isOpenFull = false;
        const opened: Batch = {
            sequence: this.#nextSequence++,
            since: this.#now(),
            payload: this.#open,
            runs: [],
            urgent: false,
            sending: false,
        };
        this.#batches.push(opened);
        return opened;
    }

    /** One item is taken whatever its size when there is nothing else. */
    #hasRoomFor(itemText: string): boolean {
        if (this.#batches.length === 0) return true;
        // A new payload has two brackets; one that is open has one comma more.
        const left = this.#maxBufferedBytes - this.#closedBytes - 2;
        if (itemText.length * MAX_BYTES_PER_CODE_UNIT + (this.#open?.maxByteLength ?? 0) <= left) return true;
        return Buffer.byteLength(itemText) + (this.#open?.byteLength ?? 0) <= left;
    }

    #admit(): void {
        while (this.#line.first !== undefined && this.#hasRoomFor(this.#line.first.itemText)) {
            const { itemText, owner, resolve } = this.#line.leave();
            this.#take(itemText, owner, owner !== undefined);
            resolve();
        }
    }
}
