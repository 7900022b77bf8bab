import fc from './fast-check.js';
import { expect } from 'vitest';

import { INTERNAL_DEFAULTS } from '../../src/apify/environment.js';
import { Delivery } from '../../src/delivery/delivery.js';
import type { DeliveryOutcome } from '../../src/delivery/progress.js';
import { PayloadWriter } from '../../src/delivery/payload.js';
import { RequestSender } from '../../src/delivery/retry.js';
import { Counters } from '../../src/quality/counters.js';
import { createClock } from '../../src/utils/clock.js';
import { keptLog } from './kept-log.js';
import type { Faults, Shape } from './stage-platform.js';
import { StagePlatform } from './stage-platform.js';

export const item = (n: number) => `{"n":${1_000 + n}}`;
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
export const setOf = (indexes: readonly number[]) => new Set(indexes.map(item));

export interface Delivered {
    outcome: DeliveryOutcome;
    platform: StagePlatform;
    /** Byte lengths of requests of several items that were too large. */
    tooLarge: number[];
    rejected: number[];
    disputed: number[];
    unsent: number[];
    delivery: Delivery;
}

export function deliveryTo(platform: StagePlatform, isInvalid?: (text: string) => boolean) {
    const tooLarge: number[] = [];
    const sender = new RequestSender({
        sink: platform,
        clock: createClock(),
        internal: { ...INTERNAL_DEFAULTS, firstRetryDelayMillis: 1 },
        counters: new Counters(),
        log: keptLog(),
        signal: new AbortController().signal,
    });
    const delivery = new Delivery({
        sender,
        maxRetries: 2,
        onTooLarge: (bytes) => void tooLarge.push(bytes),
        ...(isInvalid && { isInvalid }),
    });
    return { tooLarge, delivery };
}

export async function deliver(
    count: number,
    faults: Faults,
    isInvalid?: (text: string) => boolean,
): Promise<Delivered> {
    const platform = new StagePlatform(faults);
    const { delivery, tooLarge } = deliveryTo(platform, isInvalid);
    const outcome = await delivery.deliver(PayloadWriter.of(upTo(count).map(item)));
    return {
        outcome,
        platform,
        tooLarge,
        rejected: outcome.rejected.map(({ index }) => index),
        disputed: outcome.disputed.map(({ index }) => index),
        unsent: outcome.unsent.flatMap(({ indexes }) => indexes),
        delivery,
    };
}

/** Every item is in one place, and those that are stored are so once, in order. */
export function expectNoLoss(count: number, { platform, rejected, disputed, unsent }: Delivered): void {
    const elsewhere = new Set([...rejected, ...disputed, ...unsent]);
    expect(elsewhere.size).toBe(rejected.length + disputed.length + unsent.length);
    expect(platform.stored).toEqual(
        upTo(count)
            .filter((n) => !elsewhere.has(n))
            .map(item),
    );
}

/** A request of 1 to 200 items, and which of them are bad. */
export const batch = (minBad: 0 | 1) =>
    fc
        .record({
            count: fc.integer({ min: 1, max: 200 }),
            picks: fc.oneof(
                { weight: 3, arbitrary: fc.array(fc.nat(199), { minLength: minBad, maxLength: 3 }) },
                { weight: 1, arbitrary: fc.array(fc.nat(199), { minLength: minBad, maxLength: 200, size: 'max' }) },
            ),
        })
        .map(({ count, picks }) => {
            const bad = [...new Set(picks.map((pick) => pick % count))];
            return { count, bad: bad.sort((a, b) => a - b) };
        });
export const SHAPES: Shape[] = (['from 0', 'from 1', 'none', 'beyond'] as const).flatMap((positions) =>
    (['array', 'item'] as const).map((paths) => ({ positions, paths })),
);
