import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { Actor } from 'apify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RedriveOptions, RedriveResult } from '../../src/index.js';
import { redriveQuarantine } from '../../src/index.js';
import type { RedriveInternals } from '../../src/redrive/redrive-quarantine.js';
import type { LocalRun } from '../support/local-run.js';
import { startLocalRun, writeFolder } from '../support/local-run.js';

const FIELDS = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
const LENIENT = { type: 'object', properties: { title: { type: ['string', 'number'] } } };

let run: LocalRun;
/** The names of this test's datasets. */
let dataset: string;
let quarantine: string;
let actor: string;
beforeAll(async () => {
    run = await startLocalRun();
});
afterAll(async () => run.stop());
beforeEach(async () => {
    await run.reset();
    actor = `a${randomUUID().slice(0, 8)}`;
    quarantine = `${actor}-quarantine`;
    dataset = await run.fresh(definition(FIELDS));
});

function definition(fields: object): Record<string, unknown> {
    return {
        '.actor/actor.json': { actorSpecification: 1, name: actor, storages: { dataset: './d.json' } },
        '.actor/d.json': { actorSpecification: 1, fields },
    };
}

/** From now on the Actor's folder has this schema. */
async function setSchema(fields: object): Promise<void> {
    await writeFolder(process.cwd(), definition(fields));
}

async function push(...items: unknown[]): Promise<void> {
    const guard = await run.open();
    await guard.pushData(items);
    await guard.close();
}

/** Uses small batches, because the local storage takes long for each item. */
const redriveInternally: (options?: RedriveOptions, internals?: RedriveInternals) => Promise<RedriveResult> =
    redriveQuarantine;

async function redrive(options?: RedriveOptions, internals?: RedriveInternals) {
    const { problems, ...result } = await redriveInternally(options, { batchItems: 100, ...internals });
    return { ...result, problems: [...problems] };
}

const lockFolder = () => `${process.env.CRAWLEE_STORAGE_DIR}/key_value_stores/${quarantine}-redriven`;

/** Writes the lock of another redrive, by default one of this host. */
async function writeLock(holder: object): Promise<void> {
    const lock = { id: 'another', host: hostname(), pid: 1, renewals: 0, at: new Date().toISOString(), ...holder };
    await writeFolder(lockFolder(), { 'LOCK.json': lock });
}

async function append(...records: object[]): Promise<void> {
    await (await Actor.openDataset(quarantine)).pushData(records);
}

const NOTHING = { filtered: 0, unchanged: 0, byTransform: 0, withoutItem: 0, repeated: 0 };
const toText = (item: any) => ({ ...item, title: String(item.title) });

