import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Batch } from '../../../src/pipeline/buffer/batch.js';
import type { Owner } from '../../../src/ports.js';
import { contents, OUTAGE, send, startBuffer, ten } from '../../support/stage-buffer.js';
import { RecordingOwner, textsOf } from '../../support/stage-parts.js';

type Step =
    | { kind: 'add'; owner: number }
    | { kind: 'send' }
    | { kind: 'finish'; keep: number }
    | { kind: 'takeBack'; owner: number };
const steps = fc.array(
    fc.oneof(
        { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), owner: fc.nat(3) }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('finish' as const), keep: fc.nat() }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeBack' as const), owner: fc.nat(2) }) },
    ),
    { maxLength: 80, size: 'max' },
);

describe('the books', () => {
    it('balance after whatever happens, and the order of what stays is that of the adds', async () => {
        await fc.assert(
            fc.asyncProperty(
                steps,
                fc.integer({ min: 12, max: 60 }),
                fc.integer({ min: 60, max: 200 }),
                async (script, maxPayloadBytes, maxBufferedBytes) => {
                    const { buffer, taken } = startBuffer({ maxBufferedBytes, maxPayloadBytes });
                    const owners = ['ann', 'bob', 'cid'].map((name) => new RecordingOwner(name));
                    /** A plain model: what was added and has neither been done with nor taken back, in order. */
                    let model: { text: string; owner: Owner | undefined }[] = [];
                    const underWay: Batch[] = [];
                    let added = 0;

                    const perform = (step: Step): void => {
                        if (step.kind === 'add') {
                            model.push({ text: ten(added++), owner: owners[step.owner] });
                            void buffer.add(model.at(-1)!.text, owners[step.owner], false);
                        } else if (step.kind === 'send') {
                            if (buffer.next()) underWay.push(send(buffer));
                        } else if (step.kind === 'finish') {
                            const batch = underWay.shift();
                            if (batch === undefined) return;
                            const texts = textsOf(batch.payload);
                            const indexes = texts
                                .map((_, index) => index)
                                .filter((index) => (step.keep >> (index % 20)) % 2 === 1);
                            const gone = new Set(texts.filter((_, index) => !indexes.includes(index)));
                            model = model.filter(({ text }) => !gone.has(text));
                            buffer.keep(batch, [{ indexes }]);
                        } else {
                            const owner = owners[step.owner]!;
                            const before = { told: owner.total('takenBack'), texts: new Set(contents(buffer).flat()) };
                            const safe = new Set(underWay.flatMap(({ payload }) => textsOf(payload)));
                            const count = buffer.takeBack(OUTAGE, owner);
                            const left = new Set(contents(buffer).flat());
                            const lost = model.filter((item) => item.owner === owner && !left.has(item.text));
                            // Those in the buffer all go; of those in line the first, who got in meanwhile, may go, too.
                            const gone = [true, false]
                                .flatMap((was) => lost.filter(({ text }) => before.texts.has(text) === was))
                                .slice(0, count);
                            expect(gone.every(({ text }) => !safe.has(text))).toBe(true);
                            expect(lost.filter(({ text }) => before.texts.has(text)).length).toBeLessThanOrEqual(count);
                            expect(owner.total('takenBack') - before.told).toBe(count);
                            model = model.filter((item) => !gone.includes(item));
                        }
                    };

                    for (const step of script) {
                        perform(step);
                        const texts = contents(buffer).flat();
                        expect(texts).toEqual(model.slice(0, texts.length).map(({ text }) => text));
                        expect(
                            buffer.batches.flatMap(({ runs }) =>
                                runs.flatMap(({ owner, count }) => Array.from({ length: count }, () => owner)),
                            ),
                        ).toEqual(model.slice(0, texts.length).map(({ owner }) => owner));
                        expect(buffer.itemCount).toBe(texts.length);
                        expect(buffer.bytes).toBe(
                            buffer.batches.reduce((sum, { payload }) => sum + payload.byteLength, 0),
                        );
                        expect(buffer.hasWaiters).toBe(texts.length < model.length);
                        expect(buffer.batches.every(({ payload }) => payload.itemCount > 0)).toBe(true);
                        // The next in line would not fit.
                        if (buffer.hasWaiters) expect(buffer.bytes + 12).toBeGreaterThan(maxBufferedBytes);
                    }
                    expect(taken()).toBe(added - (model.length - contents(buffer).flat().length));
                },
            ),
            { numRuns: 300 },
        );
    });
});
