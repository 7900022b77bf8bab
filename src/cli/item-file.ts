import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';

import { UsageError } from './exit-codes.js';

/** A file of JSON Lines that is written item by item. */
export interface ItemFile {
    write(item: unknown): Promise<void>;
    close(): Promise<void>;
}

/** Creates the file, or empties it. @throws UsageError where it cannot be written */
export async function openItemFile(path: string): Promise<ItemFile> {
    const handle = await open(path, 'w').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${path} cannot be written (${error.code}).`);
    });
    const stream = createWriteStream(path, { fd: handle });
    return {
        async write(item) {
            if (!stream.write(`${JSON.stringify(item)}\n`)) await once(stream, 'drain');
        },
        async close() {
            stream.end();
            await once(stream, 'close');
        },
    };
}
