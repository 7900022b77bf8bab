import { describe, expect, it } from 'vitest';

import { TUNING } from '../../../src/apify/environment.js';
import { MovableDeadline } from '../../../src/run/deadline.js';
import { Sender } from '../../../src/pipeline/deliver/sender.js';
import type { Payload, SendResult, Tuning } from '../../../src/ports.js';
import { HandClock, turns } from '../../support/stage-clock.js';
import { payloadOf } from '../../support/stage-delivery.js';
import { itemsOf, keptLog } from '../../support/stage-parts.js';

const BUSY: SendResult = { kind: 'unavailable', outcomeUnknown: false, error: new Error('Too many requests') };
const LOST: SendResult = { kind: 'unavailable', outcomeUnknown: true, error: new Error('socket hang up') };
const STORED: SendResult = { kind: 'stored' };

const payload = payloadOf(['{"n":1}', '{"n":2}']);

/** A sender to a dataset, on a clock that the test moves. `answer` tells what comes of each request, from 1. */
function startSender(answer: (request: number, store: () => void) => SendResult, tuning: Partial<Tuning> = {}) {
    const clock = new HandClock();
    const dataset: unknown[] = [];
    const sentAt: number[] = [];
    const looks: number[] = [];
    const state = { visible: (): readonly unknown[] | undefined => dataset };
    const deadline = new MovableDeadline(clock);
    const counters = { requests: 0, rejectedRequests: 0, retriedRequests: 0, sentBytes: 0 };
    const sink = {
        datasetId: 'movies',
        retries: true,
        knownItemCount: 0,
        send: async (sent: Payload) => {
            sentAt.push(clock.now());
            return answer(sentAt.length, () => dataset.push(...itemsOf(sent)));
        },
        list: async (offset: number, limit: number) => {
            looks.push(clock.now());
            return state.visible()?.slice(offset, offset + limit);
        },
    };
    const sender = new Sender({
        sink,
        clock,
        deadline,
        counters,
        tuning: { ...TUNING, ...tuning },
        log: keptLog(),
    });
    const startedAt = clock.now();
    /** Moves the clock until the request has come to something. */
    const outcomeOf = async (sending: Promise<SendResult>) => {
        let result: SendResult | undefined;
        void sending.then((value) => (result = value));
        // What follows at once must not find the clock moved.
        await turns();
        for (let step = 0; result === undefined && step < 10_000; step++) await clock.advance(100);
        return { result: result!, millis: clock.now() - startedAt };
    };
    return { sender, clock, dataset, sentAt, looks, state, deadline, counters, startedAt, outcomeOf };
}

describe('a request that is turned away', () => {
    it('is tried again for as long as apify-client would: eight times, from half a second, with jitter', async () => {
        const { sender, sentAt, outcomeOf, counters } = startSender(() => BUSY);
        const { result, millis } = await outcomeOf(sender.send(payload));
        expect(result).toMatchObject({ kind: 'unavailable', error: { message: 'Too many requests' } });
        expect(counters).toMatchObject({ requests: 9, retriedRequests: 8 });
        const waits = sentAt.slice(1).map((at, index) => at - sentAt[index]!);
        for (const [retry, wait] of waits.entries()) {
            expect(wait).toBeGreaterThanOrEqual(500 * 2 ** retry);
            expect(wait).toBeLessThanOrEqual(2 * 500 * 2 ** retry);
        }
        expect(millis).toBeGreaterThanOrEqual(500 * (2 ** 8 - 1));
        // Without jitter many writers would come back at once.
        expect(waits.some((wait, retry) => wait !== 500 * 2 ** retry)).toBe(true);
    });

    it('is not tried again once its items are to be given back', async () => {
        const { sender, outcomeOf, counters } = startSender(() => BUSY);
        const { result } = await outcomeOf(sender.send(payload, { isStale: () => counters.requests === 3 }));
        expect([result.kind, counters.requests]).toEqual(['unavailable', 3]);
    });

    it('is not tried again beyond the deadline, however late that is set', async () => {
        const { sender, clock, startedAt, deadline, outcomeOf } = startSender(() => BUSY);
        const sending = sender.send(payload);
        await clock.advance(5_000);
        deadline.bringForward(startedAt + 6_000);
        const { result, millis } = await outcomeOf(sending);
        expect(result).toMatchObject({ kind: 'unavailable', outcomeUnknown: false });
        expect(millis).toBeLessThanOrEqual(6_100);
        const { result: late } = await outcomeOf(sender.send(payload));
        expect(late).toMatchObject({ error: { message: expect.stringContaining('the run is ending') } });
    });
});

