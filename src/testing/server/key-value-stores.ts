import { ApiError, type Call, data, NO_CONTENT, numberParam, type Reply, type Route } from './exchange.js';
import { newHead, StorageCollection, type StorageHead, storageRoutes } from './storages.js';

export interface StoredRecord {
    /** Byte for byte as it was put, decompressed. */
    readonly value: Buffer;
    readonly contentType: string;
}

export interface KeyValueStore extends StorageHead {
    readonly records: Map<string, StoredRecord>;
}

const KEY = /^[a-zA-Z0-9!\-_.'()]{1,256}$/;
const KEYS_PER_PAGE = 1000;

export class KeyValueStores {
    readonly #collection: StorageCollection<KeyValueStore>;

    constructor(username: string) {
        this.#collection = new StorageCollection('Key-value Store', username, createStore);
    }

    add(options: { id?: string; name?: string }): KeyValueStore {
        return this.#collection.add(createStore(newHead(options.id, options.name)));
    }

    /** By id, or by name as tests know it. */
    get(idOrName: string): KeyValueStore | undefined {
        return this.#collection.find(idOrName) ?? this.#collection.byName(idOrName);
    }

    all(): KeyValueStore[] {
        return this.#collection.all();
    }

    routes(): Route[] {
        const root = 'key-value-stores';
        const store = (id: string | undefined): KeyValueStore => this.#collection.require(id!);
        return [
            ...storageRoutes(root, this.#collection, view),
            ['GET', `${root}/:id/keys`, (call, id) => listKeys(call, store(id))],
            ['GET', `${root}/:id/records/:key`, (_call, id, key) => getRecord(store(id), key!)],
            ['HEAD', `${root}/:id/records/:key`, (_call, id, key) => ({ ...getRecord(store(id), key!), body: '' })],
            ['PUT', `${root}/:id/records/:key`, (call, id, key) => putRecord(call, store(id), key!)],
            ['POST', `${root}/:id/records/:key`, (call, id, key) => putRecord(call, store(id), key!)],
            [
                'DELETE',
                `${root}/:id/records/:key`,
                (_call, id, key) => {
                    store(id).records.delete(key!);
                    return NO_CONTENT;
                },
            ],
        ];
    }
}

function createStore(head: StorageHead): KeyValueStore {
    return { ...head, records: new Map() };
}

function view({ id, name, createdAt, modifiedAt }: KeyValueStore): Record<string, unknown> {
    return { id, name, createdAt, modifiedAt, accessedAt: modifiedAt };
}

function getRecord(store: KeyValueStore, key: string): Reply {
    const record = store.records.get(key);
    if (!record) throw new ApiError(404, 'record-not-found', 'Record was not found');
    return { status: 200, headers: { 'content-type': record.contentType }, body: record.value };
}

function putRecord(call: Call, store: KeyValueStore, key: string): Reply {
    if (!KEY.test(key)) throw new ApiError(400, 'invalid-value', `Invalid record key "${key}".`);
    const contentType = call.headers['content-type'] ?? 'application/octet-stream';
    store.records.set(key, { value: call.body, contentType });
    store.modifiedAt = new Date();
    return { status: 201 };
}

function listKeys(call: Call, store: KeyValueStore): Reply {
    const limit = numberParam(call.query, 'limit', 0) || KEYS_PER_PAGE;
    const start = call.query.get('exclusiveStartKey');
    const prefix = call.query.get('prefix') ?? '';
    const keys = [...store.records.keys()]
        .filter((key) => key.startsWith(prefix) && (start === null || key > start))
        .sort((a, b) => (a < b ? -1 : 1));
    const page = keys.slice(0, Math.min(limit, KEYS_PER_PAGE));
    const isTruncated = keys.length > page.length;
    return data({
        items: page.map((key) => ({ key, size: store.records.get(key)!.value.length })),
        count: page.length,
        limit,
        exclusiveStartKey: start ?? undefined,
        isTruncated,
        nextExclusiveStartKey: isTruncated ? page.at(-1) : null,
    });
}
