import { join } from 'node:path';

import { expect, it } from 'vitest';

import { REPOSITORY, run } from '../actor/support/actor-run.js';

const ITEMS = 20_000;
const ITEM_BYTES = 2_048;
const MAX_PAYLOAD_BYTES = 5_000_000;

it('the memory benchmark pushes all items, within its limit of memory', { timeout: 120_000 }, async () => {
    const script = join(REPOSITORY, 'bench/memory.mjs');
    const { exitCode, output } = await run(process.execPath, [script, '--items', String(ITEMS), '--json'], REPOSITORY);

    expect(exitCode, output).toBe(0);
    const { startBytes, peakBytes, report, server } = JSON.parse(output.trim().split('\n').at(-1)!);
    expect(report).toMatchObject({ receivedItems: ITEMS, storedItems: ITEMS, quarantinedItems: 0, pendingItems: 0 });
    expect(server.storedItems).toBe(ITEMS);
    expect(server.requests).toBe(report.requests);
    expect(server.requests).toBeGreaterThanOrEqual(Math.ceil((ITEMS * ITEM_BYTES) / MAX_PAYLOAD_BYTES));
    expect(server.largestRequestBytes).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
    expect(peakBytes).toBeGreaterThanOrEqual(startBytes);
});

it('the memory benchmark says what is wrong with its arguments', async () => {
    const script = join(REPOSITORY, 'bench/memory.mjs');
    const { exitCode, output } = await run(process.execPath, [script, '--items', 'many'], REPOSITORY);
    expect(exitCode).toBe(1);
    expect(output).toContain('--items must be a positive integer');
});
