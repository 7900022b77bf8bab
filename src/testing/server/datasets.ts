import { compileFields, enforce, type ItemValidator, type RejectionStyle } from './dataset-schema.js';
import { ApiError, type Call, flagParam, isObject, json, numberParam, type Reply, type Route } from './exchange.js';
import { type PushEntry, PushLog } from './push-log.js';
import { newHead, StorageCollection, type StorageHead, storageRoutes } from './storages.js';

export interface DatasetOptions {
    id?: string;
    name?: string;
    /** The whole `{ actorSpecification, fields, views }`, enforced; null enforces nothing. */
    schema?: Record<string, any> | null;
    /** Leaves the property `schema` out of the dataset object; it is still enforced. */
    hideSchema?: boolean;
    /** The item schema that is enforced when it is another than the one shown. */
    enforcedFields?: Record<string, any>;
    /** Another user's dataset: pushes are answered with 403. */
    readOnly?: boolean;
}

export interface Dataset extends StorageHead {
    /** JSON data of any shape. Empty when the server does not keep items; `itemCount` counts them nevertheless. */
    readonly items: any[];
    itemCount: number;
    schema: Record<string, any> | null;
    readonly hideSchema: boolean;
    readonly readOnly: boolean;
    validate?: ItemValidator;
    /** How many items had been stored at which moment: what lags behind reads it here. */
    readonly commits: { at: number; itemCount: number }[];
}

/** A request to list items, as it was answered. */
export interface ListingEntry {
    readonly datasetId: string;
    readonly offset: number;
    readonly desc: boolean;
    readonly itemCount: number;
    /** Bytes of the answer's JSON. */
    readonly byteLength: number;
}

export interface DatasetsOptions {
    username: string;
    maxPayloadBytes: number;
    keepBodies: boolean;
    keepItems: boolean;
    /** May change while the server runs. */
    lags: Lags;
    rejection: () => RejectionStyle;
    onStored: (dataset: Dataset, itemCount: number) => void;
}

/** How long stored items stay unseen, in milliseconds. */
export interface Lags {
    listingLagMillis: number;
    /** Of `total` in a listing. */
    totalLagMillis: number;
    itemCountLagMillis: number;
}

/** The `limit` in the API's answer when the request has none. */
const NO_LIMIT = 999_999_999_999;

export class Datasets {
    readonly #collection: StorageCollection<Dataset>;
    readonly #options: DatasetsOptions;
    readonly #log: PushLog;
    readonly listings: ListingEntry[] = [];

