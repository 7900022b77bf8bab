import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { PayloadWriter } from '../../src/delivery/payload.js';
import { PayloadPool } from '../../src/delivery/payload.js';
import { ItemBuffer } from '../../src/pipeline/buffer.js';
import { itemsOf, textsOf } from '../support/payload-items.js';
import { IS_LONG } from '../support/mode.js';

/** JSON of an item with exactly this number of bytes; 8 is the least. */
const itemOf = (bytes: number, fill = 'x') => JSON.stringify({ a: fill.repeat((bytes - 8) / Buffer.byteLength(fill)) });
const limitOf = (...items: string[]) => Buffer.byteLength(`[${items.join(',')}]`);

function filled(limit: number, ...items: string[]): PayloadWriter {
    const payload = new PayloadPool(limit).open(items[0]!);
    for (const item of items.slice(1)) if (!payload.tryAppend(item)) throw new Error(`There is no room for ${item}`);
    return payload;
}

const WORLD = ['{"a":"plain"}', '{"ж":"привет"}', '{"日":"本語"}', '{"😀":"👩‍👩‍👧"}', '{"a":"\\ud83d"}', '{}'];

describe('a payload', () => {
    it('is an array even of one item', () => {
        expect(filled(100, '{"a":1}').body.toString()).toBe('[{"a":1}]');
    });

    it('is the JSON of its items, joined to the byte', () => {
        const payload = filled(1_000, ...WORLD);
        expect(payload.body.toString('utf8')).toBe(`[${WORLD.join(',')}]`);
        expect(payload.byteLength).toBe(limitOf(...WORLD));
        expect(payload.body.length).toBe(payload.byteLength);
        expect(payload.itemCount).toBe(WORLD.length);
    });

    it('gives each item back, and its length', () => {
        const payload = filled(1_000, ...WORLD);
        expect(textsOf(payload)).toEqual(WORLD);
        WORLD.forEach((item, index) => expect(payload.itemBytes(index)).toBe(Buffer.byteLength(item)));
    });

    it('takes more after its body was read', () => {
        const payload = filled(100, '{"a":1}');
        const before = payload.body.toString();
        expect(payload.tryAppend('{"b":2}')).toBe(true);
        expect(before).toBe('[{"a":1}]');
        expect(payload.body.toString()).toBe('[{"a":1},{"b":2}]');
    });

    it('picks some of its items into a payload of their own, in the order asked for', () => {
        const payload = filled(1_000, ...WORLD);
        const picked = payload.pick([3, 1, 5]);
        expect(picked.body.toString()).toBe(`[${WORLD[3]},${WORLD[1]},${WORLD[5]}]`);
        expect(picked.byteLength).toBe(picked.body.length);
        expect(textsOf(picked)).toEqual([WORLD[3], WORLD[1], WORLD[5]]);
        expect(textsOf(picked.pick([2, 0]))).toEqual([WORLD[5], WORLD[3]]);
    });

    it('may pick none', () => {
        const none = filled(100, '{}').pick([]);
        expect(none.body.toString()).toBe('[]');
        expect([none.itemCount, none.byteLength]).toEqual([0, 2]);
    });

    it('leaves what was picked alone when it is filled anew', () => {
        const pool = new PayloadPool(100);
        const payload = pool.open('{"a":1}');
        const picked = payload.pick([0]);
        pool.release(payload);
        pool.open('{"b":2}');
        expect(picked.body.toString()).toBe('[{"a":1}]');
    });
});

