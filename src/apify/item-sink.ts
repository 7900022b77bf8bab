import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

import type { Dataset } from 'apify';
import { Actor, ApifyClient } from 'apify';

import type { ItemSink, Payload, SendResult, Tuning } from '../ports.js';
import { toSendResult } from './api-error.js';

const compress = promisify(brotliCompress);

/** Below this, apify-client does not compress either. */
const MIN_COMPRESSED_BYTES = 1_024;

/**
 * The sink for a dataset. Its client decides, not where the run is: an open dataset may live on the platform while the
 * Actor runs on a laptop, or the other way round.
 */
export function createItemSink(dataset: Dataset, tuning: Tuning): ItemSink {
    const owner = apiClientOf(dataset);
    return owner === undefined ? new StorageItemSink(dataset) : new ApiItemSink(dataset, owner, tuning);
}

/** The `ApifyClient` behind a dataset that lives on the platform. */
export function apiClientOf(dataset: Dataset): ApifyClient | undefined {
    const client = dataset.client as { apifyClient?: ApifyClient; httpClient?: unknown };
    return client.httpClient !== undefined ? client.apifyClient : undefined;
}

/** Bodies that are compressed already. */
const compressedBodies = new WeakSet<object>();

/**
 * Sends to the platform, one attempt a call, through a client of the guard's own: the SDK's would try again blindly, and
 * with a priced default-item event it parses every payload back and charges by itself.
 */
class ApiItemSink implements ItemSink {
    readonly retries = true;
    readonly #dataset: Dataset;
    readonly #client: ApifyClient;

    constructor(dataset: Dataset, { baseUrl, token }: ApifyClient, { requestTimeoutSecs }: Tuning) {
        this.#dataset = dataset;
        this.#client = new ApifyClient({
            // The client's own `baseUrl` ends in the version that its constructor adds.
            baseUrl: baseUrl.replace(/\/v2$/, ''),
            token,
            maxRetries: 0,
            timeoutSecs: requestTimeoutSecs,
            userAgentSuffix: ['apify-dataset-guard'],
            requestInterceptors: [
                (config) => {
                    if (compressedBodies.has(config.data)) Object.assign(config.headers!, { 'content-encoding': 'br' });
                    return config;
                },
            ],
        });
    }

    get datasetId(): string {
        return this.#dataset.id;
    }

    get datasetName(): string | undefined {
        return this.#dataset.name;
    }

    async send(payload: Payload): Promise<SendResult> {
        const body = await compressed(payload.body);
        try {
            await this.#client.dataset(this.datasetId).pushItems(body as object as Record<string, unknown>);
            return { kind: 'stored' };
        } catch (error) {
            return toSendResult(error);
        }
    }

    async list(offset: number, limit: number): Promise<unknown[] | undefined> {
        try {
            const { items } = await this.#client.dataset(this.datasetId).listItems({ offset, limit });
            return items;
        } catch (error) {
            if (toSendResult(error).kind === 'refused') return undefined;
            throw error;
        }
    }

    get knownItemCount(): number {
        return itemCountOf(this.#dataset);
    }
}

/** As the dataset object said when it was opened. It lags behind, which makes it a lower bound. */
function itemCountOf(dataset: Dataset): number {
    const itemCount = dataset.storageObject?.itemCount;
    return typeof itemCount === 'number' ? itemCount : 0;
}

/** In libuv's threads. Quality 1 costs a tenth of the CPU of apify-client's 6 for a few more bytes on the wire. */
async function compressed(body: Buffer): Promise<Buffer> {
    if (body.length < MIN_COMPRESSED_BYTES) return body;
    const result = await compress(body, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    });
    compressedBodies.add(result);
    return result;
}

/** Stores through any other storage client, the memory storage of a local run first of all: it takes JSON text. */
class StorageItemSink implements ItemSink {
    readonly retries = false;
    readonly #dataset: Dataset;

    constructor(dataset: Dataset) {
        this.#dataset = dataset;
    }

    get datasetId(): string {
        return this.#dataset.id;
    }

    get datasetName(): string | undefined {
        return this.#dataset.name;
    }

    async send(payload: Payload): Promise<SendResult> {
        try {
            await this.#dataset.client.pushItems(payload.body.toString());
            return { kind: 'stored' };
        } catch (thrown) {
            const error = thrown instanceof Error ? thrown : new Error(String(thrown));
            return { kind: 'unavailable', outcomeUnknown: true, error };
        }
    }

    async list(offset: number, limit: number): Promise<unknown[]> {
        const { items } = await this.#dataset.client.listItems({ offset, limit });
        return items;
    }

    get knownItemCount(): number {
        return itemCountOf(this.#dataset);
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
