import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { settlesWithin, writeDuringListings } from '../support/platform-faults.js';

const TIMES = { listingLagMillis: 200, firstRetryDelayMillis: 10 };
/** Every flush is the test's own. */
const QUIET = { flushIntervalMillis: 600_000 };
const OWN = Array.from({ length: 20 }, (_, n) => ({ n }));

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** How often each of the items is in the dataset. */
function copiesOf(items: readonly unknown[], datasetId: string): number[] {
    const stored = run.server.items(datasetId).map((item) => JSON.stringify(item));
    return items.map((item) => stored.filter((text) => text === JSON.stringify(item)).length);
}

const once = (items: readonly unknown[]) => items.map(() => 1);

/** The next push to the dataset loses its answer, before or after its items are stored. */
function loseNextAnswer(datasetId: string, when: 'before' | 'after'): void {
    run.server.faults.next({ method: 'POST', path: `${datasetId}/items`, fault: { cut: true, when } });
}

describe('while somebody else appends to the dataset without a pause', () => {
    it.each([1, 1_000, 2_500])(
        'finds items whose answer was lost, stored once, when %i foreign items come with each listing',
        async (itemsPerListing) => {
            const id = run.freshDataset(null);
            const guard = await run.open(QUIET, TIMES);
            await guard.pushData(OWN);
            loseNextAnswer(id, 'after');
            writeDuringListings(run.server, id, itemsPerListing);
            await settlesWithin(8_000, 'flush()', guard.flush());
            expect(copiesOf(OWN, id)).toEqual(once(OWN));
            expect(guard.report()).toMatchObject({ storedItems: 20, pendingItems: 0 });
        },
    );

    it.each([1, 1_000, 2_500])(
        'sends items once whose request was lost before they were stored, when %i foreign items come with each listing',
        async (itemsPerListing) => {
            const id = run.freshDataset(null);
            const guard = await run.open(QUIET, TIMES);
            await guard.pushData(OWN);
            loseNextAnswer(id, 'before');
            writeDuringListings(run.server, id, itemsPerListing);
            await settlesWithin(8_000, 'flush()', guard.flush());
            expect(copiesOf(OWN, id)).toEqual(once(OWN));
            expect(guard.report()).toMatchObject({ storedItems: 20, retriedRequests: 1 });
        },
    );

    it('finds its items behind 10,000 foreign items that came between the request and the reading', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(OWN);
        let isFirst = true;
        run.server.faults.use(({ method, path }) => {
            if (method === 'GET' && path.endsWith(`${id}/items`) && isFirst) {
                isFirst = false;
                const foreign = Array.from({ length: 10_000 }, (_, index) => ({ foreign: index }));
                run.server.append(foreign, id);
            }
            return undefined;
        });
        loseNextAnswer(id, 'after');
        await settlesWithin(8_000, 'flush()', guard.flush());
        expect(copiesOf(OWN, id)).toEqual(once(OWN));
    });

    it('does not read what was in the dataset long before the request', async () => {
        const id = run.freshDataset(null);
        run.server.append(
            Array.from({ length: 20_000 }, (_, index) => ({ old: index })),
            id,
        );
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(OWN);
        loseNextAnswer(id, 'after');
        writeDuringListings(run.server, id, 10);
        await settlesWithin(8_000, 'flush()', guard.flush());
        expect(copiesOf(OWN, id)).toEqual(once(OWN));
        const readItems = run.server.listings(id).reduce((sum, { itemCount }) => sum + itemCount, 0);
        expect(readItems).toBeLessThan(10_000);
    });

    it('does not take the equal item of an earlier request of its own for the one whose request was lost', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData({ n: 'same' });
        await guard.flush();
        await guard.pushData({ n: 'same' });
        loseNextAnswer(id, 'before');
        writeDuringListings(run.server, id, 100);
        await settlesWithin(8_000, 'flush()', guard.flush());
        expect(copiesOf([{ n: 'same' }], id)).toEqual([2]);
    });

    it(
        'stores items again rather than never when the listings fail until the bound of 20 s',
        { timeout: 40_000 },
        async () => {
            const id = run.freshDataset(null);
            const guard = await run.open(QUIET, TIMES);
            await guard.pushData(OWN);
            loseNextAnswer(id, 'before');
            run.server.faults.use(({ method, path }) =>
                method === 'GET' && path.endsWith(`${id}/items`) ? { status: 500 } : undefined,
            );
            await settlesWithin(30_000, 'flush()', guard.flush());
            expect(copiesOf(OWN, id)).toEqual(once(OWN));
            expect(guard.report().retriedRequests).toBeGreaterThan(0);
        },
    );
});

describe('reading back', () => {
    it('asks for pages of a few megabytes at most, however large the items of other writers are', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(OWN);
        let isFirst = true;
        run.server.faults.use(({ method, path }) => {
            if (method === 'GET' && path.endsWith(`${id}/items`) && isFirst) {
                isFirst = false;
                const text = 'x'.repeat(30_000);
                run.server.append(
                    Array.from({ length: 600 }, (_, index) => ({ foreign: index, text })),
                    id,
                );
            }
            return undefined;
        });
        loseNextAnswer(id, 'after');
        await settlesWithin(15_000, 'flush()', guard.flush());
        expect(copiesOf(OWN, id)).toEqual(once(OWN));
        // Pages grow while they stay under 2 MB; the last of them may have grown beyond.
        const largest = Math.max(...run.server.listings(id).map(({ byteLength }) => byteLength));
        expect(largest).toBeLessThan(4_000_000);
    });
});

describe('behind a push that waits until its items are stored', () => {
    it('resolves once, for items whose answer was lost while another guard writes to the same dataset', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ...QUIET, ack: 'stored' }, TIMES);
        const other = await run.open({ flushIntervalMillis: 0 }, TIMES);
        run.server.faults.use(({ method, path }) => {
            // The other guard pushes whenever this one reads.
            if (method === 'GET' && path.endsWith(`${id}/items`)) void other.pushData({ of: 'the other' });
            return undefined;
        });
        loseNextAnswer(id, 'after');
        const result = await settlesWithin(8_000, 'pushData()', guard.pushData(OWN));
        expect(result).toMatchObject({ acceptedItems: 20 });
        expect(copiesOf(OWN, id)).toEqual(once(OWN));
    });
});
