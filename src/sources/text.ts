import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { SourceError } from './source.js';

/** Text that is read piece by piece. */
export interface TextInput {
    chunks: AsyncIterable<string>;
    /** See `Source.progress`. */
    progress(): number | undefined;
}

/** A file's text, unpacked where it is gzip. */
export async function readTextFile(path: string): Promise<TextInput> {
    const { size } = await stat(path);
    const stream = createReadStream(path);
    return { chunks: decode(stream, path), progress: () => (size === 0 ? undefined : stream.bytesRead / size) };
}

export function readStandardInput(): TextInput {
    return { chunks: decode(process.stdin, 'standard input'), progress: () => undefined };
}

async function* decode(stream: Readable, name: string): AsyncGenerator<string> {
    // Bytes of another encoding would become replacement characters, and the items would be others than those in the file.
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
        for await (const bytes of await unpacked(stream)) yield decoder.decode(bytes as Buffer, { stream: true });
        yield decoder.decode();
    } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
            const what = 'is no UTF-8 text. If it is text of another encoding, save it as UTF-8.';
            throw new SourceError(name, what, { cause: error });
        }
        if (code?.startsWith('Z_')) {
            throw new SourceError(name, `its gzip data is damaged or cut off (${message}).`, { cause: error });
        }
        throw new SourceError(name, `cannot be read (${code ?? message}).`, { cause: error });
    }
}

/** By the first two bytes: a name says what somebody meant it to be. */
async function unpacked(stream: Readable): Promise<AsyncIterable<unknown>> {
    const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
    const first: Buffer[] = [];
    let length = 0;
    while (length < 2) {
        const { value, done } = await iterator.next();
        if (done) break;
        first.push(value);
        length += value.length;
    }
    const [a, b] = Buffer.concat(first);
    const whole = (async function* rejoin() {
        yield* first;
        yield* { [Symbol.asyncIterator]: () => iterator };
    })();
    if (a !== 0x1f || b !== 0x8b) return whole;
    // An error on either side reaches the reader.
    return pipeline(Readable.from(whole), createGunzip(), () => undefined);
}
