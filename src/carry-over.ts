import { createHash, randomUUID } from 'node:crypto';

import type { ItemFlow } from './item-flow.js';
import type { Log, Payload, RunStore } from './ports.js';

/** The first line of a saved record: what the lines behind it are. */
interface SavedHeader {
    kind: 'items' | 'rejected';
    datasetId: string;
    itemCount: number;
    /** SHA-256 of those lines, in hexadecimal: half a record must not pass for one. */
    payloadHash: string;
    /** Where in the dataset to look for the items before they are sent: they may have been stored all the same. */
    readBackFrom: number;
}

export interface CarryOverParts {
    datasetId: string;
    /** Undefined on a laptop. */
    runId: string | undefined;
    store: RunStore;
    flow: ItemFlow;
    now: () => number;
    log: Log;
}

/** Records stay under this, so that they are under 5 MB with their first line. */
const MAX_RECORD_BYTES = 4_500_000;

/**
 * Carries what a process could not send over to the next process of the same run: items, rejected items and counters,
 * through the run's default key-value store.
 */
export class CarryOver {
    readonly #parts: CarryOverParts;
    #saving: Promise<unknown> = Promise.resolve();
    #nextNumber = 0;

    constructor(parts: CarryOverParts) {
        this.#parts = parts;
    }

    /**
     * Saves what is still here, each item once however often it is called. Items may yet be sent; then they are taken out
     * again. Resolves to how many items were saved by this call.
     */
    async save(): Promise<number> {
        const saved = this.#saving.then(async () => {
            const savedItems = (await this.#saveItems()) + (await this.#saveRejected());
            await this.#saveCounters(false);
            return savedItems;
        });
        this.#saving = saved.catch(() => undefined);
        const savedItems = await saved;
        // The process may be killed next, and what was saved anew must not be sent from its old record as well.
        await this.settled();
        return savedItems;
    }

    /** Saves the counters. `isClosed`: the run's work is done, so that a new run on a laptop counts from nothing. */
    async saveCounters(isClosed: boolean): Promise<void> {
        const saved = this.#saving.then(async () => this.#saveCounters(isClosed));
        this.#saving = saved.catch(() => undefined);
        return saved;
    }

    /** Takes over what an earlier process of the run left. To be called before any item comes in. */
    async restore(): Promise<void> {
        const { store, log } = this.#parts;
        await this.#restoreCounters();
        for (const key of await store.keys(this.#prefix)) {
            try {
                this.#restoreRecord(key, await store.read(key));
            } catch (error) {
                // It stays where it is, for a person to look at.
                log.error(`Saved items cannot be read and were not sent: ${(error as Error).message}`, { key });
            }
        }
    }

    #restoreRecord(key: string, text: string): void {
        const { now, log } = this.#parts;
        const { buffer, quarantine, statistics } = this.#parts.flow;
        const [first, ...lines] = text.split('\n').filter((line) => line !== '');
        const { kind, itemCount, payloadHash, readBackFrom } = JSON.parse(first!) as SavedHeader;
        if (hashOf(lines) !== payloadHash) throw new Error('the record is not what was saved');
        const remove = () => this.#remove(key);
        if (kind === 'items') buffer.restore(lines, { from: readBackFrom, sentBefore: now() }, remove);
        else quarantine.restore(lines, remove);
        statistics.receivedItems += itemCount;
        log.info(`${itemCount} items that an earlier process of this run could not send are sent first.`);
    }

    get #prefix(): string {
        return `DATASET-GUARD-UNSENT-${this.#parts.datasetId}-`;
    }

    /** Resolves when nothing is being saved or taken out. */
    async settled(): Promise<void> {
        await this.#saving;
    }

    async #saveItems(): Promise<number> {
        const { flow } = this.#parts;
        const { buffer } = flow;
        let savedItems = 0;
        // A batch that is saved must not grow.
        buffer.seal();
        for (const batch of buffer.batches.filter(({ onDone, isReduced }) => onDone === undefined || isReduced)) {
            const outdated = batch.onDone;
            savedItems += batch.payload.itemCount;
            const keys: string[] = [];
            for (const lines of linesOf(batch.payload)) {
                keys.push(await this.#saveLines('items', lines, batch.readBack?.from ?? flow.position));
            }
            // It may have left the buffer in the meantime, sent after all.
            const remove = () => keys.forEach((key) => this.#remove(key));
            if (buffer.batches.includes(batch)) Object.assign(batch, { onDone: remove, isReduced: false });
            else remove();
            if (!buffer.batches.some(({ onDone }) => onDone === outdated)) outdated?.();
        }
        return savedItems;
    }

    async #saveRejected(): Promise<number> {
        const unsaved = this.#parts.flow.quarantine.unsaved();
        for (const { line, onDone } of unsaved) {
            const key = await this.#saveLines('rejected', [line], 0);
            onDone(() => this.#remove(key));
        }
        return unsaved.length;
    }

    async #saveLines(kind: SavedHeader['kind'], lines: readonly string[], readBackFrom: number): Promise<string> {
        const { store, datasetId } = this.#parts;
        const header: SavedHeader = {
            kind,
            datasetId,
            itemCount: lines.length,
            payloadHash: hashOf(lines),
            readBackFrom,
        };
        const number = String(this.#nextNumber++).padStart(6, '0');
        const key = `${this.#prefix}${Date.now()}-${number}-${randomUUID().slice(0, 8)}`;
        await store.save(key, [JSON.stringify(header), ...lines, ''].join('\n'), 'application/x-ndjson; charset=utf-8');
        return key;
    }

    /** A record that stays behind is harmless: its items are read back before they are sent. */
    #remove(key: string): void {
        const { store, log } = this.#parts;
        this.#saving = this.#saving
            .then(async () => store.remove(key))
            .catch((error: Error) => log.warning(`A saved record could not be removed: ${error.message}`, { key }));
    }

    get #countersKey(): string {
        return `DATASET-GUARD-COUNTERS-${this.#parts.datasetId}`;
    }

    async #saveCounters(isClosed: boolean): Promise<void> {
        const { store, runId } = this.#parts;
        const { statistics } = this.#parts.flow;
        const counters = JSON.stringify({ runId, isClosed, counters: statistics.save() });
        await store.save(this.#countersKey, counters, 'application/json; charset=utf-8');
    }

    async #restoreCounters(): Promise<void> {
        const { store, runId } = this.#parts;
        const { statistics } = this.#parts.flow;
        const saved = await store.read(this.#countersKey);
        if (saved === '') return;
        const { runId: savedRunId, isClosed, counters } = JSON.parse(saved);
        if (savedRunId === runId && !(isClosed && runId === undefined)) statistics.restore(counters);
    }
}

function hashOf(lines: readonly string[]): string {
    return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** The payload's items in groups that fit a record each; an item that is larger has one of its own. */
function linesOf(payload: Payload): string[][] {
    const groups: string[][] = [[]];
    let bytes = 0;
    for (let index = 0; index < payload.itemCount; index++) {
        const itemBytes = payload.itemBytes(index) + 1;
        if (bytes > 0 && bytes + itemBytes > MAX_RECORD_BYTES) {
            groups.push([]);
            bytes = 0;
        }
        groups.at(-1)!.push(payload.itemText(index));
        bytes += itemBytes;
    }
    return groups;
}
