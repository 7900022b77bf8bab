import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';

import type { LocalRun } from '../support/local-run.js';
import { startLocalRun } from '../support/local-run.js';
import { settlesWithin } from '../support/platform-faults.js';

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => {
    vi.useRealTimers();
    // What hangs after a failure must not hang the tests behind it.
    await settlesWithin(3_000, 'Closing the guards', run.reset());
});
afterAll(async () => settlesWithin(3_000, 'Stopping the run', run.stop()));

it("pushData() and close() resolve locally in a user's test with fake timers that nobody advances", async () => {
    const name = await run.fresh();
    vi.useFakeTimers();
    const guard = await run.open();
    await settlesWithin(5_000, 'pushData()', guard.pushData([{ n: 1 }, { n: 2 }]));
    await settlesWithin(5_000, 'close()', guard.close());
    vi.useRealTimers();
    expect(await run.items(name)).toEqual([{ n: 1 }, { n: 2 }]);
});
