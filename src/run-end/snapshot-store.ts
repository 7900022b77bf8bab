import type { Log, RunStore } from '../ports.js';
import { within } from '../utils/clock.js';
import { headKey, headPrefix, liveHeads, THIS_PROCESS } from './head-owner.js';
import type { LeftSnapshot } from './left-snapshots.js';
import { readLeftSnapshots } from './left-snapshots.js';
import type { SavedKeys } from './saved-keys.js';
import type { Piece, PieceReference, Snapshot, SnapshotHead } from './snapshot.js';
import { referenceTo, toPieces } from './snapshot.js';

export interface SnapshotStoreOptions {
    store: RunStore;
    /** The dataset's id, or its name where each process makes ids anew. */
    datasetId: string;
    /** Undefined locally. */
    runId: string | undefined;
    /** Undefined where items have no key. */
    keys?: SavedKeys | undefined;
    log: Log;
}

/** A record as it is to be written. */
export interface SnapshotRecord {
    key: string;
    text: string;
    contentType: string;
    /** It is to be written only where all before it were. */
    needsOthers?: boolean;
}

/** The records of a snapshot for the end of a process, pieces first. */
export interface ExitRecords {
    records: SnapshotRecord[];
    /** What is kept of the snapshot once they are written. */
    itemCount: number;
    parts: PieceReference[][];
    state: string;
}

/** Pieces that are written at once: the time before the end is short. */
const MAX_PARALLEL_WRITES = 3;

/**
 * Keeps a guard's state with the run: pieces under new keys first, then one head that names them, then the old pieces go. The
 * process may be gone at any moment: the old state or the new one is there as a whole.
 */
export class SnapshotStore {
    readonly #options: SnapshotStoreOptions;
    readonly #prefix: string;
    #slot = 1;
    #headKey = '';
    /** Pieces that the head in the store names. */
    #parts: PieceReference[][] = [];
    #itemCount = 0;
    #replaces: string[] = [];
    /** Tells the snapshot that was saved last from others. */
    #savedState: string | undefined;
    /** Pieces that are being written, and that no head names yet. */
    #writing: string[] = [];
    /** Pieces that earlier processes had no time to remove. */
    #outdated: string[] = [];
    #unreadItems = 0;
    #unreadHeads = 0;
    #saving: Promise<unknown> = Promise.resolve();

    constructor(options: SnapshotStoreOptions) {
        this.#options = options;
        this.#prefix = headPrefix(options.datasetId);
    }

    /** Tells open guards on one dataset apart, from 1: the lowest number that is free. */
    get slot(): number {
        return this.#slot;
    }

    /** Heads that could not be read: nobody knows how many items they name. */
    get unreadHeads(): number {
        return this.#unreadHeads;
    }

    /** Items that an earlier process has left and that could not be read. */
    get unreadItems(): number {
        return this.#unreadItems;
    }

    /** Whether the store holds items of this guard. */
    get holdsItems(): boolean {
        return this.#itemCount > 0;
    }

