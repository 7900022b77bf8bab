import { Actor } from 'apify';

import { type Prepare, pushArray, pushFiftyAtOnce, pushOneByOne } from './contender.js';

/** The SDK alone, which validates nothing. */
export const BARE = {
    'bare-single': async () => async (items, calls) => pushOneByOne(async (item) => Actor.pushData(item), items, calls),
    'bare-fifty': async () => async (items, calls) =>
        pushFiftyAtOnce(async (item) => Actor.pushData(item), items, calls),
    'bare-array': async () => async (items, calls) => pushArray(async (array) => Actor.pushData(array), items, calls),
} satisfies Record<string, Prepare>;