describe('the limit', () => {
    const first = itemOf(40);

    it.each([
        ['plain text', itemOf(30)],
        ['text of two bytes a letter', itemOf(30, 'ж')],
        ['text of three bytes a letter', itemOf(29, '本')],
        ['text of four bytes a letter', itemOf(28, '😀')],
    ])('counts brackets and commas, and bytes, not letters: %s', (_, second) => {
        const limit = limitOf(first, second);
        for (const [allowed, fits] of [
            [limit - 1, false],
            [limit, true],
            [limit + 1, true],
        ] as const) {
            const payload = new PayloadPool(allowed).open(first);
            expect(payload.tryAppend(second)).toBe(fits);
            expect(textsOf(payload)).toEqual(fits ? [first, second] : [first]);
            expect(payload.body.toString()).toBe(fits ? `[${first},${second}]` : `[${first}]`);
        }
    });

    it('is that of the first item, too', () => {
        for (const limit of [41, 42, 43]) {
            const payload = new PayloadPool(limit).open(first);
            expect(payload.body.toString()).toBe(`[${first}]`);
            expect(payload.tryAppend('{}')).toBe(false);
        }
    });

    it('is exceeded by an item that is larger all by itself, alone', () => {
        const large = itemOf(1_000_000, '😀');
        const payload = new PayloadPool(100).open(large);
        expect(payload.byteLength).toBe(1_000_002);
        expect(itemsOf(payload)).toEqual([JSON.parse(large)]);
        expect(payload.tryAppend('{}')).toBe(false);
        expect(payload.itemCount).toBe(1);
    });

    it('leaves a payload as it was that an item did not fit into', () => {
        const payload = filled(limitOf(first, '{"b":2}'), first);
        expect(payload.tryAppend(itemOf(100))).toBe(false);
        expect(payload.body.toString()).toBe(`[${first}]`);
        expect(payload.tryAppend('{"b":2}')).toBe(true);
        expect(payload.body.toString()).toBe(`[${first},{"b":2}]`);
    });

    it('may be lowered for the payloads to come, not raised', () => {
        const pool = new PayloadPool(200);
        const before = pool.open(itemOf(60));
        pool.release(pool.open('{}'));
        pool.lowerLimit(100);
        pool.lowerLimit(150);
        expect(pool.maxPayloadBytes).toBe(100);
        expect(before.tryAppend(itemOf(60))).toBe(true);
        const after = pool.open(itemOf(60));
        expect(after.tryAppend(itemOf(60))).toBe(false);
        expect(after.tryAppend(itemOf(37))).toBe(true);
    });
});

describe('memory', () => {
    it('that was given back is filled anew without a trace of what was there', () => {
        const pool = new PayloadPool(1_000);
        for (let round = 0; round < 5; round++) {
            const payloads = [pool.open(itemOf(900 - round * 100)), pool.open(itemOf(500)), pool.open('{}')];
            for (const payload of payloads) expect(payload.tryAppend(JSON.stringify({ round }))).toBe(true);
            for (const payload of payloads) expect(itemsOf(payload)[1]).toEqual({ round });
            for (const payload of payloads) pool.release(payload);
        }
        const fresh = pool.open('{"a":1}');
        expect(fresh.body.toString()).toBe('[{"a":1}]');
        expect(textsOf(fresh)).toEqual(['{"a":1}']);
    });

    it('is used again, and shared by no two open payloads', () => {
        const pool = new PayloadPool(100);
        const first = pool.open('{"a":1}');
        const memory = first.body.buffer;
        pool.release(first);
        const second = pool.open('{"b":2}');
        const third = pool.open('{"c":3}');
        expect(second.body.buffer).toBe(memory);
        expect(third.body.buffer).not.toBe(memory);
        expect([second, third].map((payload) => payload.body.toString())).toEqual(['[{"b":2}]', '[{"c":3}]']);
    });

    it('of an item too large for the limit is not used for others', () => {
        const pool = new PayloadPool(100);
        pool.release(pool.open(itemOf(500)));
        const payload = pool.open('{}');
        expect(payload.tryAppend(itemOf(200))).toBe(false);
    });
});

