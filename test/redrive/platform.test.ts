import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RedriveOptions, RedriveResult } from '../../src/index.js';
import { redriveQuarantine } from '../../src/index.js';
import type { RedriveInternals } from '../../src/redrive/redrive-quarantine.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { FIELDS, recordsInQuarantine, takeAccount, outcomeOf } from './support/movies-in-quarantine.js';

const internally: (options?: RedriveOptions, internals?: RedriveInternals) => Promise<RedriveResult> =
    redriveQuarantine;
const INTERNALS: RedriveInternals = {
    batchItems: 20,
    internal: { listingLagMillis: 200, firstRetryDelayMillis: 1, maxRetries: 2 },
};

let run: PlatformRun;
let dataset: string;
let quarantine: string;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());
beforeEach(() => {
    dataset = run.freshDataset(FIELDS);
    quarantine = `q${randomUUID().slice(0, 8)}`;
});

function fill(records: unknown[]): void {
    const added = run.server.addDataset({ name: quarantine });
    added.items.push(...records);
    added.itemCount = records.length;
    added.commits.push({ at: 0, itemCount: records.length });
}

async function redrive(options: RedriveOptions = {}): Promise<RedriveResult> {
    return internally({ quarantine, ...options }, INTERNALS);
}

/** Mends most items, leaves some to the quarantine, and returns others unchanged. */
function mend(item: any): unknown {
    if (outcomeOf(item.number) === 'returned') return item;
    return outcomeOf(item.number) === 'left' ? undefined : { ...item, title: String(item.title) };
}

