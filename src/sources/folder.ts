import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeSyntaxError } from '../schema/json-syntax.js';
import type { Source } from './source.js';
import { SourceError } from './source.js';

/** A dataset as the local storage keeps it: a folder with one file for each item, `000000001.json` the first. */
export async function openFolder(path: string): Promise<Source> {
    const names = await readdir(path);
    const files = names.filter((name) => /^\d+\.json$/.test(name)).sort();
    // An empty dataset has its metadata, or nothing at all.
    if (files.length === 0 && names.length > 0 && !names.includes('__metadata__.json')) {
        throw new SourceError(
            path,
            `is no folder of a dataset: expected files such as 000000001.json, but found ${names.slice(0, 3).join(', ')}` +
                `${names.length > 3 ? ` and ${names.length - 3} more` : ''}. Name one of them.`,
        );
    }
    let readFiles = 0;
    return {
        name: path,
        isDataset: true,
        async *items() {
            for (const file of files) {
                yield parse(await readFile(join(path, file), 'utf8'), join(path, file));
                // The item that was yielded is the last one read until the next is asked for.
                readFiles++;
            }
        },
        place: () => (readFiles < files.length ? join(path, files[readFiles]!) : undefined),
        progress: () => (files.length === 0 ? undefined : readFiles / files.length),
    };
}

function parse(text: string, path: string): unknown {
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new SourceError(path, `is not JSON: ${describeSyntaxError(text)}.`, { cause: error });
    }
}
