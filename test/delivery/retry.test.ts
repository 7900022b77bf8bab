import { describe, expect, it } from 'vitest';

import { INTERNAL_DEFAULTS } from '../../src/apify/environment.js';
import { PayloadWriter } from '../../src/delivery/payload.js';
import type { SendOptions, SendOutcome } from '../../src/delivery/retry.js';
import { RequestSender, SLOW_REQUEST_MILLIS } from '../../src/delivery/retry.js';
import type { InternalOptions, ItemSink, Payload, SendResult } from '../../src/ports.js';
import { Counters } from '../../src/quality/counters.js';
import { keptLog } from '../support/kept-log.js';
import { itemsOf } from '../support/payload-items.js';
import { deferred, HandClock, turns } from '../support/stage-clock.js';

const BUSY: SendResult = { kind: 'unavailable', outcomeUnknown: false, error: new Error('Too many requests') };
const LOST: SendResult = { kind: 'unavailable', outcomeUnknown: true, error: new Error('socket hang up') };
const STORED: SendResult = { kind: 'stored' };
const LAG_MILLIS = INTERNAL_DEFAULTS.listingLagMillis;
/** The longest that anybody may have to wait in these tests. */
const MAX_MILLIS = 1_000_000;

const payload = PayloadWriter.of(['{"n":1}', '{"n":2}']);

interface Stage extends Partial<Pick<ItemSink, 'isRemote' | 'isAtomic' | 'retries' | 'knownItemCount'>> {
    /** The outcome of each request, from 1. `store` puts its items into the dataset. */
    answer: (request: number, store: (items?: readonly unknown[]) => void) => SendResult | Promise<SendResult>;
    /** The items in a listing. @default those of the dataset */
    visible?: (millis: number) => readonly unknown[] | undefined;
    internal?: Partial<InternalOptions>;
    dataset?: unknown[];
    onSlow?: () => void;
}

/** A sender to a dataset, on a clock that the test moves. */
function startSender({ answer, visible, internal, dataset = [], onSlow, ...traits }: Stage) {
    const clock = new HandClock();
    const startedAt = clock.monotonic();
    const millis = () => clock.monotonic() - startedAt;
    const sentAt: number[] = [];
    const listedAt: number[] = [];
    const stop = new AbortController();
    const counters = new Counters();
    const log = keptLog();
    const sink: ItemSink = {
        datasetId: 'movies',
        stableId: 'movies',
        isRemote: true,
        isAtomic: true,
        retries: true,
        knownItemCount: dataset.length,
        ...traits,
        async send(sent: Payload) {
            sentAt.push(millis());
            return answer(sentAt.length, (items = itemsOf(sent)) => void dataset.push(...items));
        },
        async list(offset, limit) {
            listedAt.push(millis());
            const shown = visible === undefined ? dataset : visible(millis());
            return shown && { items: shown.slice(offset, offset + limit), total: shown.length };
        },
    };
    const sender = new RequestSender({
        sink,
        clock,
        counters,
        log,
        internal: { ...INTERNAL_DEFAULTS, ...internal },
        signal: stop.signal,
        ...(onSlow && { onSlow }),
    });
    /** Moves the clock until it has come to an outcome. */
    const whenDone = async <T>(sending: Promise<T>): Promise<T> => {
        let isDone = false;
        void sending.then(() => (isDone = true));
        // What follows at once must not find the clock moved.
        await turns(8);
        while (!isDone && millis() < MAX_MILLIS) await clock.advance(100);
        return sending;
    };
    const send = async (sent: Payload = payload, options?: SendOptions): Promise<SendOutcome> =>
        whenDone(sender.send(sent, options));
    return { sender, clock, dataset, sentAt, listedAt, counters, log, stop, millis, send, whenDone };
}

const warnings = ({ log }: Pick<ReturnType<typeof startSender>, 'log'>) =>
    log.lines.flatMap(({ level, message }) => (level === 'warning' ? message : []));