describe('redriveQuarantine, in a run on the platform', () => {
    it("stores items in the run's default dataset, and returns the rest with the fields of their records", async () => {
        const records = recordsInQuarantine(60, 'AnotherDataset001');
        fill(records);
        const result = await redrive({ transform: mend });
        expect(result).toMatchObject({ readRecords: 60, failedRecords: 0, isComplete: true });
        expect(takeAccount(60, run.server.items(dataset), run.server.items(quarantine))).toEqual({
            wrong: [],
            strange: [],
        });
        const [first] = run.server.items(quarantine).slice(60);
        const { item, request, actorRunId, itemBytes, itemPosition } = records[3]!;
        expect(first).toMatchObject({
            item,
            request,
            actorRunId,
            itemBytes,
            itemPosition,
            attempt: 2,
            datasetId: dataset,
        });
        expect(await redrive({ transform: mend })).toMatchObject({ storedItems: 0, quarantinedItems: 0 });
    });

    it('returns items that only the platform rejects, and does not try them again with the same schema and transform', async () => {
        dataset = run.freshDataset(null, { enforcedFields: FIELDS });
        fill(recordsInQuarantine(30, dataset));
        const result = await redrive({ transform: mend });
        expect(result.problems).toEqual([]);
        expect(takeAccount(30, run.server.items(dataset), run.server.items(quarantine))).toEqual({
            wrong: [],
            strange: [],
        });
        expect(run.server.items(quarantine).slice(30)).toMatchObject(
            Array.from({ length: 4 }, () => ({ rejectedBy: 'platform', attempt: 2, reason: 'schema' })),
        );
        expect(await redrive({ transform: mend })).toMatchObject({ quarantinedItems: 0, skipped: { unchanged: 4 } });
    });

    it('continues after outages in the middle of a batch, and stores each item once', async () => {
        fill(recordsInQuarantine(100, dataset));
        const path = `${dataset}/items`;
        // The request is stored, but its answer is lost, and the dataset cannot be read.
        run.server.faults.next({ method: 'POST', path, fault: { status: 500, when: 'after' } });
        run.server.faults.next({ method: 'POST', path, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'GET', path, times: 1_000, fault: { status: 500 } });
        await expect(redrive({ transform: mend })).rejects.toMatchObject({ code: 'DELIVERY' });
        run.server.faults.clear();
        expect(run.server.items(dataset), 'the first batch without what returns').toHaveLength(17);
        for (const fault of [{ status: 503 }, { status: 403 }]) {
            run.server.faults.next({ method: 'POST', path, skip: 1, times: 1_000, fault });
            await expect(redrive({ transform: mend })).rejects.toMatchObject({ code: 'DELIVERY' });
            run.server.faults.clear();
        }
        expect(await redrive({ transform: mend })).toMatchObject({ isComplete: true });
        expect(takeAccount(100, run.server.items(dataset), run.server.items(quarantine))).toEqual({
            wrong: [],
            strange: [],
        });
    });

    it('continues after the quarantine could not be written', async () => {
        fill(recordsInQuarantine(100, dataset));
        const { id } = run.server.dataset(quarantine)!;
        run.server.faults.next({ method: 'POST', path: `${id}/items`, skip: 1, times: 1_000, fault: { status: 403 } });
        await expect(redrive({ transform: mend })).rejects.toMatchObject({ code: 'QUARANTINE' });
        run.server.faults.clear();
        expect(await redrive({ transform: mend })).toMatchObject({ isComplete: true });
        expect(takeAccount(100, run.server.items(dataset), run.server.items(quarantine))).toEqual({
            wrong: [],
            strange: [],
        });
        // A record stored with the run would be lost to the next redrive.
        expect([...run.server.records().keys()].filter((key) => key.includes('QUARANTINE'))).toEqual([]);
    });

    it('ends although somebody else writes to the quarantine without a pause, and leaves those records to the next', async () => {
        fill(recordsInQuarantine(30, dataset));
        let others = 0;
        run.server.faults.use(({ method, path }) => {
            if (method === 'GET' && path.endsWith('/items')) {
                // Each is a record of its own that the transform leaves.
                const records = recordsInQuarantine(50, dataset).map((record) => ({ ...record, item: { number: 5 } }));
                run.server.append(records, quarantine);
                others += records.length;
            }
            return undefined;
        });
        const result = await redrive({ transform: mend });
        run.server.faults.clear();
        expect(result).toMatchObject({ isComplete: true, failedRecords: 0 });
        const { wrong } = takeAccount(30, run.server.items(dataset), run.server.items(quarantine));
        expect(wrong).toEqual([]);
        expect(result.readRecords).toBeLessThan(30 + others);
    });

    it('finds the records that an interrupted redrive has returned among those of a busy writer', async () => {
        fill(recordsInQuarantine(20, dataset));
        const path = `${dataset}/items`;
        // The failing items are back in quarantine by then, and the others are not stored.
        run.server.faults.next({ method: 'POST', path, times: 1_000, fault: { status: 503 } });
        await expect(redrive({ transform: mend })).rejects.toMatchObject({ code: 'DELIVERY' });
        run.server.faults.clear();
        const returned = run.server.items(quarantine).length - 20;
        expect(returned).toBeGreaterThan(0);
        run.server.faults.use(({ method, path: called }) => {
            if (method === 'GET' && called.endsWith('/items')) {
                const records = recordsInQuarantine(200, dataset).map((record) => ({ ...record, item: { number: 5 } }));
                run.server.append(records, quarantine);
            }
            return undefined;
        });
        expect(await redrive({ transform: mend })).toMatchObject({ isComplete: true, failedRecords: 0 });
        run.server.faults.clear();
        expect(takeAccount(20, run.server.items(dataset), run.server.items(quarantine))).toEqual({
            wrong: [],
            strange: [],
        });
    });

    it('stores an item once whose record was written twice, and asks for ids alone of what it has redriven', async () => {
        const records = recordsInQuarantine(60, dataset);
        fill([...records, records[0]]);
        const asText = (item: any): unknown => ({ ...item, title: String(item.title) });
        expect(await redrive({ transform: asText })).toMatchObject({ storedItems: 60, skipped: { repeated: 1 } });
        run.server.append([records[58]], quarantine);
        const asked: string[] = [];
        run.server.faults.use(({ method, path, query }) => {
            if (method === 'GET' && path.endsWith('/items')) asked.push(query.get('fields') ?? '');
            return undefined;
        });
        expect(await redrive({ transform: asText })).toMatchObject({
            readRecords: 1,
            storedItems: 0,
            skipped: { repeated: 1 },
        });
        expect(run.server.items(dataset)).toHaveLength(60);
        expect(asked.filter((fields) => fields === 'id')).toHaveLength(1);
    });

    it('refuses to begin when the journal has another version', async () => {
        fill(recordsInQuarantine(5, dataset));
        await redrive({ transform: mend, reason: 'rejected' });
        await redrive({ transform: mend });
        const records = run.server.records(`${quarantine}-redriven`);
        records.set('STATE', { value: Buffer.from('{"version":2}'), contentType: 'application/json' });
        await expect(redrive()).rejects.toThrow('The journal of redrives cannot be parsed');
    });
});
