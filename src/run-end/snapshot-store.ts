import type { Log, RunStore } from '../ports.js';
import { within } from '../utils/clock.js';
import { headKey, headPrefix, liveHeads, THIS_PROCESS } from './head-owner.js';
import type { LeftSnapshot } from './left-snapshots.js';
import { readLeftSnapshots } from './left-snapshots.js';
import type { SavedKeys, SavedKeysHead } from './saved-keys.js';
import type { Piece, Snapshot, SnapshotHead } from './snapshot.js';
import { toPieces } from './snapshot.js';
import type { SnapshotContents } from './stored-records.js';
import { contentsOf, StoredRecords } from './stored-records.js';
import { UnreadSnapshots } from './unread-snapshots.js';

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
    contents: SnapshotContents;
}

/** Pieces that are written at once: the time before the end is short. */
const MAX_PARALLEL_WRITES = 3;

/**
 * Keeps a guard's state with the run: pieces under new keys first, then one head that names them, then the old pieces go. The
 * process may be gone at any moment: the old state or the new one is there as a whole.
 */
export class SnapshotStore {
    /** What earlier processes have left and this one cannot read. */
    readonly unread: UnreadSnapshots;
    readonly #options: SnapshotStoreOptions;
    readonly #prefix: string;
    readonly #stored = new StoredRecords();
    #slot = 1;
    #headKey = '';
    #saving: Promise<unknown> = Promise.resolve();

    constructor(options: SnapshotStoreOptions) {
        this.#options = options;
        this.#prefix = headPrefix(options.datasetId);
        this.unread = new UnreadSnapshots(options.log);
    }

    /** Tells open guards on one dataset apart, from 1: the lowest number that is free. */
    get slot(): number {
        return this.#slot;
    }

    /** Whether the store holds items of this guard. */
    get holdsItems(): boolean {
        return this.#stored.contents.itemCount > 0;
    }

    /** Whether the store holds what the snapshot says. */
    holds(snapshot: Snapshot): boolean {
        return this.#stored.holds(snapshot);
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
            return [...left].flatMap(([key, each]) => {
                if (each instanceof Error) this.unread.headNotRead(key, each);
                else if (each.isLive) this.#leaveAlone(each.head, slots);
                else return this.#takeOver(key, each);
                return [];
            });
        } finally {
            // Also where nothing could be read: without a key of its own it could save nothing.
            this.#takeSlot(slots);
            await this.#options.keys?.restore();
        }
    }

    /** Adds the slot of another guard that may still be at work. */
    #leaveAlone({ pid, slot, keys }: SnapshotHead, slots: Set<number>): void {
        slots.add(slot);
        // It was opened first, and has taken over what both of them had in the process before.
        if (pid === THIS_PROCESS.pid && keys !== undefined) this.#options.keys?.share(keys);
    }

    #takeOver(key: string, { head, items }: LeftSnapshot): Snapshot[] {
        if (items instanceof Error) {
            this.unread.itemsNotRead(key, head.itemCount, items);
            return [];
        }
        if (items === undefined) {
            this.#stored.discard(key, head);
            return [];
        }
        this.#stored.claim(key, head);
        if (head.keys !== undefined) this.#claimKeys(head.keys);
        return [{ statistics: head.statistics, ...items }];
    }

    #claimKeys(saved: SavedKeysHead): void {
        const { keys } = this.#options;
        if (keys === undefined) this.#stored.outdate(saved.pieces.map(({ key }) => key));
        else keys.claim(saved);
    }

    #takeSlot(slots: ReadonlySet<number>): void {
        while (slots.has(this.#slot) || liveHeads.has(headKey(this.#prefix, this.#slot))) this.#slot++;
        this.#headKey = headKey(this.#prefix, this.#slot);
        // A guard that this process has closed before may have left it.
        this.#stored.keepHead(this.#headKey);
        liveHeads.add(this.#headKey);
    }

    /** Writes the head alone, naming what was taken over: from now on other processes know of this one. */
    async saveHead(statistics: Snapshot['statistics']): Promise<void> {
        return this.#inTurn(async () => {
            this.#stored.writing([]);
            await this.#writeHead(this.#stored.contents, statistics, false);
        });
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

    /**
     * The records of a snapshot, for the end of a process that cannot wait for `save`. With `isLast` they hold the keys that are new,
     * too; before that, the next process reads these back from the dataset.
     */
    recordsOf(snapshot: Snapshot, isClosed: boolean, isLast: boolean): ExitRecords {
        const { keys } = this.#options;
        const pieces = toPieces(snapshot);
        const contents = contentsOf(snapshot, pieces);
        const keyPieces = isLast ? (keys?.takeUnsaved() ?? []) : [];
        if (isLast) this.#stored.outdate(keys?.takeOutdated() ?? []);
        const replaced = this.#stored.writingAtExit(pieces, this.#headKey);
        const head = this.#head(contents, snapshot.statistics, isClosed, replaced);
        const headRecord = {
            key: `${this.#headKey}-exit`,
            text: JSON.stringify(head),
            contentType: TEXT_TYPE,
            needsOthers: true,
        };
        return { records: [...[...keyPieces, ...pieces].map(pieceRecord), headRecord], contents };
    }

    /** These records are written. Returns the pieces that no head names any more. */
    savedAtExit({ contents }: ExitRecords): { key: string; contentType: string }[] {
        return this.#stored.headWrittenAtExit(contents).map((key) => ({ key, contentType: TEXT_TYPE }));
    }

    /** Another guard of this process may take the place. */
    release(): void {
        liveHeads.delete(this.#headKey);
    }

    async #write(snapshot: Snapshot, isClosed: boolean): Promise<void> {
        const pieces = toPieces(snapshot);
        this.#stored.writing(pieces);
        await this.#writePieces(pieces);
        await this.#writeHead(contentsOf(snapshot, pieces), snapshot.statistics, isClosed);
    }

    async #writeHead(contents: SnapshotContents, statistics: Snapshot['statistics'], isClosed: boolean): Promise<void> {
        const { store, keys } = this.#options;
        await keys?.save();
        this.#stored.outdate(keys?.takeOutdated() ?? []);
        const replaced = this.#stored.replacedBy(contents);
        const head = this.#head(contents, statistics, isClosed, replaced);
        await store.save(this.#headKey, JSON.stringify(head), TEXT_TYPE);
        this.#stored.headWritten(contents);
        await this.#remove([...replaced.replaces, ...replaced.outdated]);
    }

    #head(
        { parts, itemCount }: SnapshotContents,
        statistics: Snapshot['statistics'],
        isClosed: boolean,
        replaced: Pick<SnapshotHead, 'replaces' | 'outdated'>,
    ): SnapshotHead {
        const { datasetId, runId, keys } = this.#options;
        return {
            version: 1,
            datasetId,
            runId,
            ...THIS_PROCESS,
            slot: this.#slot,
            isClosed,
            ...replaced,
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
