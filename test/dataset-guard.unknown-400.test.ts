import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { DeliveryError } from '../src/index.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

/** A 400 that says nothing of the schema, for every request that carries this word. */
const POISON = 'poison';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

function poison(id: string): void {
    run.server.faults.use((call) =>
        call.path.includes(id) && call.text().includes(POISON)
            ? { status: 400, type: 'invalid-value', message: 'Some value is invalid' }
            : undefined,
    );
}

describe('a request that is rejected for an unknown reason', () => {
    it('costs the item alone that the platform rejects alone', async () => {
        const id = run.freshDataset(null);
        poison(id);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 2 }, { n: POISON }, { n: 4 }]);
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
        expect(run.quarantined(id)).toMatchObject([
            { item: { n: POISON }, reason: 'rejected', rejectedBy: 'platform' },
        ]);
    });

    it('is about the item when others are accepted afterwards', async () => {
        const id = run.freshDataset(null);
        poison(id);
        const guard = await run.open({ flushIntervalMillis: 0 });
        await guard.pushData({ n: POISON });
        await expect.poll(() => run.server.pushRequests(id).length).toBe(1);
        expect(guard.report()).toMatchObject({ pendingItems: 1, quarantinedItems: 0 });
        await guard.pushData({ n: 2 });
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 2 }]);
        expect(run.quarantined(id)).toMatchObject([{ item: { n: POISON }, reason: 'rejected' }]);
    });

    it('is not about the items when everything is rejected alike: nothing is quarantined, nothing lost', async () => {
        const id = run.freshDataset(null);
        poison(id);
        const guard = await run.open();
        const items = Array.from({ length: 8 }, (_, n) => ({ n, why: POISON }));
        await guard.pushData(items);
        await expect(guard.flush()).rejects.toThrow(DeliveryError);
        expect(run.quarantined(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ pendingItems: 8, quarantinedItems: 0 });

        run.server.faults.clear();
        await guard.flush();
        expect(run.server.items(id)).toEqual(items);
    });

    it('is told by flush() where a single item is all there is', async () => {
        const id = run.freshDataset(null);
        poison(id);
        const guard = await run.open();
        await guard.pushData({ n: POISON });
        await expect(guard.flush()).rejects.toThrow('Some value is invalid');
        expect(guard.report().pendingItems).toBe(1);
        run.server.faults.clear();
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: POISON }]);
    });
});
