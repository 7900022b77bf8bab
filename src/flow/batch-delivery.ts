import type { Batch, OwnerRun } from '../pipeline/buffer/batch.js';
import { ownersByIndex } from '../pipeline/buffer/batch.js';
import type { ItemBuffer } from '../pipeline/buffer/item-buffer.js';
import type { Deliverer, Outcome } from '../pipeline/deliver/deliver.js';
import type { RejectedItem } from '../pipeline/quarantine/record.js';
import type { Payload, ReadBack } from '../ports.js';
import { TOO_LATE } from '../ports.js';
import type { Statistics } from '../report/statistics.js';

export type DeliveryFailure = NonNullable<Outcome['failure']>;

export interface BatchDeliveryParts {
    deliverer: Deliverer;
    buffer: ItemBuffer;
    statistics: Statistics;
    /** Where in the dataset the items of a request that begins now will lie, at the earliest. */
    position: () => number;
    /** Which of a payload's items are in the dataset; `undefined` when the run's end came first. Never rejects. */
    findStored: (payload: Payload, readBack: ReadBack) => Promise<ReadonlySet<number> | undefined>;
    /** Puts items into quarantine; never rejects. */
    quarantine: (items: readonly RejectedItem[]) => Promise<void>;
    /** The platform may have another schema than the one used here; never rejects. */
    learnSchema: () => Promise<void>;
    /** An item is left in the buffer, suspended, until it is known whether it is the item. */
    onSuspect: (failure: DeliveryFailure) => void;
    /** Items could not be sent; they are in the buffer still. Returns whether the next batch may follow all the same. */
    onFailure: (failure: DeliveryFailure) => boolean;
}

/** Takes a batch out of the buffer, and tells each of its owners what became of their items. */
export class BatchDelivery {
    readonly #parts: BatchDeliveryParts;

    constructor(parts: BatchDeliveryParts) {
        this.#parts = parts;
    }

    /** Resolves to whether the next batch may follow. Never rejects: what went wrong is kept for the callers. */
    async deliver(batch: Batch): Promise<boolean> {
        if (this.#giveBackStale(batch)) return true;
        const { buffer, position, quarantine, learnSchema, onFailure, onSuspect } = this.#parts;
        if (batch.readBack?.isSplit) return this.#leaveOutStored(batch, batch.readBack);
        batch.sentFrom = position();
        const outcome = await this.#outcomeOf(batch);
        const rejected = this.#rejectedItems(batch, outcome);
        this.#countStored(batch, outcome);
        // From the buffer to the quarantine in one step, so that each item is counted in one place at every moment.
        const quarantined = rejected.length > 0 ? quarantine(rejected) : undefined;
        buffer.keep(batch, outcome.unsent);
        if (rejected.some(({ reason }) => reason === 'schema')) await learnSchema();
        await quarantined;
        if (outcome.failure === undefined) {
            // Items are accepted: those that nobody could tell about are tried again, and then it is known to be them.
            buffer.resume();
            return true;
        }
        if (outcome.failure.isSuspect && batch.runs.every(({ owner }) => owner === undefined)) {
            buffer.suspend(batch.sequence);
            onSuspect(outcome.failure);
            return true;
        }
        // Not the platform's fault any more: what is stale is given back, and the rest is sent once more.
        return batch.runs.some(isStale) || onFailure(outcome.failure);
    }

    /** Of a batch that an earlier process has left: what that has stored of it leaves the buffer, and the rest is sent next. */
    async #leaveOutStored(batch: Batch, readBack: ReadBack): Promise<boolean> {
        const { buffer, findStored, onFailure } = this.#parts;
        const stored = await findStored(batch.payload, readBack);
        const all = Array.from({ length: batch.payload.itemCount }, (_, index) => index);
        if (stored === undefined) {
            buffer.keep(batch, [{ indexes: all, readBack }]);
            return onFailure({ error: new Error(TOO_LATE), permanent: false });
        }
        const unsent = [{ indexes: all.filter((index) => !stored.has(index)) }];
        this.#countStored(batch, { unsent, rejected: [], hasStored: stored.size > 0 });
        buffer.keep(batch, unsent);
        return true;
    }

    /** Items of a handler that has timed out: its retry pushes them again. What is left of the batch is sent next. */
    #giveBackStale(batch: Batch): boolean {
        const { buffer, statistics } = this.#parts;
        const stale = batch.runs.filter(isStale);
        if (stale.length === 0) return false;
        const owners = ownersByIndex(batch.runs);
        const indexes = owners.flatMap((owner, index) => (isStale({ owner }) ? [] : [index]));
        for (const [index, owner] of owners.entries())
            if (isStale({ owner })) owner!.onTakenBack?.(batch.payload.itemText(index));
        buffer.keep(batch, [{ indexes, readBack: batch.readBack }]);
        const error = new Error('The handler timed out before its items were sent; its retry pushes them again.');
        for (const { owner, count } of stale) {
            statistics.discardedItems += count;
            owner!.settle({ takenBack: count, error });
        }
        return true;
    }

    async #outcomeOf({ payload, readBack, runs }: Batch): Promise<Outcome> {
        try {
            return await this.#parts.deliverer.deliver(payload, { readBack, isStale: () => runs.some(isStale) });
        } catch (error) {
            // A defect, not an outage; the items are kept all the same.
            const indexes = Array.from({ length: payload.itemCount }, (_, index) => index);
            return {
                rejected: [],
                hasStored: false,
                unsent: [{ indexes }],
                failure: { error: error as Error, permanent: false },
            };
        }
    }

    #rejectedItems({ payload, runs, savedKeys }: Batch, { rejected }: Outcome): RejectedItem[] {
        if (rejected.length === 0) return [];
        const owners = ownersByIndex(runs);
        return rejected.map(({ index, ...rejection }) => ({
            ...rejection,
            text: payload.itemText(index),
            rejectedBy: 'platform',
            owner: owners[index],
            savedIn: savedKeys,
        }));
    }

    #countStored({ payload, runs }: Batch, { unsent, rejected }: Outcome): void {
        const elsewhere = new Set([...unsent.flatMap(({ indexes }) => indexes), ...rejected.map(({ index }) => index)]);
        this.#parts.statistics.storedItems += payload.itemCount - elsewhere.size;
        if (elsewhere.size === 0) {
            for (const { owner, count } of runs) owner?.settle({ stored: count });
            return;
        }
        let index = 0;
        for (const { owner, count } of runs) {
            const end = index + count;
            let stored = 0;
            for (; index < end; index++) if (!elsewhere.has(index)) stored++;
            if (stored > 0) owner?.settle({ stored });
        }
    }
}

/** Whether the items' handler has timed out. */
function isStale({ owner }: Pick<OwnerRun, 'owner'>): boolean {
    return owner?.isCurrent?.() === false;
}
