/** The monotonic clock as it was when this module loaded: a user's fake timers must not stop it. */
const now = performance.now.bind(performance);

/** Starts now. The function that it returns tells how many milliseconds are left, never less than 0. */
export function startCountdown(millis: number): () => number {
    const end = now() + millis;
    return () => Math.max(0, end - now());
}
