import { createHash, randomUUID } from 'node:crypto';

import type { Payload } from '../ports.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { UnknownOutcome } from '../delivery/retry.js';
import { monotonicMillis } from '../utils/clock.js';
import type { Writable } from '../utils/writable.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Key } from './unique/key-set.js';
import type { FieldTally } from '../quality/fields.js';
import { mergeRepairs, type Repair, type RepairedItem, repairedLength } from './repair/repairs.js';

/** Stands for the key of an item that has none. */
const NO_KEY: Key = Object.freeze({ high: 0, low: 0 });

/** Neighbours in a batch that came from one push. */
interface Run {
    source: PushSource | undefined;
    /** Position of the first of them in the push. */
    position: number;
    count: number;
}

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

/** Tells the items of a batch from all others, in whichever process of the run they are. */
export interface BatchIdentity {
    /** The id of the batch that the items came in with. */
    readonly id: string;
    /** Where in that batch each item was; undefined where all are where they were. */
    readonly indexes?: readonly number[] | undefined;
}

/** Items that go in one request, in order, and the pushes that they came from. */
export class Batch {
    /** The position in the order of batches, from 0. Parts of a batch keep it. */
    readonly sequence: number;
    /** On the monotonic clock; of a refused item, when it was refused last. */
    readonly openedAt: number;
    readonly payload: Payload;
    /** Set when its items may be in the dataset: they are looked for before they are sent. */
    readonly unknown?: UnknownOutcome | undefined;
    /** Set where it is a single item that was refused: see `DisputedItem`. */
    readonly acceptedBefore?: number | undefined;
    /** Whether it waits for the contrast that tells its item's fault from the platform's. */
    readonly isDisputed: boolean;
    /** How often it was refused. */
    readonly refusals: number;
    /** Whether it takes items. */
    readonly isOpen: boolean = false;
    /** Somebody waits for it: it is sent as soon as a request may begin. */
    readonly isUrgent: boolean = false;
    readonly isSending: boolean = false;
    readonly #identity: BatchIdentity;
    #writer: PayloadWriter | undefined;
    #runs: Run[] = [];
    /** By index. */
    readonly #repaired = new Map<number, RepairedItem>();
    #repairedLength = 0;
    /** By index: items that are sent, or were stored, as the platform's errors had them repaired. */
    readonly #repairedByErrors = new Map<number, { text: string; repairs: readonly Repair[] }>();
    /** Two numbers for each item, which are 0 where it has no key; shorter where the last items have none. */
    #keys: number[] = [];
    /** By index. */
    readonly #tallies: (FieldTally | undefined)[] = [];
    readonly #warned = new Set<number>();
    #sendsFrom = 0;
    #isPrepared = false;
    /** Indexes of items that are stored while others of the batch are still under way. */
    readonly #storedIndexes = new Set<number>();

