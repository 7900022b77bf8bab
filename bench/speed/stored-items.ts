import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import type { Push } from './front.js';
import type { Received, Task } from './measurement.js';
import { SHAPES, type ShapeName } from './shapes.js';

/** The largest request, in bytes of JSON: 9 MiB. */
const MAX_REQUEST_BYTES = 9_437_184;
const OPENING_BRACKET = 0x5b;

/** Digests of the items that a task has to store, which are the same for each contender. */
const expectedDigests = new Map<string, string>();

/**
 * Compares what was pushed with the items of the task, byte for byte: all of them, each once, in order where the
 * contender keeps it. @throws Error that tells what is wrong
 */
export function checkStored(
    pushes: readonly Push[],
    task: Task,
    keepsOrder: boolean,
): Omit<Received, 'serverCpuMillis'> {
    const bodies = new Bodies(pushes);
    const digest = keepsOrder ? bodies.digest() : bodies.sortedDigest();
    if (digest !== expectedDigest(task, keepsOrder)) {
        const found = bodies.itemTexts().length;
        const expected = task.items + task.warmUpItems;
        throw new Error(
            `${task.contender} stored ${found} items where ${expected} were expected` +
                `${found === expected ? ', and they are others, or in another order' : ''}.`,
        );
    }
    const { jsonBytes, largestRequestBytes } = bodies;
    if (largestRequestBytes > MAX_REQUEST_BYTES)
        throw new Error(`${task.contender} sent ${largestRequestBytes} bytes in one request.`);
    const wireBytes = pushes.reduce((sum, { wire }) => sum + wire.length, 0);
    return { requests: pushes.length, wireBytes, jsonBytes, largestRequestBytes };
}

class Bodies {
    jsonBytes = 0;
    largestRequestBytes = 0;
    readonly #pushes: readonly Push[];

    constructor(pushes: readonly Push[]) {
        this.#pushes = pushes;
    }

    /** Hash of the items' JSON as it came, with commas between, however it was spread over requests. */
    digest(): string {
        const hash = createHash('sha256');
        let separator = '';
        for (const body of this.#all()) {
            hash.update(separator);
            separator = ',';
            hash.update(body[0] === OPENING_BRACKET ? body.subarray(1, -1) : body);
        }
        return hash.digest('hex');
    }

    sortedDigest(): string {
        return digestOf(this.itemTexts().sort());
    }

    itemTexts(): string[] {
        const texts: string[] = [];
        for (const body of this.#all()) {
            const value: unknown = JSON.parse(body.toString());
            for (const item of Array.isArray(value) ? value : [value]) texts.push(JSON.stringify(item));
        }
        return texts;
    }

    *#all(): Generator<Buffer> {
        this.jsonBytes = 0;
        for (const push of this.#pushes) {
            const body = decompressed(push);
            this.jsonBytes += body.length;
            this.largestRequestBytes = Math.max(this.largestRequestBytes, body.length);
            yield body;
        }
    }
}

function expectedDigest({ shape, items, warmUpItems }: Task, keepsOrder: boolean): string {
    const count = items + warmUpItems;
    const key = `${shape} ${count} ${keepsOrder}`;
    let digest = expectedDigests.get(key);
    if (digest === undefined) {
        const texts = expectedTexts(shape, count);
        digest = digestOf(keepsOrder ? texts : [...texts].sort());
        expectedDigests.set(key, digest);
    }
    return digest;
}

function* expectedTexts(shape: ShapeName, count: number): Generator<string> {
    const make = SHAPES[shape].maker();
    for (let index = 0; index < count; index++) yield JSON.stringify(make(undefined, index));
}

function digestOf(texts: Iterable<string>): string {
    const hash = createHash('sha256');
    let separator = '';
    for (const text of texts) {
        hash.update(separator + text);
        separator = ',';
    }
    return hash.digest('hex');
}

function decompressed({ contentEncoding, wire }: Push): Buffer {
    if (contentEncoding === 'br') return brotliDecompressSync(wire);
    if (contentEncoding === 'gzip') return gunzipSync(wire);
    return wire;
}
