/** Waits without the event loop, as a process that ends must. */
export function sleepSync(millis: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}
