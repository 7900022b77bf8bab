import type { Dataset } from 'apify';

import type { ItemSink, ListedPage, Payload, SendResult } from '../ports.js';

/** Stores through a storage client that does not talk to the platform. A second attempt does not help: a full disk stays full. */
export abstract class LocalItemSink implements ItemSink {
    readonly isRemote = false;
    readonly retries = false;
    readonly isAtomic = false;
    protected readonly dataset: Dataset;

    constructor(dataset: Dataset) {
        this.dataset = dataset;
    }

    get datasetId(): string {
        return this.dataset.id;
    }

    /** The memory storage makes an id for the default dataset anew in each process. */
    get stableId(): string {
        return this.dataset.name ?? 'default';
    }

    get datasetName(): string | undefined {
        return this.dataset.name;
    }

    abstract send(payload: Payload): Promise<SendResult>;

    async list(offset: number, limit: number): Promise<ListedPage> {
        const { items, total } = await this.dataset.client.listItems({ offset, limit });
        return { items, total };
    }

    get knownItemCount(): number {
        return itemCountOf(this.dataset);
    }
}

/** As the dataset object said when it was opened. On the platform it lags behind, which makes it a lower bound. */
export function itemCountOf(dataset: Dataset): number {
    const itemCount = dataset.storageObject?.itemCount;
    return typeof itemCount === 'number' ? itemCount : 0;
}

export function asError(thrown: unknown): Error {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
}
