import { brotliCompressSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import type { Push } from '../../bench/speed/front.js';
import type { Task } from '../../bench/speed/measurement.js';
import { SHAPES } from '../../bench/speed/shapes.js';
import { checkStored } from '../../bench/speed/stored-items.js';

const task: Task = {
    contender: 'guard-array',
    place: 'platform',
    shape: 'small',
    latencyMillis: 0,
    items: 5,
    warmUpItems: 1,
};
const texts = Array.from({ length: 6 }, SHAPES.small.maker()).map((item) => JSON.stringify(item));
const [first, ...rest] = texts as [string, ...string[]];

const push = (body: string): Push => ({ contentEncoding: 'identity', wire: Buffer.from(body) });
const compressedPush = (body: string): Push => ({
    contentEncoding: 'br',
    wire: brotliCompressSync(Buffer.from(body)),
});
const array = (items: readonly string[]) => `[${items.join(',')}]`;

describe('the check of what was stored', () => {
    it('takes the items however they are spread over requests, and counts', () => {
        const bodies = [first, array(rest.slice(0, 3)), array(rest.slice(3))] as const;
        const pushes = [push(bodies[0]), compressedPush(bodies[1]), push(bodies[2])];
        expect(checkStored(pushes, task, true)).toEqual({
            requests: 3,
            wireBytes: pushes.reduce((sum, { wire }) => sum + wire.length, 0),
            jsonBytes: bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0),
            largestRequestBytes: Buffer.byteLength(bodies[1]),
        });
    });

    it.each([
        ['lost', rest, 'stored 5 items where 6 were expected'],
        ['stored twice', [first, ...texts], 'stored 7 items where 6 were expected'],
        ['changed', [...texts.slice(0, 5), '{"id":5}'], 'stored 6 items where 6 were expected, and they are others'],
    ])('finds an item that was %s, in order or not', (_, stored, message) => {
        expect(() => checkStored([push(array(stored))], task, true)).toThrow(message);
        expect(() => checkStored([push(array(stored))], task, false)).toThrow(message);
    });

    it('finds items in another order, where order counts', () => {
        const pushes = [push(array(rest)), push(first)];
        expect(() => checkStored(pushes, task, true)).toThrow('in another order');
        expect(checkStored(pushes, task, false)).toMatchObject({ requests: 2 });
    });
});
