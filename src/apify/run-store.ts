import { Actor } from 'apify';

import type { RunStore } from '../ports.js';

/** The run's default key-value store: it outlives the process, and a run that is resurrected has it again. */
export function createRunStore(): RunStore {
    return {
        async save(key, text, contentType) {
            const store = await Actor.openKeyValueStore();
            await store.setValue(key, text, { contentType });
        },
        async remove(key) {
            const store = await Actor.openKeyValueStore();
            await store.setValue(key, null);
        },
        async read(key) {
            const store = await Actor.openKeyValueStore();
            return toText(await store.getValue<unknown>(key));
        },
        async keys(prefix) {
            const store = await Actor.openKeyValueStore();
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
    };
}

/** A value comes back as text, as bytes or parsed, depending on its content type and on the storage. */
function toText(value: unknown): string {
    if (typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return value.toString('utf8');
    return value === null || value === undefined ? '' : JSON.stringify(value);
}
