import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { DeliveryFailure } from '../../src/delivery/progress.js';
import { PayloadPool, PayloadWriter } from '../../src/delivery/payload.js';
import type { Batch } from '../../src/pipeline/batch.js';
import type { SchedulerOptions, SendBatchResult } from '../../src/pipeline/batch-scheduler.js';
import { BatchScheduler } from '../../src/pipeline/batch-scheduler.js';
import { ItemBuffer } from '../../src/pipeline/buffer.js';
import { deliveryError } from '../../src/pipeline/delivery-error.js';
import { isGivenUp } from '../../src/pipeline/disputed.js';
import type { Payload } from '../../src/ports.js';
import { Waiter } from '../../src/waiter.js';
import { keptLog } from '../support/kept-log.js';
import { itemsOf } from '../support/payload-items.js';
import type { Deferred } from '../support/stage-clock.js';
import { deferred, HandClock, turns } from '../support/stage-clock.js';

const FLUSH_INTERVAL_MILLIS = 1_000;
/** Batches take their time from the real clock, which moves a little while a test runs. */
const SLACK_MILLIS = 500;
const RETRY_MILLIS = 1_000;
const RESUME_MILLIS = 30_000;
/** Each item of 60 characters or more fills a request. */
const MAX_PAYLOAD_BYTES = 100;

type Answer = 'stored' | 'failed' | 'disputed';

function startScheduler(options: Partial<SchedulerOptions> = {}) {
    const clock = new HandClock(performance.now());
    const state = { accepted: 0 };
    const log = keptLog();
    const sent: string[][] = [];
    const prepared: string[][] = [];
    const answers: Deferred<Answer>[] = [];
    const buffer: ItemBuffer = new ItemBuffer({
        maxBufferedBytes: 10_000,
        targetPayloadBytes: 80,
        payloads: new PayloadPool(MAX_PAYLOAD_BYTES),
        onChange: () => scheduler.schedule(),
    });
    const answerOf = (request: number) => (answers[request] ??= deferred<Answer>());
    const send = async (batch: Batch): Promise<SendBatchResult> => {
        const indexes = [...batch.items()].map(({ index }) => index);
        buffer.beginSending(batch, 0);
        sent.push(namesOf(batch.payload));
        const answer = await answerOf(sent.length - 1).promise;
        const error = new Error('The platform is away');
        if (answer === 'stored') {
            state.accepted++;
            buffer.keep(batch, []);
            return {};
        }
        if (answer === 'failed') {
            buffer.keep(batch, [{ indexes }]);
            return { failure: { error, permanent: false } };
        }
        const { isDisputed, acceptedBefore = state.accepted, refusals } = batch;
        buffer.keep(batch, [{ indexes, acceptedBefore, refusals: refusals + 1 }]);
        return isDisputed ? { dispute: deliveryError(error, false, 1) } : {};
    };
    const failed = ({ error: cause, permanent }: DeliveryFailure) => {
        const error = deliveryError(cause, permanent, buffer.unawaitedItems);
        buffer.giveBack(error);
        return error;
    };
    const scheduler: BatchScheduler = new BatchScheduler({
        buffer,
        clock,
        flushIntervalMillis: FLUSH_INTERVAL_MILLIS,
        maxParallelRequests: 1,
        mayPassSlowRequest: false,
        firstRetryDelayMillis: RETRY_MILLIS,
        delivery: { acceptedSince: (acceptedBefore) => state.accepted > acceptedBefore },
        sink: { prepare: (payload) => void prepared.push(namesOf(payload)) },
        settler: { send, failed },
        log,
        ...options,
    });
    const push = (n: string, source?: Waiter) => {
        source?.expect();
        buffer.enqueue(JSON.stringify({ n }), { source, position: 0, repaired: undefined });
    };
    /** Fills a request. */
    const pushLarge = (n: string, source?: Waiter) => {
        source?.expect();
        buffer.enqueue(JSON.stringify({ n, text: 'x'.repeat(70) }), { source, position: 0, repaired: undefined });
    };
    const answer = async (request: number, what: Answer = 'stored') => {
        answerOf(request).resolve(what);
        await turns();
    };
    return { scheduler, buffer, clock, log, sent, prepared, push, pushLarge, answer };
}

