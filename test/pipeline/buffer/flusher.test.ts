import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { ten } from '../../support/stage-buffer.js';
import { turns } from '../../support/stage-clock.js';
import { startFlusher } from '../../support/stage-flusher.js';

describe('a batch is sent', () => {
    it('when its oldest item has waited long enough, and not before', async () => {
        const { clock, push, sent } = startFlusher();
        push(1);
        await clock.advance(600);
        push(2);
        await clock.advance(399);
        expect(sent()).toEqual([]);
        await clock.advance(1);
        expect(sent()).toEqual([[ten(1), ten(2)]]);
    });

    it('at once when it is full', async () => {
        const { push, sent } = startFlusher({ maxPayloadBytes: 23 });
        for (let n = 1; n <= 3; n++) push(n);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2)]]);
    });

    it('at once when somebody waits for it, with all that was pushed in the same tick', async () => {
        const { push, sent } = startFlusher();
        push(1);
        push(2, true);
        push(3);
        expect(sent()).toEqual([]);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2), ten(3)]]);
    });

    it('at once when somebody waits for room', async () => {
        const { offer, sent, requests } = startFlusher({ maxBufferedBytes: 24, maxPayloadBytes: 24 });
        const waiting = [1, 2, 3].map((n) => offer(n));
        expect(waiting.map((room) => room === undefined)).toEqual([true, true, false]);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2)]]);
        await requests[0]!.answer();
        await waiting[2];
    });

    it('in the next turn when nothing is to linger', async () => {
        const { push, sent } = startFlusher({ flushIntervalMillis: 0 });
        push(1);
        push(2);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2)]]);
    });

    it('at its own time, though an earlier one went before its own', async () => {
        const { clock, push, sent, requests } = startFlusher();
        push(1);
        await clock.advance(500);
        push(2, true);
        await turns();
        await requests[0]!.answer();
        push(3);
        await clock.advance(999);
        expect(sent()).toEqual([[ten(1), ten(2)]]);
        await clock.advance(1);
        expect(sent()).toEqual([[ten(1), ten(2)], [ten(3)]]);
    });

    it('never for nothing: an empty buffer sets no timer', async () => {
        const { clock, flusher, push, requests, sent } = startFlusher();
        flusher.poke();
        expect(clock.armedTimers).toBe(0);
        push(1, true);
        await turns();
        await requests[0]!.answer();
        await clock.advance(10_000);
        expect([clock.armedTimers, sent().length]).toEqual([0, 1]);
    });
});

describe('requests', () => {
    it('are one at a time, and whatever arrives meanwhile shares the next', async () => {
        const { push, sent, requests } = startFlusher();
        push(1, true);
        await turns();
        for (let n = 2; n <= 5; n++) {
            push(n, true);
            await turns();
        }
        expect(sent()).toEqual([[ten(1)]]);
        await requests[0]!.answer();
        expect(sent()).toEqual([[ten(1)], [ten(2), ten(3), ten(4), ten(5)]]);
    });

    it('are as many at once as is allowed, and no more', async () => {
        const { push, sent, requests } = startFlusher({ maxParallelRequests: 2, maxPayloadBytes: 12 });
        for (let n = 1; n <= 5; n++) push(n, true);
        await turns();
        expect(sent()).toEqual([[ten(1)], [ten(2)]]);
        await requests[1]!.answer();
        expect(sent().slice(2)).toEqual([[ten(3)]]);
        await requests[0]!.answer();
        await requests[2]!.answer();
        expect(sent().slice(3)).toEqual([[ten(4)], [ten(5)]]);
    });

    it('overlap where their order is kept, but for one whose items may have been stored before', async () => {
        const { buffer, push, sent, requests } = startFlusher({ maxOrderedRequests: 2, maxPayloadBytes: 12 });
        const saved = { savedOrder: '1', savedKeys: [], onDone: () => undefined };
        buffer.restore([ten(1)], { ...saved, readBack: { from: 0, sentBefore: 0 } });
        for (let n = 2; n <= 4; n++) push(n, true);
        await turns();
        expect(sent()).toEqual([[ten(1)]]);
        await requests[0]!.answer();
        expect(sent()).toEqual([[ten(1)], [ten(2)], [ten(3)]]);
        await requests[1]!.answer();
        expect(sent().slice(3)).toEqual([[ten(4)]]);
        buffer.restore([ten(5)], { ...saved, readBack: { from: 0, sentBefore: 0 } });
        await requests[2]!.answer();
        expect(sent()).toHaveLength(4);
        await requests[3]!.answer();
        expect(sent().slice(4)).toEqual([[ten(5)]]);
    });

    it('wait for their time after one is answered, if nobody waits for them', async () => {
        const { clock, push, sent, requests } = startFlusher();
        push(1, true);
        await turns();
        push(2);
        await requests[0]!.answer();
        await clock.advance(999);
        expect(sent()).toEqual([[ten(1)]]);
        await clock.advance(1);
        expect(sent()).toEqual([[ten(1)], [ten(2)]]);
    });

    it('that took longer than an item may wait are followed by the next at once', async () => {
        const { clock, push, sent, requests } = startFlusher();
        push(1, true);
        await turns();
        push(2);
        await clock.advance(5_000);
        await requests[0]!.answer();
        expect(sent()).toEqual([[ten(1)], [ten(2)]]);
    });

    it('run in the async context of whoever made the flusher, whoever pushes', async () => {
        const context = new AsyncLocalStorage<string>();
        const seen: (string | undefined)[] = [];
        const { clock, push, requests, flusher } = context.run('open', () =>
            startFlusher({ maxPayloadBytes: 23, sending: () => seen.push(context.getStore()) }),
        );
        context.run('first handler', () => push(1));
        await context.run('somebody who waits', async () => clock.advance(1_000));
        context.run('second handler', () => push(2, true));
        await context.run('third handler', async () => requests[0]!.answer());
        const drained = context.run('a flush', () => {
            push(3);
            return flusher.drain();
        });
        await context.run('fourth handler', async () => requests[1]!.answer());
        await requests[2]!.answer();
        await drained;
        expect(seen).toEqual(['open', 'open', 'open']);
    });
});

