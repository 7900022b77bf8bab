import { createHash } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { QuarantineRecord } from '../src/index.js';
import type { PlatformRun } from './support/platform-run.js';
import { QUARANTINE, startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('a quarantine record', () => {
    it('says what failed, why, where and when', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        const before = Date.now();
        await guard.pushData([{ n: 1 }, { n: 'ü', text: 'kept' }]);
        await guard.close();
        const [record] = run.quarantined(id);
        expect(record).toEqual({
            id: expect.stringMatching(/^[\da-f-]{36}$/),
            item: { n: 'ü', text: 'kept' },
            itemBytes: Buffer.byteLength('{"n":"ü","text":"kept"}'),
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [
                {
                    instancePath: '/n',
                    schemaPath: '#/properties/n/type',
                    keyword: 'type',
                    params: { type: 'number' },
                    message: 'must be number',
                },
            ],
            itemPosition: 1,
            datasetId: id,
            actorId: run.server.ids.actorId,
            actorRunId: run.server.ids.runId,
            actorBuildId: run.server.ids.buildId,
            schemaHash: createHash('sha256').update(JSON.stringify(FIELDS)).digest('hex'),
            attempt: 1,
            quarantinedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        });
        expect(Date.parse(record!.quarantinedAt)).toBeGreaterThanOrEqual(before);
        expect(Date.parse(record!.quarantinedAt)).toBeLessThanOrEqual(Date.now());
    });

    it('counts positions in the call when the guard rejects, and in the request when the platform does', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ schema: { type: 'object', properties: { m: { type: 'number' } } } });
        await guard.pushData([{ n: 0 }, { m: 'bad' }, { n: 2 }, { n: 'bad' }]);
        await guard.pushData({ m: 'bad' });
        await guard.close();
        const records = run.quarantined(id);
        expect(records.map(({ rejectedBy, itemPosition }) => `${rejectedBy} ${itemPosition}`).sort()).toEqual([
            'guard 0',
            'guard 1',
            'platform 2',
        ]);
    });

    it('names a named dataset, and has no hash where there is no schema', async () => {
        run.freshDataset();
        const guard = await run.open({ dataset: 'named-one' });
        await guard.pushData([null] as any);
        await guard.close();
        const record = run.server.items<QuarantineRecord>(QUARANTINE).at(-1)!;
        expect(record).toMatchObject({ datasetId: run.server.dataset('named-one')!.id, datasetName: 'named-one' });
        expect(record).not.toHaveProperty('schemaHash');
    });
});

describe('the quarantine', () => {
    it('is created with its first record, not before', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ quarantine: 'lazy-quarantine' });
        await guard.pushData({ n: 1 });
        await guard.flush();
        expect(run.server.dataset('lazy-quarantine')).toBeUndefined();
        await guard.pushData({ n: 'bad' });
        await guard.flush();
        expect(run.server.items('lazy-quarantine')).toHaveLength(1);
    });

    it.each([
        ['tester/my-actor', 'tester-my-actor-quarantine'],
        ['Jane_Doe/Scraper.v2', 'Jane-Doe-Scraper-v2-quarantine'],
        ['jané/ünï--çode!', 'jan-n-ode-quarantine'],
        ['_/_', 'actor-quarantine'],
        [`owner/${'a'.repeat(63)}`, `owner-${'a'.repeat(46)}-quarantine`],
        [`owner/${'a'.repeat(45)}-b`, `owner-${'a'.repeat(45)}-quarantine`],
    ])('of the Actor %s is called %s', async (fullName, name) => {
        const before = process.env.ACTOR_FULL_NAME;
        process.env.ACTOR_FULL_NAME = fullName;
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        process.env.ACTOR_FULL_NAME = before;
        await guard.pushData({ n: 'bad' });
        await guard.close();
        expect(name.length).toBeLessThanOrEqual(63);
        expect(run.quarantined(id, name)).toHaveLength(1);
    });

    it('is where the option says, in every form', async () => {
        run.server.addDataset({ id: 'QuarantineData001', name: 'my-quarantine' });
        process.env.ACTOR_STORAGES_JSON = JSON.stringify({ datasets: { rejects: 'QuarantineData001' } });
        const forms = ['my-quarantine', { name: 'my-quarantine' }, { id: 'QuarantineData001' }, { alias: 'rejects' }];
        for (const quarantine of forms) {
            const id = run.freshDataset(FIELDS);
            const guard = await run.open({ quarantine });
            await guard.pushData([{ n: 'bad' }, { n: 1 }]);
            await guard.close();
            expect(run.quarantined(id, 'QuarantineData001'), JSON.stringify(quarantine)).toHaveLength(1);
        }
        delete process.env.ACTOR_STORAGES_JSON;
    });

    it('gives way while the platform is down, and keeps every record in order', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ quarantine: 'shaky-quarantine' });
        run.server.faults.next({ method: 'POST', path: /datasets$/, fault: { status: 503 } });
        run.server.addDataset({ name: 'shaky-quarantine' });
        const { id: quarantineId } = run.server.dataset('shaky-quarantine')!;
        run.server.faults.next({ method: 'POST', path: `${quarantineId}/items`, fault: { status: 429 } });
        for (let n = 0; n < 5; n++) await guard.pushData({ n: `bad ${n}` });
        await guard.flush();
        expect(run.quarantined(id, 'shaky-quarantine').map(({ item }) => item!.n)).toEqual(
            Array.from({ length: 5 }, (_, n) => `bad ${n}`),
        );
    });
});

