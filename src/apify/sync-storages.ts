import type { Dataset } from 'apify';
import { Actor } from 'apify';

import type { StorageTarget } from '../options.js';
import type { ListedPage, PageRange, SendResult } from '../ports.js';
import type { FirstRequests } from '../utils/request-sync.js';
import { apiClientOf } from './item-sink.js';
import { itemCountOf } from './local-item-sink.js';
import { isApiClient, SyncApi, SyncApiDataset, SyncApiRunStore } from './sync-api.js';
import { SyncFolderDataset } from './sync-folder-dataset.js';
import { folderOf, isOnDisk, SyncFolderRunStore } from './sync-folders.js';

/** One dataset, for the end of a process: nothing here needs the event loop. */
export interface SyncStorage {
    /** Stores payloads in order, each the UTF-8 JSON of an array. Returns a result for each; does not throw. */
    pushAll(bodies: readonly Buffer[], maxMillis: number, first?: FirstRequests): SendResult[];
    /** For each range up to `limit` stored items from `offset` on, in order. `undefined` where they cannot be read. */
    list(ranges: readonly PageRange[], maxMillis: number, first?: FirstRequests): (ListedPage | undefined)[];
}

/** The run's default key-value store, for the end of a process. */
export interface SyncRunStore {
    /**
     * Writes records in order, and where all of them are written removes those that are `outdated`, as far as time allows.
     * @throws Error that names the records which were not saved
     */
    save(records: readonly SyncRecord[], maxMillis: number, extras?: SyncSaveExtras): void;
    /**
     * Writes records before the next call of a storage does its work: at once, or by requests which that call is given. `onSaved` is
     * called when all of them are written. @throws as `save`
     */
    saveFirst(records: readonly SyncRecord[], onSaved: () => void): FirstRequests;
}

export interface SyncSaveExtras {
    /** Removed where all records are written, as far as time allows. */
    outdated?: readonly OutdatedRecord[] | undefined;
    /** The run gets it as its last one, where there is a platform to show it. */
    statusMessage?: string | undefined;
}

export type OutdatedRecord = Pick<SyncRecord, 'key' | 'contentType'>;

export interface SyncRecord {
    key: string;
    text: string;
    contentType: string;
    /** It names the records before it, so that it is not written where one of them could not be. */
    needsOthers?: boolean;
}

/** `undefined` where the dataset lives neither on the platform nor in the SDK's storage on disk. */
export function createSyncStorage(dataset: Dataset): SyncStorage | undefined {
    const client = apiClientOf(dataset);
    if (client !== undefined) return new SyncApiDataset(new SyncApi(client), { id: dataset.id });
    const storage = (dataset.client as { client?: unknown }).client;
    if (!isOnDisk(storage)) return undefined;
    return new SyncFolderDataset(storage, dataset.name ?? dataset.id, itemCountOf(dataset));
}

/** The quarantine, which is created if it does not exist. `opened` is the quarantine's dataset where this process opened it. */
export function openSyncQuarantine(target: StorageTarget, opened?: Dataset): SyncStorage | undefined {
    if (opened !== undefined) return createSyncStorage(opened);
    const client: unknown = Actor.config.getStorageClient();
    if (isApiClient(client)) return new SyncApiDataset(new SyncApi(client), resolveAlias(target));
    if (!isOnDisk(client)) return undefined;
    return new SyncFolderDataset(client, typeof target === 'string' ? target : Object.values(target)[0]!);
}

/** `undefined` where the run's default key-value store lives neither on the platform nor in the SDK's storage on disk. */
export function createSyncRunStore(): SyncRunStore | undefined {
    const client: unknown = Actor.config.getStorageClient();
    const id = Actor.config.get('defaultKeyValueStoreId');
    if (id === undefined) return undefined;
    if (isApiClient(client)) return new SyncApiRunStore(new SyncApi(client), id, Actor.config.get('actorRunId'));
    return isOnDisk(client) ? new SyncFolderRunStore(folderOf(client, 'keyValueStores', id)) : undefined;
}

/** The platform tells a run the ids of the datasets that the Actor's definition declares. */
function resolveAlias(target: StorageTarget): Exclude<StorageTarget, { alias: string }> {
    if (typeof target === 'string' || !('alias' in target)) return target;
    const { datasets } = JSON.parse(process.env.ACTOR_STORAGES_JSON ?? '{}') as { datasets?: Record<string, string> };
    // No dataset may be created for an alias: one that is not declared is an id that the platform refuses.
    return { id: datasets?.[target.alias] ?? target.alias };
}
