import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { PayloadPool, PayloadWriter } from '../../src/delivery/payload.js';
import type { Batch } from '../../src/pipeline/batch.js';
import { ItemBuffer } from '../../src/pipeline/buffer.js';
import type { PushSource } from '../../src/waiter.js';
import { PushSource as Source, Waiter } from '../../src/waiter.js';

const MAX_PAYLOAD_BYTES = 120;
const TARGET_PAYLOAD_BYTES = 80;
const MAX_BUFFERED_BYTES = 400;

function newBuffer(limits: { maxBufferedBytes?: number; maxPayloadBytes?: number } = {}) {
    const state = { changes: 0 };
    const buffer = new ItemBuffer({
        maxBufferedBytes: limits.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
        targetPayloadBytes: TARGET_PAYLOAD_BYTES,
        payloads: new PayloadPool(limits.maxPayloadBytes ?? MAX_PAYLOAD_BYTES),
        onChange: () => void state.changes++,
    });
    return { buffer, state };
}

function enqueueNumber(buffer: ItemBuffer, n: number): void {
    buffer.enqueue(`{"n":${n}}`, { source: undefined, position: 0, repaired: undefined });
}

/** An item in the buffer as the test knows it. */
interface Expected {
    number: number;
    text: string;
    source: PushSource | undefined;
    position: number;
    isDisputed: boolean;
}

const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ what: fc.constant('enqueue' as const), length: fc.nat(60), from: fc.nat(4) }) },
    {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant('restore' as const), count: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('send' as const), which: fc.nat(3) }) },
    {
        weight: 4,
        // The fate of each item of a request: stored, sent again in one of two parts, or disputed.
        arbitrary: fc.record({
            what: fc.constant('settle' as const),
            which: fc.nat(3),
            fates: fc.array(fc.constantFrom('stored', 'stored', 'first', 'second', 'disputed'), {
                minLength: 30,
                maxLength: 30,
            }),
        }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('give back' as const), from: fc.option(fc.nat(1)) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('collect' as const), bytes: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('commit' as const) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('close' as const) }) },
);

const itemsIn = (batch: Batch) =>
    [...batch.items()].map(({ index, source, position }) => ({
        text: batch.payload.itemText(index),
        source,
        position,
    }));

