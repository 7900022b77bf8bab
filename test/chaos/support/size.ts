import { IS_LONG } from '../../support/mode.js';

/**
 * - `long`: `npm run test:chaos`, ten times as long as the table
 * - `table`: with all workloads through bare `Actor.pushData`, too, for the table of docs/reliability.md
 * - else, in CI: little more than it takes until each fault has struck
 */
const FACTOR = IS_LONG ? 10 : 1;
/** Whether each workload goes through bare `Actor.pushData`, too; else one does. */
export const COMPARES_ALL = IS_LONG || process.env.MODE === 'table';

/** Items of all writers together. */
export const ITEMS = COMPARES_ALL ? 60_000 * FACTOR : 36_000;
/** Processes that are killed. */
export const KILLS = IS_LONG ? 250 : 10;

/** Repeats what CI does once, where there is time. */
export function times(count: number): number {
    return count * FACTOR;
}
