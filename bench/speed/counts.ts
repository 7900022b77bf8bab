import { CONTENDERS, type ContenderFacts } from './contenders.js';
import type { Task } from './measurement.js';
import { SHAPES } from './shapes.js';

/** The most that 50 calls at a time reach, in items a second, about. */
const FIFTY_PER_SECOND = 2_000;
/** How long a request takes besides the latency, in milliseconds, about. */
const REQUEST_MILLIS = 2;
const CRAWLED_PER_SECOND = 4_000;
/** A file for each item, in memory; a disk may need several times as long. */
const LOCAL_ITEMS_PER_SECOND = 5_000;
/** Half of the guard's default `maxBufferedBytes`. */
const ROOM_BYTES = 16_000_000;
const MIN_ITEMS = 10;

/**
 * How many items a contender stores: so many that the fastest of its pace takes about `seconds`. Chosen once for each
 * shape and latency, and the same for all that are compared; a contender of a slower pace stores fewer, and rates are
 * compared.
 */
export function itemCounts(
    task: Omit<Task, 'items' | 'warmUpItems'>,
    seconds: number,
): Pick<Task, 'items' | 'warmUpItems'> {
    const { pace }: ContenderFacts = CONTENDERS[task.contender];
    if (typeof pace === 'object') return pace;
    // In a run that is paid per event each push waits until it is stored.
    const isPaced = task.place === 'charged' && task.contender === 'guard-loop';
    const items = itemCount(task, isPaced ? 'single' : pace, seconds);
    return { items: Math.max(MIN_ITEMS, Math.round(items)), warmUpItems: 0 };
}

function itemCount(
    { place, shape, latencyMillis }: Omit<Task, 'items' | 'warmUpItems'>,
    pace: string,
    seconds: number,
): number {
    if (place === 'local') return LOCAL_ITEMS_PER_SECOND * seconds;
    const { itemsPerSecond, itemBytes } = SHAPES[shape];
    const requestsPerSecond = 1_000 / (latencyMillis + REQUEST_MILLIS);
    switch (pace) {
        case 'single':
            return Math.min(FIFTY_PER_SECOND, requestsPerSecond) * seconds;
        case 'fifty':
            return Math.min(FIFTY_PER_SECOND, itemsPerSecond / 2, 50 * requestsPerSecond) * seconds;
        case 'crawl':
            return Math.min(CRAWLED_PER_SECOND, itemsPerSecond / 2, 500 * requestsPerSecond) * seconds;
        case 'room':
            return Math.min(ROOM_BYTES / itemBytes, itemsPerSecond * seconds);
        default:
            return itemsPerSecond * seconds;
    }
}
