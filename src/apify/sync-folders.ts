import { randomUUID } from 'node:crypto';
import {
    existsSync,
    mkdir,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import type { SendResult } from '../ports.js';
import { startCountdown } from './countdown.js';
import type { SyncRecord, SyncRunStore, SyncStorage } from './sync-storages.js';

/** Digits of the number that is an item's file name in the memory storage. */
const NUMBER_DIGITS = 9;
/** The memory storage's file extensions for content types; it writes any other type as `bin`. */
const EXTENSIONS: Readonly<Record<string, string>> = {
    'application/json': 'json',
    'text/html': 'html',
    'text/plain': 'txt',
};
/** Between two looks at files that are being written. An operation takes much less, also for a large file. */
const LOOK_INTERVAL_MILLIS = 10;
const MAX_WAIT_MILLIS = 500;

/** As far as the memory storage shows where it writes, and what. */
interface FolderStorage {
    persistStorage: true;
    datasetsDirectory: string;
    keyValueStoresDirectory: string;
    datasetClientsHandled?: readonly StorageEntry[];
    keyValueStoresHandled?: readonly StorageEntry[];
}

interface StorageEntry {
    id: string;
    name?: string;
    /** The highest number that was given to an item. */
    itemCount?: number;
    /** The items whose files are whole, by file name. */
    datasetEntries?: ReadonlyMap<string, unknown>;
}

/** Whether a storage client is the memory storage, and writes to disk. */
export function isOnDisk(client: unknown): client is FolderStorage {
    const { persistStorage, datasetsDirectory } = Object(client) as Partial<FolderStorage>;
    return persistStorage === true && typeof datasetsDirectory === 'string';
}

/** The folder of a storage. It bears the storage's name, or its id where it has none. */
export function folderOf(storage: FolderStorage, kind: 'datasets' | 'keyValueStores', nameOrId: string): string {
    const { name, id } = find(storage, kind, nameOrId) ?? { id: nameOrId };
    return join(storage[`${kind}Directory`], name ?? id);
}

function find(storage: FolderStorage, kind: 'datasets' | 'keyValueStores', nameOrId: string) {
    const opened = kind === 'datasets' ? storage.datasetClientsHandled : storage.keyValueStoresHandled;
    return opened?.find(({ id, name }) => id === nameOrId || name?.toLowerCase() === nameOrId.toLowerCase());
}

/**
 * A dataset of the memory storage: a folder with a file for each item, numbered from 1 without gaps, because the memory
 * storage cannot list a dataset that has gaps.
 *
 * As the process ends, some of the memory storage's own writes are under way. Their callbacks never run, so that none
 * begins another operation, but one operation of each goes on in another thread. It may leave no file, an empty one or a
 * whole one.
 */
export class SyncFolderDataset implements SyncStorage {
    readonly #folder: string;
    readonly #entry: StorageEntry | undefined;
    /** Gaps up to this number are older than this process. */
    readonly #oldItemCount: number;

    constructor(storage: FolderStorage, nameOrId: string, oldItemCount = 0) {
        this.#folder = folderOf(storage, 'datasets', nameOrId);
        this.#entry = find(storage, 'datasets', nameOrId);
        this.#oldItemCount = oldItemCount;
    }

    pushAll(bodies: readonly Buffer[], maxMillis: number): SendResult[] {
        const millisLeft = startCountdown(maxMillis);
        const underWay = this.#numbersUnderWay();
        const haveEnded = this.#waitForWrites(underWay, maxMillis);
        const notWhole = underWay.filter((number) => this.#read(number) === undefined);
        const last = this.#numbers().at(-1) ?? 0;
        // A file whose writing has yet to begin would be emptied by it.
        const places = haveEnded ? placesFor(last, notWhole) : placesFor(Math.max(last, underWay.at(-1) ?? 0), []);
        const results = bodies.map((body) => this.#push(body, places, millisLeft));
        if (haveEnded) this.#closeGaps(underWay);
        this.#updateMetadata();
        return results;
    }

    newest(limit: number, skip: number, maxMillis: number): unknown[] | undefined {
        const millisLeft = startCountdown(maxMillis);
        this.#waitForWrites(this.#numbersUnderWay(), maxMillis);
        const items: unknown[] = [];
        let skipped = 0;
        for (const number of this.#numbers().reverse()) {
            if (items.length === limit) break;
            if (millisLeft() === 0) return undefined;
            const item = this.#read(number);
            if (item !== undefined && skipped++ >= skip) items.push(item);
        }
        return items;
    }

    #push(body: Buffer, places: Iterator<number, never>, millisLeft: () => number): SendResult {
        let stored = 0;
        try {
            const items: unknown = JSON.parse(body.toString());
            for (const item of Array.isArray(items) ? items : [items]) {
                if (millisLeft() === 0) throw new Error('The time ran out while items were written to disk');
                replaceFile(this.#path(places.next().value), toFileText(item));
                stored++;
            }
            return { kind: 'stored' };
        } catch (thrown) {
            const error = thrown instanceof Error ? thrown : new Error(String(thrown));
            return { kind: 'unavailable', outcomeUnknown: stored > 0, error };
        }
    }

    /** The numbers that were given to items whose writing has not ended. */
    #numbersUnderWay(): number[] {
        const { itemCount = 0, datasetEntries } = this.#entry ?? {};
        const underWay: number[] = [];
        for (let number = this.#oldItemCount + 1; number <= itemCount; number++) {
            if (datasetEntries?.has(toName(number)) === false) underWay.push(number);
        }
        return underWay;
    }

    /** Waits until the operations that are under way have ended. Returns false if they may not have. */
    #waitForWrites(underWay: readonly number[], maxMillis: number): boolean {
        if (underWay.length === 0) return true;
        const millisLeft = startCountdown(Math.min(MAX_WAIT_MILLIS, maxMillis / 2));
        if (!waitForThreads(dirname(this.#folder), millisLeft)) return false;
        // All of them have begun. What they have to write may be large.
        const look = () => underWay.map((number) => sizeOf(this.#path(number))).join();
        let before;
        let after = look();
        do {
            sleepSync(LOOK_INTERVAL_MILLIS);
            before = after;
            after = look();
        } while (before !== after && millisLeft() > 0);
        return before === after;
    }

    /** Makes the numbers from the first that was under way consecutive, and takes away the locks of writes that were cut. */
    #closeGaps(underWay: readonly number[]): void {
        for (const number of underWay) rmSync(`${this.#path(number)}.lock`, { recursive: true, force: true });
        const [first = Infinity] = underWay;
        const numbers = this.#numbers();
        let last = numbers.findLast((number) => number < first) ?? 0;
        for (const number of numbers.filter((other) => other >= first)) {
            last++;
            if (number !== last) renameSync(this.#path(number), this.#path(last));
        }
    }

    /** The memory storage believes its own count, where it was told to write one. */
    #updateMetadata(): void {
        const itemCount = this.#numbers().at(-1) ?? 0;
        const path = join(this.#folder, '__metadata__.json');
        if (!existsSync(path)) return;
        try {
            const metadata = JSON.parse(readFileSync(path, 'utf8')) as object;
            replaceFile(path, toFileText({ ...metadata, itemCount, modifiedAt: new Date() }));
        } catch {
            // Without a readable count the memory storage counts files.
            rmSync(path, { force: true });
        }
    }

    /** The numbers of the files that are there, ascending. */
    #numbers(): number[] {
        if (!existsSync(this.#folder)) return [];
        const numbers = readdirSync(this.#folder).map((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN));
        return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
    }

    /** `undefined` where there is no file, or only a part of one. */
    #read(number: number): unknown {
        try {
            return JSON.parse(readFileSync(this.#path(number), 'utf8'));
        } catch {
            return undefined;
        }
    }

    #path(number: number): string {
        return join(this.#folder, `${toName(number)}.json`);
    }
}

export class SyncFolderRunStore implements SyncRunStore {
    readonly #folder: string;

    constructor(folder: string) {
        this.#folder = folder;
    }

    save(records: readonly SyncRecord[]): void {
        const failed: string[] = [];
        let cause: unknown;
        for (const { key, text, contentType } of records) {
            try {
                replaceFile(join(this.#folder, toFileName(key, contentType)), text);
            } catch (error) {
                failed.push(key);
                cause = error;
            }
        }
        if (failed.length === 0) return;
        throw new Error(`Records were not saved: ${failed.join(', ')}: ${(cause as Error).message}`, { cause });
    }
}

/** The memory storage adds no extension to a key that ends in it. */
function toFileName(key: string, contentType: string): string {
    const extension = EXTENSIONS[contentType.split(';')[0]!.trim()] ?? 'bin';
    return key.endsWith(`.${extension}`) ? key : `${key}.${extension}`;
}

/** The numbers for new items: those of items that were not written whole, then those behind the last. */
function* placesFor(last: number, notWhole: readonly number[]): Generator<number, never> {
    yield* notWhole;
    let number = Math.max(last, ...notWhole.slice(-1));
    while (true) yield ++number;
}

/**
 * Waits until the threads that access files have begun all that they were given so far: they begin it in order, so that a
 * folder that is made last is there when everything else has begun. Returns false when that takes too long.
 */
function waitForThreads(folder: string, millisLeft: () => number): boolean {
    const marker = join(folder, `.${randomUUID()}.tmp`);
    mkdir(marker, { recursive: true }, () => undefined);
    while (!existsSync(marker)) {
        if (millisLeft() === 0) return false;
        sleepSync(1);
    }
    rmSync(marker, { recursive: true, force: true });
    return true;
}

/**
 * Writes to another file first: an operation that is still under way has the old file open. Not in the same folder,
 * because there every file counts as an item or a record.
 */
function replaceFile(path: string, text: string): void {
    const folder = dirname(path);
    const temporary = join(dirname(folder), `.${randomUUID()}.tmp`);
    mkdirSync(folder, { recursive: true });
    try {
        writeFileSync(temporary, text);
        renameSync(temporary, path);
    } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
    }
}

/** As the memory storage writes items. */
function toFileText(value: unknown): string {
    return JSON.stringify(value, null, '\t');
}

function toName(number: number): string {
    return String(number).padStart(NUMBER_DIGITS, '0');
}

function sizeOf(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

function sleepSync(millis: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}
