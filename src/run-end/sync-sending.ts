import type { SyncStorage } from '../apify/sync-storages.js';
import type { ItemCounts } from '../delivery/read-back.js';
import { countItems } from '../delivery/read-back.js';
import type { Batch } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import { monotonicMillis } from '../utils/clock.js';
import type { BatchPart } from './sync-delivery.js';
import { SyncDelivery } from './sync-delivery.js';
import { indexesBut, SyncLook } from './sync-look.js';
import type { SyncRequests } from './sync-requests.js';

/** Sends what the pipeline holds without the event loop. */
export class SyncSending {
    readonly #pipeline: Pipeline;
    readonly #storage: SyncStorage | undefined;
    readonly #requests: SyncRequests;
    readonly #delivery: SyncDelivery;
    /** Items that this process's end has stored while others were not. */
    readonly #storedHere: ItemCounts = new Map();

    /** `storage` is undefined where it cannot be opened: then nothing is sent. */
    constructor(pipeline: Pipeline, storage: SyncStorage | undefined, requests: SyncRequests) {
        this.#pipeline = pipeline;
        this.#storage = storage;
        this.#requests = requests;
        this.#delivery = new SyncDelivery(pipeline, storage, requests);
    }

    enqueueCollected(collected: readonly PreparedItem[]): void {
        const pipeline = this.#pipeline;
        for (const prepared of collected) {
            if (prepared.rejection === undefined) pipeline.enqueue(prepared, undefined, 0, true);
            else pipeline.reject(prepared, undefined, 0, true);
        }
    }

    /**
     * Sends what is in the buffer, and tries again what may pass; what waits beside another item takes its place where that one is not
     * stored. `mayKeepUnproven`: see `#sendBatches`.
     */
    sendAll(mayKeepUnproven: () => boolean): void {
        const { duplicates } = this.#pipeline;
        for (let tries = 1; ;) {
            const waitingItems = duplicates?.waitingItems ?? 0;
            this.#sendBatches(mayKeepUnproven);
            if (this.#delivery.mayPass) {
                if (!this.#requests.pauseBefore(++tries)) return;
                this.#delivery.tryAgain();
                continue;
            }
            // Only what waited before can have taken a place.
            if (waitingItems === 0 || waitingItems === duplicates!.waitingItems) return;
        }
    }

    /**
     * What was under way is looked for, all of it at once, and the rest is sent. `mayKeepUnproven`: whether items of which the look did
     * not tell are left to the next start of the run.
     */
    #sendBatches(mayKeepUnproven: () => boolean): void {
        const { buffer, settler, sender } = this.#pipeline;
        // What takes a place while these are settled goes into a batch of its own.
        buffer.closeOpen();
        const batches = [...buffer.batches];
        const { stored, isProven } = this.#findStored(batches.filter((batch) => batch.savedFrom !== undefined));
        let parts = batches.map((batch): BatchPart => {
            const known = new Set([...batch.storedIndexes, ...(stored.get(batch) ?? [])]);
            settler.stored(batch, (index) => known.has(index));
            return { batch, indexes: indexesBut(batch, known) };
        });
        if (!isProven && mayKeepUnproven()) {
            const isInQuestion = ({ batch }: BatchPart) => batch.savedFrom !== undefined;
            for (const part of parts.filter(isInQuestion)) this.#delivery.keepUnsent(part);
            parts = parts.filter((part) => !isInQuestion(part));
        }
        const { position } = sender;
        const accepted = this.#delivery.deliver(parts);
        const unsent = this.#delivery.takeUnsent();
        // Equal items of these must not be taken for those that are looked for next.
        if (unsent.size > 0) {
            for (const { batch, indexes } of accepted) countItems(batch.payloadOf(indexes), this.#storedHere);
        }
        for (const batch of batches) {
            const indexes = unsent.get(batch) ?? [];
            const from = batch.savedFrom ?? (this.#delivery.isUnproven(batch) ? position : undefined);
            const unknown = from === undefined ? undefined : { from, sentBefore: monotonicMillis(), isSplit: true };
            buffer.keep(batch, [{ indexes, unknown }]);
        }
    }

    #findStored(batches: readonly Batch[]) {
        const look = new SyncLook({
            storage: this.#storage,
            sender: this.#pipeline.sender,
            left: () => this.#requests.leftMillis,
            first: this.#requests.first,
        });
        return look.findStored(batches, this.#storedHere, this.#delivery.hasUnproven);
    }
}
