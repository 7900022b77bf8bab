import { randomUUID } from 'node:crypto';

import { takeRecord } from './guards-of-process.js';
import type { Log, RunStore } from '../ports.js';
import type { SavedLines } from './saved-record.js';
import { toRecords } from './saved-record.js';

/** A record that is to be saved. */
export interface NamedRecord {
    key: string;
    text: string;
}

/** The records in which items wait for the run's next process: puts them there, and takes them away in the right order. */
export class RecordShelf {
    readonly #store: RunStore;
    readonly #prefix: string;
    readonly #log: Log;
    #nextNumber = 0;
    /** Keys of the records that may be there. */
    readonly #present = new Set<string>();
    readonly #removals = new Set<Promise<void>>();
    #held: Promise<unknown> = Promise.resolve();
    /** Records that stay until others are gone. */
    #waiting: { keys: readonly string[]; until: Set<string> }[] = [];

    constructor(store: RunStore, datasetId: string, log: Log) {
        this.#store = store;
        this.#prefix = `DATASET-GUARD-UNSENT-${datasetId}-`;
        this.#log = log;
    }

    /** The keys of all records about the dataset, in order. */
    async keys(): Promise<string[]> {
        return this.#store.keys(this.#prefix);
    }

    async read(key: string): Promise<string> {
        return this.#store.read(key);
    }

    /** The records that hold these lines. Their keys sort by `order` and then as the records were made. */
    name(saved: SavedLines, order: string): NamedRecord[] {
        return toRecords(saved).map((text) => {
            const number = String(this.#nextNumber++).padStart(9, '0');
            const key = `${this.#prefix}${order}-${number}-${randomUUID().slice(0, 8)}`;
            takeRecord(key);
            return { key, text };
        });
    }

    async save(records: readonly NamedRecord[]): Promise<void> {
        for (const { key, text } of records) {
            this.#present.add(key);
            await this.#store.save(key, text, 'application/x-ndjson; charset=utf-8');
        }
    }

    /** These are there from an earlier process. */
    adopt(keys: readonly string[]): void {
        for (const key of keys) this.#present.add(key);
    }

    /** Nothing is taken away until `work` is done. Where it fails, what was to be taken away stays. */
    hold(work: Promise<unknown>): void {
        work.catch(() => undefined);
        this.#held = work;
    }

    /**
     * Takes the records away, at once, beside what is being saved: the process may be gone before that is done. One that
     * stays behind is harmless: its items are looked for before they are sent. Never rejects.
     */
    async remove(keys: readonly string[]): Promise<void> {
        const removals = keys.filter((key) => this.#present.has(key)).map(async (key) => this.#remove(key));
        for (const removal of removals) {
            this.#removals.add(removal);
            void removal.then(() => this.#removals.delete(removal));
        }
        await Promise.all(removals);
    }

    /** Takes the records away once none of the `others` is there any more. */
    removeAfter(keys: readonly string[], others: readonly string[]): void {
        const until = new Set(others.filter((key) => this.#present.has(key)));
        if (until.size === 0) void this.remove(keys);
        else this.#waiting.push({ keys, until });
    }

    /** Resolves when nothing is being taken away. */
    async settled(): Promise<void> {
        while (this.#removals.size > 0) await Promise.all(this.#removals);
    }

    async #remove(key: string): Promise<void> {
        try {
            await this.#held;
            await this.#store.remove(key);
        } catch (error) {
            this.#log.warning(`A saved record could not be removed: ${(error as Error).message}`, { key });
            return;
        }
        this.#present.delete(key);
        for (const { until } of this.#waiting) until.delete(key);
        const free = this.#waiting.filter(({ until }) => until.size === 0);
        this.#waiting = this.#waiting.filter(({ until }) => until.size > 0);
        for (const { keys } of free) void this.remove(keys);
    }
}
