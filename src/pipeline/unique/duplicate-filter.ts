import { type KeySet, STORED, UNDER_WAY } from './key-set.js';
import type { DuplicatesOption } from './options.js';

/**
 * What became of an item that was sent on or waited.
 * - `stored`: it is in the dataset
 * - `rejected`: it is in quarantine
 * - `trimmed`: the budget did not reach for it
 * - `given-back`: its caller pushes it again
 * - `dropped`: a later attempt of its request takes its place
 */
export type KeyOutcome = 'stored' | 'rejected' | 'trimmed' | 'given-back' | 'dropped';

/**
 * What is to be done with an item.
 * - `send`: it goes its way
 * - `wait`: another item with its key is under way; `settle` of that one says what comes of this one
 * - `duplicate`: an item with its key is stored
 */
export type Admission = 'send' | 'wait' | 'duplicate';

/** What the outcome of one item means for those that wait beside it. */
export interface Settlement<Item> {
    /** They waited, and are duplicates now. In the order in which they came. */
    readonly duplicates: readonly Item[];
    /** It waited longest, and goes its way now. */
    readonly next: Item | undefined;
    /** With `duplicates: 'count'`: the item itself was stored beside another one with its key. */
    readonly isDuplicate: boolean;
}

const NOTHING: Settlement<never> = Object.freeze({
    duplicates: Object.freeze([]),
    next: undefined,
    isDuplicate: false,
});
const COUNTED: Settlement<never> = Object.freeze({ ...NOTHING, isDuplicate: true });

/**
 * Lets one item of each key go its way at a time. A key counts once its item is stored: until then later items with the same
 * key wait beside it, and the next of them takes its place if it is not stored. Beside the keys it holds only what waits.
 * Items are told by identity.
 */
export class DuplicateFilter<Item extends object> {
    readonly #keys: KeySet;
    readonly #isCounting: boolean;
    /** In the order in which they came; no set is empty. */
    readonly #waiting = new Map<string, Set<Item>>();
    #waitingItems = 0;

    /** `'drop'` and `'quarantine'` differ only in what the caller does with duplicates; with `'count'` nothing waits. */
    constructor(keys: KeySet, duplicates: DuplicatesOption) {
        this.#keys = keys;
        this.#isCounting = duplicates === 'count';
    }

    get waitingItems(): number {
        return this.#waitingItems;
    }

    /** Called once for each item, in order. An item without a key is never a duplicate. */
    admit(key: string | undefined, item: Item): Admission {
        if (key === undefined || this.#isCounting) return 'send';
        const state = this.#keys.begin(key);
        if (state === STORED) return 'duplicate';
        return state === UNDER_WAY ? this.#wait(key, item) : 'send';
    }

    /**
     * In place of `admit` for an item that was under way when an earlier process ended: it may be stored, and its key may be
     * known, so that it would be taken for a duplicate of itself.
     */
    resume(key: string | undefined, item: Item): 'send' | 'wait' {
        if (key === undefined || this.#isCounting) return 'send';
        return this.#keys.begin(key) === UNDER_WAY ? this.#wait(key, item) : 'send';
    }

    /** Called exactly once for each item that was sent on or waits, except those that a settlement named as duplicates. */
    settle(key: string | undefined, item: Item, outcome: KeyOutcome): Settlement<Item> {
        if (key === undefined) return NOTHING;
        if (this.#isCounting) return outcome === 'stored' && !this.#keys.add(key) ? COUNTED : NOTHING;
        const waiting = this.#waitingItems > 0 ? this.#waiting.get(key) : undefined;
        if (waiting?.has(item)) {
            this.#leave(key, waiting, item);
            return NOTHING;
        }
        if (outcome === 'stored') this.#keys.add(key);
        if (waiting === undefined) {
            if (outcome !== 'stored') this.#keys.abandon(key);
            return NOTHING;
        }
        // The key of a resumed item may have been stored before.
        return this.#keys.stateOf(key) === STORED ? this.#endWaiting(key, waiting) : this.#advance(key, waiting);
    }

    #wait(key: string, item: Item): 'wait' {
        const waiting = this.#waiting.get(key);
        if (waiting === undefined) this.#waiting.set(key, new Set([item]));
        else waiting.add(item);
        this.#waitingItems++;
        return 'wait';
    }

    #leave(key: string, waiting: Set<Item>, item: Item): void {
        waiting.delete(item);
        this.#waitingItems--;
        if (waiting.size === 0) this.#waiting.delete(key);
    }

    #endWaiting(key: string, waiting: ReadonlySet<Item>): Settlement<Item> {
        this.#waiting.delete(key);
        this.#waitingItems -= waiting.size;
        return { ...NOTHING, duplicates: [...waiting] };
    }

    /** The key stays under way, with another item. */
    #advance(key: string, waiting: Set<Item>): Settlement<Item> {
        const [next] = waiting;
        this.#leave(key, waiting, next!);
        return { ...NOTHING, next };
    }
}
