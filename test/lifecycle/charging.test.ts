import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import type { Fault } from '../support/api-server.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { openQuickly } from './support/run-events.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun({ run: { chargeEvents: { movie: { eventPriceUsd: 0.01 } }, maxTotalChargeUsd: 100 } });
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

it.each<[string, Fault]>([
    ['stored, with a lost answer', { cut: true, when: 'after' }],
    ['stored, with a 500', { status: 500, when: 'after' }],
    ['not stored, with a lost answer', { cut: true }],
    ['not stored, with a 500', { status: 500 }],
])('items that were %s are in the dataset once and charged for once', async (_, fault) => {
    const id = run.freshDataset();
    const chargedBefore = run.server.run.chargedEventCounts.movie!;
    const guard = await openQuickly();
    run.server.faults.next({ method: 'POST', path: `${id}/items`, fault });
    const result = await guard.pushData([{ n: 1 }, { n: 2 }, { n: 3 }], 'movie');
    expect(result).toMatchObject({ acceptedItems: 3 });
    await guard.close();
    expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(run.server.run.chargedEventCounts.movie! - chargedBefore).toBe(3);
});
