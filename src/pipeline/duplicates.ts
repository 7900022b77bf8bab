import { randomUUID } from 'node:crypto';

import type { ResolvedOptions } from '../options.js';
import type { Log } from '../ports.js';
import type { Redactor } from '../quality/redact.js';
import type { Statistics } from '../report/statistics.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Batch, BatchItem } from './batch.js';
import type { ItemBuffer } from './buffer.js';
import type { RejectedItems } from './rejected-items.js';
import { heldLength, type RepairedItem } from './repair/repairs.js';
import type { Admission, Settlement } from './unique/duplicate-filter.js';
import { DuplicateFilter } from './unique/duplicate-filter.js';
import { ItemKeys } from './unique/item-key.js';
import type { Key } from './unique/key-set.js';
import { KeySet } from './unique/key-set.js';
import { definitionOf, type DuplicatesOption, type ResolvedUnique } from './unique/options.js';

/** A valid item that is about to enter the buffer. */
export interface AdmittedItem extends Omit<BatchItem, 'index'> {
    readonly text: string;
    readonly source: PushSource | undefined;
    readonly position: number;
    readonly repaired?: RepairedItem | undefined;
    readonly key?: Key | undefined;
    /** Of an item that waits: the id of its record, should it be recorded as a duplicate. It is the same in the next process of the run. */
    readonly recordId?: string | undefined;
}

export interface DuplicatesOptions {
    /** Keys are restored in another process with the same seed and the same option `unique`. */
    seed: string;
    buffer: ItemBuffer;
    statistics: Statistics;
    redactor: Redactor;
    rejectedItems: RejectedItems;
    log: Log;
}

/** What is to become of items that an earlier process of the run left. */
export interface RestoredItems {
    /** Those that are to be sent, each in its place, and undefined in the places of the others. */
    toSend: (AdmittedItem | undefined)[];
    /** Those that the earlier process has stored. */
    stored: AdmittedItem[];
}

const WHAT_HAPPENS: Readonly<Record<DuplicatesOption, string>> = {
    drop: 'is left out',
    quarantine: 'goes to quarantine',
    count: 'is stored nevertheless',
};

/**
 * The stage before the buffer that lets one item of each key through: see the option `unique`. It owns the keys, and the items
 * that wait beside another one with their key. Whoever settles an item of a batch tells it, after the item has left its place.
 */
export class Duplicates {
    readonly #options: DuplicatesOptions;
    readonly #option: DuplicatesOption;
    readonly #itemKeys: ItemKeys;
    /** For keys that are shown: what `redact` leaves of an item may have none. */
    readonly #shownKeys: ItemKeys;
    readonly #keys: KeySet;
    readonly #filter: DuplicateFilter<AdmittedItem>;
    readonly #waiting = new Set<AdmittedItem>();
    #isLogged = false;

    constructor(
        unique: ResolvedUnique,
        { duplicates }: Pick<ResolvedOptions, 'duplicates'>,
        options: DuplicatesOptions,
    ) {
        this.#options = options;
        this.#option = duplicates;
        this.#itemKeys = new ItemKeys(unique, (message) => options.log.warning(message));
        this.#shownKeys = new ItemKeys(unique, () => undefined);
        // Keys that an earlier process made in another way must not be taken for those of this one.
        this.#keys = new KeySet(`${options.seed} ${definitionOf(unique)}`);
        this.#filter = new DuplicateFilter(this.#keys, duplicates);
    }

    /** Items that wait beside another one with their key. */
    get waitingItems(): number {
        return this.#waiting.size;
    }

