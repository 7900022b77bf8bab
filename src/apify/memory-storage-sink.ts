import type { Dataset } from 'apify';

import type { Payload } from '../ports.js';
import { LocalItemSink } from './local-item-sink.js';

/** Files written at once. One after the other, as the memory storage writes an array, they take several times as long. */
const MAX_PARALLEL_WRITES = 32;

/** Whether the dataset lives in the SDK's storage for local runs, which writes a file for each item. */
export function isMemoryStorage(dataset: Dataset): boolean {
    return (dataset.client as { datasetDirectory?: unknown }).datasetDirectory !== undefined;
}

/**
 * Stores items in the memory storage one by one, several at a time. It numbers an item as its call begins, so that calls
 * that begin in order make files in order.
 */
export class MemoryStorageItemSink extends LocalItemSink {
    constructor(dataset: Dataset) {
        super(dataset);
    }

    protected async store(payload: Payload): Promise<void> {
        let next = 0;
        const writeSome = async () => {
            while (next < payload.itemCount) await this.dataset.client.pushItems(payload.itemText(next++));
        };
        const writers = Array.from({ length: MAX_PARALLEL_WRITES }, writeSome);
        // All of them, also when one fails: what is still being written must not be taken for missing.
        const failed = (await Promise.allSettled(writers)).find(({ status }) => status === 'rejected');
        if (failed?.status === 'rejected') throw failed.reason;
    }
}
