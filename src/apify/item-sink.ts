import { setMaxListeners } from 'node:events';

import type { Dataset } from 'apify';
import { Actor, ApifyClient } from 'apify';

import type { InternalOptions, ItemSink, ListedPage, Payload, SendResult } from '../ports.js';
import { toSendResult } from './api-error.js';
import { asError, itemCountOf, LocalItemSink } from './local-item-sink.js';
import { isMemoryStorage, MemoryStorageItemSink } from './memory-storage-sink.js';
import { describeRequest, RequestBodies } from './request-bodies.js';

/**
 * The sink for a dataset. Its client decides, not where the run is: an open dataset may live on the platform while the
 * Actor runs locally, or the other way round.
 */
export function createItemSink(
    dataset: Dataset,
    internal: InternalOptions,
    compression: 'auto' | 'none' = 'auto',
): ItemSink {
    const owner = apiClientOf(dataset);
    if (owner !== undefined) return new ApiItemSink(dataset, owner, internal, compression);
    return isMemoryStorage(dataset) ? new MemoryStorageItemSink(dataset, internal) : new StorageItemSink(dataset);
}

/** The `ApifyClient` behind a dataset that lives on the platform. */
export function apiClientOf(dataset: Dataset): ApifyClient | undefined {
    const client = dataset.client as { apifyClient?: ApifyClient; httpClient?: unknown };
    return client.httpClient !== undefined ? client.apifyClient : undefined;
}

/**
 * Sends to the platform, one attempt a call, through a client of the guard's own: the SDK's would try again blindly, and
 * with a priced default-item event it parses every payload back and charges by itself.
 */
class ApiItemSink implements ItemSink {
    readonly isRemote = true;
    readonly retries = true;
    readonly isAtomic = true;
    readonly datasetId: string;
    readonly stableId: string;
    readonly datasetName: string | undefined;
    readonly knownItemCount: number;
    readonly #client: ApifyClient;
    readonly #bodies: RequestBodies;
    readonly #cut = new AbortController();

    constructor(
        dataset: Dataset,
        { baseUrl, token }: ApifyClient,
        { requestTimeoutSecs }: InternalOptions,
        compression: 'auto' | 'none',
    ) {
        this.datasetId = dataset.id;
        this.stableId = dataset.id;
        this.datasetName = dataset.name;
        this.knownItemCount = itemCountOf(dataset);
        this.#bodies = new RequestBodies(compression);
        this.#client = new ApifyClient({
            // The client's own `baseUrl` ends in the version that its constructor adds.
            baseUrl: baseUrl.replace(/\/v2$/, ''),
            token,
            maxRetries: 0,
            timeoutSecs: requestTimeoutSecs,
            userAgentSuffix: ['apify-dataset-guard'],
            requestInterceptors: [describeRequest(this.#cut.signal)],
        });
        // Each request listens to it: Node would warn from the eleventh on.
        setMaxListeners(0, this.#cut.signal);
    }

    prepare(payload: Payload): void {
        void this.#bodies.of(payload);
    }

    async send(payload: Payload): Promise<SendResult> {
        const body = await this.#bodies.of(payload);
        try {
            await this.#client.dataset(this.datasetId).pushItems(body as object as Record<string, unknown>);
            this.#bodies.forget(payload);
            return { kind: 'stored' };
        } catch (error) {
            return toSendResult(error);
        }
    }

    /** Closes their connections, so that the server does not go on waiting for this process. */
    cutRequests(): void {
        this.#cut.abort();
    }

    async list(offset: number, limit: number): Promise<ListedPage | undefined> {
        try {
            const { items, total } = await this.#client.dataset(this.datasetId).listItems({ offset, limit });
            return { items, total };
        } catch (error) {
            if (toSendResult(error).kind === 'refused') return undefined;
            throw error;
        }
    }
}

/** Stores through a storage client that is neither the platform's nor the SDK's own: it takes JSON text. */
class StorageItemSink extends LocalItemSink {
    async send(payload: Payload): Promise<SendResult> {
        try {
            await this.dataset.client.pushItems(payload.body.toString());
            return { kind: 'stored' };
        } catch (error) {
            return { kind: 'unavailable', outcomeUnknown: true, error: asError(error) };
        }
    }
}

/** Whether the SDK was initialized; before that it would store on the local disk of a container on the platform. */
export function isInitialized(): boolean {
    try {
        Actor.getDefaultInstance().getChargingManager().getPricingInfo();
        return true;
    } catch {
        return false;
    }
}
