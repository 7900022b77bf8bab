import type { Dataset } from 'apify';
import { Actor, ApifyClient } from 'apify';

import type { StorageTarget } from '../options.js';
import type { InternalOptions, ItemSink, QuarantineStore } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import { readActorFullName } from './environment.js';
import { createItemSink } from './item-sink.js';
import { findRemoteDataset } from './remote-storages.js';
import { quarantineName, suffixed } from '../utils/storage-name.js';

/** Opens an existing dataset. `undefined` where there is none; nothing is created. */
export async function findDataset(target: StorageTarget): Promise<Dataset | undefined> {
    if (typeof target === 'object' && 'alias' in target) return Actor.openDataset(target);
    const [idOrName] = typeof target === 'string' ? [target] : Object.values<string>(target);
    const client = Actor.config.getStorageClient();
    if (client instanceof ApifyClient) {
        const found = await findRemoteDataset(client, idOrName!);
        return found && Actor.openDataset(found.id);
    }
    return (await client.dataset(idOrName!).get()) && Actor.openDataset(idOrName);
}

/** Whether storages are on the platform, wherever this process runs. */
export function isRemote(): boolean {
    return Actor.config.getStorageClient() instanceof ApifyClient;
}

/** The default name of this Actor's quarantine. */
export function defaultQuarantine(localActorName: string | undefined): string {
    return quarantineName(readActorFullName() ?? localActorName);
}

/**
 * The dataset that a record's item was pushed to: by id on the platform. Locally each process makes new ids, so there it is
 * the name. In a run on the platform it is the run's own: the others belong to runs that are over.
 */
export async function findDatasetOf({ datasetId, datasetName }: QuarantineRecord): Promise<Dataset | undefined> {
    if (Actor.isAtHome()) return Actor.openDataset();
    if (isRemote()) return findDataset({ id: datasetId });
    return Actor.openDataset(datasetName ?? null);
}

/** The same for records whose items go to the same dataset. */
export function datasetKeyOf({ datasetId, datasetName }: QuarantineRecord): string {
    if (Actor.isAtHome()) return 'default';
    return isRemote() ? datasetId : (datasetName ?? 'default');
}

/** Opens the dataset of an option. Creates it where it does not exist, unless `isReadOnly`. */
export async function openNamedDataset(target: StorageTarget, isReadOnly: boolean): Promise<Dataset | undefined> {
    return (await findDataset(target)) ?? (isReadOnly ? undefined : Actor.openDataset(target));
}

/** Reads the item that was too large for its record; `undefined` where it is gone. */
export async function readStoredItem(record: QuarantineRecord, quarantine: Dataset): Promise<unknown> {
    const { itemStoreId, itemKey } = record;
    if (itemStoreId === undefined || itemKey === undefined) return undefined;
    const client = Actor.config.getStorageClient();
    // Locally each process makes new ids: there it is the store beside the quarantine, or else the run's own.
    const stores = isRemote()
        ? [itemStoreId]
        : [
              suffixed(quarantine.name ?? quarantine.id, '-items'),
              Actor.config.get('defaultKeyValueStoreId') ?? 'default',
          ];
    for (const idOrName of stores) {
        const store = client.keyValueStore(idOrName);
        // Asks for bytes, because the SDK's JSON parser is slow for large records.
        const found = (await store.get()) && (await store.getRecord(itemKey, { buffer: true }));
        if (found) return JSON.parse(found.value.toString());
    }
    return undefined;
}

/** Reads the ids of records: on the platform nothing else is transferred. */
export function createIdReader(quarantine: Dataset, sink: ItemSink): Pick<ItemSink, 'list'> {
    if (!sink.isRemote) return sink;
    return { list: async (offset, limit) => quarantine.getData({ offset, limit, fields: ['id'] }) };
}

/** The store for items that fail again: the quarantine alone, because a redrive would not find records kept elsewhere. */
export function createReturnStore(
    quarantine: Dataset,
    internal: InternalOptions,
): QuarantineStore & { sink: ItemSink } {
    const sink = createItemSink(quarantine, internal);
    return {
        sink,
        open: async () => sink,
        storeItem: async () => Promise.reject(new Error('An item that returns is where it was.')),
        storeWithRun: async () => Promise.reject(new Error('The quarantine dataset cannot be written.')),
    };
}
