import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import type { SnapshotHead } from '../../src/run-end/snapshot.js';
import { parseHead } from '../../src/run-end/snapshot.js';
import type { PlatformRun } from '../support/platform-run.js';
import { accountedItems, startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openBeside, openInNextProcess, openQuickly } from './support/run-events.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => {
    await run.reset();
    for (const key of run.server.records().keys()) run.server.setRecord(key, '', 'text/plain');
});
afterAll(async () => run.stop());

const UNIQUE = { unique: 'url', ack: 'stored' } as const;

const items = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ url: `u${from + n}` }));
const urls = (id: string) => run.server.items<{ url: string }>(id).map(({ url }) => url);
const expected = (from: number, to: number) => items(from, to).map(({ url }) => url);

function heads(id: string): SnapshotHead[] {
    return [...run.server.records()]
        .filter(([key]) => key.startsWith(`DATASET-GUARD-STATE-${id}-`))
        .map(([, { value }]) => parseHead(value.toString()));
}

/** The records of keys that the heads name, with their bytes. */
function keyRecords(id: string): [key: string, bytes: number][] {
    const named = heads(id).flatMap(({ keys }) => keys?.pieces.map(({ key }) => key) ?? []);
    return named.map((key) => [key, run.server.records().get(key)!.value.length]);
}

