/**
 * - `long`: `npm run test:chaos`, ten times as long as CI
 * - `table`: as CI, and all workloads through bare `Actor.pushData`, too, for the table of docs/reliability.md
 */
const { MODE } = process.env;
export const IS_LONG = MODE === 'long';
const FACTOR = IS_LONG ? 10 : 1;
/** Whether each workload goes through bare `Actor.pushData`, too; else one does. */
export const COMPARES_ALL = IS_LONG || MODE === 'table';

/** Items of all writers together. */
export const ITEMS = 60_000 * FACTOR;
/** Processes that are killed. */
export const KILLS = IS_LONG ? 250 : 10;

/** Repeats what CI does once, where there is time. */
export function times(count: number): number {
    return count * FACTOR;
}
