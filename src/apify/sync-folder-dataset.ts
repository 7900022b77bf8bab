import { randomUUID } from 'node:crypto';
import { existsSync, mkdir, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ListedPage, PageRange, SendResult } from '../ports.js';
import { startCountdown } from './countdown.js';
import type { FolderStorage, OpenedStorage } from './sync-folders.js';
import { findOpened, folderOf, replaceFile } from './sync-folders.js';
import type { SyncStorage } from './sync-storages.js';

/** Digits of the number that is an item's file name in the memory storage. */
const NUMBER_DIGITS = 9;
/** Between two looks at files that are being written. An operation takes much less, also for a large file. */
const LOOK_INTERVAL_MILLIS = 10;
const MAX_WAIT_MILLIS = 500;

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
    readonly #opened: OpenedStorage | undefined;
    /** Gaps up to this number are older than this process. */
    readonly #oldItemCount: number;

    constructor(storage: FolderStorage, nameOrId: string, oldItemCount = 0) {
        this.#folder = folderOf(storage, 'datasets', nameOrId);
        this.#opened = findOpened(storage, 'datasets', nameOrId);
        this.#oldItemCount = oldItemCount;
    }

    pushAll(bodies: readonly Buffer[], maxMillis: number): SendResult[] {
        const millisLeft = startCountdown(maxMillis);
        try {
            const underWay = this.#numbersUnderWay();
            const haveEnded = this.#waitForWrites(underWay, maxMillis);
            const places = this.#places(underWay, haveEnded);
            const results = bodies.map((body) => this.#push(body, places, millisLeft));
            this.#tidy(haveEnded ? underWay : []);
            return results;
        } catch (error) {
            // The folder cannot be read.
            return bodies.map(() => toFailure(error, false));
        }
    }

    list(ranges: readonly PageRange[], maxMillis: number): (ListedPage | undefined)[] {
        const millisLeft = startCountdown(maxMillis);
        try {
            this.#waitForWrites(this.#numbersUnderWay(), maxMillis);
            const numbers = this.#numbers();
            return ranges.map((range) => this.#page(range, numbers, millisLeft));
        } catch {
            return ranges.map(() => undefined);
        }
    }

    #page({ offset, limit }: PageRange, numbers: readonly number[], millisLeft: () => number): ListedPage | undefined {
        const items: unknown[] = [];
        for (const number of numbers) {
            if (number <= offset) continue;
            if (items.length === limit) break;
            if (millisLeft() === 0) return undefined;
            const item = this.#read(number);
            if (item !== undefined) items.push(item);
        }
        return { items, total: numbers.at(-1) ?? 0 };
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
        } catch (error) {
            return toFailure(error, stored > 0);
        }
    }

    /** Numbers for new items: those of items that were not written whole, then those behind the last. */
    #places(underWay: readonly number[], haveEnded: boolean): Iterator<number, never> {
        const last = this.#numbers().at(-1) ?? 0;
        // A file whose writing has yet to begin would be emptied by it.
        if (!haveEnded) return countFrom(Math.max(last, underWay.at(-1) ?? 0) + 1);
        const notWhole = underWay.filter((number) => this.#read(number) === undefined);
        return countFrom(Math.max(last, notWhole.at(-1) ?? 0) + 1, notWhole);
    }

    /** The numbers that were given to items whose writing has not ended. */
    #numbersUnderWay(): number[] {
        const { itemCount = 0, datasetEntries } = this.#opened ?? {};
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
        if (!waitForThreads(millisLeft)) return false;
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

    /** Takes away what would keep the next process from reading and writing the dataset. */
    #tidy(underWay: readonly number[]): void {
        try {
            for (const number of underWay) {
                rmSync(`${this.#path(number)}.lock`, { recursive: true, force: true });
                if (sizeOf(this.#path(number)) === 0) rmSync(this.#path(number));
            }
            this.#closeGaps(underWay[0] ?? Infinity);
            this.#updateMetadata();
        } catch {
            // The items are stored; that is what the caller is told.
        }
    }

    /** Makes the numbers from `first` on consecutive. */
    #closeGaps(first: number): void {
        const numbers = this.#numbers();
        let last = numbers.findLast((number) => number < first) ?? 0;
        for (const number of numbers.filter((other) => other >= first)) {
            last++;
            if (number !== last) renameSync(this.#path(number), this.#path(last));
        }
    }

    /** The memory storage believes its own count, where it was told to write one. */
    #updateMetadata(): void {
        const path = join(this.#folder, '__metadata__.json');
        if (!existsSync(path)) return;
        const metadata = JSON.parse(readFileSync(path, 'utf8')) as object;
        const itemCount = this.#numbers().at(-1) ?? 0;
        replaceFile(path, toFileText({ ...metadata, itemCount, modifiedAt: new Date() }));
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

function* countFrom(first: number, before: readonly number[] = []): Generator<number, never> {
    yield* before;
    for (let number = first; ; number++) yield number;
}

function toFailure(thrown: unknown, outcomeUnknown: boolean): SendResult {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { kind: 'unavailable', outcomeUnknown, error };
}

/**
 * Waits until the threads that access files have begun all that they were given so far: they begin it in order, so that a
 * folder that is made last is there when everything else has begun. Returns false when that takes too long.
 */
function waitForThreads(millisLeft: () => number): boolean {
    const marker = join(tmpdir(), randomUUID());
    mkdir(marker, () => undefined);
    while (!existsSync(marker)) {
        if (millisLeft() === 0) return false;
        sleepSync(1);
    }
    rmSync(marker, { recursive: true, force: true });
    return true;
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
