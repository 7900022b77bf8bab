import { describe, expect, it } from 'vitest';

import { ten } from '../../support/stage-buffer.js';
import { turns } from '../../support/stage-clock.js';
import { startFlusher, watch } from '../../support/stage-flusher.js';

describe('a drain', () => {
    it('is over at once when there is nothing', async () => {
        await expect(startFlusher().flusher.drain()).resolves.toBeUndefined();
    });

    it('sends at once what would have waited, and is over once that was answered', async () => {
        const { flusher, push, sent, requests } = startFlusher({ maxPayloadBytes: 23 });
        for (let n = 1; n <= 3; n++) push(n);
        const drain = watch(flusher.drain());
        await turns();
        await requests[0]!.answer();
        expect([drain.settled, sent()]).toEqual([false, [[ten(1), ten(2)], [ten(3)]]]);
        await requests[1]!.answer();
        expect(drain.settled).toBe(true);
    });

    it('waits only for what came before it', async () => {
        const { flusher, push, requests } = startFlusher();
        push(1);
        const first = watch(flusher.drain());
        await turns();
        push(2);
        const second = watch(flusher.drain());
        push(3, true);
        await requests[0]!.answer();
        expect([first.settled, second.settled]).toEqual([true, false]);
        await requests[1]!.answer();
        expect(second.settled).toBe(true);
    });

    it('waits for the oldest of several requests, in whatever order they end', async () => {
        const { flusher, push, requests } = startFlusher({ maxParallelRequests: 3, maxPayloadBytes: 12 });
        for (let n = 1; n <= 3; n++) push(n);
        const drain = watch(flusher.drain());
        await turns();
        await requests[2]!.answer();
        await requests[1]!.answer();
        expect(drain.settled).toBe(false);
        await requests[0]!.answer();
        expect(drain.settled).toBe(true);
    });

    it('is over when sending halts, once no request is under way', async () => {
        const { flusher, push, requests } = startFlusher({ maxParallelRequests: 2, maxPayloadBytes: 12 });
        for (let n = 1; n <= 4; n++) push(n);
        const drain = watch(flusher.drain());
        await turns();
        await requests[0]!.fail();
        expect([drain.settled, flusher.halted]).toEqual([false, true]);
        await requests[1]!.answer();
        expect(drain.settled).toBe(true);
    });

    it('is over at once while sending is halted', async () => {
        const { flusher, push, requests } = startFlusher();
        push(1, true);
        await turns();
        await requests[0]!.fail();
        await flusher.drain();
        expect(requests).toHaveLength(1);
    });
});

describe('after a failure', () => {
    it('nothing is sent, whatever comes in, until sending is resumed; then all of it, in order', async () => {
        const { clock, flusher, push, sent, requests } = startFlusher();
        push(1, true);
        await turns();
        await requests[0]!.fail();
        push(2, true);
        await clock.advance(10_000);
        expect(sent()).toEqual([[ten(1)]]);

        flusher.resume();
        const drain = watch(flusher.drain());
        await turns();
        await requests[1]!.answer();
        await requests[2]!.answer();
        expect([flusher.halted, drain.settled]).toEqual([false, true]);
        expect(sent().slice(1)).toEqual([[ten(1)], [ten(2)]]);
    });

    it('a timer that was already set sends nothing', async () => {
        const { clock, push, sent, requests } = startFlusher({ maxPayloadBytes: 12 });
        push(1);
        push(2);
        await turns();
        push(3);
        await requests[0]!.fail();
        await clock.advance(10_000);
        expect(sent()).toEqual([[ten(1)]]);
    });
});

describe('in a hurry', () => {
    it('what lingers is sent at once, and so is everything from then on', async () => {
        const { clock, flusher, push, sent, requests } = startFlusher();
        push(1);
        flusher.hurry();
        await turns();
        expect(sent()).toEqual([[ten(1)]]);
        await requests[0]!.answer();
        push(2);
        await turns();
        expect(sent()).toEqual([[ten(1)], [ten(2)]]);
        await requests[1]!.answer();
        expect(clock.armedTimers).toBe(0);
    });

    it('requests are still one at a time', async () => {
        const { flusher, push, sent } = startFlusher();
        push(1, true);
        await turns();
        push(2);
        flusher.hurry();
        await turns();
        expect(sent()).toEqual([[ten(1)]]);
    });
});
