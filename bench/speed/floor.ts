import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { Actor, ApifyClient } from 'apify';

import type { Prepare } from './contenders/contender.js';
import { SHAPES } from './shapes.js';

const compress = promisify(brotliCompress);

/** Closed when no request is under way … */
const PAYLOAD_BYTES = 2_000_000;
/** … and at this size in any case. */
const MAX_PAYLOAD_BYTES = 5_000_000;
/** Payloads that are compressed or sent while the next is written. */
const MAX_UNDER_WAY = 2;
const ITEM_BYTES_PER_TURN = 500_000;
/** Each chunk of output waits for a turn of the event loop: at the default of 16 KB nothing gets done while items are written. */
const CHUNK_BYTES = 1_048_576;

/**
 * The best that can be reached by hand for an array of plain, valid items: each is serialized once, validated, and written into the
 * body of its request; that is compressed and sent while the next is written. Without buffering, quarantine, retries,
 * accounting or errors that help anyone.
 */
export const FLOOR: Prepare = async ({ shape }) => {
    const ajv = new Ajv({ allErrors: true, strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(SHAPES[shape].fields);
    const send = await createSender();

    return async (items) => {
        const idle = Array.from({ length: MAX_UNDER_WAY + 1 }, () => Buffer.allocUnsafeSlow(MAX_PAYLOAD_BYTES));
        const underWay: Promise<void>[] = [];
        let lastSent: Promise<void> = Promise.resolve();
        let buffer = idle.pop()!;
        let end = 0;
        let turnEnd = ITEM_BYTES_PER_TURN;

        const close = async (): Promise<void> => {
            buffer[0] = OPENING_BRACKET;
            buffer[end++] = CLOSING_BRACKET;
            const full = buffer;
            const body = compressed(full.subarray(0, end));
            const sent = lastSent
                .then(async () => send(await body))
                .then(() => {
                    idle.push(full);
                    void underWay.shift();
                });
            lastSent = sent;
            underWay.push(sent);
            end = 0;
            turnEnd = ITEM_BYTES_PER_TURN;
            if (underWay.length > MAX_UNDER_WAY) await underWay[0];
            else await nextTurn();
            buffer = idle.pop()!;
        };

        for (const item of items) {
            const text = JSON.stringify(item);
            if (!validate(item)) throw new Error(`An item is invalid: ${ajv.errorsText(validate.errors)}`);
            if (end + text.length * 3 + 2 > MAX_PAYLOAD_BYTES) await close();
            buffer[end] = COMMA;
            end += 1 + buffer.write(text, end + 1);
            if (end < turnEnd) continue;
            if (end >= PAYLOAD_BYTES && underWay.length < MAX_UNDER_WAY) await close();
            else await nextTurn();
            turnEnd = end + ITEM_BYTES_PER_TURN;
        }
        if (end > 0) await close();
        await lastSent;
    };
};

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;

async function compressed(body: Buffer): Promise<Buffer> {
    return compress(body, {
        chunkSize: CHUNK_BYTES,
        params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    });
}

/** A `Buffer` handed to the client goes out as it is; the interceptor says that it is compressed. */
async function createSender(): Promise<(body: Buffer) => Promise<void>> {
    const dataset = await Actor.openDataset();
    const client = new ApifyClient({
        baseUrl: process.env.APIFY_API_BASE_URL,
        token: process.env.APIFY_TOKEN,
        maxRetries: 0,
        requestInterceptors: [
            (config) => {
                if (Buffer.isBuffer(config.data)) Object.assign(config.headers!, { 'content-encoding': 'br' });
                return config;
            },
        ],
    });
    return async (body) => client.dataset(dataset.id).pushItems(body as object as Record<string, unknown>);
}
