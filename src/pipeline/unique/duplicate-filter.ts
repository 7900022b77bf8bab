import { type Key, type KeySet, STORED, UNDER_WAY } from './key-set.js';
import type { DuplicatesOption } from './options.js';

/**
 * The outcome of an item that was sent on.
 * - `stored`: it is in the dataset
 * - `rejected`: it is in quarantine
 * - `given-back`: its caller pushes it again
 */
export type KeyOutcome = 'stored' | 'rejected' | 'given-back';

/**
 * The decision about an item.
 * - `send`: it goes its way
 * - `wait`: another item with its key is under way. After `wait`, `settle` of that one says what comes of this one
 * - `duplicate`: an item with its key is stored
 */
export type Admission = 'send' | 'wait' | 'duplicate';

/** The effect of one item's outcome on those that wait beside it. */
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
    /** By `idOf` the key, in the order in which they came; no set is empty. */
    readonly #waiting = new Map<number, Set<Item>>();
    #waitingItems = 0;

    /** `'drop'` and `'quarantine'` differ only in what the caller does with duplicates; with `'count'` nothing waits. */
    constructor(keys: KeySet, duplicates: DuplicatesOption) {
        this.#keys = keys;
        this.#isCounting = duplicates === 'count';
    }

    get waitingItems(): number {
        return this.#waitingItems;
    }

    /** Whether `admit` would not say `send`. */
    isKnown(key: Key | undefined): boolean {
        if (key === undefined || this.#isCounting) return false;
        const state = this.#keys.stateOf(key);
        return state === STORED || state === UNDER_WAY;
    }

    /** Called once for each item, in order. An item without a key is never a duplicate. */
    admit(key: Key | undefined): Admission {
        if (key === undefined || this.#isCounting) return 'send';
        const state = this.#keys.begin(key);
        return state === STORED ? 'duplicate' : state === UNDER_WAY ? 'wait' : 'send';
    }

    /** As `admit`, for an item that an earlier process left, once the keys of that are restored. */
    restore(key: Key | undefined): Admission {
        // With `'count'` it is looked for in the dataset. If its key was read back from there, that may be its own.
        if (key !== undefined && this.#isCounting) this.#keys.forgetNew(key);
        return this.admit(key);
    }

    /** The item waits beside the one with its key that is under way, as `admit` said. */
    wait(key: Key, item: Item): void {
        const waiting = this.#waiting.get(idOf(key));
        if (waiting === undefined) this.#waiting.set(idOf(key), new Set([item]));
        else waiting.add(item);
        this.#waitingItems++;
    }

    /** Called exactly once for each item that was sent on. */
    settle(key: Key | undefined, outcome: KeyOutcome): Settlement<Item> {
        if (key === undefined) return NOTHING;
        if (this.#isCounting) return outcome === 'stored' && !this.#keys.add(key) ? COUNTED : NOTHING;
        const waiting = this.#waitingItems > 0 ? this.#waiting.get(idOf(key)) : undefined;
        if (outcome === 'stored') this.#keys.add(key);
        if (waiting === undefined) {
            if (outcome !== 'stored') this.#keys.abandon(key);
            return NOTHING;
        }
        return outcome === 'stored' ? this.#endWaiting(key, waiting) : this.#advance(key, waiting);
    }

    /** The item waits no longer: its caller pushes it again. */
    withdraw(key: Key, item: Item): void {
        const waiting = this.#waiting.get(idOf(key));
        if (waiting?.has(item)) this.#leave(key, waiting, item);
    }

    #leave(key: Key, waiting: Set<Item>, item: Item): void {
        waiting.delete(item);
        this.#waitingItems--;
        if (waiting.size === 0) this.#waiting.delete(idOf(key));
    }

    #endWaiting(key: Key, waiting: ReadonlySet<Item>): Settlement<Item> {
        this.#waiting.delete(idOf(key));
        this.#waitingItems -= waiting.size;
        return { ...NOTHING, duplicates: [...waiting] };
    }

    /** The key stays under way, with another item. */
    #advance(key: Key, waiting: Set<Item>): Settlement<Item> {
        const [next] = waiting;
        this.#leave(key, waiting, next!);
        return { ...NOTHING, next };
    }
}

/** 53 of the 64 bits, as many as a number holds exactly: only few keys have items that wait. */
function idOf({ high, low }: Key): number {
    return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