describe('the buffer', () => {
    it('holds each item once until it is stored or given back, whatever happens to the requests', () => {
        fc.assert(
            fc.property(fc.array(step, { size: 'max', maxLength: 60 }), (steps) => {
                const { buffer } = newBuffer();
                const waiters = [new Waiter(), new Waiter()];
                const sources: (PushSource | undefined)[] = [...waiters, new Source(), undefined, undefined];
                const givenBack = new Map<Waiter, number[]>(waiters.map((waiter) => [waiter, []]));
                const sending = new Map<Batch, Expected[]>();
                const wasDisputed = new Set<string>();
                let expected: Expected[] = [];
                let next = 0;
                let collectedBytes = 0;
                const itemsOf = (batch: Batch) => {
                    const texts = new Set(itemsIn(batch).map(({ text }) => text));
                    return expected.filter(({ text }) => texts.has(text));
                };
                for (const each of steps) {
                    switch (each.what) {
                        case 'enqueue': {
                            const source = sources[each.from];
                            const text = JSON.stringify({ n: next, text: 'ü'.repeat(each.length) });
                            if (source instanceof Waiter) source.expect();
                            buffer.enqueue(text, { source, position: next, repaired: undefined });
                            expected.push({ number: next, text, source, position: next, isDisputed: false });
                            next++;
                            break;
                        }
                        case 'restore': {
                            // Only before anything comes in.
                            if (next > 0) break;
                            const texts = Array.from({ length: each.count }, (_, n) =>
                                JSON.stringify({ n: `restored ${n}` }),
                            );
                            buffer.restore(PayloadWriter.of(texts), undefined);
                            for (const [position, text] of texts.entries()) {
                                expected.push({ number: next++, text, source: undefined, position, isDisputed: false });
                            }
                            break;
                        }
                        case 'send': {
                            const waiting = buffer.batches.filter(({ isSending }) => !isSending);
                            const batch = waiting[each.which % (waiting.length || 1)];
                            if (batch === undefined) break;
                            buffer.beginSending(batch, 0);
                            expect(batch).not.toBe(buffer.open);
                            sending.set(batch, itemsOf(batch));
                            break;
                        }
                        case 'settle': {
                            const [batch, items] = [...sending][each.which % (sending.size || 1)] ?? [];
                            if (batch === undefined || items === undefined) break;
                            sending.delete(batch);
                            const indexesOf = (fate: string) =>
                                items.flatMap((_, index) => (each.fates[index] === fate ? index : []));
                            const isStored = new Set(indexesOf('stored'));
                            buffer.keep(batch, [
                                { indexes: indexesOf('first') },
                                ...indexesOf('disputed').map((index) => ({
                                    indexes: [index],
                                    acceptedBefore: 0,
                                    refusals: 1,
                                })),
                                { indexes: indexesOf('second') },
                            ]);
                            for (const [index, item] of items.entries()) {
                                if (isStored.has(index)) expected = expected.filter((other) => other !== item);
                                else item.isDisputed = each.fates[index] === 'disputed';
                                if (item.isDisputed) wasDisputed.add(item.text);
                            }
                            break;
                        }
                        case 'give back': {
                            const waiter = each.from === null ? undefined : waiters[each.from];
                            const isUnderWay = new Set([...sending.values()].flat());
                            const isMeant = (item: Expected) =>
                                item.source instanceof Waiter &&
                                (waiter === undefined || item.source === waiter) &&
                                !isUnderWay.has(item);
                            const meant = expected.filter(isMeant);
                            expect(buffer.giveBack(new Error('no'), waiter)).toHaveLength(meant.length);
                            for (const { source, position } of meant) givenBack.get(source as Waiter)!.push(position);
                            expected = expected.filter((item) => !isMeant(item));
                            break;
                        }
                        case 'collect':
                            buffer.collected(each.bytes);
                            collectedBytes += each.bytes;
                            break;
                        case 'commit':
                            buffer.collected(-collectedBytes);
                            collectedBytes = 0;
                            break;
                        default:
                            buffer.closeOpen();
                    }
                    const payloadBytes = buffer.batches.reduce((sum, { payload }) => sum + payload.byteLength, 0);
                    expect(buffer.itemCount).toBe(expected.length);
                    expect(buffer.bytes).toBe(payloadBytes + collectedBytes);
                    expect(buffer.isOverfull).toBe(payloadBytes + collectedBytes > MAX_BUFFERED_BYTES);
                    expect(buffer.unawaitedItems).toBe(
                        expected.filter(({ source }) => !(source instanceof Waiter)).length,
                    );
                    const there = buffer.batches.flatMap((batch) => itemsIn(batch).map((item) => ({ ...item, batch })));
                    const inOrder = there.filter(({ batch }) => !batch.isDisputed).map(({ text }) => text);
                    // Parts of a request keep its turn, unless one was disputed and had to wait behind the others.
                    const isLate = ({ text }: { text: string }) => wasDisputed.has(text);
                    const sequences = buffer.batches
                        .filter((batch) => !itemsIn(batch).some(isLate))
                        .map(({ sequence }) => sequence);
                    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
                    const left = expected.filter(({ isDisputed }) => !isDisputed);
                    expect([...inOrder].sort()).toEqual(left.map(({ text }) => text).sort());
                    const disputed = there.filter(({ batch }) => batch.isDisputed).map(({ text }) => text);
                    expect([...disputed].sort()).toEqual(
                        expected.flatMap((item) => (item.isDisputed ? item.text : [])).sort(),
                    );
                    // Each item still belongs to its push, and to its place in it.
                    const byText = new Map(expected.map((item) => [item.text, item]));
                    for (const { text, source, position } of there) {
                        const item = byText.get(text)!;
                        expect(source).toBe(item.source);
                        if (source !== undefined) expect(position).toBe(item.position);
                    }
                }
                for (const [waiter, positions] of givenBack) {
                    expect(waiter.unstored).toEqual(positions.sort((a, b) => a - b));
                }
            }),
        );
    });

    it('keeps the order of all items where what is left of a request is sent again as one part', () => {
        const texts = (count: number) => Array.from({ length: count }, (_, n) => `{"n":${n}}`);
        fc.assert(
            fc.property(
                fc.array(fc.tuple(fc.nat(12), fc.nat(3), fc.infiniteStream(fc.boolean())), { maxLength: 12 }),
                (rounds) => {
                    const { buffer } = newBuffer();
                    const all = texts(rounds.reduce((sum, [count]) => sum + count, 0));
                    const stored = new Set<string>();
                    let next = 0;
                    for (const [count, which, picks] of rounds) {
                        for (let n = 0; n < count; n++)
                            buffer.enqueue(all[next]!, { source: undefined, position: next++, repaired: undefined });
                        const batch = buffer.batches[which % (buffer.batches.length || 1)];
                        if (batch === undefined) continue;
                        buffer.beginSending(batch, 0);
                        const items = itemsIn(batch);
                        const kept = items.flatMap((_, index) => (picks.next().value ? index : []));
                        for (const [index, { text }] of items.entries()) if (!kept.includes(index)) stored.add(text);
                        buffer.keep(batch, [{ indexes: kept }]);
                        const there = buffer.batches.flatMap((each) => itemsIn(each).map(({ text }) => text));
                        expect(there).toEqual(all.slice(0, next).filter((text) => !stored.has(text)));
                    }
                },
            ),
        );
    });

    it('lets a caller wait for room exactly as long as its item does not fit', () => {
        fc.assert(
            fc.property(
                fc.array(fc.nat(150), { maxLength: 20 }),
                fc.integer({ min: 1, max: 150 }),
                fc.nat(300),
                (lengths, length, collectedBytes) => {
                    const { buffer, state } = newBuffer();
                    for (const each of lengths)
                        buffer.enqueue(`"${'x'.repeat(each)}"`, {
                            source: undefined,
                            position: 0,
                            repaired: undefined,
                        });
                    buffer.collected(collectedBytes);
                    const text = `"${'ü'.repeat(length)}"`;
                    const fits = () =>
                        buffer.batches.length === 0 || buffer.bytes + 2 + Buffer.byteLength(text) <= MAX_BUFFERED_BYTES;
                    const { changes } = state;
                    const room = buffer.waitForRoom(text);
                    expect(room === undefined).toBe(fits());
                    expect(buffer.hasRoomWaiter).toBe(!fits());
                    // Room is made by sending what is there.
                    expect(state.changes).toBe(changes + (fits() ? 0 : 1));
                    if (room === undefined) return;
                    buffer.collected(-collectedBytes);
                    expect(buffer.hasRoomWaiter).toBe(!fits());
                    while (buffer.batches.length > 0) {
                        buffer.keep(buffer.batches[0]!, []);
                        expect(buffer.hasRoomWaiter).toBe(!fits());
                    }
                },
            ),
        );
    });

    it('rejects who waits for room, once, with the failure for which there is none', async () => {
        const { buffer } = newBuffer({ maxBufferedBytes: 20 });
        buffer.enqueue('{"n":1}', { source: undefined, position: 0, repaired: undefined });
        const room = buffer.waitForRoom('{"text":"long enough to wait"}');
        buffer.rejectRoomWaiter(new Error('403'));
        buffer.rejectRoomWaiter(new Error('too late'));
        await expect(room).rejects.toThrow('403');
        expect(buffer.hasRoomWaiter).toBe(false);
    });

    it('announces what there is to send: the first item, a batch that is full, and the first caller who waits', () => {
        const { buffer, state } = newBuffer();
        const changesBy = (text: string, source?: PushSource) => {
            const before = state.changes;
            buffer.enqueue(text, { source, position: 0, repaired: undefined });
            return state.changes - before;
        };
        const item = '{"text":"0123456789"}';
        expect([changesBy(item), changesBy(item)]).toEqual([1, 0]);
        const [first] = buffer.batches;
        expect([buffer.isFull(first!), first!.isUrgent]).toEqual([false, false]);
        expect([changesBy(item, new Waiter()), first!.isUrgent]).toEqual([1, true]);
        // The fourth brings it to the size at which it is sent, though it takes one more.
        expect([changesBy(item, new Waiter()), buffer.isFull(first!), changesBy(item)]).toEqual([1, true, 0]);
        expect(buffer.batches).toHaveLength(1);
        expect([changesBy(item), buffer.batches.length]).toEqual([1, 2]);
        expect([buffer.isFull(first!), buffer.isFull(buffer.batches[1]!)]).toEqual([true, false]);
        expect(buffer.open).toBe(buffer.batches[1]);
    });

    it('gives a request that is sent again a place in the order of flushes: its sequence stays', () => {
        const { buffer } = newBuffer();
        const large = (n: number) => JSON.stringify({ n, text: 'x'.repeat(100) });
        for (const n of [0, 1, 2]) buffer.enqueue(large(n), { source: undefined, position: n, repaired: undefined });
        expect(buffer.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
        expect(buffer.nextSequence).toBe(3);
        buffer.beginSending(buffer.batches[1]!, 0);
        buffer.keep(buffer.batches[1]!, [{ indexes: [0], acceptedBefore: 4, refusals: 2 }]);
        expect(buffer.batches.map(({ sequence, isDisputed }) => [sequence, isDisputed])).toEqual([
            [0, false],
            [1, true],
            [2, false],
        ]);
    });

    it('says where to look for the items of a batch that is saved while it is under way', () => {
        const { buffer } = newBuffer();
        buffer.restore(PayloadWriter.of(['{"n":0}']), { from: 7, sentBefore: 0 });
        buffer.enqueue('{"n":1}', { source: undefined, position: 0, repaired: undefined });
        const [restored, fresh] = buffer.batches;
        expect([restored!.savedFrom, fresh!.savedFrom]).toEqual([7, undefined]);
        buffer.beginSending(restored!, 20);
        buffer.beginSending(fresh!, 21);
        expect([restored!.savedFrom, fresh!.savedFrom]).toEqual([7, 21]);
        buffer.keep(fresh!, [{ indexes: [0], unknown: { from: 21, sentBefore: 5 } }]);
        expect(buffer.batches[1]).toMatchObject({ savedFrom: 21, isUrgent: true, isSending: false });
    });

    it('gives the record of an item one id, in a part of its batch and in another process as well', () => {
        const { buffer } = newBuffer();
        for (let n = 0; n < 4; n++) enqueueNumber(buffer, n);
        const [batch] = buffer.batches;
        const ids = [0, 1, 2, 3].map((index) => batch!.recordId(index));
        expect(new Set(ids).size).toBe(4);
        for (const id of ids) expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
        buffer.keep(batch!, [{ indexes: [1, 3] }]);
        expect([0, 1].map((index) => buffer.batches[0]!.recordId(index))).toEqual([ids[1], ids[3]]);

        const { buffer: next } = newBuffer();
        const lines = ['{"n":3}', '{"n":1}'];
        next.restore(PayloadWriter.of(lines), undefined, [], buffer.batches[0]!.identityOf([1, 0]));
        enqueueNumber(next, 5);
        expect(next.batches.map((each) => each.recordId(0))).toEqual([ids[3], expect.any(String)]);
        next.keep(next.batches[0]!, [{ indexes: [1] }]);
        expect(next.batches[0]!.recordId(0)).toBe(ids[1]);
    });
});
