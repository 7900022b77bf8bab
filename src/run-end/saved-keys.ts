import { randomUUID } from 'node:crypto';

import type { ItemSink, Log, RunStore } from '../ports.js';
import { afterThisTurn, monotonicMillis } from '../utils/clock.js';
import type { Piece, PieceReference } from './snapshot.js';
import { isIntact, referenceTo } from './snapshot.js';

/** The keys of stored items, as the pipeline has them: see the option `unique`. */
export interface StoredKeys {
    /** The keys that are new since the last call, in pieces of at most 1 MiB. Other work should go on between them. */
    takeNew(): Generator<Buffer, void, undefined>;
    /** Adds keys that an earlier process took. @throws RangeError */
    restoreKeys(piece: Buffer): void;
    /** Adds the key of an item that an earlier process has stored. */
    addStored(item: unknown): void;
}

/** What the head of a snapshot says of keys. */
export interface SavedKeysHead {
    /** The pieces hold the keys of all items that this guard stored before this position of the dataset. */
    from: number;
    pieces: PieceReference[];
}

export interface SavedKeysOptions {
    keys: StoredKeys;
    /** Items that are stored from now on, or are under way, lie at this position of the dataset or behind it. */
    position: () => number;
    sink: Pick<ItemSink, 'list'>;
    store: Pick<RunStore, 'save' | 'read'>;
    log: Log;
}

/** A piece of fewer bytes of keys is merged into the next one, so that a long run does not leave thousands of them. */
const MIN_PIECE_BYTES = 128 * 1024;
/** 32,768 keys are restored within some milliseconds. */
const PART_BYTES = 256 * 1024;
const MAX_PARALLEL_READS = 8;
const FIRST_PAGE_ITEMS = 100;
const PAGE_GROWTH = 4;
const MAX_PAGE_BYTES = 2_000_000;
/** The start of a run does not wait longer for what the process before has stored since it saved its keys. */
const MAX_TAIL_MILLIS = 60_000;

interface KeyPiece {
    readonly record: Piece;
    readonly reference: PieceReference;
    readonly keys: Buffer;
    /** Keys of the records that it makes needless. */
    readonly replaces: readonly string[];
}

/**
 * Keeps the keys of stored items with the run, in records that never change: each time only what is new. The next start of the
 * run restores them, and reads the items back that were stored since they were saved.
 */
export class SavedKeys {
    readonly #options: SavedKeysOptions;
    /** Pieces that are in the store. */
    #pieces: PieceReference[] = [];
    /** Pieces that another open guard keeps. */
    readonly #shared: PieceReference[] = [];
    /** The small ones among the own pieces. */
    #small: Pick<KeyPiece, 'reference' | 'keys'>[] = [];
    /** Keys that are in no piece yet. */
    #taken: Buffer[] = [];
    /** Pieces that are not known to be in the store. */
    #unsaved: KeyPiece[] = [];
    #outdated: string[] = [];
    #from: number;
    #tails: number[] = [];
    #isReported = false;

    constructor(options: SavedKeysOptions) {
        this.#options = options;
        this.#from = options.position();
    }

    get head(): SavedKeysHead {
        return { from: this.#from, pieces: this.#pieces };
    }

    /** Takes over what an earlier process of the run has saved. Its keys are there after `restore`. */
    claim({ from, pieces }: SavedKeysHead): void {
        this.#pieces.push(...pieces);
        this.#tails.push(from);
    }

    /** Learns what another guard that is open on the dataset has taken over or saved. Its pieces stay with that one. */
    share({ pieces }: SavedKeysHead): void {
        this.#shared.push(...pieces);
    }

    /** Never rejects. What cannot be read is said: then items may be stored that are duplicates. */
    async restore(): Promise<void> {
        const unread = await this.#readPieces();
        const isRead = this.#tails.length === 0 || (await this.#readTail(Math.min(...this.#tails)));
        if (unread === 0 && isRead) return;
        this.#options.log.warning(
            'Not all keys of items that an earlier process of this run has stored could be read: items with those keys may be stored again.',
        );
    }

    /** Writes what is new. Never rejects: what could not be written is part of the next call, or read back from the dataset. */
    async save(): Promise<void> {
        const from = this.#options.position();
        try {
            for (const piece of this.#toSave()) {
                if (piece === undefined) {
                    await nextTurn();
                    continue;
                }
                const { key, text } = piece.record;
                await this.#options.store.save(key, text, TEXT_TYPE);
                this.#saved(piece);
            }
            this.#from = from;
        } catch (error) {
            if (this.#isReported) return;
            this.#isReported = true;
            this.#options.log.warning(
                `The keys of stored items could not be saved with the run: ${(error as Error).message}. It is tried again; said once.`,
            );
        }
    }

