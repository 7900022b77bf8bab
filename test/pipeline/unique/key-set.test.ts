import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { type Hash, KeyHash } from '../../../src/pipeline/unique/key-hash.js';
import { KeySet, type KeyState, STORED, UNDER_WAY, UNKNOWN } from '../../../src/pipeline/unique/key-set.js';

const key = (index: number): string => `https://example.com/products/${index}`;

function filled(count: number, seed = 'run'): KeySet {
    const keys = new KeySet(seed);
    for (let index = 0; index < count; index++) keys.add(keys.keyOf(key(index)));
    return keys;
}

describe('KeyHash', () => {
    it('gives the same hash for the same seed in every process, because saved keys depend on it', () => {
        expect(hashOf('https://example.com/', 'run')).toEqual({ high: 802_215_841, low: -1_686_300_794 });
    });

    it('gives other hashes for another seed', () => {
        expect(hashOf('x', 'a')).not.toEqual(hashOf('x', 'b'));
    });

    it.each([
        ['addresses', key],
        ['numbers', (index: number) => `\u0000n${index}`],
        ['short texts', (index: number) => String.fromCharCode(97 + (index % 26), index / 26)],
        ['two numbers', (index: number) => `${index % 500}-${Math.floor(index / 500)}`],
    ])('keeps similar texts apart: %s', (_case, textOf) => {
        const hash = new KeyHash('run');
        const seen = new Set<string>();
        for (let index = 0; index < 200_000; index++) {
            const { high, low } = hash.hash(textOf(index));
            seen.add(`${high} ${low}`);
        }
        expect(seen.size).toBe(200_000);
    });
});

