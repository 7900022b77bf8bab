import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { PayloadWriter } from '../../src/delivery/payload.js';
import type { InvalidItem } from '../../src/ports.js';
import { batch, deliver, deliveryTo, expectNoLoss, item, setOf, SHAPES, upTo } from '../support/stage-delivery.js';
import type { Shape } from '../support/stage-platform.js';
import { ITEM_ERROR, StagePlatform } from '../support/stage-platform.js';

const named = (shape: Shape) => shape.positions === 'from 0' || shape.positions === 'from 1';

describe('items that the platform rejects', () => {
    it.each(SHAPES)(
        'are set aside exactly, and all others stored in order: positions $positions, paths of the $paths',
        async (shape) => {
            await fc.assert(
                fc.asyncProperty(batch(0), async ({ count, bad }) => {
                    const delivery = await deliver(count, { shape, bad: setOf(bad) });
                    expectNoLoss(count, delivery);
                    expect(delivery.rejected).toEqual(bad);
                    expect(delivery.unsent).toEqual([]);
                    expect(delivery.outcome.failure).toBeUndefined();
                    for (const { reason, errors, index, itemPosition } of delivery.outcome.rejected) {
                        expect(reason).toBe('schema');
                        if (shape.positions !== 'none') expect(errors).toEqual([ITEM_ERROR]);
                        // The position is that in a request which was rejected, and in which the item stood there.
                        const proof = delivery.platform.requests.find(
                            ({ items, answer }) => answer === 'invalid' && items[itemPosition] === item(index),
                        );
                        expect(proof).toBeDefined();
                    }
                }),
                { numRuns: 200 },
            );
        },
    );

    it('bear the message of the platform where it says nothing else', async () => {
        const { outcome } = await deliver(1, { shape: { positions: 'none', paths: 'item' }, bad: setOf([0]) });
        expect(outcome.rejected[0]?.errors).toEqual([
            {
                instancePath: '',
                schemaPath: '',
                keyword: 'platform',
                params: {},
                message: 'Items do not match the schema',
            },
        ]);
    });

    it('bear the message of the platform where it names them without saying why', async () => {
        class Unexplained extends StagePlatform {
            protected override named(positions: number[]): InvalidItem[] {
                return positions.map((itemPosition) => ({ itemPosition, errors: [] }));
            }
        }
        const { delivery } = deliveryTo(new Unexplained({ bad: setOf([1]) }));
        const { rejected } = await delivery.deliver(PayloadWriter.of([item(0), item(1)]));
        expect(rejected.map(({ index, errors }) => [index, errors.map(({ message }) => message)])).toEqual([
            [1, ['Items do not match the schema']],
        ]);
    });
});

