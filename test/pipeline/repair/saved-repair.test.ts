import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { Repair } from '../../../src/pipeline/repair/repairs.js';
import { readSavedRepair, saveRepair } from '../../../src/pipeline/repair/saved-repair.js';

const repairsOf = (values: Record<string, number>): Repair[] =>
    Object.entries(values).map(([key, before]) => {
        const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        return { path, action: 'nulled', before, after: null };
    });

describe('a repaired item that is saved', () => {
    it('is read as it was pushed, with its repairs and the values before and after them', () => {
        const values = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.integer(), { maxKeys: 5 });
        fc.assert(
            fc.property(values, fc.nat(), (item, index) => {
                const repaired = { asPushed: JSON.stringify(item), repairs: repairsOf(item) };
                const line = saveRepair(index, repaired);
                expect(line).not.toContain('\n');
                expect(readSavedRepair(line)).toEqual([index, repaired]);
            }),
        );
    });

    it('takes little more than the item as pushed, whatever was repaired of it', () => {
        const item = Object.fromEntries(
            Array.from({ length: 2_000 }, (_, n) => [`${n}`.padEnd(n % 2 === 0 ? 250 : 500, 'x'), n]),
        );
        const long = { path: '/0', action: 'filled', before: undefined, after: 'y'.repeat(100_000) } as const;
        const asPushed = JSON.stringify(item);
        const line = saveRepair(0, { asPushed, repairs: [long, ...repairsOf(item)] });
        expect(line.length).toBeLessThan(JSON.stringify(asPushed).length + 100 * 1_500);
        expect(readSavedRepair(line)[1].repairs).toHaveLength(100);
    });
});
