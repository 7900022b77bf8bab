import { join } from 'node:path';

import type { KeyValueStore } from 'apify';
import { Actor } from 'apify';

import type { RunStore } from '../ports.js';

export const CONSOLE_URL = 'https://console.apify.com';

/** The run's default key-value store: it outlives the process, and a run that is resurrected has it again. */
export function createRunStore(): RunStore {
    let opened: KeyValueStore | undefined;
    // Once only: the SDK opens one store at a time, and behind one that hangs nothing could be saved in time.
    const open = async () => (opened ??= await Actor.openKeyValueStore());
    return {
        async save(key, text, contentType) {
            const store = await open();
            await store.setValue(key, text, { contentType });
        },
        async remove(key) {
            const store = await open();
            await store.setValue(key, null);
        },
        async read(key) {
            const store = await open();
            return toText(await store.getValue<unknown>(key));
        },
        async keys(prefix) {
            const store = await open();
            const keys: string[] = [];
            // The memory storage hands out all keys, whatever the prefix.
            await store.forEachKey(
                (key) => {
                    if (key.startsWith(prefix)) keys.push(key);
                },
                { prefix },
            );
            return keys.sort();
        },
        async whereIs(key, extension) {
            const store = await open();
            const client = Actor.config.getStorageClient() as StorageClient;
            if (client.httpClient !== undefined) {
                return store.getPublicUrl(key);
            }
            const { persistStorage, keyValueStoresDirectory: folder } = client;
            if (persistStorage !== true || folder === undefined) return `record ${key}`;
            return join(folder, store.name ?? store.id, `${key}.${extension}`);
        },
    };
}

/** As far as clients show where they write: those of the API over HTTP, the memory storage's in a folder. */
interface StorageClient {
    httpClient?: unknown;
    persistStorage?: boolean;
    keyValueStoresDirectory?: string;
}

/** A value comes back as text, as bytes or parsed, depending on its content type and on the storage. */
function toText(value: unknown): string {
    if (typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return value.toString('utf8');
    return value === null || value === undefined ? '' : JSON.stringify(value);
}