describe('a request that the platform turns away', () => {
    it('is tried again eight times, from half a second on, twice as long each time, with jitter', async () => {
        const stage = startSender({ answer: () => BUSY });
        expect(await stage.send()).toMatchObject({ kind: 'unavailable', error: { message: 'Too many requests' } });
        expect(stage.counters.values()).toMatchObject({ requests: 9, retriedRequests: 8, sentBytes: 9 * 17 });
        const waits = stage.sentAt.slice(1).map((at, index) => at - stage.sentAt[index]!);
        for (const [retry, wait] of waits.entries()) {
            expect(wait).toBeGreaterThanOrEqual(500 * 2 ** retry);
            expect(wait).toBeLessThanOrEqual(2 * 500 * 2 ** retry);
        }
        // Without jitter many writers would come back at once.
        expect(waits.some((wait, retry) => wait !== 500 * 2 ** retry)).toBe(true);
        expect(stage.listedAt).toEqual([]);
        expect(warnings(stage)).toEqual([expect.stringContaining('is tried again')]);
    });

    it('counts as being retried until it is stored, and leaves the position behind its items', async () => {
        const stage = startSender({ answer: (request) => (request < 3 ? BUSY : STORED), dataset: [{ n: 0 }] });
        expect([stage.sender.isRetrying, stage.sender.position]).toEqual([false, 1]);
        const sending = stage.send();
        await turns();
        expect(stage.sender.isRetrying).toBe(true);
        expect(await sending).toEqual(STORED);
        expect([stage.sender.isRetrying, stage.sender.position]).toEqual([false, 3]);
    });

    it('is not tried again once its caller does not wait any more', async () => {
        const stage = startSender({ answer: () => BUSY });
        const outcome = await stage.send(payload, { isAbandoned: () => stage.sentAt.length === 3 });
        expect(outcome).toMatchObject({ kind: 'unavailable', outcomeUnknown: false });
        expect([stage.sentAt.length, stage.counters.values().retriedRequests]).toEqual([3, 2]);
    });

    it('is not tried again where trying again does not help', async () => {
        const stage = startSender({ answer: () => BUSY, retries: false });
        expect(await stage.send()).toMatchObject({ kind: 'unavailable' });
        expect([stage.sentAt.length, warnings(stage)]).toEqual([1, []]);
    });

    it('ends its wait when the guard is closed, after which no request begins', async () => {
        const stage = startSender({ answer: () => BUSY });
        const sending = stage.sender.send(payload);
        await turns();
        stage.stop.abort();
        expect(await sending).toMatchObject({ kind: 'unavailable', outcomeUnknown: false });
        expect(await stage.sender.send(payload)).toMatchObject({
            kind: 'unavailable',
            outcomeUnknown: false,
            error: { message: expect.stringContaining('the guard was closed') },
        });
        expect([stage.sentAt.length, stage.counters.values().requests]).toEqual([1, 1]);
    });

    it.each(['invalid', 'bad-request', 'too-large'] as const)('is rejected at once and counted: %s', async (kind) => {
        const error = new Error('no');
        const stage = startSender({ answer: () => ({ kind, error, invalidItems: [] }) });
        expect(await stage.send()).toMatchObject({ kind, error });
        expect(stage.counters.values()).toMatchObject({ requests: 1, rejectedRequests: 1, retriedRequests: 0 });
    });
});

describe('a request without an answer', () => {
    it('is told as slow after two seconds, once, and not when it is answered before', async () => {
        const answers = [deferred<SendResult>(), deferred<SendResult>()];
        let slow = 0;
        const stage = startSender({
            answer: async (request) => answers[request - 1]!.promise,
            onSlow: () => void slow++,
        });
        const first = stage.sender.send(payload);
        await stage.clock.advance(SLOW_REQUEST_MILLIS - 1);
        answers[0]!.resolve(STORED);
        await first;
        await stage.clock.advance(SLOW_REQUEST_MILLIS);
        expect(slow).toBe(0);
        const second = stage.sender.send(payload);
        await stage.clock.advance(SLOW_REQUEST_MILLIS);
        expect(slow).toBe(1);
        await stage.clock.advance(10 * SLOW_REQUEST_MILLIS);
        answers[1]!.resolve(STORED);
        await second;
        expect([slow, stage.clock.armedTimers]).toEqual([1, 0]);
    });
});

