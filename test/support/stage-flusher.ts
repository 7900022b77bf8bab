import { Flusher } from '../../src/pipeline/buffer/flusher.js';
import type { Batch } from '../../src/pipeline/buffer/batch.js';
import { ItemBuffer } from '../../src/pipeline/buffer/item-buffer.js';
import { PayloadPool } from '../../src/pipeline/chunk.js';
import { ten } from './stage-buffer.js';
import { deferred, HandClock, turns } from './stage-clock.js';
import { textsOf } from './stage-parts.js';

export interface Request {
    items: string[];
    /** Stores the items, and lets the flusher go on. */
    answer: () => Promise<void>;
    /** Keeps the items in the buffer, and halts. */
    fail: () => Promise<void>;
}

/** A flusher over a real buffer, a clock that stands still, and requests that end when the test says so. */
export function startFlusher({
    flushIntervalMillis = 1_000,
    maxParallelRequests = 1,
    maxOrderedRequests = 1,
    maxPayloadBytes = 1_000,
    maxBufferedBytes = 5_000,
    targetPayloadBytes = Infinity,
    sending = () => {},
} = {}) {
    const clock = new HandClock();
    const buffer = new ItemBuffer(
        { maxBufferedBytes, targetPayloadBytes },
        new PayloadPool(maxPayloadBytes),
        () => clock.now(),
        {
            onTake: () => undefined,
            onChange: () => flusher.poke(),
        },
    );
    const requests: Request[] = [];
    const send = async (batch: Batch): Promise<boolean> => {
        sending();
        const { promise, resolve } = deferred<boolean>();
        const finish = async (isStored: boolean): Promise<void> => {
            if (isStored) buffer.remove(batch);
            else buffer.keep(batch, [{ indexes: textsOf(batch.payload).map((_, index) => index) }]);
            resolve(isStored);
            await turns();
        };
        requests.push({
            items: textsOf(batch.payload),
            answer: async () => finish(true),
            fail: async () => finish(false),
        });
        return promise;
    };
    const prepared: string[][] = [];
    const flusher = new Flusher(buffer, {
        clock,
        flushIntervalMillis,
        maxParallelRequests,
        maxOrderedRequests,
        send,
        prepare: ({ payload }) => void prepared.push(textsOf(payload)),
    });
    /** Returns a promise where the item has to wait for room. */
    const offer = (n: number, urgent = false): Promise<void> | undefined => buffer.add(ten(n), undefined, urgent);
    const push = (n: number, urgent = false): void => void offer(n, urgent);
    return {
        clock,
        buffer,
        flusher,
        requests,
        push,
        offer,
        prepared,
        sent: () => requests.map(({ items }) => items),
    };
}

/** Whether a promise has settled by now. */
export function watch(promise: Promise<unknown>): { settled: boolean } {
    const state = { settled: false };
    void promise.finally(() => {
        state.settled = true;
    });
    return state;
}
