import type { KeyValueStore } from 'apify';
import { Actor } from 'apify';

import type { RunStore } from '../ports.js';

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
    };
}

/** A value comes back as text, as bytes or parsed, depending on its content type and on the storage. */
function toText(value: unknown): string {
    if (typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return value.toString('utf8');
    return value === null || value === undefined ? '' : JSON.stringify(value);
}