describe('a request whose answer is lost', () => {
    it('is found as soon as its items show up, and not sent again', async () => {
        const stored: unknown[] = [];
        const stage = startSender({
            dataset: stored,
            answer: (_, store) => {
                store();
                return LOST;
            },
            visible: (millis) => (millis < 4_000 ? [] : stored),
        });
        expect(await stage.send()).toEqual(STORED);
        expect([stage.sentAt.length, stage.sender.position]).toEqual([1, 2]);
        expect(stage.millis()).toBeLessThan(6_500);
        // The first looks come soon, later ones every two seconds.
        expect(stage.listedAt.length).toBeLessThan(10);
    });

    it('is sent again once its items would have shown up, and not before', async () => {
        const stage = startSender({
            answer: (request, store) => {
                if (request === 1) return LOST;
                store();
                return STORED;
            },
        });
        expect(await stage.send()).toEqual(STORED);
        expect(stage.sentAt).toHaveLength(2);
        expect(stage.sentAt[1]).toBeGreaterThanOrEqual(LAG_MILLIS);
        expect(stage.sentAt[1]).toBeLessThan(LAG_MILLIS + 200);
        expect(stage.dataset).toHaveLength(2);
    });

    it('is sent again at once where nothing lags because the dataset is local', async () => {
        const stage = startSender({ answer: (request) => (request === 1 ? LOST : STORED), isRemote: false });
        expect(await stage.send()).toEqual(STORED);
        expect(stage.sentAt[1]).toBeLessThan(1_200);
    });

    it.each([
        ['never', (): undefined => undefined],
        [
            'not now',
            (): never => {
                throw new Error('503');
            },
        ],
    ])('is sent again after two listing lags, with a warning, where the dataset can be read %s', async (_, visible) => {
        const stage = startSender({ answer: (request) => (request === 1 ? LOST : STORED), visible });
        expect(await stage.send()).toEqual(STORED);
        expect(stage.sentAt[1]).toBeGreaterThanOrEqual(2 * LAG_MILLIS);
        expect(stage.sentAt[1]).toBeLessThan(2 * LAG_MILLIS + 2_200);
        expect(warnings(stage)).toContainEqual(expect.stringContaining('may be in the dataset twice'));
    });

    it('is not sent a third time where two attempts were stored, the first of them late', async () => {
        const stored: unknown[] = [];
        const stage = startSender({
            dataset: stored,
            answer: (_, store) => {
                store();
                return LOST;
            },
            visible: () => (stage.sentAt.length < 2 ? [] : stored),
        });
        expect(await stage.send()).toEqual(STORED);
        expect([stage.sentAt.length, stored.length]).toEqual([2, 4]);
        // The next request looks behind both.
        expect(stage.sender.position).toBe(4);
    });

    it('is found among the items of other writers, and behind what was confirmed before', async () => {
        const stage = startSender({
            answer: (request, store) => {
                store([{ other: request }]);
                store();
                store([{ other: request }]);
                return request === 2 ? LOST : STORED;
            },
        });
        await stage.send();
        expect(await stage.send(PayloadWriter.of(['{"n":3}', '{"n":4}']))).toEqual(STORED);
        expect([stage.sentAt.length, stage.dataset.length]).toEqual([2, 8]);
    });

    it('is not sent again although the request before it lost its answer, too, and was found', async () => {
        const stage = startSender({
            answer: (_, store) => {
                store();
                return LOST;
            },
        });
        const numbers = [3, 5, 7];
        for (const n of numbers)
            expect(await stage.send(PayloadWriter.of([`{"n":${n}}`, `{"n":${n + 1}}`]))).toEqual(STORED);
        expect([stage.sentAt.length, stage.dataset.length, stage.sender.position]).toEqual([3, 6, 6]);
    });

    it('is sent again where only the equal items of the request before it are there', async () => {
        const stage = startSender({
            answer: (request, store) => {
                if (request !== 2) store();
                return request === 2 ? LOST : STORED;
            },
        });
        await stage.send();
        expect(await stage.send()).toEqual(STORED);
        expect([stage.sentAt.length, stage.dataset.length]).toEqual([3, 4]);
    });

    it('is sent again where equal items of a request are there that was stored while it was under way', async () => {
        const lost = deferred<SendResult>();
        const stage = startSender({
            answer: async (request, store) => {
                if (request === 1) return lost.promise;
                store();
                return STORED;
            },
        });
        const first = stage.sender.send(payload);
        await turns();
        expect(await stage.send()).toEqual(STORED);
        lost.resolve(LOST);
        expect(await stage.whenDone(first)).toEqual(STORED);
        expect([stage.sentAt.length, stage.dataset.length]).toEqual([3, 4]);
    });

    it('tells whoever sends its items next where to look, also where later attempts were only turned away', async () => {
        const stage = startSender({ answer: (request) => (request === 1 ? LOST : BUSY), dataset: [{ n: 0 }] });
        const outcome = await stage.send();
        expect(outcome).toMatchObject({ kind: 'unavailable', unknown: { from: 1, sentBefore: expect.any(Number) } });
        stage.dataset.push({ n: 1 }, { n: 2 });
        const found = await stage.whenDone(stage.sender.findStored(payload, outcome.unknown!));
        expect([...found.indexes]).toEqual([0, 1]);
    });

    it('is known to be missing nowhere once another request was stored after it was given up', async () => {
        const stage = startSender({
            answer: (request, store) => {
                if (request === 1) return LOST;
                if (request <= 1 + INTERNAL_DEFAULTS.maxRetries) return BUSY;
                store();
                return STORED;
            },
        });
        const outcome = await stage.send();
        await stage.send();
        // The items that are there may be those of either.
        expect([...(await stage.whenDone(stage.sender.findStored(payload, outcome.unknown!))).indexes]).toEqual([]);
    });

    it('ends looking when the guard is closed, and leaves its outcome open', async () => {
        const stage = startSender({ answer: () => LOST });
        const sending = stage.sender.send(payload);
        await stage.clock.advance(2_000);
        stage.stop.abort();
        expect(await sending).toMatchObject({ kind: 'unavailable', unknown: { from: 0 } });
        expect(stage.sentAt).toHaveLength(1);
    });

    it('is sent no second time to a store that keeps each item by itself: the stored ones are told', async () => {
        const stage = startSender({
            isAtomic: false,
            isRemote: false,
            answer: (_, store) => {
                store([{ n: 2 }]);
                return LOST;
            },
        });
        const outcome = await stage.send();
        expect([...outcome.storedIndexes!]).toEqual([1]);
        expect(stage.sentAt).toHaveLength(1);
    });
});