describe('the size aimed at', () => {
    it('sends a batch as soon as a request may begin', async () => {
        const { push, sent, prepared } = startFlusher({ targetPayloadBytes: 30 });
        push(1);
        push(2);
        await turns();
        expect(sent()).toEqual([]);
        push(3);
        expect(prepared).toEqual([[ten(1), ten(2), ten(3)]]);
        push(4);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2), ten(3)]]);
    });

    it('holds nobody up who waits: all that comes in until then shares the request', async () => {
        const { push, sent } = startFlusher({ targetPayloadBytes: 30 });
        for (const n of [1, 2, 3, 4, 5]) push(n, true);
        await turns();
        expect(sent()).toEqual([[1, 2, 3, 4, 5].map(ten)]);
    });

    it('lets it grow while no request may begin, and sends all of it afterwards, without anybody pushing', async () => {
        const { push, sent, requests, prepared } = startFlusher({ targetPayloadBytes: 30 });
        for (const n of [1, 2, 3]) push(n);
        await turns();
        for (let n = 4; n <= 10; n++) push(n);
        await turns();
        expect([sent().length, prepared.length]).toEqual([1, 1]);
        await requests[0]!.answer();
        expect(sent()[1]).toHaveLength(7);
    });

    it('lets what is smaller wait for its time', async () => {
        const { clock, push, sent, requests } = startFlusher({ targetPayloadBytes: 30 });
        for (const n of [1, 2, 3]) push(n);
        await turns();
        push(4);
        await requests[0]!.answer();
        expect(sent()).toHaveLength(1);
        await clock.advance(1_000);
        expect(sent()[1]).toEqual([ten(4)]);
    });
});

describe('the batch that will be sent next', () => {
    it('is prepared once it is full, while the request before it is under way', async () => {
        const { push, prepared, sent, requests } = startFlusher({ maxPayloadBytes: 23 });
        for (const n of [1, 2, 3]) push(n);
        await turns();
        expect(sent()).toEqual([[ten(1), ten(2)]]);
        expect(prepared).toEqual([[ten(1), ten(2)]]);
        push(4);
        expect(prepared).toHaveLength(1);
        for (const n of [5, 6, 7]) push(n);
        expect(prepared.slice(1)).toEqual([[ten(3), ten(4)]]);
        await requests[0]!.answer();
        expect(prepared.slice(2)).toEqual([[ten(5), ten(6)]]);
    });

    it('is not prepared as long as it takes items', async () => {
        const { push, prepared, sent, requests } = startFlusher();
        push(1, true);
        await turns();
        push(2, true);
        await requests[0]!.answer();
        expect(sent()).toHaveLength(2);
        expect(prepared).toEqual([]);
    });
});
