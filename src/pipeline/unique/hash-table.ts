/** A slot is two words; a hash is never twice 0, so that this marks a free one. */
const WORDS = 2;
/** Above this share of used slots the search for a free one becomes long. */
const MAX_LOAD = 0.8;
/** A table that doubled would be half empty after it grew. */
const GROWTH = 1.5;

/** What is known of a hash. The order has a meaning: what is stored is at least `STORED`. */
export const UNKNOWN = 0;
export const UNDER_WAY = 1;
export const STORED = 2;
/** Stored since hashes were taken last. */
const STORED_NEW = 3;

export type KeyState = typeof UNKNOWN | typeof UNDER_WAY | typeof STORED;

/** An open-addressing hash table of 64-bit hashes, with what is known of each. */
export class HashTable {
    #slots: Int32Array;
    #states: Uint8Array;
    #capacity: number;
    #size = 0;
    #newCount = 0;

    constructor(capacity: number) {
        this.#capacity = capacity;
        this.#slots = new Int32Array(capacity * WORDS);
        this.#states = new Uint8Array(capacity);
    }

    /** Bytes. */
    get byteLength(): number {
        return this.#slots.byteLength + this.#states.byteLength;
    }

    /** Hashes that were stored since they were taken last. */
    get newCount(): number {
        return this.#newCount;
    }

    stateOf(high: number, low: number): KeyState {
        return asKeyState(this.#states[this.#find(high, low)]!);
    }

    /** Returns what was known of the hash; one of which nothing was known is under way from now on. */
    begin(high: number, low: number): KeyState {
        const slot = this.#find(high, low);
        const state = this.#states[slot]!;
        if (state === UNKNOWN) this.#insert(slot, high, low, UNDER_WAY);
        return asKeyState(state);
    }

    /** The hash is stored. Returns false where it was before. */
    store(high: number, low: number, isNew: boolean): boolean {
        const slot = this.#find(high, low);
        const state = this.#states[slot]!;
        if (state >= STORED) return false;
        if (isNew) this.#newCount++;
        if (state === UNKNOWN) this.#insert(slot, high, low, isNew ? STORED_NEW : STORED);
        else this.#states[slot] = isNew ? STORED_NEW : STORED;
        return true;
    }

    /** A hash that was under way is forgotten. */
    abandon(high: number, low: number): void {
        const slot = this.#find(high, low);
        if (this.#states[slot] === UNDER_WAY) this.#remove(slot);
    }

    /** Gives the new hashes to `write`; they are no longer new. */
    takeNew(write: (high: number, low: number) => void): void {
        for (let slot = this.#states.indexOf(STORED_NEW); slot !== -1; slot = this.#states.indexOf(STORED_NEW, slot)) {
            write(this.#slots[slot * WORDS]!, this.#slots[slot * WORDS + 1]!);
            this.#states[slot] = STORED;
        }
        this.#newCount = 0;
    }

    /** The slot of the hash, or the free one in which it belongs. */
    #find(high: number, low: number): number {
        const slots = this.#slots;
        const capacity = this.#capacity;
        let slot = homeOf(low, capacity);
        for (;;) {
            const slotHigh = slots[slot * WORDS]!;
            const slotLow = slots[slot * WORDS + 1]!;
            if ((slotHigh === high && slotLow === low) || (slotHigh === 0 && slotLow === 0)) return slot;
            if (++slot === capacity) slot = 0;
        }
    }

    #insert(slot: number, high: number, low: number, state: number): void {
        this.#put(slot, high, low, state);
        if (++this.#size > this.#capacity * MAX_LOAD) this.#grow();
    }

    #put(slot: number, high: number, low: number, state: number): void {
        this.#slots[slot * WORDS] = high;
        this.#slots[slot * WORDS + 1] = low;
        this.#states[slot] = state;
    }

    /** Moves what follows towards its home, because a search ends at the first free slot. */
    #remove(slot: number): void {
        const capacity = this.#capacity;
        let hole = slot;
        for (let next = (slot + 1) % capacity; this.#states[next] !== UNKNOWN; next = (next + 1) % capacity) {
            const low = this.#slots[next * WORDS + 1]!;
            const fromHome = (next - homeOf(low, capacity) + capacity) % capacity;
            const fromHole = (next - hole + capacity) % capacity;
            if (fromHome < fromHole) continue;
            this.#put(hole, this.#slots[next * WORDS]!, low, this.#states[next]!);
            hole = next;
        }
        this.#put(hole, 0, 0, UNKNOWN);
        this.#size--;
    }

    #grow(): void {
        const slots = this.#slots;
        const states = this.#states;
        this.#capacity = Math.ceil(this.#capacity * GROWTH);
        this.#slots = new Int32Array(this.#capacity * WORDS);
        this.#states = new Uint8Array(this.#capacity);
        // An iterator would be slower, and this is most of the work of a growing set.
        for (let slot = 0; slot < states.length; slot++) {
            const state = states[slot]!;
            if (state === UNKNOWN) continue;
            const high = slots[slot * WORDS]!;
            const low = slots[slot * WORDS + 1]!;
            this.#put(this.#find(high, low), high, low, state);
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
