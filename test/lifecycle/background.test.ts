import { log } from 'apify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openQuickly } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
let lines: string[] = [];
const said = (words: string) => lines.filter((line) => line.includes(words));

beforeAll(async () => {
    run = await startPlatformRun();
    log.getOptions().logger!.on('line', (line: string) => lines.push(line));
});
beforeEach(() => {
    lines = [];
    log.setLevel(log.LEVELS.INFO);
});
afterEach(async () => {
    log.setLevel(log.LEVELS.OFF);
    await run.reset();
});
afterAll(async () => run.stop());

describe('a request that fails in the background', () => {
    const dead = (id: string) =>
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 503 } });

    it('is logged once, rejects what is called next, and is over once flush() succeeds', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ flushIntervalMillis: 10 }, { maxRetries: 1 });
        dead(id);
        await guard.pushData({ n: 1 });
        await expect.poll(() => said('Items could not be stored').length, { timeout: 10_000 }).toBe(1);
        // Once a minute the SDK's event makes the guard try again.
        for (let minute = 0; minute < 3; minute++) await emitEvent('persistState');
        await expect(guard.pushData({ n: 2 })).rejects.toMatchObject({ code: 'DELIVERY', keptItems: 1 });
        await expect(guard.flush()).rejects.toMatchObject({ code: 'DELIVERY' });
        await expect(guard.close()).rejects.toMatchObject({ code: 'DELIVERY' });
        // The second line is that of close(), which says how the run went.
        expect(said('Items could not be stored')).toHaveLength(2);

        run.server.faults.clear();
        await guard.flush();
        await guard.pushData({ n: 3 });
        expect(await guard.close()).toMatchObject({ storedItems: 2, pendingItems: 0 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
    });

    it('is logged again when it is another outage', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ flushIntervalMillis: 60_000 }, { maxRetries: 0 });
        for (const n of [1, 2]) {
            dead(id);
            await guard.pushData({ n });
            await expect(guard.flush()).rejects.toMatchObject({ code: 'DELIVERY' });
            run.server.faults.clear();
            await guard.flush();
        }
        expect(said('Items could not be stored')).toHaveLength(2);
    });
});

describe('a quarantine dataset', () => {
    const push = async (quarantine: string, tuning = {}) => {
        const guard = await openQuickly({ quarantine, flushIntervalMillis: 60_000 }, tuning);
        for (const n of ['a', 'b', 'c']) {
            await guard.pushData({ n });
            await guard.flush();
        }
        await guard.pushData({ n: 1 });
        expect(await guard.close()).toMatchObject({ storedItems: 1, quarantinedItems: 3, pendingItems: 0 });
    };
    const recorded = (id: string, quarantine: string) => run.quarantined(id, quarantine).map(({ item }) => item!.n);

    it("whose name is somebody else's is replaced by the run's own store, with one error", async () => {
        const id = run.freshDataset(FIELDS);
        run.server.addDataset({ id: 'SomebodysDataset1', name: 'somebodys', readOnly: true });
        await push('somebodys');
        expect(recorded(id, 'somebodys')).toEqual(['a', 'b', 'c']);
        expect(said('The quarantine dataset cannot be written')).toHaveLength(1);
        // What is refused once is not tried again.
        expect(run.server.pushRequests('somebodys')).toHaveLength(1);
    });

    it('that dies half-way keeps what it has; the rest goes beside it', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith('/items') && !path.includes(id) && run.server.items('dying').length > 0
                ? { status: 503 }
                : undefined,
        );
        await push('dying', { maxRetries: 1 });
        expect(run.server.items<{ item: any }>('dying').map(({ item }) => item.n)).toEqual(['a']);
        expect(recorded(id, 'dying')).toEqual(['a', 'b', 'c']);
        expect(said('The quarantine dataset cannot be written')).toHaveLength(1);
    });

    it('that loses answers has each record once', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({
            method: 'POST',
            path: /datasets\/\w+\/items/,
            times: 2,
            fault: { cut: true, when: 'after' },
        });
        await push('losing');
        expect(recorded(id, 'losing')).toEqual(['a', 'b', 'c']);
    });
});

describe('tolerance', () => {
    it('of no item at all means not one: the first is still recorded, and the next push rejects', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ tolerance: { maxItems: 0 } });
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        await guard.pushData({ n: 'bad' });
        await expect(guard.pushData({ n: 3 })).rejects.toMatchObject({
            code: 'TOLERANCE_EXCEEDED',
            quarantinedItems: 1,
        });
        await guard.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(run.quarantined(id)).toHaveLength(1);
    });

    it('stops in the middle of a large array instead of filling the quarantine', async () => {
        run.freshDataset(FIELDS);
        const guard = await openQuickly({ tolerance: { maxItems: 3 } });
        const push = guard.pushData(Array.from({ length: 1_000 }, () => ({ n: 'bad' })));
        await expect(push).rejects.toThrow('4 × /n must be a number');
        await guard.close();
        expect(guard.report()).toMatchObject({ receivedItems: 4, quarantinedItems: 4 });
    });
});

describe('an array of which a part was taken', () => {
    it('is told how much, when the quarantine cannot be written: that part must not be pushed again', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ maxPayloadBytes: 4_096, flushIntervalMillis: 60_000 }, { maxRetries: 0 });
        const isRefused = ({ method, path }: { method: string; path: string }) =>
            (method === 'POST' && path.includes('/datasets') && !path.includes(id)) ||
            (method !== 'GET' && path.includes('/records/'));
        run.server.faults.use((call) => (isRefused(call) ? { status: 403 } : undefined));
        // Four of them are more than may be pending.
        const bad = { n: 'bad', text: 'x'.repeat(1_200) };
        const items = [{ n: 1 }, { n: 2 }, bad, bad, bad, bad, { n: 3 }];
        await expect(guard.pushData(items)).rejects.toMatchObject({ code: 'QUARANTINE', unstored: [6] });
        const unstored = [0, 1, 2, 3, 4, 5, 6];
        await expect(guard.pushData(items)).rejects.toMatchObject({ code: 'QUARANTINE', unstored });

        run.server.faults.clear();
        await guard.flush();
        await guard.pushData(items.slice(6));
        expect(await guard.close()).toMatchObject({ receivedItems: 7, storedItems: 3, quarantinedItems: 4 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(run.quarantined(id)).toHaveLength(4);
    });

    it('is told how much, when more is in quarantine than is tolerated', async () => {
        run.freshDataset(FIELDS);
        const guard = await openQuickly({ tolerance: { maxItems: 1 }, flushIntervalMillis: 60_000 });
        const items = [{ n: 1 }, { n: 'bad' }, { n: 'bad' }, { n: 2 }];
        await expect(guard.pushData(items)).rejects.toMatchObject({ code: 'TOLERANCE_EXCEEDED', unstored: [3] });
        expect(await guard.close()).toMatchObject({ receivedItems: 3, storedItems: 1, quarantinedItems: 2 });
    });
});
