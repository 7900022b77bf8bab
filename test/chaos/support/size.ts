/** `npm run test:chaos` runs in this mode, ten times as long as CI does. */
const FACTOR = process.env.MODE === 'long' ? 10 : 1;

/** Items of all writers together. */
export const ITEMS = 100_000 * FACTOR;
/** Processes that are killed. */
export const KILLS = 50 * FACTOR;

/** So many in CI, more where there is time. */
export function times(count: number): number {
    return count * FACTOR;
}
