import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { Positions } from '../../src/redrive/positions.js';

const some = fc.array(fc.nat({ max: 60 }), { maxLength: 80 });

function positionsOf(numbers: readonly number[]): Positions {
    const positions = new Positions();
    for (const number of numbers) positions.add(number);
    return positions;
}

describe('Positions', () => {
    it('holds exactly the positions that were added, in any order', () => {
        fc.assert(
            fc.property(some, (numbers) => {
                const positions = positionsOf(numbers);
                const wanted = new Set(numbers);
                for (let position = 0; position < 65; position++) {
                    expect(positions.has(position)).toBe(wanted.has(position));
                    let outside = position;
                    while (wanted.has(outside)) outside++;
                    expect(positions.nextOutside(position)).toBe(outside);
                }
                expect(positions.size).toBe(wanted.size);
            }),
        );
    });

    it('is equal after toText and fromText', () => {
        fc.assert(
            fc.property(some, some, (before, after) => {
                const read = Positions.fromText(positionsOf(before).toText());
                for (const number of after) read.add(number);
                expect(read.toText()).toBe(positionsOf([...before, ...after].sort()).toText());
            }),
        );
    });

    it('keeps positions without gaps as one run of any length', () => {
        const positions = positionsOf(Array.from({ length: 10_000 }, (_, index) => 9_999 - index));
        expect(positions.toText()).toBe('0,10000');
        positions.add(20_000);
        expect(positions.toText()).toBe('0,10000,10000,1');
    });

    it.each(['1', '1,2,3', '1,-2', 'a,b', '1.5,2'])('refuses the text %j', (text) => {
        expect(() => Positions.fromText(text)).toThrow(TypeError);
    });
});
