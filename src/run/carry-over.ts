import { randomUUID } from 'node:crypto';

import { leavePlace, leaveRecord, takePlace, takeRecord } from './guards-of-process.js';
import type { ItemFlow } from '../flow/item-flow.js';
import type { Batch } from '../pipeline/buffer/batch.js';
import type { Log, RunStore } from '../ports.js';
import type { SavedLines } from './saved-record.js';
import { RecordReader, toRecords } from './saved-record.js';

export interface CarryOverParts {
    datasetId: string;
    /** Undefined on a laptop. */
    runId: string | undefined;
    store: RunStore;
    flow: ItemFlow;
    now: () => number;
    log: Log;
}

/** Batches that are saved at once: the time before the end is short. */
const MAX_PARALLEL_SAVES = 3;

/**
 * Carries what a process could not send over to the next process of the same run: items, rejected items and counters,
 * through the run's default key-value store.
 */
export class CarryOver {
    readonly #parts: CarryOverParts;
    readonly #place: number;
    readonly #openedAt: number;
    #saving: Promise<unknown> = Promise.resolve();
    /** Records that are being taken away. */
    readonly #removals = new Set<Promise<void>>();
    #nextNumber = 0;
    #hasUnread = false;

    constructor(parts: CarryOverParts) {
        this.#parts = parts;
        this.#place = takePlace(parts.datasetId);
        this.#openedAt = parts.now();
    }

    /**
     * Saves what is still here, each item once however often it is called. Items may yet be sent; then they are taken out
     * again. Resolves to how many items were saved by this call.
     */
    async save(): Promise<number> {
        const savedItems = await this.#inTurn(async () => {
            // What cannot be saved must not keep the rest from being saved.
            const outcomes = await Promise.allSettled([this.#saveItems(), this.#saveRejected()]);
            await this.#saveCounters(false);
            return outcomes.reduce((sum, outcome) => {
                if (outcome.status === 'rejected') throw outcome.reason;
                return sum + outcome.value;
            }, 0);
        });
        // The process may be killed next, and what was saved anew must not be sent from its old record as well.
        await this.settled();
        return savedItems;
    }