    private constructor(
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

    /** A batch that takes items. `payload` holds the first one already. */
    static open(sequence: number, openedAt: number, payload: PayloadWriter, first: Omit<BatchItem, 'index'>): Batch {
        const batch = new Batch(sequence, openedAt, payload);
        batch.#writer = payload;
        (batch as Writable<Batch>).isOpen = true;
        batch.#note(first, 0);
        return batch;
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
        for (const [index, { key, repaired }] of items.entries()) {
            if (key !== undefined) batch.#noteKey(key, index);
            if (repaired !== undefined) batch.#noteRepaired(repaired, index);
        }
        batch.#runs.push({ source: undefined, position: 0, count: payload.itemCount });
        batch.expedite();
        return batch;
    }

    /** Bytes that it holds in memory: the payload, and what is kept of repaired items as they were pushed. */
    get heldBytes(): number {
        return this.payload.byteLength + this.#repairedLength;
    }

    /** Items that nobody waits for. */
    get unawaitedItems(): number {
        return this.#runs.reduce((sum, { source, count }) => sum + (isAwaited(source) ? 0 : count), 0);
    }

    /** Whether it holds items whose caller does not wait any more. */
    get hasAbandonedItems(): boolean {
        return this.#runs.some(({ source }) => source instanceof Waiter && source.isAbandoned);
    }

    /** Where to look for its items when another process takes it over now. */
    get savedFrom(): number | undefined {
        return this.unknown?.from ?? (this.isSending ? this.#sendsFrom : undefined);
    }

    /** Takes the item, unless the payload is full. */
    tryAppend(itemText: string, item: Omit<BatchItem, 'index'>): boolean {
        if (this.#writer?.tryAppend(itemText) !== true) return false;
        this.#note(item, this.payload.itemCount - 1);
        return true;
    }

    expedite(): void {
        (this as Writable<Batch>).isUrgent = true;
    }

    /** Items that come in from now on go into another batch. */
    close(): void {
        this.#writer = undefined;
        (this as Writable<Batch>).isOpen = false;
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

    /**
     * The id of the quarantine record of the item at `index`. It is the same in the next process of the run: one that was killed may have
     * written the record already.
     */
    recordId(index: number): string {
        const { id, indexes } = this.#identity;
        const hash = createHash('sha256')
            .update(`${id} ${indexes?.[index] ?? index}`)
            .digest('hex');
        return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    }

    *items(): Generator<BatchItem> {
        let index = 0;
        for (const { source, position, count } of this.#runs) {
            for (let offset = 0; offset < count; offset++) {
                yield {
                    index,
                    source,
                    position: position + offset,
                    repaired: this.#repairedAt(index),
                    key: this.keyAt(index),
                    tally: this.#tallies[index],
                    isWarned: this.#warned.has(index),
                };
                index++;
            }
        }
    }

    /** The item at `index`. */
    item(index: number): BatchItem {
        for (const item of this.items()) if (item.index === index) return item;
        throw new RangeError(`The batch has no item ${index}.`);
    }

    /** JSON of the item at `index` as it was pushed. */
    textAsPushed(index: number): string {
        return this.#repaired.get(index)?.asPushed ?? this.payload.itemText(index);
    }

    keyAt(index: number): Key | undefined {
        const high = this.#keys[index * 2];
        const low = this.#keys[index * 2 + 1];
        return high === undefined || low === undefined || (high === 0 && low === 0) ? undefined : { high, low };
    }

    /** JSON of the item at `index` as it is stored, or may be stored by the request that is under way. */
    storedText(index: number): string {
        return this.#repairedByErrors.get(index)?.text ?? this.payload.itemText(index);
    }

    /** The items at those indexes as they are stored, see `storedText`, in a payload that may be the batch's own. */
    payloadOf(indexes: readonly number[]): Payload {
        if (indexes.some((index) => this.#repairedByErrors.has(index))) {
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
        this.#repairedByErrors.set(index, { text, repairs });
        this.#tallies[index] = undefined;
        this.#noteKey(key ?? NO_KEY, index);
    }

    /** The platform rejects the item at `index` as repaired, too. */
    repairFailed(index: number): void {
        this.#repairedByErrors.delete(index);
    }

    /** The repaired items among those whose index is meant. */
    repairedWhere(isMeant: (index: number) => boolean): RepairedItem[] {
        const indexes = new Set([...this.#repaired.keys(), ...this.#repairedByErrors.keys()]);
        return [...indexes].filter(isMeant).map((index) => this.#repairedAt(index)!);
    }

    #repairedAt(index: number): RepairedItem | undefined {
        const before = this.#repaired.get(index);
        const byErrors = this.#repairedByErrors.get(index);
        if (byErrors === undefined) return before;
        return { asPushed: this.textAsPushed(index), repairs: mergeRepairs(before?.repairs ?? [], byErrors.repairs) };
    }

    /** Tells the callers of all items but the `others` that theirs are stored. */
    tellStored(others: ReadonlySet<number>): void {
        let index = 0;
        for (const { source, count } of this.#runs) {
            const end = index + count;
            let stored = 0;
            let repaired = 0;
            for (; index < end; index++) {
                if (others.has(index)) continue;
                stored++;
                if (this.#repaired.has(index) || this.#repairedByErrors.has(index)) repaired++;
            }
            if (stored > 0 && source instanceof Waiter) source.stored(stored, repaired);
        }
    }

    /** The callers who wait for its items. */
    get waiters(): Waiter[] {
        return this.#runs.flatMap(({ source }) => (source instanceof Waiter ? source : []));
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
            part.#runs = this.#runs;
            part.#keys = this.#keys;
            for (const [index, repaired] of this.#repaired) part.#noteRepaired(repaired, index);
            for (const index of this.#warned) part.#warned.add(index);
            for (const tally of this.#tallies) part.#tallies.push(tally);
        } else {
            const items = [...this.items()];
            for (const [place, index] of kept.indexes.entries()) part.#note(items[index]!, place);
        }
        return part;
    }

    #note({ source, position, repaired, key, tally, isWarned }: Omit<BatchItem, 'index'>, index: number): void {
        if (repaired !== undefined) this.#noteRepaired(repaired, index);
        if (isWarned === true) this.#warned.add(index);
        this.#tallies[index] = tally;
        if (key !== undefined) this.#noteKey(key, index);
        const last = this.#runs[this.#runs.length - 1];
        const isNext =
            last !== undefined &&
            last.source === source &&
            (source === undefined || last.position + last.count === position);
        if (isNext) last.count++;
        else this.#runs.push({ source, position, count: 1 });
    }

    #noteRepaired(repaired: RepairedItem, index: number): void {
        this.#repaired.set(index, repaired);
        this.#repairedLength += repairedLength(repaired);
    }

    /** Numbers instead of the object, which would be one more to be kept for each item until it is sent. */
    #noteKey({ high, low }: Key, index: number): void {
        while (this.#keys.length < index * 2) this.#keys.push(0, 0);
        this.#keys[index * 2] = high;
        this.#keys[index * 2 + 1] = low;
    }
}

/** The identity of the items at those indexes of a batch. */
export function partOfIdentity({ id, indexes: before }: BatchIdentity, indexes: readonly number[]): BatchIdentity {
    const origins = before === undefined ? indexes : indexes.map((index) => before[index]!);
    return origins.every((origin, index) => origin === index) ? { id } : { id, indexes: origins };
}