describe('the keys of stored items', () => {
    it('are known to the next process of a run that migrates', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 500));
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        const next = await openInNextProcess(UNIQUE);
        expect(await next.pushData(items(400, 600))).toMatchObject({ acceptedItems: 100, duplicateItems: 100 });
        expect(urls(id)).toEqual(expected(0, 600));
        expect(next.report()).toMatchObject({ receivedItems: 700, storedItems: 600, duplicateItems: 100 });
        expect(next.report().duplicates).toMatchObject({ found: 100 });
        await next.close();
    });

    it('are known to a run that is resurrected after its end', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 50));
        await guard.close();
        const next = await openInNextProcess(UNIQUE);
        expect(await next.pushData(items(0, 60))).toMatchObject({ acceptedItems: 10, duplicateItems: 50 });
        expect(urls(id)).toEqual(expected(0, 60));
        await next.close();
    });

    it('are read back from the dataset as far as they were not saved before the process was killed', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 200));
        await emitEvent('persistState');
        await guard.pushData(items(200, 900));
        run.server.resetLogs();
        const next = await openInNextProcess(UNIQUE);
        // What is known from the saved keys is not read again.
        const offsets = run.server.listings(id).map(({ offset }) => offset);
        expect(offsets[0]).toBe(200);
        expect(Math.min(...offsets)).toBe(200);
        expect(await next.pushData(items(0, 1_000))).toMatchObject({ acceptedItems: 100, duplicateItems: 900 });
        expect(urls(id)).toEqual(expected(0, 1_000));
        await next.close();
    });

    it('are read back where the process was killed before it saved any', async () => {
        const id = run.freshDataset();
        await (await openQuickly(UNIQUE)).pushData(items(0, 20));
        const next = await openInNextProcess(UNIQUE);
        expect(await next.pushData(items(0, 21))).toMatchObject({ acceptedItems: 1, duplicateItems: 20 });
        expect(urls(id)).toEqual(expected(0, 21));
        await next.close();
    });

    it('are unknown to another run on the same storages, which removes them', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 5));
        await guard.close();
        const [[key]] = keyRecords(id) as [[string, number]];
        vi.stubEnv('ACTOR_RUN_ID', 'AnotherRun');
        onTestFinished(() => void vi.unstubAllEnvs());
        const next = await openInNextProcess(UNIQUE);
        expect(await next.pushData(items(0, 5))).toMatchObject({ acceptedItems: 5, duplicateItems: 0 });
        expect(run.server.records().has(key)).toBe(false);
        await next.close();
    });

    it('are saved in records that never change, each time only what is new, and small ones are merged', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        const contents = new Map<string, string>();
        for (let round = 0; round < 4; round++) {
            await guard.pushData(items(round * 10_000, (round + 1) * 10_000));
            await emitEvent('persistState');
            for (const [key] of keyRecords(id)) {
                const text = run.server.records().get(key)!.value.toString();
                expect(contents.get(key) ?? text).toBe(text);
                contents.set(key, text);
            }
        }
        // 10,000 keys are 80,000 bytes: the second record of keys is that of the first and of what was new.
        const keyBytes = keyRecords(id).map(([, bytes]) => Math.round((bytes * 3) / 4));
        expect(keyBytes.map((bytes) => Math.round(bytes / 8))).toEqual([20_000, 20_000]);
        const inStore = [...run.server.records().keys()].filter((key) => key.startsWith('DATASET-GUARD-KEYS-'));
        expect(keyRecords(id).every(([key]) => inStore.includes(key))).toBe(true);
        await emitEvent('persistState');
        expect(keyRecords(id)).toHaveLength(2);
        await guard.close();
    });

    it('cost only duplicates where their record is damaged, and a warning', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 20));
        await guard.close();
        const [[key]] = keyRecords(id) as [[string, number]];
        run.server.setRecord(key, 'AAAA', 'text/plain');
        const next = await openInNextProcess(UNIQUE);
        await next.pushData(items(0, 20));
        expect(run.server.items(id)).toHaveLength(40);
        await next.close();
    });

    it.each([
        ['another field', 'id', 'parent'],
        ['another function', (item: any) => `${item.id}`, (item: any) => `${item.parent}`],
    ] as const)('make nothing a duplicate in a process whose unique is %s', async (_what, before, after) => {
        const id = run.freshDataset();
        const guard = await openQuickly({ unique: before, ack: 'stored' });
        await guard.pushData([{ id: 1 }, { id: 2 }]);
        await guard.close();
        const next = await openInNextProcess({ unique: after, ack: 'stored' });
        const items = [
            { id: 3, parent: 2 },
            { id: 4, parent: 2 },
        ];
        expect(await next.pushData(items)).toMatchObject({ acceptedItems: 1, duplicateItems: 1 });
        expect(run.server.items(id)).toEqual([{ id: 1 }, { id: 2 }, items[0]]);
        await next.close();
    });

    it('are known to both of two guards on the dataset, where the run goes on with two', async () => {
        const id = run.freshDataset();
        const [one, two] = [await openQuickly(UNIQUE), await openQuickly({ ...UNIQUE, unique: 'id' })];
        await one.pushData([{ url: 'a' }]);
        await two.pushData([{ id: 'b' }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        const nextOne = await openInNextProcess(UNIQUE);
        const nextTwo = await openBeside(nextOne, { ...UNIQUE, unique: 'id' });
        expect(await nextOne.pushData([{ url: 'a' }, { url: 'b' }])).toMatchObject({ duplicateItems: 1 });
        expect(await nextTwo.pushData([{ id: 'a' }, { id: 'b' }])).toMatchObject({ duplicateItems: 1 });
        expect(run.server.items(id)).toEqual([{ url: 'a' }, { id: 'b' }, { url: 'b' }, { id: 'a' }]);
        await Promise.all([nextOne.close(), nextTwo.close()]);
    });

    it('are removed by a process that has no use for them', async () => {
        const id = run.freshDataset();
        const guard = await openQuickly(UNIQUE);
        await guard.pushData(items(0, 20));
        await guard.close();
        const [[key]] = keyRecords(id) as [[string, number]];
        const next = await openInNextProcess();
        await next.close();
        expect(keyRecords(id)).toEqual([]);
        expect(run.server.records().has(key)).toBe(false);
    });
});

describe('items that were saved with the run', () => {
    it.each([
        ['were not sent', { status: 403 }],
        ['were stored without an answer', { when: 'after', hang: true }],
    ] as const)('are no duplicates of themselves in its next process, where they %s', async (_what, fault) => {
        const id = run.freshDataset();
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault });
        const guard = await openQuickly({ unique: 'url', flushIntervalMillis: 600_000 });
        await guard.pushData([...items(0, 3), ...items(0, 3)]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        expect(guard.report()).toMatchObject({ receivedItems: 6, pendingItems: 6 });
        const next = await openInNextProcess(UNIQUE);
        expect(await next.pushData(items(0, 4))).toMatchObject({ acceptedItems: 1, duplicateItems: 3 });
        await next.flush();
        expect(urls(id).sort()).toEqual(expected(0, 4));
        const report = next.report();
        expect(report).toMatchObject({ receivedItems: 10, storedItems: 4, duplicateItems: 6, pendingItems: 0 });
        expect(accountedItems(report)).toBe(10);
        await next.close();
    });
});