    /** What `save` would write, for the end of a process that cannot wait. They count as written. */
    takeUnsaved(): Piece[] {
        const from = this.#options.position();
        const pieces = [...this.#toSave()].filter((piece) => piece !== undefined);
        for (const piece of pieces) this.#saved(piece);
        this.#from = from;
        return pieces.map(({ record }) => record);
    }

    /** Keys of records that no head needs to name any more. */
    takeOutdated(): string[] {
        return this.#outdated.splice(0);
    }

    /** `undefined` stands for a pause. */
    *#toSave(): Generator<KeyPiece | undefined> {
        yield* [...this.#unsaved];
        for (const taken of this.#options.keys.takeNew()) {
            this.#taken.push(taken);
            yield taken.length < MIN_PIECE_BYTES ? undefined : this.#makePiece();
        }
        if (this.#taken.length > 0) yield this.#makePiece();
    }

    /** Of what was taken, and of the small pieces that are in the store. */
    #makePiece(): KeyPiece {
        const small = this.#small.splice(0);
        const piece = toPiece([...small.map(({ keys }) => keys), ...this.#taken.splice(0)], small);
        this.#unsaved.push(piece);
        return piece;
    }

    #saved(piece: KeyPiece): void {
        this.#unsaved = this.#unsaved.filter((other) => other !== piece);
        const { reference, keys, replaces } = piece;
        this.#pieces = [...this.#pieces.filter(({ key }) => !replaces.includes(key)), reference];
        this.#outdated.push(...replaces);
        if (keys.length < MIN_PIECE_BYTES) this.#small.push({ reference, keys });
    }

    /** Resolves to how many could not be read. */
    async #readPieces(): Promise<number> {
        const waiting = [...this.#pieces, ...this.#shared];
        let unread = 0;
        let turn = Promise.resolve();
        const readSome = async () => {
            for (let reference = waiting.shift(); reference !== undefined; reference = waiting.shift()) {
                const piece = reference;
                const text = await this.#options.store.read(piece.key).catch(() => '');
                // One after another, with turns of the event loop between.
                turn = turn.then(async () => {
                    const keys = await this.#addPiece(piece, text);
                    if (keys === undefined) {
                        unread++;
                        this.#pieces = this.#pieces.filter((other) => other !== piece);
                    } else if (keys.length < MIN_PIECE_BYTES && this.#pieces.includes(piece)) {
                        this.#small.push({ reference: piece, keys });
                    }
                });
                await turn;
            }
        };
        await Promise.all(Array.from({ length: MAX_PARALLEL_READS }, readSome));
        return unread;
    }

    /** Resolves to the keys of the piece; to `undefined` where the text is not that of the piece. */
    async #addPiece(reference: PieceReference, text: string): Promise<Buffer | undefined> {
        await nextTurn();
        if (!isIntact(text, reference)) return undefined;
        const keys = Buffer.from(text, 'base64');
        for (let offset = 0; offset < keys.length; offset += PART_BYTES) {
            await nextTurn();
            this.#options.keys.restoreKeys(keys.subarray(offset, offset + PART_BYTES));
        }
        return keys;
    }

    /** Reads what was stored at `from` or behind it. Resolves to whether all of it was. */
    async #readTail(from: number): Promise<boolean> {
        const { sink, keys } = this.#options;
        const until = monotonicMillis() + MAX_TAIL_MILLIS;
        let limit = FIRST_PAGE_ITEMS;
        try {
            for (let offset = from; monotonicMillis() < until;) {
                const page = await sink.list(offset, limit);
                if (page === undefined) return false;
                for (const item of page.items) keys.addStored(item);
                if (page.items.length < limit) return true;
                offset += page.items.length;
                const itemBytes = JSON.stringify(page.items).length / page.items.length;
                limit = Math.max(1, Math.min(limit * PAGE_GROWTH, Math.floor(MAX_PAGE_BYTES / itemBytes)));
                await nextTurn();
            }
        } catch {
            // The dataset cannot be read now.
        }
        return false;
    }
}

const TEXT_TYPE = 'text/plain; charset=utf-8';

function toPiece(keys: readonly Buffer[], replaced: readonly Pick<KeyPiece, 'reference'>[]): KeyPiece {
    const all = Buffer.concat(keys);
    const record = { key: `DATASET-GUARD-KEYS-${randomUUID()}`, text: all.toString('base64') };
    return {
        record,
        reference: referenceTo(record),
        keys: all,
        replaces: replaced.map(({ reference }) => reference.key),
    };
}

async function nextTurn(): Promise<void> {
    return new Promise((resolve) => {
        afterThisTurn(resolve);
    });
}
