import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RedriveOptions, RedriveResult } from '../../src/index.js';
import { redriveQuarantine } from '../../src/index.js';
import type { RedriveInternals } from '../../src/redrive/redrive-quarantine.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { FIELDS, recordsInQuarantine } from './support/movies-in-quarantine.js';

const internally: (options?: RedriveOptions, internals?: RedriveInternals) => Promise<RedriveResult> =
    redriveQuarantine;

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

/** Records of items whose titles are these. */
function fill(...titles: unknown[]): void {
    const records = recordsInQuarantine(titles.length, dataset);
    const added = run.server.addDataset({ name: quarantine });
    added.items.push(...records.map((record, number) => ({ ...record, item: { number, title: titles[number] } })));
    added.itemCount = records.length;
    added.commits.push({ at: 0, itemCount: records.length });
}

async function redrive(options: RedriveOptions = {}, onItem?: RedriveInternals['onItem']): Promise<RedriveResult> {
    return internally(
        { quarantine, ...options },
        {
            batchItems: 20,
            internal: { listingLagMillis: 200, firstRetryDelayMillis: 1, maxRetries: 2 },
            ...(onItem && { onItem }),
        },
    );
}

const stored = () => run.server.items<{ number: number; title: unknown }>(dataset);

describe('redriveQuarantine with repair', () => {
    it('stores what can be repaired, counts it, and returns the rest as it was', async () => {
        fill(1941, [], 'Alien');
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({
            storedItems: 2,
            repairedItems: 1,
            quarantinedItems: 1,
        });
        expect(stored()).toEqual([
            { number: 0, title: '1941' },
            { number: 2, title: 'Alien' },
        ]);
        expect(run.server.items(quarantine).slice(3)).toMatchObject([{ item: { number: 1, title: [] }, attempt: 2 }]);
    });

    it('repairs what the transform has made', async () => {
        fill(1941);
        const transform = (item: any) => ({ ...item, title: item.title + 1 });
        expect(await redrive({ transform, repair: { coerce: true } })).toMatchObject({ repairedItems: 1 });
        expect(stored()).toEqual([{ number: 0, title: '1942' }]);
    });

    it('keeps the item as it was pushed when what the transform has made cannot be repaired', async () => {
        fill(1941);
        const transform = (item: any) => ({ ...item, title: [item.title] });
        expect(await redrive({ transform, repair: { coerce: true } })).toMatchObject({ quarantinedItems: 1 });
        expect(run.server.items(quarantine)[1]).toMatchObject({ item: { number: 0, title: 1941 } });
    });

    it('tries what failed once more when the repair is another, and not when it is the same', async () => {
        fill(1941, []);
        expect(await redrive()).toMatchObject({ quarantinedItems: 2 });
        expect(await redrive()).toMatchObject({ skipped: { unchanged: 2 } });
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({ storedItems: 1, quarantinedItems: 1 });
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({ skipped: { unchanged: 1 } });
        expect(await redrive({ repair: 'prune' })).toMatchObject({ storedItems: 1, repairedItems: 1 });
        expect(stored()).toEqual([
            { number: 0, title: '1941' },
            { number: 1, title: '' },
        ]);
    });

    it('says in a dry run how many items it would repair, and what they would be, and writes nothing', async () => {
        fill(1941, []);
        const pairs: unknown[] = [];
        const onItem = (_record: unknown, before: unknown, after: unknown) => void pairs.push([before, after]);
        const result = await redrive({ repair: { coerce: true }, dryRun: true }, onItem);
        expect(result).toMatchObject({ storedItems: 1, repairedItems: 1, quarantinedItems: 1 });
        expect(pairs[0]).toEqual([
            { number: 0, title: 1941 },
            { number: 0, title: '1941' },
        ]);
        expect(stored()).toEqual([]);
    });

    it('repairs what only the platform rejects', async () => {
        dataset = run.freshDataset(null, { enforcedFields: FIELDS });
        fill(1941, [], 'Alien');
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({
            storedItems: 2,
            repairedItems: 1,
            quarantinedItems: 1,
        });
        expect(
            stored()
                .map(({ title }) => title)
                .sort(),
        ).toEqual(['1941', 'Alien']);
    });

    it('finds a repaired item again after an outage in the middle of a batch, and stores it once', async () => {
        fill(...Array.from({ length: 30 }, (_, number) => number));
        const path = `${dataset}/items`;
        // The request is stored, but its answer is lost, and the dataset cannot be read.
        run.server.faults.next({ method: 'POST', path, fault: { status: 500, when: 'after' } });
        run.server.faults.next({ method: 'POST', path, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'GET', path, times: 1_000, fault: { status: 500 } });
        await expect(redrive({ repair: { coerce: true } })).rejects.toMatchObject({ code: 'DELIVERY' });
        run.server.faults.clear();
        expect(stored()).toHaveLength(20);
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({ isComplete: true });
        expect(stored().map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, number) => number));
    });

    it('stores an item once that the platform rejected and the repair made valid, when an outage hides whether it is stored', async () => {
        dataset = run.freshDataset(null, { enforcedFields: FIELDS });
        fill(...Array.from({ length: 30 }, (_, number) => number));
        const path = `${dataset}/items`;
        // The items as they are in quarantine are rejected; repaired, they are stored, and the answer is lost.
        run.server.faults.next({ method: 'POST', path, skip: 1, fault: { status: 500, when: 'after' } });
        run.server.faults.next({ method: 'POST', path, skip: 1, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'GET', path, times: 1_000, fault: { status: 500 } });
        await expect(redrive({ repair: { coerce: true } })).rejects.toMatchObject({ code: 'DELIVERY' });
        run.server.faults.clear();
        expect(stored()).toHaveLength(20);
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({ isComplete: true, storedItems: 10 });
        expect(stored().map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, number) => number));
    });

    it('does not send a repaired item before the journal has it', async () => {
        dataset = run.freshDataset(null, { enforcedFields: FIELDS });
        fill(1941);
        // The first write takes the lock, the second one the batch.
        run.server.faults.next({ method: 'PUT', path: '/records/STATE', skip: 1, fault: { status: 403 } });
        await expect(redrive({ repair: { coerce: true } })).rejects.toMatchObject({ code: 'DELIVERY' });
        expect(stored()).toEqual([]);
        expect(await redrive({ repair: { coerce: true } })).toMatchObject({ storedItems: 1, repairedItems: 1 });
        expect(stored()).toEqual([{ number: 0, title: '1941' }]);
    });

    it('refuses an invalid repair', async () => {
        await expect(redrive({ repair: 'mend' as 'prune' })).rejects.toMatchObject({ option: 'repair' });
    });
});
