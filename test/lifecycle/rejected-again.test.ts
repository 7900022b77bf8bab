import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openInNextProcess, openQuickly, unsentKeys } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const SAVED = 'DATASET-GUARD-UNSENT';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

let quarantines = 0;
const fresh = (options = {}) => ({ schema: false as const, quarantine: `again-${++quarantines}`, ...options });
const recorded = (id: string) => run.quarantined(id, `again-${quarantines}`);
const recordedItems = (id: string) => recorded(id).map(({ item }) => item?.n);

/** A first process can send nothing, and saves the items. */
async function leaveBehind(id: string, items: object[], options: object): Promise<void> {
    run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 503 } });
    const guard = await openQuickly(options);
    await guard.pushData(items);
    await emitEvent('migrating', { timeRemainingSecs: 2 });
    run.server.faults.clear();
    expect(unsentKeys(run.server, id).length).toBeGreaterThan(0);
}

/** The next process sends them, and is gone before it can take away what was saved. */
async function sendAndDie(id: string, options: object): Promise<void> {
    run.server.faults.next({ method: 'DELETE', path: SAVED, times: 1_000, fault: { status: 400 } });
    const guard = await openInNextProcess(options);
    await guard.flush();
    run.server.faults.clear();
    expect(unsentKeys(run.server, id).length).toBeGreaterThan(0);
}

describe('an item that the platform rejects once more than one process has had it', () => {
    it.each([
        ['among others', [{ n: 1 }, { n: 'bad' }, { n: 2 }, { n: 'worse' }]],
        ['alone', [{ n: 'bad' }]],
        ['beside one like it', [{ n: 'bad' }, { n: 1 }, { n: 'bad' }]],
    ])('is recorded once: %s', async (_, items) => {
        const id = run.freshDataset(FIELDS);
        const options = fresh();
        await leaveBehind(id, items, options);
        await sendAndDie(id, options);
        await sendAndDie(id, options);
        const last = await openInNextProcess(options);
        await last.close();
        const isGood = ({ n }: { n: unknown }) => typeof n === 'number';
        expect(run.server.items(id)).toEqual(items.filter(isGood));
        expect(recordedItems(id)).toEqual(items.filter((item) => !isGood(item)).map(({ n }) => n));
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('is recorded once although what is left of its batch is saved anew', async () => {
        const id = run.freshDataset(FIELDS);
        const options = fresh();
        await leaveBehind(id, [{ n: 1 }, { n: 'bad' }, { n: 2 }], options);
        // It is named and set aside; the rest of its batch is not stored, and the first record is not taken away.
        run.server.faults.next({ method: 'DELETE', path: SAVED, times: 1_000, fault: { status: 400 } });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, skip: 3, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { status: 400 } });
        await openInNextProcess(options);
        await expect.poll(() => recordedItems(id), { timeout: 10_000 }).toEqual(['bad']);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();

        const last = await openInNextProcess(options);
        await last.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(recordedItems(id)).toEqual(['bad']);
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('is recorded once where the record says something else than the item', async () => {
        const id = run.freshDataset(FIELDS);
        const options = fresh({ redact: ({ secret: _, ...rest }: any) => rest });
        await leaveBehind(id, [{ n: 1 }, { n: 'bad', secret: 'x' }], options);
        await sendAndDie(id, options);
        const last = await openInNextProcess(options);
        await last.close();
        expect(recorded(id).map(({ item }) => item)).toEqual([{ n: 'bad' }]);
    });

    it('is recorded once, and stored once, where it is too large for its record', async () => {
        const id = run.freshDataset(FIELDS);
        const options = fresh({ maxPayloadBytes: 1_024 });
        await leaveBehind(id, [{ n: 1 }, { n: 'x'.repeat(900) }], options);
        await sendAndDie(id, options);
        const last = await openInNextProcess(options);
        await last.close();
        const [record, ...others] = recorded(id);
        expect(others).toEqual([]);
        expect(run.server.record(record!.itemStoreId!, record!.itemKey!)!.value.toString()).toContain('xxx');
    });

    it('is in quarantine all the same where the run has no room to remember that', async () => {
        const id = run.freshDataset(FIELDS);
        const options = fresh();
        await leaveBehind(id, [{ n: 1 }, { n: 'bad' }], options);
        run.server.faults.next({ method: 'PUT', path: SAVED, times: 1_000, fault: { status: 403 } });
        const last = await openInNextProcess(options);
        await last.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(recordedItems(id)).toEqual(['bad']);
    });
});