describe('KeySet', () => {
    it('holds the keys that were added, and no others', () => {
        const text = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'ab', ''), fc.nat(99).map(key));
        const step = fc.record({ kind: fc.constantFrom('add', 'has', 'take', 'restore'), text });
        fc.assert(
            fc.property(fc.array(step, { size: 'max', maxLength: 300 }), (steps) => {
                const model = new Set<string>();
                const saved: Buffer[] = [];
                let keys = new KeySet('run');
                for (const { kind, text: key } of steps) {
                    if (kind === 'add') {
                        expect(keys.add(keys.keyOf(key))).toBe(!model.has(key));
                        model.add(key);
                    } else if (kind === 'has') {
                        expect(has(keys, key)).toBe(model.has(key));
                    } else if (kind === 'take') {
                        saved.push(...keys.takeNew());
                        expect(keys.newCount).toBe(0);
                    } else {
                        saved.push(...keys.takeNew());
                        keys = new KeySet('run');
                        for (const piece of saved) keys.restore(piece);
                    }
                    expect(keys.size).toBe(model.size);
                }
                for (const key of model) expect(has(keys, key)).toBe(true);
            }),
        );
    });

    it('tells what is stored from what is under way, and forgets what is abandoned, or new and to be forgotten', () => {
        const text = fc.nat(400).map(key);
        const step = fc.record({ kind: fc.constantFrom('begin', 'begin', 'add', 'abandon', 'forget', 'take'), text });
        fc.assert(
            fc.property(fc.array(step, { size: 'max', maxLength: 2_000 }), (steps) => {
                const model = new Map<string, KeyState>();
                const fresh = new Set<string>();
                const keys = new KeySet('run');
                let taken = 0;
                for (const { kind, text: key } of steps) {
                    const state = model.get(key) ?? UNKNOWN;
                    if (kind === 'begin') {
                        expect(keys.begin(keys.keyOf(key))).toBe(state);
                        if (state === UNKNOWN) model.set(key, UNDER_WAY);
                    } else if (kind === 'add') {
                        expect(keys.add(keys.keyOf(key))).toBe(state !== STORED);
                        model.set(key, STORED);
                        if (state !== STORED) fresh.add(key);
                    } else if (kind === 'abandon') {
                        keys.abandon(keys.keyOf(key));
                        if (state === UNDER_WAY) model.delete(key);
                    } else if (kind === 'forget') {
                        keys.forgetNew(keys.keyOf(key));
                        if (fresh.delete(key)) model.delete(key);
                    } else {
                        fresh.clear();
                        taken += lengths(keys.takeNew()).reduce((sum, length) => sum + length, 0);
                    }
                }
                for (let index = 0; index <= 400; index++) {
                    expect(keys.stateOf(keys.keyOf(key(index)))).toBe(model.get(key(index)) ?? UNKNOWN);
                }
                const stored = [...model.values()].filter((state) => state === STORED).length;
                expect(keys.size).toBe(stored);
                expect(taken / 8 + keys.newCount).toBe(stored);
            }),
        );
    });

    it('finds all other keys after very many were abandoned', () => {
        const keys = filled(20_000);
        for (let index = 20_000; index < 60_000; index++) keys.begin(keys.keyOf(key(index)));
        for (let index = 20_000; index < 60_000; index += 2) keys.abandon(keys.keyOf(key(index)));
        const states = Array.from({ length: 60_000 }, (_, index) => keys.stateOf(keys.keyOf(key(index))));
        const expected = states.map((_, index) => (index < 20_000 ? STORED : index % 2 === 0 ? UNKNOWN : UNDER_WAY));
        expect(states).toEqual(expected);
    });

    it('gives only the keys that are new since the last call', () => {
        const keys = filled(1_000);
        expect(lengths(keys.takeNew())).toEqual([8_000]);
        expect(lengths(keys.takeNew())).toEqual([]);
        for (let index = 500; index < 1_010; index++) keys.add(keys.keyOf(key(index)));
        expect(keys.newCount).toBe(10);
        expect(lengths(keys.takeNew())).toEqual([80]);
    });

    it('gives pieces of at most 1 MiB that never change', () => {
        const keys = filled(300_000);
        const pieces = [...keys.takeNew()];
        const copies = pieces.map((piece) => Buffer.from(piece));
        expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(1024 * 1024);
        expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(300_000 * 8);
        for (let index = 300_000; index < 400_000; index++) keys.add(keys.keyOf(key(index)));
        Array.from(keys.takeNew());
        expect(pieces.every((piece, index) => piece.equals(copies[index]!))).toBe(true);
    });

    it('gives keys that are added between two pieces with these pieces or the next time', () => {
        const keys = filled(300_000);
        const pieces: Buffer[] = [];
        let index = 300_000;
        for (const piece of keys.takeNew()) {
            pieces.push(piece);
            for (let more = 0; more < 50_000; more++) keys.add(keys.keyOf(key(index++)));
        }
        pieces.push(...keys.takeNew());
        const restored = new KeySet('run');
        for (const piece of pieces) restored.restore(piece);
        expect(restored.size).toBe(index);
        expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(index * 8);
    });

    it('restores pieces, also in parts, and does not give them again', () => {
        const [piece] = filled(1_000).takeNew();
        const restored = new KeySet('run');
        restored.restore(piece!.subarray(0, 4_000));
        restored.restore(piece!.subarray(4_000));
        expect(restored.size).toBe(1_000);
        expect(restored.newCount).toBe(0);
        for (let index = 0; index < 1_000; index++) expect(has(restored, key(index))).toBe(true);
        expect(has(restored, key(1_000))).toBe(false);
    });

    it('restores a large set without long searches for free slots', () => {
        // A set that is restored in the order of its slots fills one end of each table first.
        const pieces = [...filled(200_000).takeNew()];
        const restored = new KeySet('run');
        for (const piece of pieces) restored.restore(piece);
        expect(restored.size).toBe(200_000);
    });

    it('refuses what is no piece', () => {
        expect(() => new KeySet('run').restore(Buffer.alloc(12))).toThrow(
            new RangeError('Expected a piece of keys of 8 bytes each, but got 12 bytes.'),
        );
    });

    it('needs at most 16 bytes a key, whatever the number of keys', () => {
        const keys = filled(100_000);
        let most = 0;
        for (let index = 100_000; index < 500_000; index++) {
            keys.add(keys.keyOf(key(index)));
            if (index % 1_000 === 0) most = Math.max(most, keys.byteLength / keys.size);
        }
        expect(most).toBeLessThan(16);
    });
});

function hashOf(text: string, seed: string): Hash {
    return new KeyHash(seed).hash(text);
}

function has(keys: KeySet, text: string): boolean {
    return keys.stateOf(keys.keyOf(text)) === STORED;
}

function lengths(pieces: Iterable<Buffer>): number[] {
    return Array.from(pieces, ({ length }) => length);
}
