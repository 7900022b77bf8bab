import { randomUUID } from 'node:crypto';

import type { Payload } from '../ports.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { UnknownOutcome } from '../delivery/retry.js';
import { monotonicMillis } from '../utils/clock.js';
import type { Writable } from '../utils/writable.js';
import type { PushSource } from '../waiter.js';
import { ItemSources, Waiter } from '../waiter.js';
import type { BatchIdentity } from './batch-identity.js';
import { partOfIdentity, recordIdOf } from './batch-identity.js';
import { KeyList } from './unique/key-list.js';
import type { Key } from './unique/key-set.js';
import type { FieldTally } from '../quality/fields.js';
import { RepairedItems } from './repair/repaired-items.js';
import type { Repair, RepairedItem } from './repair/repairs.js';

/** An item of a batch. */
export interface BatchItem {
    index: number;
    source: PushSource | undefined;
    /** Zero-based position in its push. */
    position: number;
    repaired?: RepairedItem | undefined;
    /** Set where the option `unique` is, and the item has a key. */
    key?: Key | undefined;
    /** The field counts to add once it is stored; undefined where only its text tells. */
    tally?: FieldTally | undefined;
    /** With `mode: 'warn'`: it fails the schema. */
    isWarned?: boolean | undefined;
}

/** Items of a batch that stay in the buffer, to be sent again in a request of their own. */
export interface KeptPart {
    indexes: readonly number[];
    unknown?: UnknownOutcome | undefined;
    /** Set where the part is a single item that was refused: see `DisputedItem`. */
    acceptedBefore?: number | undefined;
    refusals?: number;
}

/** Items that go in one request, in order, and what is known of each. Whoever fills the payload adds them. */
export class Batch {
    /** The position in the order of batches, from 0. Parts of a batch keep it. */
    readonly sequence: number;
    /** On the monotonic clock; of a refused item, when it was refused last. */
    readonly openedAt: number;
    readonly payload: Payload;
    readonly sources: ItemSources = new ItemSources();
    readonly repaired: RepairedItems = new RepairedItems();
    readonly keys: KeyList = new KeyList();
    /** Set when its items may be in the dataset: they are looked for before they are sent. */
    readonly unknown?: UnknownOutcome | undefined;
    /** Set where it is a single item that was refused: see `DisputedItem`. */
    readonly acceptedBefore?: number | undefined;
    /** Whether it waits for the contrast that tells its item's fault from the platform's. */
    readonly isDisputed: boolean;
    /** How often it was refused. */
    readonly refusals: number;
    /** Somebody waits for it: it is sent as soon as a request may begin. */
    readonly isUrgent: boolean = false;
    readonly isSending: boolean = false;
    readonly #identity: BatchIdentity;
    /** One for each item. */
    #tallies: (FieldTally | undefined)[] = [];
    /** By index. */
    #warned = new Set<number>();
    #sendsFrom = 0;
    #isPrepared = false;
    /** Indexes of items that are stored while others of the batch are still under way. */
    readonly #storedIndexes = new Set<number>();

    constructor(
        sequence: number,
        openedAt: number,
        payload: Payload,
        { unknown, acceptedBefore, refusals = 0 }: Omit<KeptPart, 'indexes'> = {},
        identity: BatchIdentity = { id: randomUUID() },
    ) {
        this.sequence = sequence;
        this.openedAt = openedAt;
        this.payload = payload;
        this.unknown = unknown;
        this.acceptedBefore = acceptedBefore;
        this.isDisputed = acceptedBefore !== undefined;
        this.refusals = refusals;
        this.#identity = identity;
    }

    /** A batch that another process of the run has left. */
    static restored(
        sequence: number,
        openedAt: number,
        payload: Payload,
        unknown: UnknownOutcome | undefined,
        items: readonly Pick<BatchItem, 'key' | 'repaired'>[],
        identity: BatchIdentity | undefined,
    ): Batch {
        const batch = new Batch(sequence, openedAt, payload, { unknown }, identity);
        for (let index = 0; index < payload.itemCount; index++) {
            batch.add({ source: undefined, position: 0, ...items[index] });
        }
        batch.expedite();
        return batch;
    }

    /** Bytes that it holds in memory: the payload, and what is kept of repaired items as they were pushed. */
    get heldBytes(): number {
        return this.payload.byteLength + this.repaired.heldLength;
    }