const namesOf = (payload: Payload) => (itemsOf(payload) as { n: string }[]).map(({ n }) => n);

async function stateOf(promise: Promise<unknown>): Promise<string> {
    const states = promise.then(
        () => 'resolved',
        (error: Error) => error.message,
    );
    return Promise.race([states, turns(2).then(() => 'pending')]);
}

describe('a batch', () => {
    it('is sent when its first item has waited for the flush interval, with all that came since', async () => {
        const { clock, sent, push } = startScheduler();
        push('a');
        await clock.advance(FLUSH_INTERVAL_MILLIS - SLACK_MILLIS);
        push('b');
        await turns();
        expect(sent).toEqual([]);
        await clock.advance(2 * SLACK_MILLIS);
        expect(sent).toEqual([['a', 'b']]);
    });

    it('is sent in the next turn, with all of this one, when somebody waits for an item', async () => {
        const { sent, push } = startScheduler();
        push('a');
        push('b', new Waiter());
        push('c');
        expect(sent).toEqual([]);
        await turns();
        expect(sent).toEqual([['a', 'b', 'c']]);
    });

    it('is sent in the next turn when it is full, or when a caller waits for room', async () => {
        const { sent, push, pushLarge } = startScheduler();
        pushLarge('a');
        push('b');
        await turns();
        // What came in the same turn is in the next one.
        expect(sent).toEqual([['a']]);
        const small = startScheduler();
        small.push('a');
        void small.buffer.waitForRoom('x'.repeat(20_000));
        await turns();
        expect(small.sent).toEqual([['a']]);
    });

    it('waits while a request is under way, and takes what arrives; when it is closed it is prepared once', async () => {
        const { sent, prepared, push, pushLarge, answer } = startScheduler();
        pushLarge('a');
        await turns();
        pushLarge('b');
        await turns();
        pushLarge('c');
        push('d', new Waiter());
        await turns();
        expect([sent, prepared]).toEqual([[['a']], [['a'], ['b']]]);
        await answer(0);
        expect([sent, prepared]).toEqual([
            [['a'], ['b']],
            [['a'], ['b'], ['c']],
        ]);
        await answer(1);
        await answer(2);
        expect([sent, prepared]).toEqual([
            [['a'], ['b'], ['c'], ['d']],
            // The last one was still open when it was sent.
            [['a'], ['b'], ['c']],
        ]);
    });

    it.each([
        [{ maxParallelRequests: 3 }, 3],
        [{ sink: { maxOrderedRequests: 2 } }, 2],
        [{}, 1],
    ])('begins beside others up to the limit: %o', async (options, count) => {
        const { sent, pushLarge, answer } = startScheduler(options);
        for (const n of 'abcdef') pushLarge(n);
        await turns();
        expect(sent.length).toBe(count);
        await answer(0);
        expect(sent.length).toBe(count + 1);
    });

    it('of items that may be stored has the ordered sink to itself while they are looked for', async () => {
        const { buffer, sent, pushLarge, answer } = startScheduler({ sink: { maxOrderedRequests: 3 } });
        buffer.restore(PayloadWriter.of(['{"n":"restored"}']), { from: 0, sentBefore: 0 });
        pushLarge('a');
        pushLarge('b');
        await turns();
        expect(sent).toEqual([['restored']]);
        await answer(0);
        expect(sent).toEqual([['restored'], ['a'], ['b']]);
    });

    it('is not kept waiting once an end is announced, and is again when that is taken back', async () => {
        const { scheduler, clock, sent, push, answer } = startScheduler();
        push('a');
        await clock.advance(SLACK_MILLIS);
        expect(sent).toEqual([]);
        scheduler.hurry(true);
        await turns();
        expect(sent).toEqual([['a']]);
        await answer(0);
        scheduler.hurry(false);
        push('b');
        await clock.advance(SLACK_MILLIS);
        expect(sent).toEqual([['a']]);
        await clock.advance(FLUSH_INTERVAL_MILLIS);
        expect(sent).toEqual([['a'], ['b']]);
    });
});

