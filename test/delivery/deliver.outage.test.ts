import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { PayloadWriter } from '../../src/delivery/payload.js';
import { batch, deliver, deliveryTo, expectNoLoss, setOf, SHAPES, upTo } from '../support/stage-delivery.js';
import { AWAY, StagePlatform } from '../support/stage-platform.js';

describe('an outage', () => {
    const refused = { kind: 'refused', error: new Error('The token is not valid') } as const;

    it.each(SHAPES.filter(({ paths }) => paths === 'item'))(
        'leaves unsent exactly what is neither stored nor rejected: positions $positions',
        async (shape) => {
            await fc.assert(
                fc.asyncProperty(
                    batch(0),
                    fc.integer({ min: 1, max: 12 }),
                    fc.boolean(),
                    async ({ count, bad }, awayFrom, isRefused) => {
                        const away = isRefused ? refused : AWAY;
                        const delivery = await deliver(count, { shape, bad: setOf(bad), awayFrom, away });
                        const { platform, outcome, rejected, unsent } = delivery;
                        expectNoLoss(count, delivery);
                        expect(rejected.every((index) => bad.includes(index))).toBe(true);
                        expect(unsent).toEqual([...unsent].sort((a, b) => a - b));
                        if (platform.requests.length < awayFrom) return;
                        // Nothing more is asked of a platform that is away.
                        expect(platform.requests.length).toBe(awayFrom);
                        expect(unsent.length).toBeGreaterThan(0);
                        expect(outcome.failure).toEqual({ error: away.error, permanent: isRefused });
                    },
                ),
                { numRuns: 200 },
            );
        },
    );

    it('tells apart what may have been stored: the items of the request that nobody answered', async () => {
        const away = { kind: 'unavailable', outcomeUnknown: true, error: AWAY.error } as const;
        const { outcome } = await deliver(
            8,
            { shape: { positions: 'none', paths: 'item' }, bad: setOf([7]), awayFrom: 3, away },
            undefined,
        );
        expect(outcome.unsent).toMatchObject([{ indexes: [4, 5], unknown: { from: 4 } }, { indexes: [6, 7] }]);
        expect(outcome.unsent[1]).not.toHaveProperty('unknown');
    });

    it('of a payload of very many items is no different', async () => {
        const platform = new StagePlatform({ awayFrom: 1 });
        const payload = PayloadWriter.of(upTo(400_000).map(() => '{}'));
        const { unsent } = await deliveryTo(platform).delivery.deliver(payload);
        expect(unsent.map(({ indexes }) => indexes.length)).toEqual([400_000]);
    });
});

describe('a request that is too large', () => {
    it('is halved until it is taken, and the limit is told each time', async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.integer({ min: 2, max: 200 }),
                fc.integer({ min: 12, max: 500 }),
                async (count, maxBytes) => {
                    const delivery = await deliver(count, { maxBytes });
                    expectNoLoss(count, delivery);
                    expect(delivery.platform.stored).toHaveLength(count);
                    const refused = delivery.platform.requests.filter(({ answer }) => answer === 'too-large');
                    expect(delivery.tooLarge).toEqual(refused.map(({ byteLength }) => byteLength));
                },
            ),
            { numRuns: 100 },
        );
    });

    it('though it has one item of a few bytes says nothing of that item, while nothing is accepted', async () => {
        const { outcome, tooLarge, platform } = await deliver(4, { maxBytes: 11 });
        expect(outcome.rejected).toEqual([]);
        expect(outcome.disputed.map(({ index }) => index)).toEqual(upTo(4));
        expect([platform.stored, tooLarge.length]).toEqual([[], 3]);
    });

    it.each(SHAPES)(
        'costs no bad item its name, and no good one its place: positions $positions, paths of the $paths',
        async (shape) => {
            await fc.assert(
                fc.asyncProperty(batch(0), fc.integer({ min: 12, max: 500 }), async ({ count, bad }, maxBytes) => {
                    const delivery = await deliver(count, { shape, bad: setOf(bad), maxBytes });
                    expectNoLoss(count, delivery);
                    expect(delivery.rejected).toEqual(bad);
                }),
                { numRuns: 50 },
            );
        },
    );

    it('is followed by halves whose true positions are believed: one more request each', async () => {
        const { platform, rejected } = await deliver(64, { bad: setOf([5, 40]), maxBytes: 32 * 11 + 1 });
        expect(rejected).toEqual([5, 40]);
        expect(platform.requests.map(({ items }) => items.length)).toEqual([64, 32, 31, 32, 31]);
    });
});
