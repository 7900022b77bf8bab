import type { Dataset } from 'apify';

import type { Payload, Tuning } from '../ports.js';
import { LocalItemSink } from './local-item-sink.js';

/** Whether the dataset lives in the SDK's storage for local runs, which writes a file for each item. */
export function isMemoryStorage(dataset: Dataset): boolean {
    return (dataset.client as { datasetDirectory?: unknown }).datasetDirectory !== undefined;
}

/**
 * Stores items in the memory storage one by one, `maxLocalWrites` at a time: one after the other, as it writes an array,
 * they take several times as long. It numbers an item as its call begins, so that calls that begin in order make files in
 * order.
 */
export class MemoryStorageItemSink extends LocalItemSink {
    readonly #maxLocalWrites: number;

    constructor(dataset: Dataset, { maxLocalWrites }: Tuning) {
        super(dataset);
        this.#maxLocalWrites = maxLocalWrites;
    }

    protected async store(payload: Payload): Promise<void> {
        let next = 0;
        const writeSome = async () => {
            while (next < payload.itemCount) await this.dataset.client.pushItems(payload.itemText(next++));
        };
        const writers = Array.from({ length: this.#maxLocalWrites }, writeSome);
        // All of them, also when one fails: what is still being written must not be taken for missing.
        const failed = (await Promise.allSettled(writers)).find(({ status }) => status === 'rejected');
        if (failed?.status === 'rejected') throw failed.reason;
    }
}