describe('a flush', () => {
    it('resolves at once when nothing waits', async () => {
        const { scheduler, sent } = startScheduler();
        await scheduler.flush();
        expect(sent).toEqual([]);
    });

    it('covers what was accepted before it, and nothing that came later', async () => {
        const { scheduler, sent, push, pushLarge, answer } = startScheduler({ maxParallelRequests: 2 });
        pushLarge('a');
        pushLarge('b');
        const flush = scheduler.flush();
        await turns();
        pushLarge('c');
        push('d');
        await answer(1);
        expect([sent, await stateOf(flush)]).toEqual([[['a'], ['b'], ['c']], 'pending']);
        await answer(0);
        // The request that began after it is still under way.
        expect([await stateOf(flush), await stateOf(scheduler.flush())]).toEqual(['resolved', 'pending']);
    });

    it('covers each item exactly when it had been accepted, whatever is answered in whichever order', async () => {
        const step = fc.oneof(
            fc.record({ what: fc.constantFrom('push' as const, 'push large' as const), which: fc.constant(0) }),
            fc.record({ what: fc.constant('flush' as const), which: fc.constant(0) }),
            fc.record({ what: fc.constant('answer' as const), which: fc.nat(3) }),
        );
        await fc.assert(
            fc.asyncProperty(
                fc.array(step, { maxLength: 25 }),
                fc.integer({ min: 1, max: 3 }),
                async (steps, maxParallelRequests) => {
                    const { scheduler, sent, push, pushLarge, answer } = startScheduler({ maxParallelRequests });
                    const answered = new Set<number>();
                    const stored = new Set<string>();
                    const flushes: { items: string[]; isResolved: boolean }[] = [];
                    const items: string[] = [];
                    for (const each of steps) {
                        if (each.what === 'push' || each.what === 'push large') {
                            items.push(String(items.length));
                            (each.what === 'push' ? push : pushLarge)(items.at(-1)!);
                        } else if (each.what === 'flush') {
                            const flush = { items: [...items], isResolved: false };
                            flushes.push(flush);
                            void scheduler.flush().then(() => (flush.isResolved = true));
                        } else {
                            const open = sent.flatMap((_, request) => (answered.has(request) ? [] : request));
                            const request = open[each.which % (open.length || 1)];
                            if (request !== undefined) {
                                answered.add(request);
                                for (const n of sent[request]!) stored.add(n);
                                await answer(request);
                            }
                        }
                        await turns();
                        for (const { items: covered, isResolved } of flushes) {
                            expect(isResolved).toBe(covered.every((n) => stored.has(n)));
                        }
                    }
                    for (let request = 0; request < sent.length; request++) await answer(request);
                    const last = scheduler.flush();
                    for (let request = 0; request <= sent.length; request++) await answer(request);
                    await last;
                    expect(flushes.filter(({ isResolved }) => !isResolved)).toEqual([]);
                    expect(sent.flat().sort()).toEqual([...items].sort());
                },
            ),
            { numRuns: 60 },
        );
    });
});

describe('a failure', () => {
    it('rejects all flushes and keeps anything from being sent, until a flush begins', async () => {
        const { scheduler, buffer, sent, push, answer } = startScheduler();
        push('a');
        const flushes = Promise.allSettled([scheduler.flush(), scheduler.flush()]);
        await turns();
        await answer(0, 'failed');
        for (const flush of await flushes) expect(flush).toEqual({ status: 'rejected', reason: scheduler.failure });
        expect(scheduler.failure).toMatchObject({ keptItems: 1, permanent: false });
        push('b', new Waiter());
        await turns();
        expect([sent, buffer.itemCount]).toEqual([[['a']], 2]);
        const again = scheduler.flush();
        expect(scheduler.failure).toBeUndefined();
        await turns();
        await answer(1);
        await answer(2);
        await again;
        expect(sent).toEqual([['a'], ['a'], ['b']]);
    });

    it('passes by itself after 30 s', async () => {
        const { scheduler, clock, sent, push, answer } = startScheduler();
        push('a', undefined);
        const flush = scheduler.flush().catch((error: Error) => error.message);
        await turns();
        await answer(0, 'failed');
        expect(await flush).toContain('away');
        await clock.advance(RESUME_MILLIS - 1);
        expect([sent.length, scheduler.failure === undefined]).toEqual([1, false]);
        await clock.advance(1);
        expect([sent.length, scheduler.failure]).toEqual([2, undefined]);
        await answer(1);
    });

    it('is none for the next push where everything was given back', async () => {
        const { scheduler, sent, push, answer } = startScheduler();
        const [first, second] = [new Waiter(), new Waiter()];
        push('a', first);
        await turns();
        await answer(0, 'failed');
        expect([first.unstored, scheduler.failure]).toEqual([[0], undefined]);
        push('b', second);
        await turns();
        expect(sent).toEqual([['a'], ['b']]);
    });
});

