/** A slot is two words: the first half of a hash with its state in the lowest bits, and the second half. A free one is 0. */
const WORDS = 2;
const STATE_BITS = 3;
/** Above this share of used slots the search for a free one becomes long. */
const MAX_LOAD = 0.8;
/** A table that doubled would be half empty after it grew. */
const GROWTH = 1.5;
/** A small one doubles, because its memory is little and growing takes most of the time. Slots. */
const SMALL_CAPACITY = 2_048;

/** The state of a hash. The order has a meaning: the state of a stored item is at least `STORED`. */
export const UNKNOWN = 0;
export const UNDER_WAY = 1;
export const STORED = 2;
/** Stored since hashes were taken last. */
const STORED_NEW = 3;

export type KeyState = typeof UNKNOWN | typeof UNDER_WAY | typeof STORED;

/**
 * An open-addressing hash table of 64-bit hashes, with what is known of each. All hashes of a table have the same two lowest
 * bits in `high`, so that their place holds the state: what is known of a hash is beside it in memory.
 */
export class HashTable {
    #slots: Int32Array;
    #capacity: number;
    readonly #lowestBits: number;
    #size = 0;
    #newCount = 0;

    constructor(capacity: number, lowestBits: number) {
        this.#capacity = capacity;
        this.#lowestBits = lowestBits & STATE_BITS;
        this.#slots = new Int32Array(capacity * WORDS);
    }

    get capacity(): number {
        return this.#capacity;
    }

    /** Bytes. */
    get byteLength(): number {
        return this.#slots.byteLength;
    }

    /** Hashes that were stored since they were taken last. */
    get newCount(): number {
        return this.#newCount;
    }

    stateOf(high: number, low: number): KeyState {
        return asKeyState(this.#slots[this.#find(high, low)]! & STATE_BITS);
    }

    /** Returns what was known of the hash; one of which nothing was known is under way from now on. */
    begin(high: number, low: number): KeyState {
        const slot = this.#find(high, low);
        const state = this.#slots[slot]! & STATE_BITS;
        if (state === UNKNOWN) this.#insert(slot, high, low, UNDER_WAY);
        return asKeyState(state);
    }

    /** The hash is stored. Returns false where it was before. */
    store(high: number, low: number, isNew: boolean): boolean {
        const slot = this.#find(high, low);
        const state = this.#slots[slot]! & STATE_BITS;
        if (state >= STORED) return false;
        if (isNew) this.#newCount++;
        if (state === UNKNOWN) this.#insert(slot, high, low, isNew ? STORED_NEW : STORED);
        else this.#put(slot, high, low, isNew ? STORED_NEW : STORED);
        return true;
    }

    /** A hash that was under way is forgotten. */
    abandon(high: number, low: number): void {
        const slot = this.#find(high, low);
        if ((this.#slots[slot]! & STATE_BITS) === UNDER_WAY) this.#remove(slot);
    }

    /** Forgets a hash that is stored and not taken yet. Returns false where the table has no such hash. */
    forgetNew(high: number, low: number): boolean {
        const slot = this.#find(high, low);
        if ((this.#slots[slot]! & STATE_BITS) !== STORED_NEW) return false;
        this.#remove(slot);
        this.#newCount--;
        return true;
    }

    /** Gives the new hashes to `write`; they are no longer new. */
    takeNew(write: (high: number, low: number) => void): void {
        const slots = this.#slots;
        for (let slot = 0; slot < slots.length; slot += WORDS) {
            const word = slots[slot]!;
            if ((word & STATE_BITS) !== STORED_NEW) continue;
            write((word & ~STATE_BITS) | this.#lowestBits, slots[slot + 1]!);
            slots[slot] = (word & ~STATE_BITS) | STORED;
        }
        this.#newCount = 0;
    }

    /** The index of the hash's first word, or of the free slot in which it belongs. */
    #find(high: number, low: number): number {
        const slots = this.#slots;
        let slot = homeOf(low, this.#capacity) * WORDS;
        for (;;) {
            const word = slots[slot]!;
            if (word === 0 || (((word ^ high) & ~STATE_BITS) === 0 && slots[slot + 1] === low)) return slot;
            slot += WORDS;
            if (slot === slots.length) slot = 0;
        }
    }

    #insert(slot: number, high: number, low: number, state: number): void {
        this.#put(slot, high, low, state);
        if (++this.#size > this.#capacity * MAX_LOAD) this.#grow();
    }

    #put(slot: number, high: number, low: number, state: number): void {
        this.#slots[slot] = (high & ~STATE_BITS) | state;
        this.#slots[slot + 1] = low;
    }

    /** Moves what follows towards its home, because a search ends at the first free slot. */
    #remove(slot: number): void {
        const slots = this.#slots;
        const { length } = slots;
        let hole = slot;
        for (let next = (slot + WORDS) % length; slots[next] !== 0; next = (next + WORDS) % length) {
            const home = homeOf(slots[next + 1]!, this.#capacity) * WORDS;
            const fromHome = (next - home + length) % length;
            const fromHole = (next - hole + length) % length;
            if (fromHome < fromHole) continue;
            slots[hole] = slots[next]!;
            slots[hole + 1] = slots[next + 1]!;
            hole = next;
        }
        slots[hole] = 0;
        slots[hole + 1] = 0;
        this.#size--;
    }

    #grow(): void {
        const old = this.#slots;
        this.#capacity = Math.ceil(this.#capacity * (this.#capacity < SMALL_CAPACITY ? 2 : GROWTH));
        this.#slots = new Int32Array(this.#capacity * WORDS);
        for (let slot = 0; slot < old.length; slot += WORDS) {
            const word = old[slot]!;
            if (word === 0) continue;
            const low = old[slot + 1]!;
            this.#put(this.#find(word, low), word, low, word & STATE_BITS);
        }
    }
}

/** The remainder scatters anew what comes in the order of another table's slots, as a restored piece does. */
function homeOf(low: number, capacity: number): number {
    return (low >>> 0) % capacity;
}

function asKeyState(state: number): KeyState {
    return state >= STORED ? STORED : state === UNDER_WAY ? UNDER_WAY : UNKNOWN;
}