    /**
     * Takes over what earlier processes of the run have left. To be called before any item comes in.
     * What cannot be read, within this time, stays where it is. @throws Error where nothing could be read
     */
    async claim(maxMillis = Infinity): Promise<Snapshot[]> {
        const slots = new Set<number>();
        try {
            const left = await within(readLeftSnapshots(this.#prefix, this.#options), maxMillis);
            if (left === undefined) throw new Error(`the key-value store has not answered in ${maxMillis / 1_000} s`);
            return this.#takeOver(left, slots);
        } finally {
            // Also where nothing could be read: without a key of its own it could save nothing.
            this.#takeSlot(slots);
            await this.#options.keys?.restore();
        }
    }

    /** Adds the slots of other guards that may still be at work. */
    #takeOver(left: ReadonlyMap<string, LeftSnapshot | Error>, slots: Set<number>): Snapshot[] {
        const { log } = this.#options;
        const snapshots: Snapshot[] = [];
        for (const [key, each] of left) {
            if (each instanceof Error) {
                this.#unreadHeads++;
                log.error(
                    `What an earlier process of this run has saved cannot be read: ${each.message}. It stays in the run's key-value store.`,
                    { key },
                );
                continue;
            }
            const { head, items } = each;
            if (each.isLive) {
                slots.add(head.slot);
                // It was opened first, and has taken over what both of them had in the process before.
                if (head.pid === THIS_PROCESS.pid && head.keys !== undefined) this.#options.keys?.share(head.keys);
            } else if (items instanceof Error) {
                this.#unreadItems += head.itemCount;
                log.error(
                    `${head.itemCount} items that an earlier process saved cannot be read and were not sent: ${items.message}. They stay in the run's key-value store.`,
                    { key },
                );
            } else if (items === undefined) {
                this.#replaces.push(key);
                this.#outdated.push(...[...head.parts.flat(), ...(head.keys?.pieces ?? [])].map((piece) => piece.key));
            } else {
                snapshots.push({ statistics: head.statistics, ...items });
                this.#replaces.push(key);
                this.#outdated.push(...(head.outdated ?? []));
                this.#parts.push(...head.parts);
                this.#itemCount += head.itemCount;
                this.#claimKeys(head);
            }
        }
        return snapshots;
    }

    #takeSlot(slots: ReadonlySet<number>): void {
        while (slots.has(this.#slot) || liveHeads.has(headKey(this.#prefix, this.#slot))) this.#slot++;
        this.#headKey = headKey(this.#prefix, this.#slot);
        // A guard that this process has closed before has left it: it is overwritten, not removed.
        this.#replaces = this.#replaces.filter((key) => key !== this.#headKey);
        liveHeads.add(this.#headKey);
    }

    /** Writes the head alone, naming what was taken over: from now on other processes know of this one. */
    async saveHead(statistics: Snapshot['statistics']): Promise<void> {
        return this.#inTurn(async () => this.#replaceHead(this.#parts, this.#itemCount, statistics, false));
    }

    /** `isClosed`: the guard's work is done, so that a later run counts from nothing locally. */
    async save(collect: () => Snapshot, isClosed = false): Promise<void> {
        return this.#inTurn(async () => this.#write(collect(), isClosed));
    }

    /** As `save`, where the store holds items once what is being saved is there. */
    async saveAgain(collect: () => Snapshot): Promise<void> {
        return this.#inTurn(async () => {
            if (this.holdsItems) await this.#write(collect(), false);
        });
    }

    /** Whether the store holds what the snapshot says: nothing has become of its items since it was saved. */
    holds(snapshot: Snapshot): boolean {
        // What is being written now would be left behind without a head that names it.
        return this.#writing.length === 0 && this.#itemCount > 0 && this.#savedState === stateOf(snapshot);
    }

    /**
     * The records of a snapshot, for the end of a process that cannot wait for `save`. With `isLast` they hold the keys that are new,
     * too; before that, the next process reads these back from the dataset.
     */
    recordsOf(snapshot: Snapshot, isClosed: boolean, isLast: boolean): ExitRecords {
        const pieces = toPieces(snapshot);
        const keyPieces = isLast ? (this.#options.keys?.takeUnsaved() ?? []) : [];
        if (isLast) this.#outdated.push(...(this.#options.keys?.takeOutdated() ?? []));
        const parts = pieces.length === 0 ? [] : [pieces.map(referenceTo)];
        const itemCount = countItems(snapshot);
        const head: SnapshotHead = {
            ...this.#head(parts, itemCount, snapshot.statistics, isClosed),
            // A head that is under way now may arrive later than this one, so this one has a key of its own.
            replaces: [...this.#replaces, this.#headKey],
            outdated: [...this.#parts.flat().map(({ key }) => key), ...this.#writing, ...this.#outdated],
        };
        // Where nobody is told that these are written, a later head must name them, too.
        this.#writing.push(...pieces.map(({ key }) => key));
        const headText = JSON.stringify(head);
        const headRecord = {
            key: `${this.#headKey}-exit`,
            text: headText,
            contentType: TEXT_TYPE,
            needsOthers: true,
        };
        const records = [...[...keyPieces, ...pieces].map(pieceRecord), headRecord];
        return { records, itemCount, parts, state: stateOf(snapshot) };
    }

    /** These records are written. Returns the pieces that no head names any more. */
    savedAtExit({ itemCount, parts, state }: ExitRecords): { key: string; contentType: string }[] {
        const before = this.#parts.flat().map(({ key }) => key);
        const named = new Set(parts.flat().map(({ key }) => key));
        this.#outdated.push(...before, ...this.#writing.filter((key) => !named.has(key)));
        this.#writing = [];
        this.#parts = parts;
        this.#itemCount = itemCount;
        this.#savedState = state;
        return before.map((key) => ({ key, contentType: TEXT_TYPE }));
    }

    /** Another guard of this process may take the place. */
    release(): void {
        liveHeads.delete(this.#headKey);
    }

    async #write(snapshot: Snapshot, isClosed: boolean): Promise<void> {
        const pieces = toPieces(snapshot);
        // Where the save before has failed, its pieces may be in the store, and no head names them.
        this.#outdated.push(...this.#writing);
        this.#writing = pieces.map(({ key }) => key);
        await this.#writePieces(pieces);
        const parts = pieces.length === 0 ? [] : [pieces.map(referenceTo)];
        await this.#replaceHead(parts, countItems(snapshot), snapshot.statistics, isClosed);
        this.#savedState = stateOf(snapshot);
    }

    async #replaceHead(
        parts: PieceReference[][],
        itemCount: number,
        statistics: Snapshot['statistics'],
        isClosed: boolean,
    ): Promise<void> {
        const { store, keys } = this.#options;
        await keys?.save();
        this.#outdated.push(...(keys?.takeOutdated() ?? []));
        const named = new Set(parts.flat().map(({ key }) => key));
        const before = [...this.#parts.flat().map(({ key }) => key), ...this.#outdated];
        const outdated = [...new Set(before)].filter((key) => !named.has(key));
        // Should the process be gone before they are removed, the next start removes them.
        const head = { ...this.#head(parts, itemCount, statistics, isClosed), outdated };
        await store.save(this.#headKey, JSON.stringify(head), TEXT_TYPE);
        const replaced = this.#replaces;
        this.#parts = parts;
        this.#itemCount = itemCount;
        this.#replaces = [];
        this.#outdated = [];
        this.#writing = [];
        await this.#remove([...replaced, ...outdated]);
    }

    #head(
        parts: PieceReference[][],
        itemCount: number,
        statistics: Snapshot['statistics'],
        isClosed: boolean,
    ): SnapshotHead {
        const { datasetId, runId, keys } = this.#options;
        return {
            version: 1,
            datasetId,
            runId,
            ...THIS_PROCESS,
            slot: this.#slot,
            isClosed,
            replaces: this.#replaces,
            itemCount,
            parts,
            keys: keys?.head,
            statistics,
        };
    }

    async #writePieces(pieces: readonly Piece[]): Promise<void> {
        const waiting = pieces.map(pieceRecord);
        const writeSome = async () => {
            for (let record = waiting.shift(); record !== undefined; record = waiting.shift()) {
                await this.#options.store.save(record.key, record.text, record.contentType);
            }
        };
        await Promise.all(Array.from({ length: MAX_PARALLEL_WRITES }, writeSome));
    }

    /** A record that stays behind does no harm: no head names it. */
    async #remove(keys: readonly string[]): Promise<void> {
        const { store, log } = this.#options;
        for (const key of keys) {
            await store
                .remove(key)
                .catch((error: Error) => log.debug(`A saved record could not be removed: ${error.message}`, { key }));
        }
    }

    #claimKeys({ keys }: SnapshotHead): void {
        if (keys === undefined) return;
        if (this.#options.keys === undefined) this.#outdated.push(...keys.pieces.map(({ key }) => key));
        else this.#options.keys.claim(keys);
    }

    /** One after the other, so that no older state overwrites a newer one. */
    async #inTurn<T>(work: () => Promise<T>): Promise<T> {
        const done = this.#saving.then(work);
        this.#saving = done.catch(() => undefined);
        return done;
    }
}

/** As text: apify-client tries eight times to parse JSON that is damaged, which would hold up the start. */
const TEXT_TYPE = 'text/plain; charset=utf-8';

function pieceRecord({ key, text }: Piece): SnapshotRecord {
    return { key, text, contentType: TEXT_TYPE };
}

function countItems({ batches, records }: Snapshot): number {
    return batches.reduce((sum, { lines }) => sum + lines.length, records.length);
}

/** Items only ever move on, so that equal counts and lengths mean equal items: the platform's errors may have had one repaired. */
function stateOf(snapshot: Snapshot): string {
    const { storedItems, quarantinedItems, duplicateItems, trimmedItems, discardedItems, rejectedItems } =
        snapshot.statistics;
    return [
        countItems(snapshot),
        snapshot.batches.reduce((sum, { lines }) => lines.reduce((length, line) => length + line.length, sum), 0),
        snapshot.records.length,
        storedItems,
        quarantinedItems,
        duplicateItems,
        trimmedItems,
        discardedItems,
        rejectedItems,
    ].join();
}
