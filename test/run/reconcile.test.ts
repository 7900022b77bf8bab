import { describe, expect, it } from 'vitest';

import type { FoundRecord } from '../../src/run/reconcile.js';
import { reconcile } from '../../src/run/reconcile.js';

const COMMON = { datasetId: 'movies', readBackFrom: 0 };

const items = (key: string, lines: string[], replaces: string[][] = []): FoundRecord => ({
    keys: [key],
    saved: { ...COMMON, kind: 'items', replaces, lines },
});

const rejected = (key: string, ...lines: { id?: string; text?: string; savedIn?: string[][] }[]): FoundRecord => ({
    keys: [key],
    saved: { ...COMMON, kind: 'rejected', lines: lines.map((line) => JSON.stringify({ record: {}, ...line })) },
});

const linesByKey = (records: readonly FoundRecord[]) =>
    Object.fromEntries(records.map(({ keys, saved }) => [keys[0], saved.lines.length]));

function found(...records: FoundRecord[]) {
    const { current, outdated } = reconcile(records);
    return { current: linesByKey(current), outdated: Object.keys(linesByKey(outdated)) };
}

describe('of records that an earlier process has left', () => {
    it('each counts where none has to do with another', () => {
        const records = [items('a', ['1', '2']), items('b', ['1']), rejected('c', { id: 'x', text: '3' })];
        expect(found(...records)).toEqual({ current: { a: 2, b: 1, c: 1 }, outdated: [] });
    });

    it('one that replaces a record which is still there as a whole is outdated', () => {
        const b = (replaces: string[][]) => items('b', ['1'], replaces);
        expect(found(items('a', ['1', '2']), b([['a']]))).toEqual({ current: { a: 2 }, outdated: ['b'] });
        expect(found(items('a', ['1', '2']), b([['a', 'gone']]))).toEqual({ current: { a: 2, b: 1 }, outdated: [] });
        expect(found(b([['gone']]))).toEqual({ current: { b: 1 }, outdated: [] });
    });

    it('those with items that were rejected meanwhile lose them, one for each', () => {
        const like = [
            { id: 'x', text: '2', savedIn: [['a1', 'a2']] },
            { id: 'y', text: '2', savedIn: [['a1', 'a2']] },
        ];
        const records = [items('a1', ['1', '2', '2']), items('a2', ['2']), items('b', ['2'])];
        expect(found(...records, rejected('c', ...like))).toEqual({
            current: { a1: 1, a2: 1, b: 1, c: 2 },
            outdated: [],
        });
    });

    it('one of which nothing is left is outdated', () => {
        const c = rejected('c', { id: 'x', text: '1', savedIn: [['gone'], ['a']] });
        expect(found(items('a', ['1']), c)).toEqual({ current: { c: 1 }, outdated: ['a'] });
    });

    it('a rejected item that was saved twice counts once', () => {
        const [x, y] = [
            { id: 'x', text: '1' },
            { id: 'y', text: '1' },
        ];
        expect(found(rejected('c', x), rejected('d', x, y))).toEqual({ current: { c: 1, d: 1 }, outdated: [] });
        expect(found(rejected('c', x, y), rejected('d', x))).toEqual({ current: { c: 2 }, outdated: ['d'] });
        // Nothing tells them apart: rather one too many.
        expect(found(rejected('c', { text: '1' }), rejected('d', { text: '1' })).current).toEqual({ c: 1, d: 1 });
    });
});
