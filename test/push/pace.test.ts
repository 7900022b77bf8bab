import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Pace } from '../../src/push/pace.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

it('calls that are made at once share a request, however long the wait before them was', async () => {
    const id = run.freshDataset();
    const guard = await run.open({ ack: 'stored' });
    run.server.latencyMillis = 20;
    const [rounds, calls] = [24, 50];
    for (let round = 0; round < rounds; round++) {
        await Promise.all(
            Array.from({ length: calls }, async (_, call) => guard.pushData({ n: round * calls + call })),
        );
    }
    expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: rounds * calls }, (_, n) => n));
    // Not one for each: a machine that is busy with something else may take the time of a pause.
    expect(guard.report().requests).toBeLessThan(1.4 * rounds);
});

it('calls that are made at once share a request, though making their items ready takes longer than a slice of an array', async () => {
    const id = run.freshDataset();
    const guard = await run.open({ ack: 'stored', schema: { type: 'object' } });
    run.server.latencyMillis = 20;
    const calls = 150;
    const slow = (n: number) => ({
        get n() {
            const begun = performance.now();
            while (performance.now() - begun < 0.06);
            return n;
        },
    });
    await Promise.all(Array.from({ length: calls }, async (_, n) => guard.pushData(slow(n))));
    expect(run.server.items(id).map(({ n }) => n)).toEqual(Array.from({ length: calls }, (_, n) => n));
    expect(guard.report().requests).toBe(1);
});

it('a pause is due once work has gone on for a while without one', async () => {
    const pace = new Pace();
    let turns = 0;
    const turn = () => {
        turns++;
        if (turns < 3) setImmediate(turn);
    };
    setImmediate(turn);
    const begun = performance.now();
    let pauses = 0;
    while (performance.now() - begun < 50) {
        if (!pace.isPauseDue(100)) continue;
        await pace.pause();
        pauses++;
    }
    expect(pauses).toBeGreaterThanOrEqual(3);
    expect(turns).toBe(3);
});
