import { type RejectionStyle } from './dataset-schema.js';
import { type Dataset, type DatasetOptions, type ListingEntry, setSchema } from './datasets.js';
import { EventsSocket } from './events-socket.js';
import { type Faults, type FaultRule, matches } from './faults.js';
import { HttpFront, type RequestEntry } from './http-front.js';
import { type StoredRecord } from './key-value-stores.js';
import { createPlatform, type Platform, type PlatformOptions } from './platform.js';
import { type PushEntry } from './push-log.js';
import { type RequestQueue } from './request-queues.js';
import { type ChargeEntry, type Run, type RunIds, type RunsOptions } from './runs.js';

export type { RejectionStyle } from './dataset-schema.js';
export type { Dataset, DatasetOptions, ListingEntry } from './datasets.js';
export type { Call } from './exchange.js';
export type { Fault, FaultRule, FaultSource, Faults } from './faults.js';
export type { StoredRecord } from './key-value-stores.js';
export type { PushEntry } from './push-log.js';
export type { ChargeEntry, Run, RunIds, RunOptions } from './runs.js';

export interface ApiServerOptions extends PlatformOptions {
    /** Every answer takes at least so long. */
    latencyMillis?: number;
}

export type SignalListener = RunsOptions['onSignal'];

/** Answers on a port of the loopback interface as the Apify API does. Everything that it knows, tests may read. */
export class ApiServer {
    readonly events: EventsSocket;
    readonly #platform: Platform;
    readonly #front: HttpFront;
    readonly #signalListeners = new Set<SignalListener>();

    constructor(options: ApiServerOptions) {
        this.#platform = createPlatform(options, (signal, run) => {
            if (signal === 'aborting') this.events.emit('aborting');
            for (const listener of this.#signalListeners) listener(signal, run);
        });
        this.#front = new HttpFront(this.#platform);
        this.latencyMillis = options.latencyMillis ?? 0;
        this.events = new EventsSocket(this.#front.server, '/events');
    }

    async listen(): Promise<this> {
        await this.#front.listen();
        return this;
    }

    /** Cuts every connection, those that wait for an answer included. */
    async close(): Promise<void> {
        this.events.close();
        await this.#front.close();
    }

    /** Decides which requests go wrong. */
    get faults(): Faults {
        return this.#front.faults;
    }

    /** Every request that arrived whole, in order of arrival. */
    get requests(): RequestEntry[] {
        return this.#front.requests;
    }

    /** Every answer takes at least so long; may be changed at any time. */
    get latencyMillis(): number {
        return this.#front.latencyMillis;
    }

    set latencyMillis(millis: number) {
        this.#front.latencyMillis = millis;
    }

    get port(): number {
        return this.#front.port;
    }

    /** The value for `APIFY_API_BASE_URL`: without `/v2`. */
    get url(): string {
        return `http://127.0.0.1:${this.port}`;
    }

    get eventsUrl(): string {
        return `ws://127.0.0.1:${this.port}/events`;
    }

    get ids(): RunIds {
        return this.#platform.ids;
    }

    get token(): string | null {
        return this.#platform.user.token;
    }

    get username(): string {
        return this.#platform.user.username;
    }

    get actorName(): string {
        return this.#platform.actorName;
    }

    /** How long stored items stay unseen; may be changed at any time. */
    get lags(): Platform['lags'] {
        return this.#platform.lags;
    }

    get run(): Run {
        return this.#platform.runs.require(this.ids.runId);
    }

    get charges(): ChargeEntry[] {
        return this.#platform.runs.charges;
    }

    addDataset(options: DatasetOptions): Dataset {
        return this.#platform.datasets.add(options);
    }

    /** Another run's default key-value store, say. */
    addKeyValueStore(id: string): void {
        this.#platform.keyValueStores.add({ id });
    }

    /** Another run, by default on the same storages: a second writer, or the next run of the Actor. */
    addRun(ids: Partial<RunIds>, options: PlatformOptions['run'] = {}): Run {
        return this.#platform.runs.add({ ...this.ids, ...ids }, options);
    }