    /** Where to look for its items when another process takes it over now. */
    get savedFrom(): number | undefined {
        return this.unknown?.from ?? (this.isSending ? this.#sendsFrom : undefined);
    }

    /** The next item of the payload. Where a caller waits for it, the batch is urgent. */
    add({ source, position, repaired, key, tally, isWarned }: Omit<BatchItem, 'index'>): void {
        const index = this.#tallies.length;
        this.#tallies.push(tally);
        if (repaired !== undefined) this.repaired.add(index, repaired);
        if (isWarned === true) this.#warned.add(index);
        if (key !== undefined) this.keys.set(index, key);
        if (source instanceof Waiter) (this as Writable<Batch>).isUrgent = true;
        this.sources.add(source, position);
    }

    expedite(): void {
        (this as Writable<Batch>).isUrgent = true;
    }

    /** To be called once it is closed. Returns true the first time: what can be done for its payload before it is sent is to be begun. */
    prepareOnce(): boolean {
        if (this.#isPrepared) return false;
        this.#isPrepared = true;
        return true;
    }

    /** It is closed, and its items will lie at `position` or behind it in the dataset. */
    beginSending(position: number): void {
        (this as Writable<Batch>).isSending = true;
        this.#sendsFrom = position;
    }

    /** Some of its items are stored. The batch is settled as a whole; a process that ends before knows them. */
    storedSoFar(indexes: Iterable<number>): void {
        for (const index of indexes) this.#storedIndexes.add(index);
    }

    get storedIndexes(): ReadonlySet<number> {
        return this.#storedIndexes;
    }

    /** Identifies the items at those indexes among all others. */
    identityOf(indexes: readonly number[]): BatchIdentity {
        return partOfIdentity(this.#identity, indexes);
    }

    /** The id of the quarantine record of the item at `index`. */
    recordId(index: number): string {
        return recordIdOf(this.#identity, index);
    }

    *items(): Generator<BatchItem> {
        let index = 0;
        for (const { source, position } of this.sources.items()) {
            yield {
                index,
                source,
                position,
                repaired: this.repaired.at(index),
                key: this.keys.at(index),
                tally: this.#tallies[index],
                isWarned: this.#warned.has(index),
            };
            index++;
        }
    }

    /** The item at `index`. */
    item(index: number): BatchItem {
        for (const item of this.items()) if (item.index === index) return item;
        throw new RangeError(`The batch has no item ${index}.`);
    }

    /** JSON of the item at `index` as it was pushed. */
    textAsPushed(index: number): string {
        return this.repaired.at(index)?.asPushed ?? this.payload.itemText(index);
    }

    /** JSON of the item at `index` as it is stored, or may be stored by the request that is under way. */
    storedText(index: number): string {
        return this.repaired.textByErrors(index) ?? this.payload.itemText(index);
    }

    /** The items at those indexes as they are stored, see `storedText`, in a payload that may be the batch's own. */
    payloadOf(indexes: readonly number[]): Payload {
        if (indexes.some((index) => this.repaired.textByErrors(index) !== undefined)) {
            return PayloadWriter.of(indexes.map((index) => this.storedText(index)));
        }
        return indexes.length === this.payload.itemCount ? this.payload : this.payload.pick(indexes);
    }

    /** The field counts to add once the item at `index` is stored; undefined where only its stored text tells. */
    tallyOf(index: number): FieldTally | undefined {
        return this.#tallies[index];
    }

    /** Whether the item at `index` fails the schema; not to be asked of one without a tally. */
    isWarned(index: number): boolean {
        return this.#warned.has(index);
    }

    /**
     * The item at `index` is about to be sent as `text`, with the key of that, after these repairs of the payload's item. Whoever looks
     * for it, saves it or sends it again does so with this text: the platform rejects the other one.
     */
    sendRepaired(index: number, text: string, repairs: readonly Repair[], key: Key | undefined): void {
        this.repaired.sendRepaired(index, text, this.textAsPushed(index), repairs);
        this.#tallies[index] = undefined;
        this.keys.set(index, key);
    }

    /** Tells the callers of all items but the `others` that theirs are stored. */
    tellStored(others: ReadonlySet<number>): void {
        this.sources.tellStored(others, (index) => this.repaired.at(index) !== undefined);
    }

    /** Makes that part of the batch a batch of its own, to be sent as soon as a request may begin. */
    part(kept: KeptPart): Batch {
        const payload = this.payloadOf(kept.indexes);
        const isWhole = payload === this.payload;
        // A refused item waits from now on, not from when it came in.
        const openedAt = kept.acceptedBefore === undefined ? this.openedAt : monotonicMillis();
        const part = new Batch(this.sequence, openedAt, payload, kept, this.identityOf(kept.indexes));
        part.expedite();
        if (isWhole) {
            part.#tallies = this.#tallies;
            part.#warned = this.#warned;
            const { sources, repaired, keys } = this;
            Object.assign(part as Writable<Batch>, { sources, repaired, keys });
        } else {
            const items = [...this.items()];
            for (const index of kept.indexes) part.add(items[index]!);
        }
        return part;
    }
}