    constructor(options: DatasetsOptions) {
        this.#options = options;
        this.#log = new PushLog(options.keepBodies);
        this.#collection = new StorageCollection('Dataset', options.username, (head, { schema }) =>
            createDataset(head, { schema: isObject(schema) ? schema : null }),
        );
    }

    get pushes(): PushEntry[] {
        return this.#log.entries;
    }

    add(options: DatasetOptions): Dataset {
        return this.#collection.add(createDataset(newHead(options.id, options.name), options));
    }

    /** Stores items as another writer's request does, past faults and schema. */
    append(dataset: Dataset, items: readonly unknown[]): void {
        // Not `push(...items)`: a large array would overflow the stack.
        if (this.#options.keepItems) for (const item of items) dataset.items.push(item);
        dataset.itemCount += items.length;
        dataset.modifiedAt = new Date();
        dataset.commits.push({ at: Date.now(), itemCount: dataset.itemCount });
    }

    /** By id, or by name as tests know it. */
    get(idOrName: string): Dataset | undefined {
        return this.#collection.find(idOrName) ?? this.#collection.byName(idOrName);
    }

    all(): Dataset[] {
        return this.#collection.all();
    }

    routes(): Route[] {
        return [
            ...storageRoutes('datasets', this.#collection, (dataset) => this.#view(dataset)),
            ['GET', 'datasets/:id/items', (call, id) => this.#list(call, this.#collection.require(id!))],
            ['POST', 'datasets/:id/items', (call, id) => this.#push(call, this.#collection.require(id!))],
        ];
    }

    /** Opens the log entry of a request to store items; `undefined` for any other request. */
    logPush(call: Call, path: string): PushEntry | undefined {
        const id = call.method === 'POST' ? /^\/v2\/datasets\/([^/]+)\/items$/.exec(path)?.[1] : undefined;
        return id === undefined ? undefined : this.#log.open(call, this.#collection.find(id)?.id ?? id);
    }

    #push(call: Call, dataset: Dataset): Reply {
        const { maxPayloadBytes, rejection, onStored } = this.#options;
        if (dataset.readOnly) {
            throw new ApiError(403, 'insufficient-permissions', 'Insufficient permissions for the dataset.');
        }
        const { length } = call.body;
        if (length > maxPayloadBytes) {
            throw new ApiError(
                413,
                'request-too-large',
                `The POST payload is too large (limit: ${maxPayloadBytes} bytes, actual length: ${length} bytes).`,
            );
        }
        const body = this.#log.body(call);
        const items: unknown[] = Array.isArray(body) ? body : [body];
        if (body === undefined) throw new ApiError(400, 'invalid-input', 'Body is not valid JSON.');
        if (!items.every(isObject)) throw new ApiError(400, 'invalid-input', 'The items must be JSON objects.');
        if (dataset.validate) enforce(dataset.validate, items, rejection);
        this.#log.markStored(call);
        this.append(dataset, items);
        onStored(dataset, items.length);
        return json(201, {}, { location: call.path });
    }

    #list(call: Call, dataset: Dataset): Reply {
        const { listingLagMillis, totalLagMillis } = this.#options.lags;
        const desc = flagParam(call.query, 'desc');
        const offset = numberParam(call.query, 'offset', 0);
        const limit = numberParam(call.query, 'limit', 0) || NO_LIMIT;
        const visible = countBefore(dataset, listingLagMillis);
        const [from, to] = desc ? [visible - offset - limit, visible - offset] : [offset, offset + limit];
        const items = dataset.items.slice(Math.max(0, from), Math.max(0, Math.min(to, visible)));
        if (desc) items.reverse();
        const reply = json(200, items, {
            'x-apify-pagination-total': String(countBefore(dataset, totalLagMillis)),
            'x-apify-pagination-offset': String(offset),
            'x-apify-pagination-limit': String(limit),
            'x-apify-pagination-count': String(items.length),
            'x-apify-pagination-desc': String(desc),
        });
        const byteLength = Buffer.byteLength(reply.body ?? '');
        this.listings.push({ datasetId: dataset.id, offset, desc, itemCount: items.length, byteLength });
        return reply;
    }

    #view(dataset: Dataset): Record<string, unknown> {
        const { id, name, createdAt, modifiedAt, schema, hideSchema } = dataset;
        const itemCount = countBefore(dataset, this.#options.lags.itemCountLagMillis);
        return {
            id,
            name,
            userId: this.#options.username,
            username: this.#options.username,
            createdAt,
            modifiedAt,
            accessedAt: modifiedAt,
            itemCount,
            cleanItemCount: itemCount,
            schema: hideSchema ? undefined : schema,
        };
    }
}

/** From now on the dataset has this schema, as after a new build. */
export function setSchema(dataset: Dataset, schema: Record<string, any> | null): void {
    dataset.schema = schema;
    dataset.validate = compileFields(schema?.fields);
}

function createDataset(head: StorageHead, options: DatasetOptions): Dataset {
    const schema = options.schema ?? null;
    return {
        ...head,
        items: [],
        itemCount: 0,
        schema,
        hideSchema: options.hideSchema ?? false,
        readOnly: options.readOnly ?? false,
        validate: compileFields(options.enforcedFields ?? schema?.fields),
        commits: [],
    };
}

/** How many items the dataset held `millis` ago. */
function countBefore(dataset: Dataset, millis: number): number {
    const moment = Date.now() - millis;
    return dataset.commits.findLast(({ at }) => at <= moment)?.itemCount ?? 0;
}
