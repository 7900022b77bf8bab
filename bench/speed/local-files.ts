import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Push } from './front.js';

/** The files of a local default dataset, in the order in which they were stored: each as a request of its own. */
export async function readLocalPushes(storageFolder: string): Promise<Push[]> {
    const folder = join(storageFolder, 'datasets', 'default');
    const files = (await readdir(folder)).filter((file) => /^\d+\.json$/.test(file)).sort();
    const pushes: Push[] = [];
    for (const file of files) {
        // The files are for people to read; what was pushed has no blanks.
        const text = JSON.stringify(JSON.parse(await readFile(join(folder, file), 'utf8')));
        pushes.push({ contentEncoding: 'identity', wire: Buffer.from(text) });
    }
    return pushes;
}
