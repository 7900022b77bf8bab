import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Dataset } from 'apify';

/** As far as the memory storage shows where it writes. */
interface LocalClient {
    client?: { persistStorage?: boolean; datasetsDirectory?: string };
}

/** A file of a local dataset that holds no JSON: the process that wrote it was killed. */
export interface TornItem {
    /** As the item of a dataset counts: from 0. */
    position: number;
    /** Puts `value` in its place. */
    mend(value: unknown): Promise<void>;
}

/** The folder of a store beside a local dataset that is kept on disk; `undefined` for any other dataset. */
export function localFolderOf(dataset: Dataset, kind: 'key_value_stores', name: string): string | undefined {
    const directory = directoryOf(dataset);
    return directory && join(dirname(dirname(directory)), kind, name);
}

/**
 * Looks at a local dataset after a writer was killed, from `from` on: takes away the locks that it left, and returns the
 * files that it left half written, in order. The memory storage writes one file for each item, and not at once.
 */
export async function findTornItems(dataset: Dataset, from: number): Promise<TornItem[]> {
    const directory = directoryOf(dataset);
    if (directory === undefined) return [];
    const names = await readdir(directory).catch(() => []);
    const torn: TornItem[] = [];
    for (const name of names.sort()) {
        const [, digits, isLock] = /^(\d+)\.json(\.lock)?$/.exec(name) ?? [];
        const position = Number(digits) - 1;
        if (digits === undefined || position < from) continue;
        const path = join(directory, name);
        if (isLock !== undefined) await rm(path, { recursive: true, force: true });
        else if (!isJson(await readFile(path, 'utf8'))) {
            torn.push({ position, mend: async (value) => replace(path, JSON.stringify(value, null, '\t')) });
        }
    }
    return torn;
}

/** Not by way of a file in the same folder: there every file counts as an item. */
async function replace(path: string, text: string): Promise<void> {
    const temporary = join(dirname(dirname(path)), `.${randomUUID()}.tmp`);
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, path);
}

/** Not the client's own `datasetDirectory`: that is made of an id which names no folder where the dataset has a name. */
function directoryOf({ client, name, id }: Dataset): string | undefined {
    const storage = (client as LocalClient).client;
    if (storage?.persistStorage !== true || storage.datasetsDirectory === undefined) return undefined;
    return join(storage.datasetsDirectory, name ?? id);
}

function isJson(text: string): boolean {
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}
