import { setImmediate as nextTurn } from 'node:timers/promises';

import type { CallTimes } from '../call-times.js';
import type { Task } from '../measurement.js';
import type { Item } from '../shapes.js';

/** Stores the items; resolves when all of them are stored. */
export type Store = (items: readonly Item[], calls: CallTimes) => Promise<void>;

/** Does what need not be measured, after `Actor.init()`. */
export type Prepare = (task: Task) => Promise<Store>;

type Push<Data> = (data: Data) => Promise<unknown>;

const CALLS_AT_ONCE = 50;
/** Looking at the clock costs a noticeable share of the fastest pushes; 7 has no factor in common with their habits. */
const CALLS_PER_LOOK = 7;

/** One call for all items. */
export async function pushArray(push: Push<Item[]>, items: readonly Item[], calls: CallTimes): Promise<void> {
    const startedAt = performance.now();
    await push(items as Item[]);
    calls.add(performance.now() - startedAt);
}

/** One call after the other; the clock is looked at for one in `callsPerLook`. */
export async function pushOneByOne(
    push: Push<Item>,
    items: readonly Item[],
    calls: CallTimes,
    callsPerLook = CALLS_PER_LOOK,
): Promise<void> {
    for (let index = 0; index < items.length; index++) {
        if (index % callsPerLook !== 0) {
            await push(items[index]!);
            continue;
        }
        const startedAt = performance.now();
        await push(items[index]!);
        calls.add(performance.now() - startedAt);
    }
}

/** One call in each turn of the event loop, as handlers make them: what else is to be done in a turn is no part of the call. */
export async function pushInTurns(push: Push<Item>, items: readonly Item[], calls: CallTimes): Promise<void> {
    for (const item of items) {
        await nextTurn();
        const startedAt = performance.now();
        await push(item);
        calls.add(performance.now() - startedAt);
    }
}

/** Fifty calls under way at any time, begun in the order of the items. */
export async function pushFiftyAtOnce(push: Push<Item>, items: readonly Item[], calls: CallTimes): Promise<void> {
    let next = 0;
    const work = async () => {
        while (next < items.length) {
            const startedAt = performance.now();
            await push(items[next++]!);
            calls.add(performance.now() - startedAt);
        }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
}
