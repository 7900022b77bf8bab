import { HashTable, type KeyState, UNKNOWN } from './hash-table.js';
import { type Hash, KeyHash } from './key-hash.js';

export { type KeyState, STORED, UNDER_WAY, UNKNOWN } from './hash-table.js';

/** The tables grow one by one: the work of growing comes in small pieces. */
const TABLES = 256;
/** Tables begin with different sizes, so that they do not all grow, or stand half empty, at the same time. */
const FIRST_CAPACITY = 256;
const CAPACITY_STEPS = 16;

/** A key as the set knows it. */
export type Key = Hash;

const BYTES_PER_KEY = 8;
/** 131,072 keys: a piece of this size is restored within some 10 ms. */
const MAX_PIECE_BYTES = 1024 * 1024;
/** This many are looked through within some milliseconds. */
const MAX_SCANNED_SLOTS = 1_000_000;

/**
 * The keys that are stored or under way, as 64-bit hashes with a seed: about 12 bytes a key. Two different keys are taken for
 * the same with a probability of 3 in a million among 10 million keys.
 */
export class KeySet {
    readonly #hash: KeyHash;
    readonly #tables: (HashTable | undefined)[] = new Array<HashTable | undefined>(TABLES).fill(undefined);
    #size = 0;
    #newCount = 0;

    /** Pieces can be restored in a set with the same seed, such as the id of the run. */
    constructor(seed: string) {
        this.#hash = new KeyHash(seed);
    }

    /** Keys that are stored. */
    get size(): number {
        return this.#size;
    }

    /** Bytes of the tables. */
    get byteLength(): number {
        return this.#tables.reduce((sum, table) => sum + (table?.byteLength ?? 0), 0);
    }

    /** Keys that the next `takeNew` gives. */
    get newCount(): number {
        return this.#newCount;
    }

    /** A key is kept as its hash, so that no key keeps the page alive that its text was cut from. */
    keyOf(text: string): Key {
        const hash = this.#hash.hash(text);
        // Two zeros stand for no key elsewhere. The bits that tell the table stay as they are.
        return hash.high === 0 && hash.low === 0 ? { high: TABLES, low: 0 } : hash;
    }

    stateOf({ high, low }: Key): KeyState {
        return this.#tables[tableIndex(high)]?.stateOf(high, low) ?? UNKNOWN;
    }

    /** Returns what was known of the key; one of which nothing was known is under way from now on. */
    begin({ high, low }: Key): KeyState {
        return this.#table(high).begin(high, low);
    }

    /** The key is stored, whether it was under way or not. Returns false where it was stored before. */
    add({ high, low }: Key): boolean {
        if (!this.#table(high).store(high, low, true)) return false;
        this.#size++;
        this.#newCount++;
        return true;
    }

    /** The key is no longer under way. One that is stored stays so. */
    abandon({ high, low }: Key): void {
        this.#tables[tableIndex(high)]?.abandon(high, low);
    }

    /** Forgets a key that the next `takeNew` would give. */
    forgetNew({ high, low }: Key): void {
        if (this.#tables[tableIndex(high)]?.forgetNew(high, low) !== true) return;
        this.#size--;
        this.#newCount--;
    }

    /**
     * The keys that were stored since the last call, in pieces of at most 1 MiB that never change. A piece is made when it is
     * asked for: the caller may let other work go on between two of them, and keys may be added meanwhile. Where few of very many
     * keys are new, pieces are small, so that none takes long to be made. A piece that could not be saved must be kept and saved
     * later, because it is not given again.
     */
    *takeNew(): Generator<Buffer, void, undefined> {
        let piece: Buffer | undefined;
        let length = 0;
        let scannedSlots = 0;
        const write = (high: number, low: number): void => {
            length = piece!.writeInt32LE(high, length);
            length = piece!.writeInt32LE(low, length);
        };
        for (const table of this.#tables) {
            if (table === undefined || table.newCount === 0) continue;
            scannedSlots += table.capacity;
            const isFull = piece !== undefined && length + table.newCount * BYTES_PER_KEY > piece.length;
            if (piece !== undefined && (isFull || scannedSlots > MAX_SCANNED_SLOTS)) {
                yield piece.subarray(0, length);
                piece = undefined;
                scannedSlots = table.capacity;
            }
            // Keys may have been added while the caller had the last piece: nothing counted before counts here.
            if (piece === undefined) {
                // A single table has more than a piece only once there are 30 million keys.
                const keyCount = Math.max(table.newCount, Math.min(this.#newCount, MAX_PIECE_BYTES / BYTES_PER_KEY));
                piece = Buffer.alloc(keyCount * BYTES_PER_KEY);
                length = 0;
            }
            this.#newCount -= table.newCount;
            table.takeNew(write);
        }
        if (piece !== undefined) yield piece.subarray(0, length);
    }

    /**
     * Adds the keys of a piece, or of a part of it with whole keys, that an earlier process took. They are not new.
     * @throws RangeError for what is no piece: its length is not that of whole keys
     */
    restore(piece: Buffer): void {
        if (piece.length % BYTES_PER_KEY !== 0) {
            throw new RangeError(
                `Expected a piece of keys of ${BYTES_PER_KEY} bytes each, but got ${piece.length} bytes.`,
            );
        }
        for (let offset = 0; offset < piece.length; offset += BYTES_PER_KEY) {
            const high = piece.readInt32LE(offset);
            const low = piece.readInt32LE(offset + 4);
            if (this.#table(high).store(high, low, false)) this.#size++;
        }
    }

    #table(high: number): HashTable {
        const index = tableIndex(high);
        return (this.#tables[index] ??= new HashTable(firstCapacity(index), index));
    }
}

function tableIndex(high: number): number {
    return high & (TABLES - 1);
}

function firstCapacity(index: number): number {
    return Math.ceil(FIRST_CAPACITY * 2 ** ((index % CAPACITY_STEPS) / CAPACITY_STEPS));
}
