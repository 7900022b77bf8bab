import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { RejectionStyle } from '../support/api-server.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { openQuickly } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const STRICTER = { ...FIELDS, properties: { n: { type: 'number', minimum: 0 } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** 64 items, of which these are bad. */
const batch = (...bad: number[]) => Array.from({ length: 64 }, (_, n) => ({ n: bad.includes(n) ? `bad ${n}` : n }));

describe('what a rejection of 64 items costs in requests', () => {
    it.each<[words: string, style: Partial<RejectionStyle>, most: number]>([
        ['true positions: one more', { shape: 'array-path' }, 2],
        ['true positions of a map: one more', { shape: 'map' }, 2],
        ['positions from 1, with paths that say so: one more', { shape: 'array-path', countFrom: 1 }, 2],
        ['positions from 1, with nothing that says so: two more', { shape: 'map', countFrom: 1 }, 3],
    ])('%s', async (_, style, most) => {
        const id = run.freshDataset(FIELDS);
        run.server.rejectAs(style);
        const guard = await openQuickly({ schema: false });
        const items = batch(0, 17, 63);
        await guard.pushData(items);
        await guard.flush();
        expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(most);
        expect(run.server.items(id)).toEqual(items.filter(({ n }) => typeof n === 'number'));
        expect(run.quarantined(id).map(({ item }) => item)).toEqual(items.filter(({ n }) => typeof n !== 'number'));
    });

    it.each<Partial<RejectionStyle>>([
        { shape: 'missing' },
        { shape: 'empty' },
        { shape: 'malformed' },
        { shape: 'item-path', shift: 10_000 },
        { shape: 'item-path', shift: 5 },
    ])('without positions that help 2·k·(1 + log2 n) at most: %j', async (style) => {
        for (const bad of [[5], [0, 63], [1, 2, 40]]) {
            const id = run.freshDataset(FIELDS);
            run.server.rejectAs(style);
            const guard = await openQuickly({ schema: false });
            const items = batch(...bad);
            await guard.pushData(items);
            await guard.flush();
            expect(run.server.pushRequests(id).length).toBeLessThanOrEqual(2 * bad.length * (1 + Math.log2(64)));
            expect(run.server.items(id)).toEqual(items.filter(({ n }) => typeof n === 'number'));
            expect(run.quarantined(id)).toHaveLength(bad.length);
        }
    });
});

describe('an unknown 400', () => {
    const refusesPoison = (id: string) =>
        run.server.faults.use((call) =>
            call.method === 'POST' && call.path.includes(`${id}/items`) && call.text().includes('poison')
                ? { status: 400, type: 'invalid-input', message: 'Something is wrong.' }
                : undefined,
        );

    it('for one item among good ones puts it into quarantine as rejected', async () => {
        const id = run.freshDataset();
        refusesPoison(id);
        const guard = await openQuickly();
        await guard.pushData([{ n: 1 }, { n: 2, poison: true }, { n: 3 }]);
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
        expect(run.quarantined(id)).toMatchObject([
            {
                item: { n: 2 },
                reason: 'rejected',
                rejectedBy: 'platform',
                errors: [{ message: 'Something is wrong.' }],
            },
        ]);
    });

    it('for the very first item is told from an outage by the next that is accepted', async () => {
        const id = run.freshDataset();
        refusesPoison(id);
        const guard = await openQuickly();
        await guard.pushData({ n: 1, poison: true });
        await guard.flush().catch(() => undefined);
        await guard.pushData({ n: 2 }).catch(async () => {
            await guard.flush().catch(() => undefined);
            await guard.pushData({ n: 2 });
        });
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 2 }]);
        expect(run.quarantined(id)).toMatchObject([{ item: { n: 1 }, reason: 'rejected' }]);
    });

    it('for everything alike is not about the items: nothing is quarantined', async () => {
        const id = run.freshDataset();
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 400 } });
        const guard = await openQuickly();
        await guard.pushData([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
        await expect(guard.flush()).rejects.toMatchObject({ code: 'DELIVERY', keptItems: 4 });
        expect(run.quarantined(id)).toEqual([]);
        run.server.faults.clear();
        await guard.flush();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    });
});

describe('a schema that changes while the run is under way', () => {
    it('is fetched again after the first rejection, and later items are judged by it here', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly();
        await guard.pushData([{ n: 1 }, { n: -1 }]);
        await guard.flush();
        run.server.setSchema({ actorSpecification: 1, fields: STRICTER }, id);
        await guard.pushData([{ n: 2 }, { n: -2 }]);
        await guard.flush();
        const requests = run.server.pushRequests(id).length;
        const result = await guard.pushData([{ n: 3 }, { n: -3 }]);
        await guard.flush();
        expect(result.quarantinedItems).toBe(1);
        expect(run.server.pushRequests(id)).toHaveLength(requests + 1);
        expect(run.server.items(id).map(({ n }) => n)).toEqual([1, -1, 2, 3]);
        expect(run.quarantined(id).map(({ item, rejectedBy }) => [item!.n, rejectedBy])).toEqual([
            [-2, 'platform'],
            [-3, 'guard'],
        ]);
    });
});
