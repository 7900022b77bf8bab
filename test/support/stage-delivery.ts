import fc from 'fast-check';
import { expect } from 'vitest';

import { PayloadPool } from '../../src/pipeline/chunk.js';
import type { Outcome } from '../../src/pipeline/deliver/deliver.js';
import { Deliverer } from '../../src/pipeline/deliver/deliver.js';
import type { OpenPayload } from '../../src/ports.js';
import type { Faults, Shape } from './stage-platform.js';
import { StagePlatform } from './stage-platform.js';

export const item = (n: number) => `{"n":${1_000 + n}}`;
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
export const setOf = (indexes: readonly number[]) => new Set(indexes.map(item));

export function payloadOf(texts: string[]): OpenPayload {
    const payload = new PayloadPool(5_000_000).open(texts[0]!);
    for (const text of texts.slice(1)) payload.tryAppend(text);
    return payload;
}

export interface Delivery {
    outcome: Outcome;
    platform: StagePlatform;
    /** Byte lengths of requests of several items that were too large. */
    tooLarge: number[];
    rejected: number[];
    unsent: number[];
    deliverer: Deliverer;
}

export function delivererTo(platform: StagePlatform, isInvalid?: (text: string) => boolean) {
    const tooLarge: number[] = [];
    return {
        tooLarge,
        deliverer: new Deliverer({ send: platform.send, onTooLarge: (bytes) => void tooLarge.push(bytes), isInvalid }),
    };
}

export async function deliver(count: number, faults: Faults, isInvalid?: (text: string) => boolean): Promise<Delivery> {
    const platform = new StagePlatform(faults);
    const { deliverer, tooLarge } = delivererTo(platform, isInvalid);
    const outcome = await deliverer.deliver(payloadOf(upTo(count).map(item)));
    const rejected = outcome.rejected.map(({ index }) => index);
    return {
        outcome,
        platform,
        tooLarge,
        rejected,
        unsent: outcome.unsent.flatMap(({ indexes }) => indexes),
        deliverer,
    };
}

/** Every item is in one place, and those that are stored are so once, in order. */
export function expectNoLoss(count: number, { platform, rejected, unsent }: Delivery): void {
    const elsewhere = new Set([...rejected, ...unsent]);
    expect(elsewhere.size).toBe(rejected.length + unsent.length);
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
