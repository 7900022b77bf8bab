import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { FirstRequests } from '../utils/request-sync.js';
import type { SyncRecord, SyncRunStore, SyncSaveExtras } from './sync-storages.js';

/** The memory storage's file extensions for content types; it writes any other type as `bin`. */
const EXTENSIONS: Readonly<Record<string, string>> = {
    'application/json': 'json',
    'text/html': 'html',
    'text/plain': 'txt',
};

/** As far as the memory storage shows where it writes, and what. */
export interface FolderStorage {
    persistStorage: true;
    datasetsDirectory: string;
    keyValueStoresDirectory: string;
    datasetClientsHandled?: readonly OpenedStorage[];
    keyValueStoresHandled?: readonly OpenedStorage[];
}

export interface OpenedStorage {
    id: string;
    name?: string;
    /** The highest number that was given to an item. */
    itemCount?: number;
    /** The items whose files are whole, by file name. */
    datasetEntries?: ReadonlyMap<string, unknown>;
}

/** Whether a storage client is the memory storage, and writes to disk. */
export function isOnDisk(client: unknown): client is FolderStorage {
    const { persistStorage, datasetsDirectory } = Object(client) as Partial<FolderStorage>;
    return persistStorage === true && typeof datasetsDirectory === 'string';
}

/** The folder of a storage. It bears the storage's name, or its id where it has none. */
export function folderOf(storage: FolderStorage, kind: 'datasets' | 'keyValueStores', nameOrId: string): string {
    const { name, id } = findOpened(storage, kind, nameOrId) ?? { id: nameOrId };
    return join(storage[`${kind}Directory`], name ?? id);
}

/** A storage that this process has opened. */
export function findOpened(storage: FolderStorage, kind: 'datasets' | 'keyValueStores', nameOrId: string) {
    const opened = kind === 'datasets' ? storage.datasetClientsHandled : storage.keyValueStoresHandled;
    return opened?.find(({ id, name }) => id === nameOrId || name?.toLowerCase() === nameOrId.toLowerCase());
}

export class SyncFolderRunStore implements SyncRunStore {
    readonly #folder: string;

    constructor(folder: string) {
        this.#folder = folder;
    }

    saveFirst(records: readonly SyncRecord[], onSaved: () => void): FirstRequests {
        this.save(records);
        onSaved();
        return new FirstRequests([], onSaved);
    }

    save(records: readonly SyncRecord[], _maxMillis?: number, { outdated = [] }: SyncSaveExtras = {}): void {
        const failed: string[] = [];
        let cause: unknown;
        for (const { key, text, contentType, needsOthers } of records) {
            try {
                if (needsOthers && failed.length > 0) throw cause;
                replaceFile(join(this.#folder, toFileName(key, contentType)), text);
            } catch (error) {
                failed.push(key);
                cause = error;
            }
        }
        if (failed.length === 0) {
            for (const { key, contentType } of outdated) {
                rmSync(join(this.#folder, toFileName(key, contentType)), { force: true });
            }
            return;
        }
        throw new Error(`Records were not saved: ${failed.join(', ')}: ${(cause as Error).message}`, { cause });
    }
}

/** The memory storage adds no extension to a key that ends in it. */
function toFileName(key: string, contentType: string): string {
    const extension = EXTENSIONS[contentType.split(';')[0]!.trim()] ?? 'bin';
    return key.endsWith(`.${extension}`) ? key : `${key}.${extension}`;
}

/**
 * Writes to another file first: an operation that is still under way has the old file open. Not in the same folder,
 * because there every file counts as an item or a record.
 */
export function replaceFile(path: string, text: string): void {
    const folder = dirname(path);
    const temporary = join(dirname(folder), `.${randomUUID()}.tmp`);
    mkdirSync(folder, { recursive: true });
    try {
        writeFileSync(temporary, text);
        renameSync(temporary, path);
    } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
    }
}
