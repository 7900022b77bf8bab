import { randomUUID } from 'node:crypto';

import type { Dataset, KeyValueStore } from 'apify';
import { Actor } from 'apify';

import type { StorageTarget } from '../options.js';
import type { ItemSink, Log, QuarantineStore } from '../ports.js';
import { suffixed } from '../utils/storage-name.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const JSON_LINES_TYPE = 'application/x-ndjson; charset=utf-8';

/** The quarantine dataset and the key-value store beside it, opened when they are needed, not before. */
export function createQuarantineStore(
    target: StorageTarget,
    toSink: (dataset: Dataset) => ItemSink,
    log: Log,
): QuarantineStore & { readonly opened: Dataset | undefined } {
    let sink: Promise<ItemSink> | undefined;
    let openedDataset: Dataset | undefined;
    let itemStore: Promise<KeyValueStore> | undefined;

    const openSink = async () => {
        openedDataset = await Actor.openDataset(target);
        const opened = toSink(openedDataset);
        const name = opened.datasetName ?? opened.datasetId;
        log.info(`Rejected items go to the dataset "${name}", which is kept until you delete it.`);
        return opened;
    };
    /** The run's own store takes the item where the named one cannot be had: no item is dropped for that. */
    const openItemStore = async () => {
        try {
            const { datasetName, datasetId } = await store.open();
            return await Actor.openKeyValueStore(suffixed(datasetName ?? datasetId, '-items'));
        } catch (error) {
            return toOwnStore(error);
        }
    };
    const toOwnStore = async (error: unknown) => {
        log.error(`The store for items too large cannot be used; they go to the run's own: ${reasonOf(error)}`);
        return Actor.openKeyValueStore();
    };
    const store = {
        /** The quarantine dataset; undefined as long as no record went there. */
        get opened() {
            return openedDataset;
        },
        async open() {
            sink ??= openSink();
            try {
                return await sink;
            } catch (error) {
                sink = undefined;
                throw error;
            }
        },
        async storeItem(key: string, itemText: string, place: 'quarantine' | 'run') {
            if (place === 'run') return storeIn(await Actor.openKeyValueStore(), key, itemText);
            itemStore ??= openItemStore().catch((error) => {
                itemStore = undefined;
                throw error;
            });
            const opened = await itemStore;
            try {
                return await storeIn(opened, key, itemText);
            } catch (error) {
                const own = await Actor.openKeyValueStore();
                if (own.id === opened.id) throw error;
                itemStore = toOwnStore(error);
                return storeIn(own, key, itemText);
            }
        },
        async storeWithRun(recordLines: string) {
            const opened = await Actor.openKeyValueStore();
            const key = `DATASET-GUARD-QUARANTINE-${randomUUID()}`;
            await opened.setValue(key, recordLines, { contentType: JSON_LINES_TYPE });
            return `the run's default key-value store, key ${key}`;
        },
    };
    return store;
}

async function storeIn(store: KeyValueStore, key: string, itemText: string) {
    await store.setValue(key, itemText, { contentType: JSON_TYPE });
    return { itemStoreId: store.id, itemKey: key };
}

function reasonOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
