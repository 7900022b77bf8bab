import { describe, expect, it } from 'vitest';

import type { ItemBuffer } from '../../../src/pipeline/buffer/item-buffer.js';
import type { Owner, ReadBack } from '../../../src/ports.js';
import { contents, OUTAGE, send, startBuffer, ten } from '../../support/stage-buffer.js';
import { turns } from '../../support/stage-clock.js';
import { RecordingOwner, textsOf } from '../../support/stage-parts.js';

const SOMEWHERE: ReadBack = { from: 7, sentBefore: 100 };

/** Notes in which order the promises of `add` settle. */
function line(buffer: ItemBuffer) {
    const settled: string[] = [];
    return {
        settled,
        add(n: number, owner?: Owner): void {
            const room = buffer.add(ten(n), owner, owner !== undefined);
            if (room === undefined) settled.push(`${n} taken at once`);
            else
                void room.then(
                    () => settled.push(`${n} taken`),
                    (error: Error) => settled.push(`${n}: ${error.message}`),
                );
        },
    };
}

describe('what is added', () => {
    it('gathers in one batch until a payload is full', () => {
        const { buffer, taken } = startBuffer({ maxPayloadBytes: 34 });
        for (let n = 1; n <= 7; n++) expect(buffer.add(ten(n), undefined, false)).toBeUndefined();
        expect(contents(buffer)).toEqual([[ten(1), ten(2), ten(3)], [ten(4), ten(5), ten(6)], [ten(7)]]);
        expect(buffer.batches.map((batch) => buffer.isClosed(batch))).toEqual([true, true, false]);
        expect(buffer.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
        expect([buffer.itemCount, taken()]).toEqual([7, 7]);
        expect(buffer.bytes).toBe(34 + 34 + 12);
    });

    it('is as old as the first item of its batch', () => {
        let now = 100;
        const { buffer } = startBuffer({ maxPayloadBytes: 23, now: () => now });
        for (let n = 1; n <= 3; n++, now += 100) void buffer.add(ten(n), undefined, false);
        expect(buffer.batches.map(({ since }) => since)).toEqual([100, 300]);
    });

    it('is known by its owners, neighbours of one owner together', () => {
        const { buffer } = startBuffer();
        const [ann, bob] = [new RecordingOwner('ann'), new RecordingOwner('bob')];
        for (const [n, owner] of [ann, ann, undefined, undefined, bob, ann].entries())
            void buffer.add(ten(n), owner, false);
        expect(buffer.batches[0]?.runs).toEqual([
            { owner: ann, count: 2 },
            { owner: undefined, count: 2 },
            { owner: bob, count: 1 },
            { owner: ann, count: 1 },
        ]);
    });

    it('makes its batch urgent if one of its items is', () => {
        const { buffer } = startBuffer();
        void buffer.add(ten(1), undefined, false);
        expect(buffer.batches[0]?.urgent).toBe(false);
        void buffer.add(ten(2), undefined, true);
        void buffer.add(ten(3), undefined, false);
        expect(buffer.batches[0]?.urgent).toBe(true);
    });

    it('goes into the next batch once a request has begun', () => {
        const { buffer } = startBuffer();
        void buffer.add(ten(1), undefined, false);
        const sent = send(buffer);
        void buffer.add(ten(2), undefined, false);
        expect(textsOf(sent.payload)).toEqual([ten(1)]);
        expect(textsOf(buffer.next()!.payload)).toEqual([ten(2)]);
    });
});

describe('a full buffer', () => {
    it('lets callers wait, and takes their items first come, first served', async () => {
        const { buffer, taken } = startBuffer({ maxBufferedBytes: 35, maxPayloadBytes: 34 });
        const waiting = line(buffer);
        for (let n = 1; n <= 8; n++) waiting.add(n);
        await turns();
        expect(waiting.settled).toEqual(['1 taken at once', '2 taken at once', '3 taken at once']);
        expect([buffer.hasWaiters, buffer.itemCount, taken()]).toEqual([true, 3, 3]);

        buffer.remove(send(buffer));
        await turns();
        expect(waiting.settled.slice(3)).toEqual(['4 taken', '5 taken', '6 taken']);
        buffer.remove(send(buffer));
        await turns();
        expect(waiting.settled.slice(6)).toEqual(['7 taken', '8 taken']);
        expect(contents(buffer)).toEqual([[ten(7), ten(8)]]);
        expect(buffer.hasWaiters).toBe(false);
    });

    it('lets nobody pass the line, however small the item', async () => {
        const { buffer } = startBuffer({ maxBufferedBytes: 30, maxPayloadBytes: 30 });
        void buffer.add(ten(1), undefined, false);
        const large = buffer.add(`{"n":"${'x'.repeat(15)}"}`, undefined, false);
        const small = buffer.add('{}', undefined, false);
        expect([large, small].every((promise) => promise instanceof Promise)).toBe(true);
        buffer.remove(send(buffer));
        await Promise.all([large, small]);
        expect(contents(buffer).flat()).toEqual([`{"n":"${'x'.repeat(15)}"}`, '{}']);
    });

    it('holds no byte more than it may, whether an item joins a payload or opens one', () => {
        for (let maxBufferedBytes = 60; maxBufferedBytes < 90; maxBufferedBytes++) {
            const { buffer } = startBuffer({ maxBufferedBytes, maxPayloadBytes: 23 });
            let n = 0;
            while (buffer.add(ten(++n), undefined, false) === undefined);
            expect(buffer.bytes).toBeLessThanOrEqual(maxBufferedBytes);
        }
    });

    it('takes one item whatever its size when there is nothing else', () => {
        const { buffer } = startBuffer({ maxBufferedBytes: 20, maxPayloadBytes: 20 });
        expect(buffer.add(`"${'x'.repeat(100)}"`, undefined, false)).toBeUndefined();
        expect(buffer.add('{}', undefined, false)).toBeInstanceOf(Promise);
    });

    it('sends those in line away after a failure, untaken', async () => {
        const { buffer, taken } = startBuffer({ maxBufferedBytes: 12, maxPayloadBytes: 12 });
        const ann = new RecordingOwner('ann');
        const waiting = line(buffer);
        for (const [n, owner] of [undefined, undefined, ann].entries()) waiting.add(n, owner);
        buffer.rejectWaiters(OUTAGE);
        await turns();
        expect(waiting.settled).toEqual(['0 taken at once', `1: ${OUTAGE.message}`, `2: ${OUTAGE.message}`]);
        expect(ann.settlements).toEqual([{ takenBack: 1, error: OUTAGE }]);
        expect([buffer.hasWaiters, buffer.itemCount, taken()]).toEqual([false, 1, 1]);
    });
});

describe('what is kept after a request', () => {
    it('stays in its place, with its owners, to be sent again before what came later', () => {
        const { buffer } = startBuffer();
        const [ann, bob] = [new RecordingOwner('ann'), new RecordingOwner('bob')];
        for (const [n, owner] of [ann, ann, bob, undefined, bob].entries()) void buffer.add(ten(n), owner, false);
        const sent = send(buffer);
        void buffer.add(ten(9), undefined, false);
        buffer.keep(sent, [{ indexes: [1, 2, 4] }]);
        expect(contents(buffer)).toEqual([[ten(1), ten(2), ten(4)], [ten(9)]]);
        const next = buffer.next()!;
        expect(next.runs).toEqual([
            { owner: ann, count: 1 },
            { owner: bob, count: 2 },
        ]);
        expect([next.sending, buffer.isClosed(next), next.sequence]).toEqual([false, true, 0]);
        expect([buffer.itemCount, buffer.bytes]).toEqual([4, 34 + 12]);
    });

    it('may be all of it, or nothing', () => {
        const { buffer } = startBuffer();
        for (let n = 0; n < 3; n++) void buffer.add(ten(n), undefined, false);
        buffer.keep(send(buffer), [{ indexes: [0, 1, 2] }]);
        expect(contents(buffer)).toEqual([[ten(0), ten(1), ten(2)]]);
        buffer.keep(send(buffer), [{ indexes: [] }]);
        expect([contents(buffer), buffer.itemCount, buffer.bytes, buffer.next()]).toEqual([[], 0, 0, undefined]);
    });

    it('is several batches where only some of the items may have been stored', () => {
        const { buffer } = startBuffer();
        for (let n = 0; n < 4; n++) void buffer.add(ten(n), undefined, false);
        buffer.keep(send(buffer), [{ indexes: [0, 1], readBack: SOMEWHERE }, { indexes: [3] }]);
        expect(contents(buffer)).toEqual([[ten(0), ten(1)], [ten(3)]]);
        expect(buffer.batches.map(({ readBack }) => readBack)).toEqual([SOMEWHERE, undefined]);
    });

    it('makes room with what was not kept', async () => {
        const { buffer } = startBuffer({ maxBufferedBytes: 35, maxPayloadBytes: 34 });
        const waiting = line(buffer);
        for (let n = 0; n < 4; n++) waiting.add(n);
        buffer.keep(send(buffer), [{ indexes: [2] }]);
        await turns();
        expect(waiting.settled.at(-1)).toBe('3 taken');
        expect(contents(buffer)).toEqual([[ten(2)], [ten(3)]]);
    });
});

describe('what is taken back', () => {
    it('is what one owner waits for; the others stay, in order', () => {
        const { buffer } = startBuffer();
        const [ann, bob] = [new RecordingOwner('ann'), new RecordingOwner('bob')];
        for (const [n, owner] of [ann, undefined, bob, ann, ann].entries()) void buffer.add(ten(n), owner, false);
        expect(buffer.takeBack(OUTAGE, ann)).toBe(3);
        expect(contents(buffer)).toEqual([[ten(1), ten(2)]]);
        expect(buffer.batches[0]?.runs).toEqual([
            { owner: undefined, count: 1 },
            { owner: bob, count: 1 },
        ]);
        expect([ann.total('takenBack'), ann.settlements[0]?.error]).toEqual([3, OUTAGE]);
        expect(bob.settlements).toEqual([]);
    });

    it('is what anybody waits for, when nobody is named', () => {
        const { buffer } = startBuffer({ maxPayloadBytes: 23 });
        const [ann, bob] = [new RecordingOwner('ann'), new RecordingOwner('bob')];
        for (const [n, owner] of [ann, undefined, bob, ann, undefined].entries()) void buffer.add(ten(n), owner, false);
        expect(buffer.takeBack(OUTAGE)).toBe(3);
        expect(contents(buffer)).toEqual([[ten(1)], [ten(4)]]);
        expect([ann.total('takenBack'), bob.total('takenBack'), buffer.itemCount]).toEqual([2, 1, 2]);
    });

    it('is nothing of a request that is under way', () => {
        const { buffer } = startBuffer();
        const ann = new RecordingOwner('ann');
        void buffer.add(ten(1), ann, true);
        const sent = send(buffer);
        expect(buffer.takeBack(OUTAGE, ann)).toBe(0);
        expect([textsOf(sent.payload), ann.settlements]).toEqual([[ten(1)], []]);
    });

    it('leaves what stays to be looked for in the dataset, if it may be there', () => {
        const { buffer } = startBuffer();
        for (const [n, owner] of [new RecordingOwner(), undefined].entries()) void buffer.add(ten(n), owner, false);
        buffer.keep(send(buffer), [{ indexes: [0, 1], readBack: SOMEWHERE }]);
        buffer.takeBack(OUTAGE);
        expect(contents(buffer)).toEqual([[ten(1)]]);
        expect(buffer.batches[0]?.readBack).toEqual(SOMEWHERE);
    });

    it('leaves nothing behind of one who got in from the line meanwhile', async () => {
        const { buffer } = startBuffer({ maxBufferedBytes: 12, maxPayloadBytes: 12 });
        const [ann, bob] = [new RecordingOwner('ann'), new RecordingOwner('bob')];
        const waiting = line(buffer);
        waiting.add(1, ann);
        waiting.add(2, bob);
        buffer.takeBack(OUTAGE);
        buffer.rejectWaiters(OUTAGE);
        await turns();
        expect([ann.total('takenBack'), bob.total('takenBack')]).toEqual([1, 1]);
        expect(contents(buffer)).toEqual([]);
    });
});

describe('the size aimed at', () => {
    const start = () => startBuffer({ targetPayloadBytes: 30 });
    const push = (buffer: ItemBuffer, count: number, isUrgent = false) => {
        for (let n = 0; n < count; n++) void buffer.add(ten(n), undefined, isUrgent);
    };
    const sizes = (buffer: ItemBuffer) => contents(buffer).map(({ length }) => length);

    it('makes a payload full, which is said once, and takes more', () => {
        const { buffer, changes } = start();
        push(buffer, 2);
        expect([buffer.isFull(buffer.next()!), changes()]).toEqual([false, 1]);
        push(buffer, 1);
        expect([buffer.isFull(buffer.next()!), changes()]).toEqual([true, 2]);
        push(buffer, 4);
        expect([sizes(buffer), changes()]).toEqual([[7], 2]);
    });

    it('counts anew for each payload', () => {
        const { buffer } = start();
        push(buffer, 3);
        send(buffer);
        push(buffer, 2);
        expect(buffer.isFull(buffer.next()!)).toBe(false);
        push(buffer, 1);
        expect(buffer.isFull(buffer.next()!)).toBe(true);
        expect(sizes(buffer)).toEqual([3, 3]);
    });

    it('does not split what somebody waits for', () => {
        const { buffer } = start();
        push(buffer, 10, true);
        expect(sizes(buffer)).toEqual([10]);
        send(buffer);
        push(buffer, 4, true);
        expect(sizes(buffer)).toEqual([10, 4]);
    });

    it('leaves the limit of a payload what it is', () => {
        const { buffer } = startBuffer({ targetPayloadBytes: 30, maxPayloadBytes: 45 });
        push(buffer, 6);
        expect(sizes(buffer)).toEqual([4, 2]);
        expect(buffer.batches.map((batch) => buffer.isFull(batch))).toEqual([true, false]);
    });
});
