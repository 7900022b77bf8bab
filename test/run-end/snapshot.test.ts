import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { UnsentBatch } from '../../src/pipeline/handover.js';
import { fromPieces, isIntact, parseHead, referenceTo, toPieces } from '../../src/run-end/snapshot.js';

const MAX_PIECE_BYTES = 4_000_000;

const line = fc
    .dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), { maxKeys: 3 })
    .map((item) => JSON.stringify(item));
const batch: fc.Arbitrary<UnsentBatch> = fc.record(
    {
        repaired: fc.array(line, { minLength: 1, maxLength: 8 }),
        from: fc.option(fc.nat(), { nil: undefined }),
        lines: fc.array(line, { minLength: 1, maxLength: 8 }),
        identity: fc.record({ id: fc.uuid(), indexes: fc.option(fc.array(fc.nat()), { nil: undefined }) }),
    },
    { requiredKeys: ['from', 'lines', 'identity'] },
);

describe('the pieces of a snapshot', () => {
    it('give back the batches, in order, and the records', () => {
        fc.assert(
            fc.property(fc.array(batch, { maxLength: 5 }), fc.array(line, { maxLength: 5 }), (batches, records) => {
                const pieces = toPieces({ batches, records });
                expect(pieces).toHaveLength(batches.length + records.length === 0 ? 0 : 1);
                expect(fromPieces(pieces.map(({ text }) => text))).toEqual({ batches, records });
            }),
        );
    });

    it.each([
        ['one byte a character', 'x'],
        ['two bytes', 'ü'],
        ['three bytes', '€'],
        ['four bytes, in two halves that stay together', '😀'],
        ['four bytes after one', 'x😀'],
    ])('have at most 4 MB as UTF-8 each and are cut between characters: %s', (_name, character) => {
        const text = character.repeat(Math.ceil(9_000_000 / Buffer.byteLength(character)));
        for (const offset of [0, 1, 2, 3]) {
            const long = JSON.stringify({ text, offset: 'x'.repeat(offset) });
            const lines = ['{"n":1}', JSON.stringify({ offset: 'x'.repeat(offset) }), long, '{"n":2}'];
            const pieces = toPieces({ batches: [{ lines }], records: [long] });
            // What a store gives back was encoded on the way.
            const texts = pieces.map((piece) => Buffer.from(piece.text, 'utf8').toString('utf8'));
            expect(texts).toEqual(pieces.map((piece) => piece.text));
            for (const each of texts) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(MAX_PIECE_BYTES);
            // Each cut wastes two thirds of a piece at most.
            expect(pieces.length).toBeLessThanOrEqual(16);
            expect(fromPieces(texts)).toEqual({ batches: [{ from: undefined, lines }], records: [long] });
        }
    });

    it('have keys of their own each time, so that a later snapshot overwrites none of an earlier one', () => {
        const snapshot = { batches: [{ lines: ['x'.repeat(9_000_000)] }], records: [] };
        const keys = [...toPieces(snapshot), ...toPieces(snapshot)].map(({ key }) => key);
        expect(keys.length).toBeGreaterThan(4);
        expect(new Set(keys).size).toBe(keys.length);
        // As the platform allows keys to be.
        for (const key of keys) expect(key).toMatch(/^DATASET-GUARD-UNSENT-[\w-]{1,40}$/);
    });

    it('are intact only as they were written, to the byte', () => {
        fc.assert(
            fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.string({ maxLength: 2 }), (text, place, other) => {
                const reference = referenceTo({ key: 'key', text });
                const at = place % text.length;
                const damaged = text.slice(0, at) + other + text.slice(at + 1);
                expect(isIntact(text, reference)).toBe(true);
                expect(isIntact(damaged, reference)).toBe(Buffer.from(damaged).equals(Buffer.from(text)));
                expect(isIntact('', reference)).toBe(false);
            }),
        );
    });
});

describe('the head of a snapshot', () => {
    it.each([
        '',
        'null',
        '[]',
        '{}',
        '"head"',
        '<html>',
        '{"version":1}',
        '{"version":1,"parts":[]}',
        '{"version":2,"parts":[],"replaces":[]}',
    ])('is refused with an error where it is something else: %s', (text) => {
        expect(() => parseHead(text)).toThrow(Error);
    });
});
