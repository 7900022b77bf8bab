import { describe, expect, it } from 'vitest';

import { KeySet } from '../../src/pipeline/unique/key-set.js';
import { SavedKeys } from '../../src/run-end/saved-keys.js';

const KEYS = 1_000_000;
const url = (n: number) => `https://example.com/products/${n}`;

/** A store that keeps records in memory, and one process of a run that saves keys in it. */
function process(records: Map<string, string>, { fails = () => false }: { fails?: () => boolean } = {}) {
    const keys = new KeySet('run');
    const stored: unknown[] = [];
    const warnings: string[] = [];
    const saved = new SavedKeys({
        keys: {
            takeNew: () => keys.takeNew(),
            restoreKeys: (piece) => keys.restore(piece),
            addStored: (item) => void keys.add(keys.keyOf((item as { url: string }).url)),
        },
        position: () => stored.length,
        sink: {
            list: async (offset, limit) => ({ items: stored.slice(offset, offset + limit), total: stored.length }),
        },
        store: {
            save: async (key, text) => {
                if (fails()) throw new Error('no room');
                records.set(key, text);
            },
            read: async (key) => records.get(key) ?? '',
        },
        log: { debug: ignore, info: ignore, error: ignore, warning: (message) => void warnings.push(message) },
    });
    return { keys, saved, stored, warnings, add: (n: number) => keys.add(keys.keyOf(url(n))) };
}

function ignore(): void {
    // Nothing else is logged.
}

describe('saved keys', () => {
    // Of two pieces of work of the same process, so that it does not count how fast the machine is. Where adding them takes half a
    // second, they are restored in a quarter of one, and no pause is 50 ms.
    it('of a million items are restored faster than they were added, a tenth of that time in a turn at most', async () => {
        const records = new Map<string, string>();
        const before = process(records);
        const startedAt = cpuMillis();
        for (let n = 0; n < KEYS; n++) before.add(n);
        const addMillis = cpuMillis() - startedAt;
        await before.saved.save();
        const next = process(records);
        next.saved.claim(before.saved.head);
        const { millis, longestTurn } = await measure(next.saved.restore());
        expect(next.keys.size).toBe(KEYS);
        expect(millis).toBeLessThan(addMillis);
        expect(longestTurn).toBeLessThan(addMillis / 10);
    });

    it('are saved again with the next ones where they could not be saved, and said once', async () => {
        const records = new Map<string, string>();
        let isFull = true;
        const before = process(records, { fails: () => isFull });
        before.add(1);
        await before.saved.save();
        before.add(2);
        await before.saved.save();
        expect(before.saved.head.pieces).toEqual([]);
        expect(before.warnings).toHaveLength(1);
        isFull = false;
        await before.saved.save();
        const next = process(records);
        next.saved.claim(before.saved.head);
        await next.saved.restore();
        expect(next.keys.size).toBe(2);
    });

    it('do not say that they reach further than what could be saved', async () => {
        let isFull = false;
        const before = process(new Map(), { fails: () => isFull });
        before.add(1);
        before.stored.push({ url: url(1) });
        await before.saved.save();
        isFull = true;
        before.add(2);
        before.stored.push({ url: url(2) });
        await before.saved.save();
        expect(before.saved.head.from).toBe(1);
    });

    it('that several processes have saved are all restored, and what follows is read back from the first gap on', async () => {
        const records = new Map<string, string>();
        const [one, two] = [process(records), process(records)];
        one.add(1);
        two.add(2);
        await Promise.all([one.saved.save(), two.saved.save()]);
        const next = process(records);
        next.stored.push({ url: url(3) });
        next.saved.claim(one.saved.head);
        next.saved.claim(two.saved.head);
        await next.saved.restore();
        expect(next.keys.size).toBe(3);
        // The key that was read back is new: this process saves it.
        await next.saved.save();
        const last = process(records);
        last.saved.claim(next.saved.head);
        await last.saved.restore();
        expect(last.keys.size).toBe(3);
        expect(last.warnings).toEqual([]);
    });

    it('that are damaged or missing cost only themselves, and a warning', async () => {
        const records = new Map<string, string>();
        const before = process(records);
        for (let n = 0; n < 300_000; n++) before.add(n);
        await before.saved.save();
        const [first, second] = before.saved.head.pieces;
        records.set(first!.key, records.get(first!.key)!.slice(0, 100));
        records.delete(second!.key);
        const next = process(records);
        next.saved.claim(before.saved.head);
        await next.saved.restore();
        expect(next.keys.size).toBeGreaterThan(30_000);
        expect(next.warnings).toEqual([expect.stringContaining('may be stored again')]);
        expect(next.saved.head.pieces).toHaveLength(before.saved.head.pieces.length - 2);
    });

    it('of a process that cannot wait are those that are not saved yet', async () => {
        const records = new Map<string, string>();
        const before = process(records);
        before.add(1);
        await before.saved.save();
        before.add(2);
        for (const { key, text } of before.saved.takeUnsaved()) records.set(key, text);
        const next = process(records);
        next.saved.claim(before.saved.head);
        await next.saved.restore();
        expect(next.keys.size).toBe(2);
    });
});

/** Times of the processor: the machine may be busy with other tests. */
async function measure(work: Promise<unknown>): Promise<{ millis: number; longestTurn: number }> {
    const start = cpuMillis();
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    let longestTurn = 0;
    for (let last = start; !isDone; last = cpuMillis()) {
        await new Promise(setImmediate);
        longestTurn = Math.max(longestTurn, cpuMillis() - last);
    }
    await done;
    return { millis: cpuMillis() - start, longestTurn };
}

function cpuMillis(): number {
    const { user, system } = globalThis.process.cpuUsage();
    return (user + system) / 1_000;
}