    /** Saves the counters. `isClosed`: the run's work is done, so that a new run on a laptop counts from nothing. */
    async saveCounters(isClosed: boolean): Promise<void> {
        if (isClosed) leavePlace(this.#parts.datasetId, this.#place);
        return this.#inTurn(async () => this.#saveCounters(isClosed));
    }

    /** Takes over what an earlier process of the run left. To be called before any item comes in. */
    async restore(): Promise<void> {
        this.#hasUnread = true;
        await this.#restoreCounters();
        await this.restoreItems();
    }

    /** Whether an earlier process has left items that could not be read, or not all of them. */
    get hasUnread(): boolean {
        return this.#hasUnread;
    }

    /** Takes over the items that an earlier process of the run left, as far as that was not done yet. */
    async restoreItems(): Promise<void> {
        const { store, log, flow } = this.#parts;
        this.#hasUnread = true;
        const reader = new RecordReader();
        const found: { keys: string[]; saved: SavedLines }[] = [];
        let hasUnread = false;
        let keys: string[] = [];
        for (const key of await store.keys(this.#prefix)) {
            if (!takeRecord(key)) continue;
            try {
                const saved = reader.read(await store.read(key));
                keys.push(key);
                // Its other pieces are in the records behind it.
                if (saved === undefined) continue;
                found.push({ keys, saved });
            } catch (error) {
                hasUnread = true;
                leaveRecord(key);
                // It stays where it is, for a person to look at.
                log.error(`Saved items cannot be read and were not sent: ${(error as Error).message}`, { key });
            }
            keys = [];
        }
        const present = new Set(found.flatMap((record) => record.keys));
        for (const record of found) {
            // The process was gone before it could take the older record away, and that has all of these items.
            const isInOlder = record.saved.replaces?.some((older) => older.every((key) => present.has(key)));
            if (isInOlder) record.keys.forEach((key) => this.#remove(key));
            else this.#takeOver(record.saved, record.keys);
        }
        if (keys.length > 0) log.error('A saved item is not there as a whole and was not sent.', { keys });
        keys.forEach(leaveRecord);
        this.#hasUnread = hasUnread || keys.length > 0;
        flow.begin();
    }

    /** Which of the process's open guards on the dataset this is, from 1. */
    get place(): number {
        return this.#place;
    }

    /** Resolves when nothing is being saved or taken out. */
    async settled(): Promise<void> {
        await this.#saving;
        await Promise.all(this.#removals);
    }

    #takeOver({ kind, readBackFrom, replaces = [], lines }: SavedLines, keys: readonly string[]): void {
        const { now, log } = this.#parts;
        const { buffer, quarantine, statistics } = this.#parts.flow;
        const onDone = () => keys.forEach((key) => this.#remove(key));
        const readBack = { from: readBackFrom, sentBefore: now(), isSplit: true };
        const savedKeys = [...replaces, keys];
        if (kind === 'rejected') quarantine.restore(lines, onDone);
        else buffer.restore(lines, { readBack, savedOrder: orderOf(keys[0]!), savedKeys, onDone });
        statistics.receivedItems += lines.length;
        log.info(`${lines.length} items that an earlier process of this run could not send are sent first.`);
    }

    get #prefix(): string {
        return `DATASET-GUARD-UNSENT-${this.#parts.datasetId}-`;
    }

    async #saveItems(): Promise<number> {
        const { buffer } = this.#parts.flow;
        // A batch that is saved must not grow.
        buffer.seal();
        const begun = new Set<Batch>();
        // What is left of a batch is saved after the batch, not beside it: it must know what it replaces.
        const underWay = new Set<number>();
        let savedItems = 0;
        const saveSome = async () => {
            for (;;) {
                // Looked for each time: what was left of a batch that was sent meanwhile is to be saved, too.
                const batch = buffer.batches.find(
                    (other) => isUnsaved(other) && !begun.has(other) && !underWay.has(other.sequence),
                );
                if (batch === undefined) return;
                begun.add(batch);
                savedItems += batch.payload.itemCount;
                underWay.add(batch.sequence);
                await this.#saveBatch(batch).finally(() => underWay.delete(batch.sequence));
            }
        };
        const outcomes = await Promise.allSettled(Array.from({ length: MAX_PARALLEL_SAVES }, saveSome));
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
        return savedItems;
    }

    async #saveBatch(batch: Batch): Promise<void> {
        const { flow, datasetId } = this.#parts;
        const { payload, readBack, onDone: outdated, savedKeys: replaces = [] } = batch;
        const lines = Array.from({ length: payload.itemCount }, (_, index) => payload.itemText(index));
        const readBackFrom = readBack?.from ?? batch.sentFrom ?? flow.position;
        const order = batch.savedOrder ?? `${this.#openedAt}-${String(batch.sequence).padStart(9, '0')}`;
        const keys = await this.#saveRecords({ kind: 'items', datasetId, readBackFrom, replaces, lines }, order);
        const savedKeys = [...replaces, keys];
        const remove = () => keys.forEach((key) => this.#remove(key));
        // It may have left the buffer in the meantime, sent after all, or but for a part that is saved next.
        const { batches } = flow.buffer;
        if (batches.includes(batch)) Object.assign(batch, { onDone: remove, savedKeys, isReduced: false });
        else {
            const rest = batches.filter(({ sequence }) => sequence === batch.sequence);
            for (const part of rest) Object.assign(part, { onDone: remove, savedKeys, isReduced: true });
            if (rest.length === 0) remove();
        }
        if (outdated === undefined || batches.some(({ onDone }) => onDone === outdated)) return;
        // At once: the process may be gone before what is to be saved next is.
        await Promise.all((replaces.at(-1) ?? []).map(async (key) => this.#removeNow(key)));
    }

    async #saveRejected(): Promise<number> {
        const { flow, datasetId } = this.#parts;
        const { lines, markSaved } = flow.quarantine.unsaved();
        if (lines.length === 0) return 0;
        const order = `${this.#openedAt}-rejected`;
        const keys = await this.#saveRecords({ kind: 'rejected', datasetId, readBackFrom: 0, lines }, order);
        markSaved(() => keys.forEach((key) => this.#remove(key)));
        return lines.length;
    }

    /** Resolves to the keys of the records, which sort by `order` and then as the records were made. */
    async #saveRecords(saved: SavedLines, order: string): Promise<string[]> {
        const records = toRecords(saved).map((text) => {
            const number = String(this.#nextNumber++).padStart(9, '0');
            return { key: `${this.#prefix}${order}-${number}-${randomUUID().slice(0, 8)}`, text };
        });
        for (const { key, text } of records) {
            takeRecord(key);
            await this.#parts.store.save(key, text, 'application/x-ndjson; charset=utf-8');
        }
        return records.map(({ key }) => key);
    }

    /** At once, beside what is being saved: the process may be gone before that is done. */
    #remove(key: string): void {
        const removal = this.#removeNow(key).finally(() => this.#removals.delete(removal));
        this.#removals.add(removal);
    }

    /** A record that stays behind is harmless: its items are looked for before they are sent. Never rejects. */
    async #removeNow(key: string): Promise<void> {
        const { store, log } = this.#parts;
        await store
            .remove(key)
            .catch((error: Error) => log.warning(`A saved record could not be removed: ${error.message}`, { key }));
    }

    /** One after the other, so that no older state overwrites a newer one. */
    async #inTurn<T>(work: () => Promise<T>): Promise<T> {
        const done = this.#saving.then(work);
        this.#saving = done.catch(() => undefined);
        return done;
    }

    get #countersKey(): string {
        return `DATASET-GUARD-COUNTERS-${this.#parts.datasetId}${this.#place > 1 ? `-${this.#place}` : ''}`;
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

/** What stands for the order in a record's key. */
function orderOf(key: string): string {
    return key.split('-').slice(-4, -2).join('-');
}

/** Not saved yet, or more was saved than is left. */
function isUnsaved({ onDone, isReduced }: Batch): boolean {
    return onDone === undefined || isReduced === true;
}
