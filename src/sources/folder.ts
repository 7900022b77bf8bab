import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeSyntaxError } from '../schema/json-syntax.js';
import type { Source } from './source.js';
import { SourceError } from './source.js';

/** A dataset as the local storage keeps it: a folder with one file for each item, `000000001.json` the first. */
export async function openFolder(path: string): Promise<Source> {
    const files = (await readdir(path)).filter((name) => /^\d+\.json$/.test(name)).sort();
    let readFiles = 0;
    return {
        name: path,
        async *items() {
            for (const file of files) {
                yield parse(await readFile(join(path, file), 'utf8'), join(path, file));
                readFiles++;
            }
        },
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
