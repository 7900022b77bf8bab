import { randomUUID } from 'node:crypto';

import type { KeyValueStore } from 'apify';
import { Actor } from 'apify';

import type { StorageTarget } from '../options.js';
import type { ItemSink, Log, QuarantineStore, Tuning } from '../ports.js';
import { createItemSink } from './item-sink.js';
import { suffixed } from './storages.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const JSON_LINES_TYPE = 'application/x-ndjson; charset=utf-8';

/** The quarantine dataset and the key-value store beside it, opened when they are needed, not before. */
export function createQuarantineStore(
    target: StorageTarget,
    tuning: Tuning,
    log: Log,
): QuarantineStore & { readonly openedId: string | undefined } {
    let sink: Promise<ItemSink> | undefined;
    let openedId: string | undefined;
    let itemStore: Promise<KeyValueStore> | undefined;

    const openSink = async () => {
        const opened = createItemSink(await Actor.openDataset(target), tuning);
        openedId = opened.datasetId;
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
            log.error(`The store for items too large cannot be opened; they go to the run's own: ${reasonOf(error)}`);
            return Actor.openKeyValueStore();
        }
    };
    const store = {
        /** Of the quarantine dataset; none as long as no record went there. */
        get openedId() {
            return openedId;
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
        async storeItem(key: string, itemText: string) {
            itemStore ??= openItemStore();
            const opened = await itemStore;
            await opened.setValue(key, itemText, { contentType: JSON_TYPE });
            return { itemStoreId: opened.id, itemKey: key };
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

function reasonOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