/** Items from 2 bytes to 2 MB; the large ones rare, because a thousand batches of them are 10 GB. */
const item = () =>
    fc.oneof(
        { weight: 10, arbitrary: fc.constant('{}') },
        {
            weight: 60,
            arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => JSON.stringify({ text })),
        },
        {
            weight: 20,
            arbitrary: fc
                .string({ unit: fc.constantFrom('x', 'ж', '本', '😀', '\ud83d', '"'), maxLength: 400 })
                .map((text) => JSON.stringify({ [text]: text })),
        },
        {
            weight: 1,
            arbitrary: fc
                .tuple(fc.constantFrom('x', 'ж', '本', '😀'), fc.integer({ min: 1_000, max: 2_000_000 }))
                .map(([fill, bytes]) =>
                    JSON.stringify({ a: fill.repeat(Math.floor((bytes - 8) / Buffer.byteLength(fill))) }),
                ),
        },
    );
const limit = () =>
    fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 2, max: 200 }) },
        { weight: 4, arbitrary: fc.integer({ min: 200, max: 20_000 }) },
        { weight: 1, arbitrary: fc.constantFrom(100_000, 1_000_000, 5_000_000) },
    );

const BATCHES = IS_LONG ? 1_000 : 150;

describe('random batches', () => {
    it('are cut into requests as large as the limit allows, none larger, in order', () => {
        const seen = { requests: 0, ofSeveral: 0, alone: 0, largest: 0 };
        fc.assert(
            fc.property(fc.array(item(), { maxLength: 100, size: 'max' }), limit(), (items, maxPayloadBytes) => {
                const pool = new PayloadPool(maxPayloadBytes);
                const buffer = new ItemBuffer({
                    maxBufferedBytes: Infinity,
                    payloads: pool,
                    onChange: () => undefined,
                });
                for (const [position, text] of items.entries())
                    buffer.enqueue(text, { source: undefined, position, repaired: undefined });

                const sent: string[][] = [];
                const sentBytes: number[] = [];
                for (let batch = buffer.batches[0]; batch !== undefined; batch = buffer.batches[0]) {
                    buffer.beginSending(batch, 0);
                    const { payload } = batch;
                    const body = Buffer.from(payload.body).toString('utf8');
                    if (payload.byteLength !== payload.body.length)
                        throw new Error('byteLength is not the length of body');
                    if (payload.itemCount > 1 && payload.byteLength > maxPayloadBytes)
                        throw new Error('The limit is exceeded');
                    const texts = textsOf(payload);
                    if (body !== `[${texts.join(',')}]`) throw new Error('The body is not the items, joined');
                    if ((JSON.parse(body) as unknown[]).length !== texts.length)
                        throw new Error('The body has other items');
                    sent.push(texts);
                    sentBytes.push(payload.byteLength);
                    seen.largest = Math.max(seen.largest, payload.byteLength);
                    buffer.keep(batch, []);
                }
                const all = sent.flat();
                if (all.length !== items.length || all.some((text, index) => text !== items[index]))
                    throw new Error('Items are lost, doubled or out of order');
                for (const [index, [next]] of sent.slice(1).entries()) {
                    if (sentBytes[index]! + limitOf(next!) - 1 <= maxPayloadBytes)
                        throw new Error('The next item would have fitted');
                }
                if (buffer.bytes !== 0 || buffer.itemCount !== 0) throw new Error('Something is left');
                seen.requests += sent.length;
                seen.ofSeveral += sent.filter(({ length }) => length > 1).length;
                seen.alone += sent.filter(([text]) => Buffer.byteLength(text!) + 2 > maxPayloadBytes).length;
            }),
            // Chance alone does not bring several large items together in each thousand.
            { numRuns: BATCHES, examples: [[[900_000, 1_200_000, 800_000].map((bytes) => itemOf(bytes)), 5_000_000]] },
        );
        // The batches were not all of one kind.
        expect(seen.ofSeveral).toBeGreaterThan(BATCHES);
        expect(seen.alone).toBeGreaterThan(BATCHES);
        expect(seen.largest).toBeGreaterThan(2_000_000);
        // Gigabytes of text: on a busy machine they take their time.
    }, 180_000);
});