describe('redriveQuarantine, locally', () => {
    it('stores the items that pass the current schema, and does nothing in a second run', async () => {
        await push({ title: 'Alien' }, { title: 1941 }, { title: null }, { title: 1984 });
        await setSchema(LENIENT);
        expect(await redrive()).toEqual({
            readRecords: 3,
            skippedRecords: 0,
            skipped: NOTHING,
            failedRecords: 0,
            storedItems: 2,
            repairedItems: 0,
            quarantinedItems: 1,
            isComplete: true,
            problems: [],
        });
        expect(await run.items(dataset)).toEqual([{ title: 'Alien' }, { title: 1941 }, { title: 1984 }]);
        const records = await run.items(quarantine);
        expect(records).toHaveLength(4);
        expect(records[3]).toMatchObject({
            item: { title: null },
            attempt: 2,
            itemPosition: 2,
            redrive: { position: 1 },
        });

        const again = await redrive();
        expect(again).toMatchObject({ readRecords: 1, storedItems: 0, quarantinedItems: 0 });
        expect(again.skipped).toEqual({ ...NOTHING, unchanged: 1 });
        expect(await run.items(dataset)).toHaveLength(3);
        expect(await run.items(quarantine)).toEqual(records);
    });

    it('stores changed items, leaves records for which transform returns undefined, and tries those with another transform', async () => {
        await push({ title: 1941 }, { title: 1984 }, { title: { de: 'Alien' } });
        const first = await redrive({ transform: (item) => (item.title === 1984 ? undefined : toText(item)) });
        expect(first).toMatchObject({ readRecords: 3, skippedRecords: 1, storedItems: 2, quarantinedItems: 0 });
        expect(first.skipped).toEqual({ ...NOTHING, byTransform: 1 });
        expect(await run.items(dataset)).toEqual([{ title: '1941' }, { title: '[object Object]' }]);

        const second = await redrive({ transform: async (item) => toText(item) });
        expect(second).toMatchObject({ readRecords: 1, storedItems: 1 });
        expect(await run.items(dataset)).toHaveLength(3);
        expect(await redrive({ transform: async (item) => toText(item) })).toMatchObject({ readRecords: 0 });
    });

    it('keeps the original item when the changed one fails, and counts the attempts', async () => {
        await push({ title: 1941 });
        expect(await redrive({ transform: () => ({ title: [] }) })).toMatchObject({ quarantinedItems: 1 });
        expect(await redrive({ transform: () => ({ title: {} }) })).toMatchObject({ quarantinedItems: 1 });
        const records = await run.items(quarantine);
        expect(records.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expect(records.map(({ item }) => item)).toEqual([{ title: 1941 }, { title: 1941 }, { title: 1941 }]);
        expect(await redrive({ transform: toText })).toMatchObject({ readRecords: 1, storedItems: 1 });
        expect(await run.items(dataset)).toEqual([{ title: '1941' }]);
    });

    it('tries a returned item again only when schema or transform changed, or with retry: true', async () => {
        await push({ title: 1941 });
        expect(await redrive()).toMatchObject({ quarantinedItems: 1 });
        expect(await redrive()).toMatchObject({ skippedRecords: 1, quarantinedItems: 0 });
        expect(await redrive({ retry: true })).toMatchObject({
            readRecords: 1,
            skippedRecords: 0,
            quarantinedItems: 1,
        });
        expect((await run.items(quarantine)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        await setSchema(LENIENT);
        expect(await redrive()).toMatchObject({ storedItems: 1 });
        expect(await run.items(dataset)).toEqual([{ title: 1941 }]);
    });

    it('leaves and names a record whose transform throws, and goes on with the others', async () => {
        await push({ title: 1941 }, { title: 1984 });
        const transform = (item: any) => {
            if (item.title === 1941) throw new RangeError('no such year');
            return toText(item);
        };
        expect(await redrive({ transform })).toMatchObject({
            readRecords: 2,
            failedRecords: 1,
            storedItems: 1,
            problems: ['Record 0: RangeError: no such year'],
        });
        expect(await redrive({ transform: toText })).toMatchObject({ readRecords: 1, storedItems: 1 });
        expect(await run.items(dataset)).toEqual([{ title: '1984' }, { title: '1941' }]);
    });

    it('leaves a record whose transform returns something without JSON', async () => {
        await push({ title: 1941 });
        const result = await redrive({ transform: () => () => 'no JSON' });
        expect(result).toMatchObject({ failedRecords: 1, quarantinedItems: 0 });
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 1 });
    });

    it('brings back only the records that reason, run and since select', async () => {
        process.env.ACTOR_RUN_ID = 'first';
        await push({ title: 1 }, 'no object');
        process.env.ACTOR_RUN_ID = 'second';
        await push({ title: 2 });
        delete process.env.ACTOR_RUN_ID;
        const since = (await run.items(quarantine))[2].quarantinedAt;
        expect(await redrive({ transform: toText, reason: 'not-an-object', run: 'second' })).toMatchObject({
            skipped: { filtered: 3 },
        });
        expect(await redrive({ transform: toText, since: new Date(Date.now() + 1_000) })).toMatchObject({
            skipped: { filtered: 3 },
        });
        expect(await redrive({ transform: toText, run: 'second' })).toMatchObject({ storedItems: 1 });
        expect(await redrive({ transform: toText, since })).toMatchObject({ storedItems: 0, skipped: { filtered: 2 } });
        expect(await redrive({ transform: toText, reason: 'schema' })).toMatchObject({ storedItems: 1 });
        expect(await redrive({ transform: (item) => ({ title: item }) })).toMatchObject({
            readRecords: 1,
            storedItems: 1,
        });
        expect(await run.items(dataset)).toEqual([{ title: '2' }, { title: '1' }, { title: 'no object' }]);
    });

    it('fetches an item that was too large from its store, and refers to it when it fails again', async () => {
        const large = { title: 'Alien', text: 'x'.repeat(9_500_000) };
        await push(large, { title: 'Brazil' });
        expect(await redrive()).toMatchObject({ quarantinedItems: 1 });
        const [first, second] = await run.items(quarantine);
        expect(second).toMatchObject({
            reason: 'too-large',
            itemKey: first.itemKey,
            itemBytes: first.itemBytes,
            attempt: 2,
        });
        expect(Object.keys(await run.records(`${quarantine}-items`))).toHaveLength(1);
        const shorten = ({ text, ...item }: any) => ({ ...item, length: text.length });
        expect(await redrive({ transform: shorten })).toMatchObject({ storedItems: 1 });
        expect(await run.items(dataset)).toEqual([{ title: 'Brazil' }, { title: 'Alien', length: 9_500_000 }]);
    });

    it('leaves a record whose item never had JSON', async () => {
        await push({ title: 1n });
        expect(await redrive({ transform: toText })).toMatchObject({ skipped: { withoutItem: 1 }, storedItems: 0 });
    });

    it('sends items to the datasets of their records, or to the dataset that is named', async () => {
        const other = `other-${actor}`;
        for (const name of [undefined, other]) {
            const guard = await run.open({ dataset: name, schema: FIELDS });
            await guard.pushData([{ title: 1 }, { title: 2 }]);
            await guard.close();
        }
        const one = { transform: (item: any) => (item.title === 1 ? toText(item) : undefined) };
        expect(await redrive(one)).toMatchObject({ storedItems: 2 });
        expect(await run.items(dataset)).toEqual([{ title: '1' }]);
        expect(await run.items(other)).toEqual([{ title: '1' }]);
        const third = `third-${actor}`;
        expect(await redrive({ transform: toText, dataset: third })).toMatchObject({ storedItems: 2 });
        expect(await run.items(third)).toEqual([{ title: '2' }, { title: '2' }]);
    });

    it('counts what would happen and writes nothing in a dry run', async () => {
        await push({ title: 1941 }, { title: 1984 }, 'no object');
        const before = await run.items(quarantine);
        const transform = (item: any) => (item.title === 1941 ? toText(item) : item);
        expect(await redrive({ transform, dryRun: true })).toMatchObject({
            readRecords: 3,
            storedItems: 1,
            quarantinedItems: 2,
        });
        expect(await run.items(dataset)).toEqual([]);
        expect(await run.items(quarantine)).toEqual(before);
        expect(await run.records(`${quarantine}-redriven`)).toEqual({});
        expect(await redrive({ transform })).toMatchObject({ storedItems: 1, quarantinedItems: 2 });
    });

    it('keeps its journal compact, and beside the quarantine', async () => {
        await push(...Array.from({ length: 250 }, (_, title) => ({ title })));
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 250 });
        expect((await run.items(dataset)).map(({ title }) => Number(title))).toEqual(
            Array.from({ length: 250 }, (_, title) => title),
        );
        const records = await run.records(`${quarantine}-redriven`);
        expect(Object.keys(records)).toEqual(['STATE.json']);
        expect(JSON.parse(records['STATE.json']!)).toMatchObject({ redriven: '0,250' });
        expect(records['STATE.json']!.length).toBeLessThan(300);
    });

    it('stops between two batches when the signal is aborted, and continues in the next run', async () => {
        await push(...Array.from({ length: 250 }, (_, title) => ({ title })));
        const controller = new AbortController();
        const stopped = await redrive({
            transform: toText,
            signal: controller.signal,
            onProgress: ({ storedItems }) => {
                if (storedItems >= 100) controller.abort();
            },
        });
        expect(stopped).toMatchObject({ isComplete: false, storedItems: 100 });
        expect(await redrive({ transform: toText })).toMatchObject({ isComplete: true, storedItems: 150 });
        expect(await run.items(dataset)).toHaveLength(250);
    });

    it('refuses to begin while another redrive is at work', async () => {
        await push({ title: 1941 });
        let second: Promise<unknown> | undefined;
        const first = redrive({
            transform: async (item) => {
                second ??= redrive({ transform: toText });
                await expect(second).rejects.toThrow(
                    expect.objectContaining({
                        code: 'REDRIVE',
                        message: expect.stringContaining('is being redriven by'),
                    }),
                );
                return toText(item);
            },
        });
        expect(await first).toMatchObject({ storedItems: 1 });
        expect(await run.items(dataset)).toEqual([{ title: '1941' }]);
    });

    it('takes over the lock of a process of this host that is gone', async () => {
        await push({ title: 1941 });
        // No process has the number 2^22 or a higher one.
        await writeLock({ pid: 2 ** 22 + 1 });
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 1 });
        expect(Object.keys(await run.records(`${quarantine}-redriven`))).toEqual(['STATE.json']);
    });

    it('refuses to begin while another process of this host holds the lock, and names that process', async () => {
        await push({ title: 1941 });
        await writeLock({ pid: process.ppid });
        await expect(redrive({ transform: toText })).rejects.toThrow(
            new RegExp(`is being redriven by process ${process.ppid} on .*delete record LOCK of key-value store "`),
        );
        expect(await run.items(dataset)).toEqual([]);
    });

    it('takes over the lock of another host, however new it looks, once it was not renewed for long enough', async () => {
        await push({ title: 1941 });
        await writeLock({ host: 'elsewhere', at: new Date(Date.now() + 3_600_000).toISOString() });
        const lockTimes = { deadMillis: 300, pollMillis: 20 };
        expect(await redrive({ transform: toText }, { lockTimes })).toMatchObject({ storedItems: 1 });
    });

    it('does not take over the lock of another host, however old it looks, while it is renewed', async () => {
        await push({ title: 1941 });
        const at = new Date(0).toISOString();
        let renewals = 0;
        await writeLock({ host: 'elsewhere', at, renewals });
        const lockTimes = { deadMillis: 20_000, pollMillis: 20 };
        const refused = expect(redrive({ transform: toText }, { lockTimes })).rejects.toMatchObject({
            code: 'REDRIVE',
        });
        const renewing = setInterval(() => void writeLock({ host: 'elsewhere', at, renewals: ++renewals }), 50);
        await refused.finally(() => clearInterval(renewing));
        expect(await run.items(dataset)).toEqual([]);
    });

    it('takes over a lock record that no redrive has written', async () => {
        await push({ title: 1941 });
        await writeFolder(lockFolder(), { 'LOCK.json': null });
        const lockTimes = { deadMillis: 100, pollMillis: 20 };
        expect(await redrive({ transform: toText }, { lockTimes })).toMatchObject({ storedItems: 1 });
    });

    it('stores an item once whose record was written twice, also when the repeat comes after the redrive', async () => {
        await push({ title: 1941 }, { title: 1984 });
        const [first, second] = await run.items(quarantine);
        await append(first);
        expect(await redrive({ transform: toText })).toMatchObject({
            readRecords: 3,
            storedItems: 2,
            skippedRecords: 1,
            skipped: { ...NOTHING, repeated: 1 },
        });
        await append(second);
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 0, skipped: { repeated: 1 } });
        expect(await redrive({ transform: toText })).toMatchObject({ readRecords: 0 });
        expect(await run.items(dataset)).toEqual([{ title: '1941' }, { title: '1984' }]);
    });

    it('leaves a repeat as long as the first record with its id is left', async () => {
        await push({ title: 1941 });
        await append(...(await run.items(quarantine)));
        const skipped = { ...NOTHING, byTransform: 1, repeated: 1 };
        expect(await redrive({ transform: () => undefined })).toMatchObject({ readRecords: 2, skipped });
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 1, skipped: { repeated: 1 } });
        expect(await redrive({ transform: toText })).toMatchObject({ readRecords: 0 });
    });

    it('gives the record of an item that fails again an id of its own, so that it is no repeat', async () => {
        await push({ title: 1941 });
        for (let attempt = 2; attempt <= 4; attempt++) {
            expect(await redrive({ retry: true })).toMatchObject({ readRecords: 1, quarantinedItems: 1 });
        }
        const records = await run.items(quarantine);
        expect(new Set(records.map(({ id }) => id)).size).toBe(4);
        expect(await redrive({ transform: toText })).toMatchObject({ readRecords: 1, storedItems: 1 });
    });

    it('counts an item that is no quarantine record as failed', async () => {
        await push({ title: 'Alien' });
        const result = await redrive({ quarantine: dataset });
        expect(result).toMatchObject({ failedRecords: 1, problems: ['Record 0: it is no quarantine record.'] });
    });

    it('refuses the quarantine as the dataset that items go to, and leaves its records', async () => {
        await push({ title: 1941 });
        await expect(redrive({ dataset: quarantine, transform: toText })).rejects.toThrow(
            'Option "dataset" is the quarantine that the items come from.',
        );
        expect(await run.items(quarantine)).toHaveLength(1);
        expect(await redrive({ transform: toText })).toMatchObject({ storedItems: 1 });
    });

    it.each([
        [{ quarantine: 'unheard-of' }, 'There is no quarantine dataset "unheard-of" in the local storage.'],
        [{ reason: 'bad' }, 'Option "reason" must be schema, too-large,'],
        [{ since: 'yesterday' }, 'Option "since" must be a date'],
        [{ transform: './fix.js' }, 'Option "transform" must be a function, but got: string.'],
        [{ unheard: 1 }, 'Unknown option "unheard"'],
    ])('refuses %j', async (options, message) => {
        await expect(redriveQuarantine(options as RedriveOptions)).rejects.toThrow(message);
    });
});
