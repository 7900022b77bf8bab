// The entry points under test, and bare `Actor.pushData` beside them.
import { Actor } from 'apify';

import { program } from './endings.mjs';

/** Which dataset an entry point pushes to: each its own, so that several can be tried in one process. */
const DATASETS = { stored: 'stored', installed: 'installed' };
const guards = [];
const routes = new Map();

/** Opens a guard for each of the program's entry points. A bare program does not even load the library. */
export async function openGuards() {
    const { via, guardOptions, internalOptions } = program;
    if (via.includes('bare')) return guards;
    const { DatasetGuard } = await import('apify-dataset-guard');
    for (const entryPoint of via) {
        const guard = await DatasetGuard.open(
            {
                // The Actor declares the default dataset alone.
                ...(DATASETS[entryPoint] && { dataset: { name: DATASETS[entryPoint] }, schema: program.schema }),
                ...(entryPoint === 'stored' && { ack: 'stored' }),
                ...guardOptions,
            },
            internalOptions,
        );
        if (entryPoint === 'installed') guard.install();
        guards.push(guard);
        routes.set(entryPoint, guard);
    }
    return guards;
}

export const guardOf = (entryPoint) => routes.get(entryPoint);

/** Pushes the items with these numbers through an entry point. The last of each five fails the schema unless all are to be good. */
export async function push(entryPoint, numbers, contextPush) {
    const items = numbers.map((n) => ({
        n,
        via: entryPoint,
        ...(program.textLength && { text: 'x'.repeat(program.textLength) }),
        ...(n % 5 === 4 && !program.flawless && { flaw: true }),
    }));
    const data = items.length === 1 ? items[0] : items;
    switch (entryPoint) {
        case 'buffered':
        case 'stored':
            return guardOf(entryPoint).pushData(data);
        case 'handler':
            return contextPush(data);
        case 'installed': {
            if (contextPush) return contextPush(data, DATASETS.installed);
            const dataset = await Actor.openDataset(DATASETS.installed);
            return dataset.pushData(data);
        }
        default:
            return pushBare(items, contextPush ?? ((item) => Actor.pushData(item)));
    }
}

/** As a careful program would: an item that the platform rejects does not end it. */
async function pushBare(items, pushOne) {
    for (const item of items) {
        try {
            await pushOne(item);
        } catch (error) {
            if (error.type !== 'schema-validation-error') throw error;
        }
    }
}
