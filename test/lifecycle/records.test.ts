import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openInNextProcess, openQuickly, savedItems, unsentKeys } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

let quarantines = 0;
const fresh = () => ({ flushIntervalMillis: 60_000, quarantine: `records-${++quarantines}` });
const recorded = (id: string) => run.quarantined(id, `records-${quarantines}`).map(({ item }) => item?.n);

describe('records whose request was under way when the run moved', () => {
    it.each([
        ['was stored', { hang: true, when: 'after' }],
        ['was not stored', { hang: true }],
    ] as const)('are in quarantine once: it %s', async (_, fault) => {
        const id = run.freshDataset(FIELDS);
        const options = fresh();
        const before = await openQuickly(options);
        await before.pushData({ n: 'first' });
        await before.flush();
        run.server.faults.next({ method: 'POST', path: /datasets\/\w+\/items/, fault });
        await before.pushData([{ n: 'a' }, { n: 'b' }, { n: 'b' }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        expect(savedItems(run.server, id).map(({ n }) => n)).toEqual(['a', 'b', 'b']);
        expect(unsentKeys(run.server, id)).toHaveLength(1);

        const after = await openInNextProcess(options);
        await after.pushData({ n: 'c' });
        const report = await after.close();
        expect(recorded(id)).toEqual(['first', 'a', 'b', 'b', 'c']);
        expect(report).toMatchObject({ receivedItems: 5, quarantinedItems: 5, pendingItems: 0 });
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('are sent where the quarantine holds nothing of them, though others were stored meanwhile', async () => {
        const id = run.freshDataset(FIELDS);
        const options = fresh();
        const before = await openQuickly(options);
        run.server.faults.next({ path: /datasets\/\w+\/items/, times: 100, fault: { status: 503 } });
        await before.pushData({ n: 'a' });
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        const after = await openInNextProcess(options);
        await after.close();
        expect(recorded(id)).toEqual(['a']);
    });
});

describe('an item that is too large for a record', () => {
    const LARGE = { n: 'x'.repeat(3_000) };

    it("goes to the run's own store where the named one refuses it", async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.use(({ method, path }) =>
            method === 'PUT' && path.includes('/records/item-') && !path.includes(run.server.ids.keyValueStoreId)
                ? { status: 403 }
                : undefined,
        );
        const guard = await openQuickly({ ...fresh(), maxPayloadBytes: 1_024 });
        await guard.pushData([LARGE, { n: 1 }, LARGE]);
        await guard.flush();
        const records = run.quarantined(id, `records-${quarantines}`);
        expect(records.map(({ itemStoreId }) => itemStoreId)).toEqual([1, 2].map(() => run.server.ids.keyValueStoreId));
        for (const { itemStoreId, itemKey } of records) {
            expect(run.server.record(itemStoreId!, itemKey!)!.value.toString()).toBe(JSON.stringify(LARGE));
        }
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });

    it('is kept while no store can be had, and goes there once that has passed', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: /\/key-value-stores/, times: 1_000, fault: { status: 403 } });
        const guard = await openQuickly({ ...fresh(), maxPayloadBytes: 1_024 });
        await guard.pushData([LARGE]).catch(() => undefined);
        await expect(guard.flush()).rejects.toMatchObject({ code: 'QUARANTINE' });
        run.server.faults.clear();
        await guard.flush();
        expect(run.quarantined(id, `records-${quarantines}`)).toHaveLength(1);
    });
});
