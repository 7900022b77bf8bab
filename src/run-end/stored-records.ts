import type { Piece, PieceReference, Snapshot, SnapshotHead } from './snapshot.js';
import { referenceTo } from './snapshot.js';

/** What a head says of a snapshot. */
export interface SnapshotContents {
    parts: PieceReference[][];
    itemCount: number;
    /** Tells the snapshot from others; undefined for what an earlier process has saved. */
    state?: string;
}

export function contentsOf(snapshot: Snapshot, pieces: readonly Piece[]): SnapshotContents {
    return {
        parts: pieces.length === 0 ? [] : [pieces.map(referenceTo)],
        itemCount: countItems(snapshot),
        state: stateOf(snapshot),
    };
}

/**
 * Knows which records of the guard the store holds: the pieces that its head names, those that are under way, and those that no head
 * needs any more. A process may be gone before it has removed these, so each head names them for the next start.
 */
export class StoredRecords {
    #contents: SnapshotContents = { parts: [], itemCount: 0 };
    /** Heads of earlier processes that the next head replaces. */
    #heads: string[] = [];
    /** Pieces that are being written, and that no head names yet. */
    #writing: string[] = [];
    /** Pieces that no head names any more. */
    #outdated: string[] = [];

    /** What the head in the store names. */
    get contents(): SnapshotContents {
        return this.#contents;
    }

    /** Whether the store holds what the snapshot says: nothing has become of its items since it was saved. */
    holds(snapshot: Snapshot): boolean {
        // What is being written now would be left behind without a head that names it.
        return this.#writing.length === 0 && this.#contents.itemCount > 0 && this.#contents.state === stateOf(snapshot);
    }

    /** Takes over what an earlier process has left: from now on this guard's head names its pieces. */
    claim(key: string, { parts, itemCount, outdated = [] }: SnapshotHead): void {
        this.#heads.push(key);
        this.#outdated.push(...outdated);
        this.#contents = {
            parts: [...this.#contents.parts, ...parts],
            itemCount: this.#contents.itemCount + itemCount,
        };
    }

    /** Nobody needs what this head names. */
    discard(key: string, { parts, keys }: SnapshotHead): void {
        this.#heads.push(key);
        this.outdate([...parts.flat(), ...(keys?.pieces ?? [])].map((piece) => piece.key));
    }

    /** This guard writes its own head under the key: it is overwritten, not removed. */
    keepHead(ownKey: string): void {
        this.#heads = this.#heads.filter((key) => key !== ownKey);
    }

    /** No head needs to name these pieces any more. */
    outdate(keys: readonly string[]): void {
        this.#outdated.push(...keys);
    }

    /** These pieces are about to be written. */
    writing(pieces: readonly Piece[]): void {
        // Where the save before has failed, its pieces may be in the store, and no head names them.
        this.#outdated.push(...this.#writing);
        this.#writing = pieces.map(({ key }) => key);
    }

    /** What a head with these contents makes needless. */
    replacedBy({ parts }: SnapshotContents): Required<Pick<SnapshotHead, 'replaces' | 'outdated'>> {
        const named = keysIn(parts);
        const before = new Set([...keysIn(this.#contents.parts), ...this.#outdated]);
        return { replaces: this.#heads, outdated: [...before].filter((key) => !named.has(key)) };
    }

    /** The head that names the contents is written, and nothing that it replaces is needed. */
    headWritten(contents: SnapshotContents): void {
        this.#contents = contents;
        this.#heads = [];
        this.#outdated = [];
        this.#writing = [];
    }

    /**
     * As `writing`, at the end of a process, where a head that is under way now may arrive later. Returns what the head that names these
     * pieces makes needless, under a key of its own.
     */
    writingAtExit(pieces: readonly Piece[], ownKey: string): Required<Pick<SnapshotHead, 'replaces' | 'outdated'>> {
        const replaces = [...this.#heads, ownKey];
        const outdated = [...keysIn(this.#contents.parts), ...this.#writing, ...this.#outdated];
        // Where nobody is told that these are written, a later head must name them, too.
        this.#writing.push(...pieces.map(({ key }) => key));
        return { replaces, outdated };
    }

    /** The head of the end of a process is written. Returns the pieces that the head before it named. */
    headWrittenAtExit(contents: SnapshotContents): string[] {
        const before = [...keysIn(this.#contents.parts)];
        const named = keysIn(contents.parts);
        this.#outdated.push(...before, ...this.#writing.filter((key) => !named.has(key)));
        this.#writing = [];
        this.#contents = contents;
        return before;
    }
}

function keysIn(parts: readonly PieceReference[][]): Set<string> {
    return new Set(parts.flat().map(({ key }) => key));
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
