import type { Clock, DeliveryCounters, ItemSink, Log, Payload, SendResult } from '../../ports.js';

/** As many as apify-client makes: 8 retries from half a second on, doubled each time, two minutes in all. */
const MAX_RETRIES = 8;
const FIRST_DELAY_MILLIS = 500;

export interface RetryOptions {
    sink: ItemSink;
    clock: Clock;
    log: Log;
    counters: DeliveryCounters;
    /** Time by which sending must have ended, in milliseconds since the epoch; no wait goes beyond it. */
    deadline: () => number;
}

/** Sends a payload, and again after what can pass: 429, 5xx and network errors, with exponential back-off and jitter. */
export async function sendWithRetry(payload: Payload, options: RetryOptions): Promise<SendResult> {
    const { sink, clock, counters, deadline, log } = options;
    for (let retries = 0; ; retries++) {
        counters.requests++;
        counters.sentBytes += payload.byteLength;
        const result = await sink.send(payload);
        if (result.kind === 'invalid' || result.kind === 'bad-request' || result.kind === 'too-large') {
            counters.rejectedRequests++;
        }
        if (result.kind !== 'unavailable' || !sink.retries || retries === MAX_RETRIES) return result;

        // Between half and the whole of the delay, so that many writers do not come back at once.
        const delayMillis = FIRST_DELAY_MILLIS * 2 ** retries * (0.5 + Math.random() / 2);
        if (clock.now() + delayMillis >= deadline()) return result;
        if (retries === 0) {
            log.warning('A request to the dataset failed and is tried again.', { reason: result.error.message });
        }
        await clock.sleep(delayMillis);
        counters.retriedRequests++;
    }
}
