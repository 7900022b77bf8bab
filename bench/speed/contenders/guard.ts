import { Actor } from 'apify';

import { DatasetGuard, type DatasetGuardOptions } from '../../../src/index.js';
import type { Task } from '../measurement.js';
import { SHAPES } from '../shapes.js';
import { type Prepare, pushArray, pushFiftyAtOnce, pushInTurns, pushOneByOne, type Store } from './contender.js';

/** The entry points of the guard. Each item is validated. */
export const GUARD = {
    'guard-loop': async (task) => {
        const guard = await openGuard(task);
        return flushed(guard, async (items, calls) => pushOneByOne(guard.pushData, items, calls));
    },
    'guard-array': async (task) => {
        const guard = await openGuard(task);
        return flushed(guard, async (items, calls) => pushArray(guard.pushData, items, calls));
    },
    'guard-room': async (task) => {
        const guard = await openGuard(task);
        return flushed(guard, async (items, calls) => pushOneByOne(guard.pushData, items, calls, 1));
    },
    'guard-turns': async (task) => {
        const guard = await openGuard(task);
        return flushed(guard, async (items, calls) => pushInTurns(guard.pushData, items, calls));
    },
    'guard-stored-array': async (task) => {
        const guard = await openGuard(task, { ack: 'stored' });
        return async (items, calls) => pushArray(guard.pushData, items, calls);
    },
    'guard-stored-fifty': async (task) => {
        const guard = await openGuard(task, { ack: 'stored' });
        return async (items, calls) => pushFiftyAtOnce(guard.pushData, items, calls);
    },
    'guard-install-array': async (task) => {
        (await openGuard(task)).install();
        return async (items, calls) => pushArray(async (array) => Actor.pushData(array), items, calls);
    },
    'guard-install-fifty': async (task) => {
        (await openGuard(task)).install();
        return async (items, calls) => pushFiftyAtOnce(async (item) => Actor.pushData(item), items, calls);
    },
} satisfies Record<string, Prepare>;

/** The same loop with few and with many items. */
export const GROWTH = {
    'guard-100k': GUARD['guard-loop'],
    'guard-1m': GUARD['guard-loop'],
} satisfies Record<string, Prepare>;

/** On the platform the guard finds the schema at the dataset; a local working folder has none here. */
export async function openGuard({ place, shape }: Task, options: DatasetGuardOptions = {}): Promise<DatasetGuard> {
    return DatasetGuard.open({ ...options, ...(place === 'local' && { schema: SHAPES[shape].fields }) });
}

function flushed(guard: DatasetGuard, store: Store): Store {
    return async (items, calls) => {
        await store(items, calls);
        await guard.flush();
    };
}
