import type { Batch } from '../../src/pipeline/buffer/batch.js';
import { ItemBuffer } from '../../src/pipeline/buffer/item-buffer.js';
import { PayloadPool } from '../../src/pipeline/chunk.js';
import { textsOf } from './stage-parts.js';

/** JSON of an item of ten bytes. */
export const ten = (n: number) => `{"n":${1_000 + n}}`;
export const OUTAGE = new Error('The platform is away');

export function startBuffer({
    maxBufferedBytes = 1_000,
    maxPayloadBytes = 1_000,
    targetPayloadBytes = Infinity,
    now = (): number => 0,
} = {}) {
    let taken = 0;
    let changes = 0;
    const buffer = new ItemBuffer({ maxBufferedBytes, targetPayloadBytes }, new PayloadPool(maxPayloadBytes), now, {
        onTake: () => void taken++,
        onChange: () => void changes++,
    });
    return { buffer, taken: () => taken, changes: () => changes };
}

export const contents = (buffer: ItemBuffer) => buffer.batches.map(({ payload }) => textsOf(payload));

export function send(buffer: ItemBuffer): Batch {
    const batch = buffer.next();
    if (batch === undefined) throw new Error('There is nothing to send.');
    buffer.beginSending(batch);
    return batch;
}
