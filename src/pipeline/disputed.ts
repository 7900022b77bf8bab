/** Tries of a disputed item without contrast, after which callers who wait for it get it back. */
const MAX_LONE_TRIES = 5;

/** When a disputed item is tried again though there is no contrast. On the monotonic clock. */
export function retryAt(
    { openedAt, refusals }: { openedAt: number; refusals: number },
    firstDelayMillis: number,
): number {
    return openedAt + firstDelayMillis * 2 ** Math.min(refusals, MAX_LONE_TRIES);
}

/** Whether callers who wait for a disputed item get it back now. */
export function isGivenUp(refusals: number): boolean {
    return refusals >= MAX_LONE_TRIES;
}