    /** Waiting items that no caller waits for. */
    get unawaitedItems(): number {
        return [...this.#waiting].filter(({ source }) => !isAwaited(source)).length;
    }

    get waiting(): readonly AdmittedItem[] {
        return [...this.#waiting];
    }

    isWaiting(item: AdmittedItem): boolean {
        return this.#waiting.has(item);
    }

    /** The key of an item, which must be what its JSON will be when it is parsed. */
    keyOf(item: unknown): Key | undefined {
        const text = this.#itemKeys.keyOf(item);
        return text === undefined ? undefined : this.#keys.keyOf(text);
    }

    /** Whether an item with the key is stored or under way, so that `admit` would not let another one through. */
    isKnown(key: Key | undefined): boolean {
        return this.#filter.isKnown(key);
    }

    /** Called once for each valid item. What is not to be sent must go to `keep`. */
    admit(key: Key | undefined): Admission {
        return this.#filter.admit(key);
    }

    /** Keeps an item that waits, and counts one that is a duplicate. */
    keep(item: AdmittedItem, admission: Exclude<Admission, 'send'>): void {
        if (admission === 'duplicate') this.#settleDuplicate(item);
        else this.#wait(item);
    }

    /**
     * Takes items over that an earlier process of the run left, after the keys. `isWaiting`: they waited beside others, which must
     * be restored before them.
     */
    restore(saved: readonly Pick<AdmittedItem, 'text' | 'repaired' | 'recordId'>[], isWaiting: boolean): RestoredItems {
        const stored: AdmittedItem[] = [];
        const toSend = saved.map((each) => {
            const item = { ...each, source: undefined, position: 0, key: this.keyOf(JSON.parse(each.text)) };
            const admission = this.#filter.restore(item.key);
            if (admission === 'send') return item;
            // It is in the dataset, and no duplicate of itself: it was under way when the process ended, and its key is known by now.
            if (admission === 'duplicate' && !isWaiting) stored.push(item);
            else this.keep(item, admission);
            return undefined;
        });
        return { toSend, stored };
    }

    /** The items of a batch for which `isMeant` holds are stored. */
    stored(batch: Batch, isMeant: (index: number) => boolean): void {
        for (let index = 0; index < batch.payload.itemCount; index++) {
            if (!isMeant(index)) continue;
            if (this.#settleStored(batch.keys.at(index))) this.#count(batch.storedText(index));
        }
    }

    /**
     * The platform's errors had an item repaired that was let through with the key `before`: it is to be sent as `text`. Returns
     * the key that it has now. `undefined`: another item with that key is stored or under way, and nothing has changed.
     */
    rekey(before: Key | undefined, text: string): { key: Key | undefined } | undefined {
        const key = this.keyOf(JSON.parse(text));
        if (isSame(before, key)) return { key };
        if (this.#filter.admit(key) !== 'send') return undefined;
        // Whatever becomes of the item, none with its former key will be stored of it.
        this.rejected(before);
        return { key };
    }

    /** The item with the key went to the quarantine. */
    rejected(key: Key | undefined): void {
        this.#apply(this.#filter.settle(key, 'rejected'));
    }

    /** Items that had been let through were given back to their callers. */
    givenBack(items: readonly Pick<BatchItem, 'key'>[]): void {
        for (const { key } of items) this.#apply(this.#filter.settle(key, 'given-back'));
    }

    /** Gives items back that wait and whose callers wait for them: those of `waiter`, or all. Returns how many. */
    giveBackWaiting(error: Error, waiter?: Waiter): number {
        let count = 0;
        for (const item of this.waiting) {
            const { source, key, position } = item;
            if (!isAwaited(source) || (waiter !== undefined && source !== waiter)) continue;
            this.#filter.withdraw(key!, item);
            this.#release(item);
            source.givenBack(position, error);
            count++;
        }
        return count;
    }

    /** An item that an earlier process has stored. */
    addStored(item: unknown): void {
        const key = this.keyOf(item);
        if (key !== undefined) this.#keys.add(key);
    }

    /** The keys that are new since the last call: see `KeySet.takeNew`. */
    takeNew(): Generator<Buffer, void, undefined> {
        return this.#keys.takeNew();
    }

    /** Adds keys that an earlier process took. @throws RangeError */
    restoreKeys(piece: Buffer): void {
        this.#keys.restore(piece);
    }

    /** Returns whether an item was stored beside another one with its key. */
    #settleStored(key: Key | undefined): boolean {
        const settlement = this.#filter.settle(key, 'stored');
        this.#apply(settlement);
        return settlement.isDuplicate;
    }

    #wait(admitted: AdmittedItem): void {
        const { buffer } = this.#options;
        const item = { ...admitted, recordId: admitted.recordId ?? randomUUID() };
        this.#filter.wait(item.key!, item);
        this.#waiting.add(item);
        buffer.collected(heldLength(item));
        // Its caller waits for the item that is under way, too.
        if (item.source instanceof Waiter) buffer.expedite();
    }

    #release(item: AdmittedItem): void {
        this.#waiting.delete(item);
        this.#options.buffer.collected(-heldLength(item));
    }

    #apply({ duplicates, next }: Settlement<AdmittedItem>): void {
        if (duplicates.length > 0) {
            for (const item of duplicates) {
                this.#release(item);
                this.#settleDuplicate(item);
            }
        }
        if (next === undefined) return;
        this.#release(next);
        this.#options.buffer.enqueue(next.text, next);
    }

    #settleDuplicate(item: AdmittedItem): void {
        this.#count(item.text);
        if (this.#option === 'quarantine') {
            this.#options.rejectedItems.addDuplicate(item);
            return;
        }
        this.#options.statistics.counters.duplicates(1);
        if (item.source instanceof Waiter) item.source.duplicate();
    }

    #count(itemText: string): void {
        const { statistics, redactor, log } = this.#options;
        statistics.countDuplicate(() => this.#shownKeys.keyOf(redactor.shown(itemText)));
        if (this.#isLogged) return;
        this.#isLogged = true;
        log.info(
            `An item whose key is stored already ${WHAT_HAPPENS[this.#option]}. Duplicates are counted from now on.`,
        );
    }
}

function isSame(a: Key | undefined, b: Key | undefined): boolean {
    return a === b || (a !== undefined && b !== undefined && a.high === b.high && a.low === b.low);
}
