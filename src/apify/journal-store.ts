import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Dataset, KeyValueStore } from 'apify';
import { Actor, ApifyClient } from 'apify';

import type { JournalStore } from '../ports.js';
import { localFolderOf } from './local-dataset.js';
import { suffixed } from '../utils/storage-name.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** The platform cannot create a record only if it is missing: of two that begin at once, the last writer is visible by then. */
const CREATE_SETTLE_MILLIS = 500;

/** Opens the store beside a quarantine. `isReadOnly`: a missing one is not created. */
export async function openJournalStore(quarantine: Dataset, isReadOnly: boolean): Promise<JournalStore> {
    const name = suffixed(quarantine.name ?? quarantine.id, '-redriven');
    const folder = localFolderOf(quarantine, 'key_value_stores', name);
    if (folder !== undefined) return fileStore(folder, name);
    if (isReadOnly && !(await isThere(name))) return emptyStore(name);
    return keyValueStore(await Actor.openKeyValueStore(name), name);
}

async function isThere(name: string): Promise<boolean> {
    const client = Actor.config.getStorageClient();
    if (!(client instanceof ApifyClient)) return (await client.keyValueStore(name).get()) !== undefined;
    const { username } = await client.user('me').get();
    return (await client.keyValueStore(`${username}~${name}`).get()) !== undefined;
}

function emptyStore(name: string): JournalStore {
    const refuse = async () => Promise.reject(new Error('Nothing is written in a dry run.'));
    return { name, read: async () => undefined, write: refuse, remove: refuse, create: refuse };
}

/** Files as those of the local storage, but written atomically, because the process may be killed at any moment. */
function fileStore(folder: string, name: string): JournalStore {
    const pathOf = (key: string) => join(folder, `${key}.json`);
    /** Writes a temporary file, which `handOver` puts in place. */
    const written = async (text: string, handOver: (path: string) => Promise<void>) => {
        await mkdir(folder, { recursive: true });
        const path = join(folder, `.${randomUUID()}.tmp`);
        try {
            await writeFile(path, text, { flush: true });
            await handOver(path);
        } finally {
            await rm(path, { force: true });
        }
    };
    return {
        name: `key-value store "${name}"`,
        read: async (key) => unlessMissing(readFile(pathOf(key), 'utf8')),
        write: async (key, text) => written(text, async (path) => rename(path, pathOf(key))),
        remove: async (key) => rm(pathOf(key), { force: true }),
        async create(key, text) {
            let isCreated = true;
            await written(text, async (path) => {
                try {
                    await link(path, pathOf(key));
                } catch (error) {
                    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
                    isCreated = false;
                }
            });
            return isCreated;
        },
    };
}

function keyValueStore(store: KeyValueStore, name: string): JournalStore {
    const read = async (key: string) => {
        const value = await store.getValue<unknown>(key);
        return value === null || value === undefined ? undefined : JSON.stringify(value);
    };
    const write = async (key: string, text: string) => store.setValue(key, text, { contentType: JSON_TYPE });
    return {
        name: `key-value store "${name}"`,
        read,
        write,
        remove: async (key) => store.setValue(key, null),
        async create(key, text) {
            if ((await read(key)) !== undefined) return false;
            await write(key, text);
            await sleep(CREATE_SETTLE_MILLIS);
            return (await read(key)) === JSON.stringify(JSON.parse(text));
        },
    };
}

async function unlessMissing(reading: Promise<string>): Promise<string | undefined> {
    try {
        return await reading;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
    }
}
