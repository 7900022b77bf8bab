import { randomInt } from 'node:crypto';

import { ApiError, type Call, data, flagParam, NO_CONTENT, numberParam, parseObject, type Route } from './exchange.js';

/** Common parts of datasets, key-value stores and request queues. */
export interface StorageHead {
    readonly id: string;
    name?: string;
    readonly createdAt: Date;
    modifiedAt: Date;
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** An id as the platform makes them: 17 letters and digits. */
export function newId(): string {
    return Array.from({ length: 17 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

export function newHead(id: string = newId(), name?: string): StorageHead {
    if (name !== undefined && !NAME.test(name)) {
        throw new ApiError(
            400,
            'invalid-value',
            `Invalid name "${name}": letters, digits and hyphens, not at an end, at most 63 characters.`,
        );
    }
    const now = new Date();
    return { id, name, createdAt: now, modifiedAt: now };
}

/** All storages of one kind: found by id or `username~name`, created by name. */
export class StorageCollection<Storage extends StorageHead> {
    readonly #storages = new Map<string, Storage>();

    constructor(
        readonly label: string,
        readonly username: string,
        private readonly build: (head: StorageHead, resource: Record<string, any>) => Storage,
    ) {}

    add(storage: Storage): Storage {
        this.#storages.set(storage.id, storage);
        return storage;
    }

    all(): Storage[] {
        return [...this.#storages.values()];
    }

    byName(name: string): Storage | undefined {
        const wanted = name.toLowerCase();
        return this.all().find((storage) => storage.name?.toLowerCase() === wanted);
    }

    /** As in a path: an id, or a name behind the owner's username. */
    find(idOrPath: string): Storage | undefined {
        const [owner, name] = idOrPath.split('~');
        if (name !== undefined) return owner === this.username ? this.byName(name) : undefined;
        return this.#storages.get(idOrPath);
    }

    require(idOrPath: string): Storage {
        const storage = this.find(idOrPath);
        if (!storage) throw new ApiError(404, 'record-not-found', `${this.label} was not found`);
        return storage;
    }

    /** Without a name a new unnamed storage is created each time. */
    getOrCreate(name: string | undefined, resource: Record<string, any> = {}): { storage: Storage; created: boolean } {
        const existing = name === undefined ? undefined : this.byName(name);
        if (existing) return { storage: existing, created: false };
        return { storage: this.add(this.build(newHead(newId(), name), resource)), created: true };
    }

    rename(storage: Storage, name: string): void {
        const holder = this.byName(name);
        if (holder && holder !== storage) throw new ApiError(400, 'not-unique', `Name "${name}" is already in use.`);
        storage.name = newHead(storage.id, name).name;
        storage.modifiedAt = new Date();
    }

    delete(storage: Storage): void {
        this.#storages.delete(storage.id);
    }
}

/** List, create, get, update and delete, which work alike for every kind of storage. */
export function storageRoutes<Storage extends StorageHead>(
    root: string,
    collection: StorageCollection<Storage>,
    view: (storage: Storage) => Record<string, unknown>,
): Route[] {
    return [
        ['GET', root, (call) => data(list(call, collection, view))],
        [
            'POST',
            root,
            (call) => {
                const name = call.query.get('name') ?? undefined;
                const { storage, created } = collection.getOrCreate(name, parseObject(call));
                return data(view(storage), created ? 201 : 200);
            },
        ],
        ['GET', `${root}/:id`, (_call, id) => data(view(collection.require(id!)))],
        [
            'PUT',
            `${root}/:id`,
            (call, id) => {
                const storage = collection.require(id!);
                const { name } = parseObject(call);
                if (typeof name === 'string') collection.rename(storage, name);
                return data(view(storage));
            },
        ],
        [
            'DELETE',
            `${root}/:id`,
            (_call, id) => {
                collection.delete(collection.require(id!));
                return NO_CONTENT;
            },
        ],
    ];
}

function list<Storage extends StorageHead>(
    call: Call,
    collection: StorageCollection<Storage>,
    view: (storage: Storage) => Record<string, unknown>,
): Record<string, unknown> {
    const unnamed = flagParam(call.query, 'unnamed');
    const all = collection.all().filter(({ name }) => unnamed || name !== undefined);
    if (flagParam(call.query, 'desc')) all.reverse();
    const offset = numberParam(call.query, 'offset', 0);
    const limit = numberParam(call.query, 'limit', 0) || 1000;
    const items = all.slice(offset, offset + limit).map(view);
    return { total: all.length, offset, limit, count: items.length, desc: flagParam(call.query, 'desc'), items };
}
