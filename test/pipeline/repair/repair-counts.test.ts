import { describe, expect, it } from 'vitest';

import { SchemaNames } from '../../../src/quality/schema-names.js';
import { RepairCounts } from '../../../src/pipeline/repair/repair-counts.js';
import type { Repair } from '../../../src/pipeline/repair/repairs.js';

const removed = (path: string, before: unknown): Repair => ({ path, action: 'removed', before, after: undefined });

describe('RepairCounts', () => {
    it('counts an item once for each path and action, with indexes replaced, most frequent first', () => {
        const counts = new RepairCounts({ samples: true });
        counts.count([removed('/price', 'x')]);
        counts.count([removed('/tags/0', 1), removed('/tags/12', 2)]);
        counts.count([removed('/tags/3', 1), { path: '/tags/4', action: 'coerced', before: 5, after: '5' }]);
        expect(counts.list()).toEqual([
            { path: '/tags/*', action: 'removed', count: 2, samples: [{ before: '1' }, { before: '2' }] },
            { path: '/price', action: 'removed', count: 1, samples: [{ before: '"x"' }] },
            { path: '/tags/*', action: 'coerced', count: 1, samples: [{ before: '5', after: '"5"' }] },
        ]);
    });

    it('returns the rows that are new, for one log line each', () => {
        const counts = new RepairCounts({ samples: false });
        expect(counts.count([removed('/a', 1), removed('/a', 2), removed('/b', 1)]).map(({ path }) => path)).toEqual([
            '/a',
            '/b',
        ]);
        expect(counts.count([removed('/a', 1), removed('/c', 1)]).map(({ path }) => path)).toEqual(['/c']);
    });

    it('keeps three different samples of bounded length, and none where they are switched off', () => {
        const counts = new RepairCounts({ samples: true });
        for (const before of [1, 1, 'x'.repeat(1_000), 2, 3]) counts.count([removed('/a', before)]);
        expect(counts.list()[0]!.samples).toEqual([
            { before: '1' },
            { before: `"${'x'.repeat(198)}…` },
            { before: '2' },
        ]);
        const without = new RepairCounts({ samples: false });
        without.count([removed('/a', 1)]);
        expect(without.list()[0]!.samples).toEqual([]);
    });

    it('shows no value that redact takes away or changes, and nothing that a function made', () => {
        const counts = new RepairCounts({ samples: true });
        const repairs: Repair[] = [
            removed('/email', 'a@example.com'),
            removed('/phone', '123'),
            removed('/price', 'x'),
            { path: '/name', action: 'filled', before: undefined, after: '' },
            { path: '/more', action: 'custom', before: undefined, after: 'secret' },
        ];
        counts.count(repairs, () => ({ phone: '***', price: 'x' }));
        expect(counts.list().map(({ path, samples }) => [path, samples])).toEqual([
            ['/email', []],
            ['/phone', []],
            ['/price', [{ before: '"x"' }]],
            ['/name', [{ after: '""' }]],
            ['/more', []],
        ]);
    });

    it('shows no credentials', () => {
        const counts = new RepairCounts({ samples: true });
        counts.count([removed('/url', 'https://joe:secret@example.com/?token=abcdefgh')]);
        expect(counts.list()[0]!.samples).toEqual([{ before: '"https://example.com/?token=***"' }]);
    });

    it('shows no credentials in names that only the data knows', () => {
        const counts = new RepairCounts({ samples: false });
        for (const user of ['joe:secret', 'eve:hunter2'])
            counts.count([removed(`/https:~1~1${user}@example.com~1`, 1)]);
        expect(counts.list()).toMatchObject([{ path: '/https:~1~1example.com~1', count: 2 }]);
    });

    it('keeps no value alive of which it shows the beginning', { timeout: 60_000 }, () => {
        const counts = new RepairCounts({ samples: true });
        globalThis.gc?.();
        const before = process.memoryUsage().heapUsed;
        for (let row = 0; row < 60; row++) counts.count([removed(`/f${row}`, `${row}${'x'.repeat(2_000_000)}`)]);
        globalThis.gc?.();
        // 60 slices of such texts would keep 120 MB.
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
        expect(counts.list()).toHaveLength(60);
    });

    it('asks for what may be shown only once for an item, and shows nothing where there is nothing', () => {
        const counts = new RepairCounts({ samples: true });
        let calls = 0;
        counts.count([removed('/a', 1), removed('/b', 1)], () => void calls++);
        expect(calls).toBe(1);
        expect(counts.list().flatMap(({ samples }) => samples)).toEqual([]);
    });

    it('counts what exceeds 100 rows as other, and bounds paths', () => {
        const counts = new RepairCounts({ samples: true });
        for (let index = 0; index < 150; index++) counts.count([removed(`/field${index}`, 1)]);
        counts.count([removed(`/${'x'.repeat(5_000)}`, 1)]);
        const rows = counts.list();
        expect(rows).toHaveLength(101);
        expect(rows[0]).toEqual({ path: 'other', action: 'removed', count: 51, samples: [] });
        const bounded = new RepairCounts({ samples: true });
        bounded.count([removed(`/${'x'.repeat(5_000)}`, 1)]);
        expect(bounded.list()[0]!.path).toHaveLength(300);
    });

    describe('with the names of a schema', () => {
        const names = () =>
            new SchemaNames({ properties: { prices: { additionalProperties: { type: 'number' } }, tags: {} } });
        const removedNames = (count: number) =>
            Array.from({ length: count }, (_, index) => [
                removed(`/prices/sku-${index}`, 1),
                removed(`/tags/${index}`, 1),
            ]);

        it('tells what was removed by its name where few different names stand in a place', () => {
            const counts = new RepairCounts({ samples: false, names });
            for (let n = 0; n < 3; n++) counts.count([removed('/debug', 1), removed('/prices/old/note', 1)]);
            expect(counts.list().map(({ path, count }) => `${path} ${count}`)).toEqual([
                '/debug 3',
                '/prices/*/note 3',
            ]);
        });

        it('counts a map as one place', () => {
            const counts = new RepairCounts({ samples: false, names });
            for (const repairs of removedNames(300)) counts.count(repairs);
            const rows = counts.list().map(({ path, count }) => `${path} ${count}`);
            expect(rows.slice(0, 2)).toEqual(['/tags/* 300', '/prices/* 290']);
            expect(rows).toHaveLength(12);
        });

        it('names nothing that only the data knows where something is hidden', () => {
            const counts = new RepairCounts({ samples: false, names, isRedacted: true });
            for (const repairs of [...removedNames(3), [removed('/4915112345678', 1)]]) counts.count(repairs);
            expect(counts.list().map(({ path, count }) => `${path} ${count}`)).toEqual([
                '/prices/* 3',
                '/tags/* 3',
                '/* 1',
            ]);
        });
    });

    it('counts on from an earlier process', () => {
        const counts = new RepairCounts({ samples: true });
        counts.count([removed('/a/0', 1)]);
        const restored = new RepairCounts({ samples: true });
        restored.restore(JSON.parse(JSON.stringify(counts.list())));
        expect(restored.count([removed('/a/7', 2)])).toEqual([]);
        expect(restored.list()).toEqual([
            { path: '/a/*', action: 'removed', count: 2, samples: [{ before: '1' }, { before: '2' }] },
        ]);
    });
});
