import { CONTENDERS } from './contenders.js';
import type { Task } from './measurement.js';
import { SHAPES } from './shapes.js';

/** What 50 calls at a time reach in items a second, about. */
const FIFTY_PER_SECOND = 2_000;
/** How long a request takes besides the latency, in milliseconds, about. */
const REQUEST_MILLIS = 2;
/** A file for each item. */
const LOCAL_ITEMS_PER_SECOND = 1_000;
const MIN_ITEMS = 10;

/**
 * How many items a contender stores: so many that the fastest of its pace takes about `seconds`. Chosen once for each
 * shape and latency, and the same for all that are compared; a contender of a slower pace stores fewer, and rates are compared.
 */
export function itemCount(task: Omit<Task, 'items'>, seconds: number): number {
    return Math.max(MIN_ITEMS, Math.round(ratePerSecond(task) * seconds));
}

function ratePerSecond({ contender, place, shape, latencyMillis }: Omit<Task, 'items'>): number {
    if (place === 'local') return LOCAL_ITEMS_PER_SECOND;
    const { pace } = CONTENDERS[contender];
    const bulk = SHAPES[shape].itemsPerSecond;
    if (pace === 'bulk') return bulk;
    const atOnce = pace === 'fifty' ? 50 : 1;
    return Math.min(FIFTY_PER_SECOND, bulk / 2, (atOnce * 1_000) / (latencyMillis + REQUEST_MILLIS));
}