describe('the number of requests', () => {
    it.each(SHAPES.filter(named))(
        'is one more where positions are true: $positions, paths of the $paths',
        async (shape) => {
            await fc.assert(
                fc.asyncProperty(batch(1), async ({ count, bad }) => {
                    const { platform, delivery } = await deliver(count, { shape, bad: setOf(bad) });
                    // The first reading may have been the wrong one.
                    expect(platform.requests.length).toBeLessThanOrEqual(
                        shape.positions === 'from 0' || shape.paths === 'array' ? 2 : 3,
                    );

                    // What was proven is read at once the next time.
                    const before = platform.requests.length;
                    await delivery.deliver(PayloadWriter.of(upTo(count).map(item)));
                    expect(platform.requests.length - before).toBeLessThanOrEqual(2);
                }),
                { numRuns: 100 },
            );
        },
    );

    it.each<[0 | 1, Shape['positions']]>([
        [0, 'from 1'],
        [1, 'from 0'],
    ])('is at most two more where positions are read from %s and count %s', async (_, positions) => {
        const other = positions === 'from 0' ? 'from 1' : 'from 0';
        await fc.assert(
            fc.asyncProperty(batch(1), async ({ count, bad }) => {
                const platform = new StagePlatform({ shape: { positions: other, paths: 'item' }, bad: setOf([1]) });
                const { delivery } = deliveryTo(platform);
                await delivery.deliver(PayloadWriter.of(upTo(3).map(item)));
                platform.faults = { shape: { positions, paths: 'item' }, bad: setOf(bad) };
                const before = platform.requests.length;
                await delivery.deliver(PayloadWriter.of(upTo(count).map(item)));
                expect(platform.requests.length - before).toBeLessThanOrEqual(1 + 1 + 2);
            }),
            { numRuns: 100 },
        );
    });

    it('is one more at once where the local validator knows which items fail', async () => {
        const bad = setOf([3, 8]);
        const { platform, rejected } = await deliver(
            20,
            { shape: { positions: 'from 1', paths: 'item' }, bad },
            (text) => bad.has(text),
        );
        expect([platform.requests.length, rejected]).toEqual([2, [3, 8]]);
    });

    it('is at most 2k(1 + log2 n) without positions, for one culprit at any place', async () => {
        const beyond: string[] = [];
        for (let count = 1; count <= 70; count++) {
            for (let culprit = 0; culprit < count; culprit++) {
                const { platform } = await deliver(count, {
                    shape: { positions: 'none', paths: 'item' },
                    bad: setOf([culprit]),
                });
                const bound = 2 * (1 + Math.log2(count));
                if (platform.requests.length > bound)
                    beyond.push(
                        `n=${count}, bad=[${culprit}]: ${platform.requests.length} requests > ${bound.toFixed(2)}`,
                    );
            }
        }
        expect(beyond).toEqual([]);
    });

    it('is at most 2k(1 + log2 n) without positions, for any culprits', async () => {
        await fc.assert(
            fc.asyncProperty(batch(1), async ({ count, bad }) => {
                const shape = { positions: 'none', paths: 'item' } as const;
                const { platform } = await deliver(count, { shape, bad: setOf(bad) });
                expect(platform.requests.length).toBeLessThanOrEqual(2 * bad.length * (1 + Math.log2(count)));
            }),
            { numRuns: 500 },
        );
    });
});

describe('a 400 of an unknown kind', () => {
    it('isolates the items that cause it: each is rejected, or waits until another request is accepted', async () => {
        await fc.assert(
            fc.asyncProperty(batch(1), async ({ count, bad }) => {
                fc.pre(bad.length < count && bad.length < 12);
                const delivered = await deliver(count, { odd: setOf(bad) });
                expectNoLoss(count, delivered);
                expect([...delivered.rejected, ...delivered.disputed].sort((a, b) => a - b)).toEqual(bad);
                expect(delivered.unsent).toEqual([]);
                expect(delivered.outcome.rejected.every(({ reason }) => reason === 'rejected')).toBe(true);
            }),
            { numRuns: 100 },
        );
    });

    it('rejects an item that is refused again after another request was accepted', async () => {
        const platform = new StagePlatform({ odd: setOf([1]) });
        const { delivery } = deliveryTo(platform);
        await delivery.deliver(PayloadWriter.of([item(0)]));
        const first = await delivery.deliver(PayloadWriter.of([item(1)]));
        expect([first.rejected, first.disputed]).toMatchObject([[], [{ index: 0, acceptedBefore: 1 }]]);
        await delivery.deliver(PayloadWriter.of([item(2)]));
        const again = await delivery.deliver(PayloadWriter.of([item(1)]), { acceptedBefore: 1 });
        expect(again.rejected).toMatchObject([{ index: 0, reason: 'rejected' }]);
    });

    it('rejects the last item of a request at once when all the others were accepted after it was refused', async () => {
        const { rejected, disputed } = await deliver(10, { odd: setOf([9]) });
        expect([rejected, disputed]).toEqual([[9], []]);
    });

    it.each([1, 2, 7, 64])('rejects none of %i items when every request gets it', async (count) => {
        const delivered = await deliver(count, { rejectsAll: true });
        expectNoLoss(count, delivered);
        expect(delivered.rejected).toEqual([]);
        expect(delivered.outcome.failure === undefined).toBe(delivered.unsent.length === 0);
    });

    it('asks a platform that refuses everything for a bounded number of requests', async () => {
        const { platform, rejected } = await deliver(5_000, { rejectsAll: true });
        expect(rejected).toEqual([]);
        // Three rounds, each of twelve items refused alone and the halves on the way to them.
        expect(platform.requests.length).toBeLessThanOrEqual(3 * (12 * 2 + 13));
    });
});