    dataset(idOrName: string = this.ids.datasetId): Dataset | undefined {
        return this.#platform.datasets.get(idOrName);
    }

    datasets(): Dataset[] {
        return this.#platform.datasets.all();
    }

    /** All that is stored, whether listings show it yet or not; empty when there is no such dataset. */
    items<Item = any>(idOrName: string = this.ids.datasetId): Item[] {
        return this.dataset(idOrName)?.items ?? [];
    }

    /** From now on the dataset shows and enforces this schema, as after a new build. */
    setSchema(schema: Record<string, any> | null, idOrName: string = this.ids.datasetId): void {
        const dataset = this.dataset(idOrName);
        if (!dataset) throw new Error(`The server has no dataset ${idOrName}`);
        setSchema(dataset, schema);
    }

    /** How datasets word their rejections from now on; what is left out is as documented. */
    rejectAs(style: Partial<RejectionStyle> | (() => Partial<RejectionStyle>)): void {
        this.#platform.rejectAs(style);
    }

    /** Every request to store items in the dataset, whatever came of it; of all datasets for `'*'`. */
    pushRequests(idOrName: string = this.ids.datasetId): PushEntry[] {
        const { pushes } = this.#platform.datasets;
        if (idOrName === '*') return pushes;
        const id = this.dataset(idOrName)?.id ?? idOrName;
        return pushes.filter(({ datasetId }) => datasetId === id);
    }

    /** Every listing of the dataset's items that was answered. */
    listings(idOrName: string = this.ids.datasetId): ListingEntry[] {
        const id = this.dataset(idOrName)?.id ?? idOrName;
        return this.#platform.datasets.listings.filter(({ datasetId }) => datasetId === id);
    }

    /** Stores items as another writer's request does, whatever faults there are. */
    append(items: readonly unknown[], idOrName: string = this.ids.datasetId): void {
        const dataset = this.dataset(idOrName);
        if (!dataset) throw new Error(`The server has no dataset ${idOrName}`);
        this.#platform.datasets.append(dataset, items);
    }

    record(storeIdOrName: string, key: string): StoredRecord | undefined {
        return this.records(storeIdOrName).get(key);
    }

    /** The records of a key-value store by key; empty when there is no such store. */
    records(storeIdOrName: string = this.ids.keyValueStoreId): Map<string, StoredRecord> {
        return this.#platform.keyValueStores.get(storeIdOrName)?.records ?? new Map();
    }

    /** Puts a record into the default key-value store, as `INPUT` is. */
    setRecord(key: string, value: Buffer | string, contentType = 'application/json; charset=utf-8'): void {
        const bytes = typeof value === 'string' ? Buffer.from(value) : value;
        this.records().set(key, { value: bytes, contentType });
    }

    requestQueue(idOrName: string = this.ids.requestQueueId): RequestQueue | undefined {
        return this.#platform.requestQueues.get(idOrName);
    }

    /** How many requests came to this method and path, answered or not. */
    requestCount(rule: Pick<FaultRule, 'on' | 'method' | 'path'> = {}): number {
        return this.requests.filter((request) => matches(rule, request)).length;
    }

    /** Forgets the requests and pushes seen so far. What they stored stays. */
    resetLogs(): void {
        this.requests.length = 0;
        this.#platform.datasets.pushes.length = 0;
        this.#platform.datasets.listings.length = 0;
    }

    /** Sends an event to all runs that listen, and tells how many they are. */
    emitEvent(name: string, data?: unknown): number {
        return this.events.emit(name, data);
    }

    /** Called when a run is aborted gracefully, reboots or metamorphoses: who plays the platform kills it then. */
    onSignal(listener: SignalListener): () => void {
        this.#signalListeners.add(listener);
        return () => this.#signalListeners.delete(listener);
    }
}

/** Starts a server. `close()` it when done. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
    return new ApiServer(options).listen();
}
