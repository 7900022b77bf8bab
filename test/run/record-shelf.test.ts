import { describe, expect, it } from 'vitest';

import type { RunStore } from '../../src/ports.js';
import { RecordShelf } from '../../src/run/record-shelf.js';
import { keptLog } from '../support/stage-parts.js';

/** A shelf over records in memory, with one record for each of `orders`. */
async function shelfWith(...orders: string[]) {
    const records = new Map<string, string>();
    const store: RunStore = {
        save: async (key, text) => void records.set(key, text),
        remove: async (key) => void records.delete(key),
        read: async (key) => records.get(key) ?? '',
        keys: async (prefix) => [...records.keys()].filter((key) => key.startsWith(prefix)).sort(),
        whereIs: async (key) => key,
    };
    const shelf = new RecordShelf(store, 'movies', keptLog());
    const keys: string[][] = [];
    for (const order of orders) {
        const saved = { kind: 'items', datasetId: 'movies', readBackFrom: 0, lines: ['{"n":1}'] } as const;
        const named = shelf.name(saved, order);
        await shelf.save(named);
        keys.push(named.map(({ key }) => key));
    }
    return { shelf, keys, left: () => [...records.keys()] };
}

describe('a record', () => {
    it('is not taken away before what it was held for is done', async () => {
        const { shelf, keys, left } = await shelfWith('1');
        let done = () => {};
        shelf.hold(
            new Promise<void>((resolve) => {
                done = resolve;
            }),
        );
        const removed = shelf.remove(keys[0]!);
        await new Promise(setImmediate);
        expect(left()).toEqual(keys[0]);
        done();
        await removed;
        expect(left()).toEqual([]);
    });

    it('stays where that fails', async () => {
        const { shelf, keys, left } = await shelfWith('1');
        shelf.hold(Promise.reject(new Error('The store is away')));
        await shelf.remove(keys[0]!);
        expect(left()).toEqual(keys[0]);
    });

    it('of rejected items goes after those that hold them as unsent', async () => {
        const { shelf, keys, left } = await shelfWith('1', '2', '3');
        const [one, two, rejected] = keys as [string[], string[], string[]];
        shelf.removeAfter(rejected, [...one, ...two, 'never there']);
        await shelf.remove(one);
        await shelf.settled();
        expect(left()).toEqual([...two, ...rejected]);
        await shelf.remove(two);
        await shelf.settled();
        expect(left()).toEqual([]);
    });
});
