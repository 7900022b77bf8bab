import { leavePlace, leaveRecord, takePlace, takeRecord } from './guards-of-process.js';
import type { ItemFlow } from '../flow/item-flow.js';
import type { Batch } from '../pipeline/buffer/batch.js';
import { readSavedLine } from '../pipeline/quarantine/pending-record.js';
import type { Log, RunStore } from '../ports.js';
import type { FoundRecord } from './reconcile.js';
import { reconcile } from './reconcile.js';
import { RecordShelf } from './record-shelf.js';
import { SavedCounters } from './saved-counters.js';
import { RecordReader } from './saved-record.js';

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
    readonly #shelf: RecordShelf;
    readonly #counters: SavedCounters;
    #saving: Promise<unknown> = Promise.resolve();
    #savingRejected: Promise<unknown> = Promise.resolve();
    #hasUnread = false;

    constructor(parts: CarryOverParts) {
        this.#parts = parts;
        this.#place = takePlace(parts.datasetId);
        this.#openedAt = parts.now();
        this.#shelf = new RecordShelf(parts.store, parts.datasetId, parts.log);
        this.#counters = new SavedCounters({ ...parts, statistics: parts.flow.statistics, place: this.#place });
        parts.flow.saveRejected = async () => this.#saveBeforeRecording();
    }

    /**
     * Saves what is still here, each item once however often it is called. Items may yet be sent; then they are taken out
     * again. Resolves to how many items were saved by this call.
     */
    async save(): Promise<number> {
        const savedItems = await this.#inTurn(async () => {
            // What cannot be saved must not keep the rest from being saved.
            const outcomes = await Promise.allSettled([this.#saveItems(), this.#saveRejected()]);
            await this.#counters.save(false);
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
        return this.#inTurn(async () => this.#counters.save(isClosed));
    }

    /** Takes over what an earlier process of the run left. To be called before any item comes in. */
    async restore(): Promise<void> {
        this.#hasUnread = true;
        await this.#counters.restore();
        await this.restoreItems();
    }

    /** Whether an earlier process has left items that could not be read, or not all of them. */
    get hasUnread(): boolean {
        return this.#hasUnread;
    }

    /** Takes over the items that an earlier process of the run left, as far as that was not done yet. */
    async restoreItems(): Promise<void> {
        const { log, flow } = this.#parts;
        this.#hasUnread = true;
        const reader = new RecordReader();
        const found: FoundRecord[] = [];
        let hasUnread = false;
        let keys: string[] = [];
        for (const key of await this.#shelf.keys()) {
            if (!takeRecord(key)) continue;
            try {
                const saved = reader.read(await this.#shelf.read(key));
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
        this.#shelf.adopt(found.flatMap((record) => record.keys));
        const { current, outdated } = reconcile(found);
        for (const record of current) this.#takeOver(record);
        for (const record of outdated) void this.#shelf.remove(record.keys);
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
        await this.#shelf.settled();
    }

    #takeOver({ keys, saved: { kind, readBackFrom, replaces = [], lines } }: FoundRecord): void {
        const { now, log } = this.#parts;
        const { buffer, quarantine, statistics } = this.#parts.flow;
        if (kind === 'rejected') {
            const savedIn = lines.flatMap((line) => readSavedLine(line).savedIn ?? []).flat();
            quarantine.restore(lines, () => this.#shelf.removeAfter(keys, savedIn));
        } else {
            const readBack = { from: readBackFrom, sentBefore: now(), isSplit: true };
            const onDone = () => {
                void this.#shelf.remove(keys);
            };
            buffer.restore(lines, { readBack, savedOrder: orderOf(keys[0]!), savedKeys: [...replaces, keys], onDone });
        }
        statistics.receivedItems += lines.length;
        log.info(`${lines.length} items that an earlier process of this run could not send are sent first.`);
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
        const records = this.#shelf.name({ kind: 'items', datasetId, readBackFrom, replaces, lines }, order);
        const keys = records.map(({ key }) => key);
        const savedKeys = [...replaces, keys];
        // Known before they are there: items that the platform rejects in the meantime are in them.
        batch.savedKeys = savedKeys;
        await this.#shelf.save(records);
        const remove = () => {
            void this.#shelf.remove(keys);
        };
        // It may have left the buffer in the meantime, sent after all, or but for a part that is saved next.
        const { batches } = flow.buffer;
        if (batches.includes(batch)) Object.assign(batch, { onDone: remove, isReduced: false });
        else {
            const rest = batches.filter(({ sequence }) => sequence === batch.sequence);
            for (const part of rest) Object.assign(part, { onDone: remove, savedKeys, isReduced: true });
            if (rest.length === 0) remove();
        }
        if (outdated === undefined || batches.some(({ onDone }) => onDone === outdated)) return;
        // At once: the process may be gone before what is to be saved next is.
        await this.#shelf.remove(replaces.flat());
    }

    /** Saves what was rejected, as far as it is not saved yet. Resolves to how many items that were. */
    async #saveRejected(): Promise<number> {
        // One after the other, so that no item is saved twice.
        const saved = this.#savingRejected.then(async () => {
            const { flow, datasetId } = this.#parts;
            const { lines, savedIn, markSaved } = await flow.quarantine.unsaved();
            if (lines.length === 0) return 0;
            const order = `${this.#openedAt}-rejected`;
            const records = this.#shelf.name({ kind: 'rejected', datasetId, readBackFrom: 0, lines }, order);
            await this.#shelf.save(records);
            // Not before those that hold the items as unsent: the next process would send them.
            markSaved(() =>
                this.#shelf.removeAfter(
                    records.map(({ key }) => key),
                    savedIn,
                ),
            );
            return lines.length;
        });
        this.#savingRejected = saved.catch(() => undefined);
        return saved;
    }

    /** What holds the items as unsent must not go before they are known as rejected, or before they are in quarantine. */
    async #saveBeforeRecording(): Promise<void> {
        const { flow, log } = this.#parts;
        const saved = this.#saveRejected();
        this.#shelf.hold(saved.catch(async () => flow.quarantine.flush()));
        await saved.catch((error: Error) => log.warning(`Rejected items could not be saved: ${error.message}`));
    }

    /** One after the other, so that no older state overwrites a newer one. */
    async #inTurn<T>(work: () => Promise<T>): Promise<T> {
        const done = this.#saving.then(work);
        this.#saving = done.catch(() => undefined);
        return done;
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
