import type { OpenPayload, Owner, Payload, PayloadFactory } from '../../ports.js';

/** Neighbours in a batch that came from one owner; `undefined` for items that nobody waits for. */
export interface OwnerRun {
    owner: Owner | undefined;
    count: number;
}

/** Items that will go in one request. */
export interface Batch {
    /** Position in the order of batches, from 0. */
    readonly sequence: number;
    /** When its oldest item came in, in milliseconds since the epoch. */
    readonly since: number;
    payload: Payload;
    runs: OwnerRun[];
    /** Somebody waits for it: it is sent as soon as a request may begin. */
    urgent: boolean;
    sending: boolean;
}

interface RoomWaiter {
    itemText: string;
    owner: Owner | undefined;
    resolve: () => void;
    reject: (error: Error) => void;
}

/**
 * Items between the push and the platform's answer, in order, as payloads that are filled one after the other.
 * Bounded: an item that finds no room waits in line, first come, first served.
 */
export class ItemBuffer {
    readonly #batches: Batch[] = [];
    readonly #waiters: RoomWaiter[] = [];
    readonly #maxBufferedBytes: number;
    readonly #payloads: PayloadFactory;
    readonly #now: () => number;
    readonly #onTake: () => void;
    /** The last batch's payload while it takes items. */
    #open: OpenPayload | undefined;
    #nextSequence = 0;
    #bytes = 0;
    #itemCount = 0;

    constructor(maxBufferedBytes: number, payloads: PayloadFactory, now: () => number, onTake: () => void) {
        this.#maxBufferedBytes = maxBufferedBytes;
        this.#payloads = payloads;
        this.#now = now;
        this.#onTake = onTake;
    }

    /** Items waiting or under way. */
    get itemCount(): number {
        return this.#itemCount;
    }

    /** Bytes of the payloads waiting or under way. */
    get bytes(): number {
        return this.#bytes;
    }

    get hasWaiters(): boolean {
        return this.#waiters.length > 0;
    }

    get batches(): readonly Batch[] {
        return this.#batches;
    }

    /** Takes the item, or, where there is no room, returns a promise that resolves once it was taken. */
    add(itemText: string, owner: Owner | undefined, urgent: boolean): Promise<void> | undefined {
        if (this.#waiters.length === 0 && this.#hasRoomFor(itemText)) {
            this.#take(itemText, owner, urgent);
            return undefined;
        }
        return new Promise((resolve, reject) => {
            this.#waiters.push({ itemText, owner, resolve, reject });
        });
    }

    /** The oldest batch that is not being sent. */
    next(): Batch | undefined {
        return this.#batches.find((batch) => !batch.sending);
    }

    /** Whether the batch is closed for further items. */
    isClosed(batch: Batch): boolean {
        return batch.payload !== this.#open;
    }

    /** The batch is about to be sent: what comes in from now on goes into the next. */
    beginSending(batch: Batch): void {
        batch.sending = true;
        if (batch.payload === this.#open) this.#open = undefined;
    }

    /** The batch is done with. Its memory is free for those in line. */
    remove(batch: Batch): void {
        this.#batches.splice(this.#batches.indexOf(batch), 1);
        this.#bytes -= batch.payload.byteLength;
        this.#itemCount -= batch.payload.itemCount;
        if (batch.payload === this.#open) this.#open = undefined;
        this.#payloads.close(batch.payload);
        this.#admit();
    }

    /** Keeps only the items at `indexes`, to be sent again; the batch goes away with its last item. */
    keepOnly(batch: Batch, indexes: readonly number[]): void {
        batch.sending = false;
        if (indexes.length === 0) {
            this.remove(batch);
            return;
        }
        if (indexes.length === batch.payload.itemCount) return;
        const owners = ownersByIndex(batch.runs);
        const kept = batch.payload.pick(indexes);
        this.#bytes += kept.byteLength - batch.payload.byteLength;
        this.#itemCount += kept.itemCount - batch.payload.itemCount;
        if (batch.payload === this.#open) this.#open = undefined;
        this.#payloads.close(batch.payload);
        batch.payload = kept;
        batch.runs = [];
        for (const index of indexes) addToRuns(batch.runs, owners[index]);
        this.#admit();
    }

    /**
     * Takes the items that somebody waits for, or those of one `owner`, out of all batches that are not being sent, and
     * tells their owners why. Returns how many.
     */
    takeBack(error: Error, owner?: Owner): number {
        let takenBackItems = 0;
        const isTaken = (other: Owner | undefined) => other !== undefined && (owner === undefined || other === owner);
        for (const batch of this.#batches.filter(({ sending }) => !sending)) {
            const runs = batch.runs.filter((run) => isTaken(run.owner));
            if (runs.length === 0) continue;
            const owners = ownersByIndex(batch.runs);
            this.keepOnly(
                batch,
                owners.flatMap((other, index) => (isTaken(other) ? [] : [index])),
            );
            for (const run of runs) {
                takenBackItems += run.count;
                run.owner!.settle({ takenBack: run.count, error });
            }
        }
        return takenBackItems;
    }

    /** Sends those in line away: their items are not taken. */
    rejectWaiters(error: Error): void {
        for (const { owner, reject } of this.#waiters.splice(0)) {
            owner?.settle({ takenBack: 1, error });
            reject(error);
        }
    }

    #take(itemText: string, owner: Owner | undefined, urgent: boolean): void {
        let batch = this.#batches.at(-1);
        const bytesBefore = batch?.payload.byteLength ?? 0;
        if (batch !== undefined && this.#open?.tryAppend(itemText)) {
            this.#bytes += batch.payload.byteLength - bytesBefore;
        } else {
            this.#open = this.#payloads.open(itemText);
            batch = {
                sequence: this.#nextSequence++,
                since: this.#now(),
                payload: this.#open,
                runs: [],
                urgent: false,
                sending: false,
            };
            this.#batches.push(batch);
            this.#bytes += batch.payload.byteLength;
        }
        batch.urgent ||= urgent;
        this.#itemCount++;
        this.#onTake();
        addToRuns(batch.runs, owner);
    }

    /** One item is taken whatever its size when there is nothing else. */
    #hasRoomFor(itemText: string): boolean {
        if (this.#bytes === 0) return true;
        const room = this.#maxBufferedBytes - this.#bytes - 1;
        return itemText.length * 3 <= room || Buffer.byteLength(itemText) <= room;
    }

    #admit(): void {
        while (this.#waiters.length > 0 && this.#hasRoomFor(this.#waiters[0]!.itemText)) {
            const { itemText, owner, resolve } = this.#waiters.shift()!;
            this.#take(itemText, owner, owner !== undefined);
            resolve();
        }
    }
}

function addToRuns(runs: OwnerRun[], owner: Owner | undefined): void {
    const last = runs.at(-1);
    if (last !== undefined && last.owner === owner) last.count++;
    else runs.push({ owner, count: 1 });
}

function ownersByIndex(runs: readonly OwnerRun[]): (Owner | undefined)[] {
    return runs.flatMap(({ owner, count }) => new Array<Owner | undefined>(count).fill(owner));
}