describe('a disputed item', () => {
    it('is tried again as soon as another request was accepted, before what waits', async () => {
        const { sent, push, pushLarge, answer } = startScheduler();
        pushLarge('bad', new Waiter());
        await turns();
        pushLarge('b', new Waiter());
        push('c');
        await answer(0, 'disputed');
        expect(sent).toEqual([['bad'], ['b']]);
        await answer(1);
        expect(sent).toEqual([['bad'], ['b'], ['bad']]);
    });

    it('is tried again without contrast when nothing else waits, each time after twice as long, up to 32 times', async () => {
        const { clock, sent, push, answer } = startScheduler();
        push('bad', new Waiter());
        await turns();
        const triedAt: number[] = [];
        for (let tries = 0, millis = 0; tries < 7; tries++) {
            await answer(tries, 'disputed');
            for (; sent.length === tries + 1 && millis < 100_000; millis += 250) await clock.advance(250);
            triedAt.push(Math.floor((millis - 1) / RETRY_MILLIS));
        }
        // A batch takes the time at which it was refused from the real clock, which stands still here.
        expect(triedAt).toEqual([2, 4, 8, 16, 32, 32, 32]);
    });

    it('does not keep an item that comes while it waits longer than the flush interval', async () => {
        const { clock, sent, push, answer } = startScheduler({ firstRetryDelayMillis: 10 * FLUSH_INTERVAL_MILLIS });
        push('bad', new Waiter());
        await turns();
        await answer(0, 'disputed');
        push('good');
        await clock.advance(FLUSH_INTERVAL_MILLIS - SLACK_MILLIS);
        expect(sent).toEqual([['bad']]);
        await clock.advance(2 * SLACK_MILLIS);
        expect(sent).toEqual([['bad'], ['good']]);
    });

    it('is tried at once by a flush, which is told only of the request that began after it', async () => {
        const { scheduler, sent, push, answer } = startScheduler();
        push('bad');
        const first = scheduler.flush();
        await turns();
        await answer(0, 'disputed');
        // The second try is that of the flush, and tells it.
        expect([sent.length, await stateOf(first)]).toEqual([2, 'pending']);
        const second = scheduler.flush();
        await answer(1, 'disputed');
        expect(await stateOf(first)).toContain('away');
        expect([sent.length, await stateOf(second)]).toEqual([3, 'pending']);
        await answer(2);
        await second;
    });

    it('is given up for a caller who waits after five refusals', () => {
        expect([4, 5, 6].map(isGivenUp)).toEqual([false, true, true]);
    });
});

describe('a slow request', () => {
    it('may be passed by one other request at a time, and the log says once that the order is given up', async () => {
        const { scheduler, log, sent, pushLarge, answer } = startScheduler({ mayPassSlowRequest: true });
        for (const n of 'abcd') pushLarge(n);
        await turns();
        expect([sent.length, scheduler.hasSlowRequest]).toEqual([1, false]);
        scheduler.slowRequest();
        await turns();
        expect([sent, scheduler.hasSlowRequest, log.lines.length]).toEqual([[['a'], ['b']], true, 1]);
        await answer(1);
        expect([sent.length, log.lines.length]).toEqual([3, 1]);
        // Both are slow now: no third one begins.
        scheduler.slowRequest();
        await turns();
        expect(sent.length).toBe(3);
        await answer(0);
        expect([sent.length, log.lines.length]).toEqual([4, 1]);
        await answer(2);
        await answer(3);
        expect(scheduler.hasSlowRequest).toBe(false);
    });

    it('is passed by none where order is kept', async () => {
        const { scheduler, log, sent, pushLarge } = startScheduler();
        for (const n of 'ab') pushLarge(n);
        await turns();
        scheduler.slowRequest();
        await turns();
        expect([sent.length, log.lines.length]).toEqual([1, 0]);
    });
});