describe('a request whose answer is lost', () => {
    it('is found as soon as its items show up, and not sent again', async () => {
        const { sender, sentAt, state, clock, startedAt, dataset, outcomeOf } = startSender((_, store) => {
            store();
            return LOST;
        });
        state.visible = () => (clock.now() - startedAt < 4_000 ? [] : dataset);
        const { result, millis } = await outcomeOf(sender.send(payload));
        expect(result.kind).toBe('stored');
        expect(sentAt).toHaveLength(1);
        expect(millis).toBeLessThan(6_500);
        expect(sender.position).toBe(2);
    });

    it('is sent again once its items would have shown up, and not before', async () => {
        const { sender, sentAt, dataset, outcomeOf } = startSender((request, store) => {
            if (request === 1) return LOST;
            store();
            return STORED;
        });
        const { result } = await outcomeOf(sender.send(payload));
        expect(result.kind).toBe('stored');
        expect(sentAt[1]! - sentAt[0]!).toBeGreaterThanOrEqual(TUNING.listingLagMillis);
        expect(dataset).toHaveLength(2);
    });

    it('is sent again at once where the dataset cannot be read, and after a while where it cannot be read now', async () => {
        for (const [unreadable, atLeastMillis] of [
            [(): undefined => undefined, 0],
            [
                (): never => {
                    throw new Error('503');
                },
                TUNING.listingLagMillis,
            ],
        ] as const) {
            const { sender, sentAt, state, outcomeOf } = startSender((request) => (request === 1 ? LOST : STORED));
            state.visible = unreadable;
            expect((await outcomeOf(sender.send(payload))).result.kind).toBe('stored');
            expect(sentAt).toHaveLength(2);
            expect(sentAt[1]! - sentAt[0]!).toBeGreaterThanOrEqual(atLeastMillis);
        }
    });

    it('is sent again where the same items may be others: at least once wins', async () => {
        const { sender, sentAt, dataset, outcomeOf } = startSender((request, store) => {
            // Another writer has stored the same meanwhile: the one attempt cannot have stored both.
            if (request === 1) store();
            store();
            return request === 1 ? LOST : STORED;
        });
        expect((await outcomeOf(sender.send(payload))).result.kind).toBe('stored');
        expect(sentAt).toHaveLength(2);
        expect(dataset).toHaveLength(6);
    });

    it('is not sent a third time where two attempts were stored, the first of them late', async () => {
        const { sender, sentAt, state, dataset, outcomeOf } = startSender((_, store) => {
            store();
            return LOST;
        });
        state.visible = () => (sentAt.length < 2 ? [] : dataset);
        expect((await outcomeOf(sender.send(payload))).result.kind).toBe('stored');
        expect(sentAt).toHaveLength(2);
        expect([dataset.length, sender.position]).toEqual([4, 4]);
    });

    it('is sent again where its items are all the same: they may be those of another writer', async () => {
        const { sender, sentAt, dataset, outcomeOf } = startSender((request, store) => {
            if (request > 1) store();
            // Exactly as many, and not from here.
            else dataset.push({ same: true }, { same: true });
            return request === 1 ? LOST : STORED;
        });
        const same = payloadOf(['{"same":true}', '{"same":true}']);
        expect((await outcomeOf(sender.send(same))).result.kind).toBe('stored');
        expect([sentAt.length, dataset.length]).toEqual([2, 4]);
    });

    it('is found among the items of other writers, and behind what was confirmed before', async () => {
        const { sender, sentAt, dataset, outcomeOf } = startSender((request, store) => {
            dataset.push({ other: request });
            store();
            dataset.push({ other: request });
            return request === 2 ? LOST : STORED;
        });
        await outcomeOf(sender.send(payload));
        expect((await outcomeOf(sender.send(payloadOf(['{"n":3}', '{"n":4}'])))).result.kind).toBe('stored');
        expect(sentAt).toHaveLength(2);
        expect(dataset).toHaveLength(8);
    });

    it('is looked for by whoever sends the items next, also where later attempts were only turned away', async () => {
        const { sender, outcomeOf } = startSender((request) => (request === 1 ? LOST : BUSY));
        const { result } = await outcomeOf(sender.send(payload));
        expect(result).toMatchObject({ kind: 'unavailable', readBack: { from: 0 } });
    });

    it('stays open where the run ends while it is looked for', async () => {
        const { sender, sentAt, clock, startedAt, deadline, outcomeOf } = startSender(() => LOST);
        const sending = sender.send(payload);
        await clock.advance(2_000);
        deadline.bringForward(startedAt + 3_000);
        const { result, millis } = await outcomeOf(sending);
        expect(result).toMatchObject({ kind: 'unavailable', readBack: { from: 0 } });
        expect([sentAt.length, millis <= 3_200]).toEqual([1, true]);
    });
});
