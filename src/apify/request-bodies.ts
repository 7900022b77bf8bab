import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

import type { ApifyClientOptions } from 'apify';

import type { Payload } from '../ports.js';

const compress = promisify(brotliCompress);

/**
 * Below this, compressing costs more than it saves: a thread has to wake up and an encoder to be set up. Measured with 10 KB,
 * from fifty callers who wait: a millisecond of each request, and 5 % of the CPU.
 */
const MIN_COMPRESSED_BYTES = 16_384;

/** As what each body is to be sent. */
const encodings = new WeakMap<object, 'br' | 'identity'>();

/**
 * The bodies of requests, each made once for all attempts to send its payload. Compressed in libuv's threads, at brotli's
 * quality 1: a tenth of the CPU of apify-client's 6, for bodies that are a third to four times as large. Inside a data
 * centre that costs nothing, and an Actor with 1 GB of memory has a quarter of a core.
 */
export class RequestBodies {
    readonly #compression: 'auto' | 'none';
    readonly #bodies = new WeakMap<Payload, Promise<Buffer>>();

    constructor(compression: 'auto' | 'none') {
        this.#compression = compression;
    }

    /** The body for a payload that does not change any more. Does not reject. */
    async of(payload: Payload): Promise<Buffer> {
        const known = this.#bodies.get(payload);
        if (known !== undefined) return known;
        const body = this.#make(payload.body);
        this.#bodies.set(payload, body);
        return body;
    }

    /** The payload will not be sent again. */
    forget(payload: Payload): void {
        this.#bodies.delete(payload);
    }

    async #make(plain: Buffer): Promise<Buffer> {
        if (this.#compression === 'auto' && plain.length >= MIN_COMPRESSED_BYTES) {
            const compressed = await compressedOrNone(plain);
            if (compressed !== undefined) {
                encodings.set(compressed, 'br');
                return compressed;
            }
        }
        encodings.set(plain, 'identity');
        return plain;
    }
}

async function compressedOrNone(plain: Buffer): Promise<Buffer | undefined> {
    try {
        return await compress(plain, {
            // The output fits one chunk, so that a single task of a thread does it all, however busy the event loop is.
            chunkSize: plain.length >> 1,
            params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
        });
    } catch {
        // Without memory for it, the request can go as it is.
        return undefined;
    }
}

type RequestInterceptor = NonNullable<ApifyClientOptions['requestInterceptors']>[number];

/**
 * A request interceptor for `ApifyClient`, which leaves a body alone whose encoding is named: it runs before the client's
 * own. The name of no encoding is taken away again when it has served. `signal` cuts the request.
 */
export const describeRequest =
    (signal: AbortSignal): RequestInterceptor =>
    (config) => {
        config.signal = signal;
        const encoding = encodings.get(config.data);
        if (encoding === undefined) return config;
        Object.assign(config.headers!, { 'content-encoding': encoding });
        if (encoding === 'identity') {
            config.transformRequest = (data, headers) => {
                headers?.delete('content-encoding');
                return data;
            };
        }
        return config;
    };