describe('redact', () => {
    it('decides what of an item is written, in records and samples', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ redact: ({ password: _password, ...rest }) => ({ ...rest, n: '***' }) });
        await guard.pushData({ n: 'secret', password: 'secret', kept: 1 });
        await guard.close();
        const [record] = run.quarantined(id);
        expect(record!.item).toEqual({ kept: 1, n: '***' });
        expect(guard.report().reasons[0]!.samples).toMatchObject([{ value: '"***"' }]);
        expect(JSON.stringify([record, guard.report()])).not.toContain('secret');
    });

    it('that throws leaves the item out, and the record is stored', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({
            redact: () => {
                throw new Error('no redaction today');
            },
        });
        await guard.pushData([{ n: 'secret' }, { n: 1 }]);
        await guard.close();
        expect(run.quarantined(id)).toHaveLength(1);
        expect(run.quarantined(id)[0]).not.toHaveProperty('item');
        expect(JSON.stringify([run.quarantined(id), guard.report()])).not.toContain('secret');
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });
});

describe('onQuarantine', () => {
    it('is called with each record, in order, once it is stored', async () => {
        const id = run.freshDataset(FIELDS);
        const seen: [record: QuarantineRecord, storedThen: number][] = [];
        const guard = await run.open({
            ack: 'stored',
            onQuarantine: (record) => void seen.push([record, run.quarantined(id).length]),
        });
        await guard.pushData([{ n: 'a' }, { n: 1 }, { n: 'b' }]);
        expect(seen.map(([record]) => record)).toEqual(run.quarantined(id));
        expect(seen.map(([, storedThen]) => storedThen)).toEqual([2, 2]);
    });

    it.each([
        [
            'throws',
            () => {
                throw new Error('mine');
            },
        ],
        [
            'rejects',
            async () => {
                throw new Error('mine');
            },
        ],
    ])('that %s loses nothing', async (_, onQuarantine) => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ onQuarantine });
        await guard.pushData([{ n: 'a' }, { n: 1 }, { n: 'b' }]);
        await guard.close();
        expect(run.quarantined(id)).toHaveLength(2);
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });
});

describe('repair', () => {
    it('mends what it can: the mended item is stored in its place, the others are quarantined as they were', async () => {
        const id = run.freshDataset(FIELDS);
        const asked: unknown[] = [];
        const guard = await run.open({
            ack: 'stored',
            repair(item, errors) {
                asked.push([item.n, errors[0]!.instancePath]);
                if (item.n === 'throws') throw new Error('mine');
                if (item.n === 'never') return undefined;
                if (item.n === 'cycle') return Object.assign(item, { item });
                return { n: Number(item.n) };
            },
        });
        const items = [{ n: 1 }, { n: '2' }, { n: 'NaN' }, { n: 'never' }, { n: 'throws' }, { n: 'cycle' }, { n: 7 }];
        expect(await guard.pushData(items)).toMatchObject({ acceptedItems: 3, quarantinedItems: 4 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 7 }]);
        expect(run.quarantined(id).map(({ item }) => item)).toEqual(items.slice(2, 6));
        expect(asked).toEqual(items.slice(1, 6).map(({ n }) => [n, '/n']));
        expect(guard.report()).toMatchObject({ storedItems: 3, quarantinedItems: 4, reasons: [{ count: 4 }] });
    });

    it('gets a copy: what it does to the item does not reach the quarantine', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({
            repair(item) {
                item.n = 'changed';
                return undefined;
            },
        });
        await guard.pushData({ n: 'as it was' });
        await guard.close();
        expect(run.quarantined(id)[0]!.item).toEqual({ n: 'as it was' });
    });

    it.each([[5], [null], ['text'], [[{ n: 1 }]]])(
        'that returns what is no item mends nothing: %j',
        async (returned) => {
            const id = run.freshDataset(FIELDS);
            const guard = await run.open({ repair: () => returned as any });
            await guard.pushData({ n: 'bad' });
            await guard.close();
            expect(run.quarantined(id)).toHaveLength(1);
            expect(run.server.items(id)).toEqual([]);
        },
    );
});