describe('items of an earlier process', () => {
    const unknown = { from: 2, sentBefore: 0, isSplit: true };
    const UNREADABLE = new Error('Service unavailable');

    it('that were seen once are known to be stored, though nothing can be read any more before the listing is complete', async () => {
        const stage = startSender({
            answer: () => STORED,
            visible: (millis) => {
                if (millis > 500) throw UNREADABLE;
                return [{ n: 9 }, { n: 1 }];
            },
        });
        const sentBefore = stage.clock.monotonic();
        const found = await stage.whenDone(stage.sender.findStored(payload, { from: 0, sentBefore, isSplit: true }));
        expect([[...found.indexes], found.isProven]).toEqual([[0], false]);
    });

    it('are found although now and then a page cannot be read', async () => {
        let pages = 0;
        const dataset = Array.from({ length: 1_000 }, (_, index) => ({ n: 10_000 - index }));
        const stage = startSender({
            answer: () => STORED,
            // More pages than a reading ever gets through without a failure.
            visible: () => {
                if (++pages % 2 === 0) throw UNREADABLE;
                return [{ n: 1 }, ...dataset, { n: 2 }];
            },
        });
        const found = await stage.whenDone(stage.sender.findStored(payload, { ...unknown, from: 0 }));
        expect([[...found.indexes], found.isProven]).toEqual([[0, 1], true]);
        expect(stage.millis()).toBeLessThan(LAG_MILLIS);
    });

    it('that were sent in several requests are found one by one', async () => {
        const dataset = [{ n: 1 }, { n: 9 }, { n: 9 }, { n: 2 }];
        const stage = startSender({ answer: () => STORED, dataset });
        expect([...(await stage.whenDone(stage.sender.findStored(payload, unknown))).indexes]).toEqual([1]);
    });

    it('are found in part only where they may have been sent in parts', async () => {
        const dataset = [{ n: 1 }, { n: 9 }, { n: 9 }, { n: 2 }];
        const stage = startSender({ answer: () => STORED, dataset });
        const whole = { ...unknown, isSplit: false };
        expect([...(await stage.whenDone(stage.sender.findStored(payload, whole))).indexes]).toEqual([]);
    });

    it('are waited for until a listing would show them', async () => {
        const stage = startSender({
            answer: () => STORED,
            visible: (millis) => (millis < LAG_MILLIS - 500 ? [] : [{ n: 1 }, { n: 2 }]),
        });
        const sentBefore = stage.clock.monotonic();
        const found = await stage.whenDone(stage.sender.findStored(payload, { from: 0, sentBefore, isSplit: true }));
        expect([...found.indexes]).toEqual([0, 1]);
        expect(stage.millis()).toBeGreaterThanOrEqual(LAG_MILLIS - 500);
    });
});
