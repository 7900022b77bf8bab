import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { ApiServer, Fault } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { compiledModule } from '../support/compiled-module.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

const MODULE_URL = await compiledModule('apify/sync-storages.ts');
const TOKEN = 'a-secret-token';
const FIELDS = { type: 'object', properties: { n: { type: 'number' } } };

/** The scripts block their event loops; the server has its own in this process. */
describe('storages on the platform at the end of a process', () => {
    let server: ApiServer;
    let id: string;
    beforeAll(async () => {
        server = await startApiServer({ token: TOKEN });
    });
    afterEach(() => {
        server.faults.clear();
        server.resetLogs();
    });
    afterAll(async () => server.close());

    /** Runs a script whose `dataset` is a fresh one, and returns what it gave to `tell`. */
    async function run(source: string, env: Record<string, string | undefined> = {}): Promise<any> {
        id = `ds${randomUUID().replaceAll('-', '').slice(0, 15)}`;
        server.addDataset({ id, schema: { actorSpecification: 1, fields: FIELDS } });
        const { stdout, stderr } = await runScript(
            `
            import { Actor } from 'apify';
            import { createSyncRunStore, createSyncStorage, openSyncQuarantine } from '${MODULE_URL}';
            await Actor.init({ gracefulShutdown: false });
            const dataset = await Actor.openDataset();
            const toBody = (...items) => Buffer.from(JSON.stringify(items));
            const told = [];
            const tell = (value) => told.push(value ?? null);
            const withErrors = (key, value) => (value instanceof Error ? { name: value.name, message: value.message } : value);
            process.on('exit', () => {
                ${source}
                process.stdout.write(JSON.stringify(told, withErrors));
            });
            await Actor.exit({ exit: false });
            process.exit();`,
            { env: platformEnv(server, { ACTOR_DEFAULT_DATASET_ID: id, APIFY_LOG_LEVEL: '0', ...env }) },
        );
        if (stdout === '') throw new Error(stderr);
        return JSON.parse(stdout);
    }

    it('store payloads byte for byte and in order, as apify-client does, and list items from an offset on', async () => {
        const [results, first, rest] = await run(`
            const storage = createSyncStorage(dataset);
            tell(storage.pushAll([toBody({ n: 1, text: 'ü😀' }, { n: 2 }), toBody({ n: 3 })], 10_000));
            tell(storage.list([{ offset: 0, limit: 2 }], 10_000)[0]);
            tell(storage.list([{ offset: 2, limit: 5 }], 10_000)[0]);`);
        expect(results).toEqual([{ kind: 'stored' }, { kind: 'stored' }]);
        expect(server.pushRequests(id).map(({ bodyText }) => bodyText)).toEqual([
            '[{"n":1,"text":"ü😀"},{"n":2}]',
            '[{"n":3}]',
        ]);
        expect(first).toEqual({ items: [{ n: 1, text: 'ü😀' }, { n: 2 }], total: 3 });
        expect(rest).toEqual({ items: [{ n: 3 }], total: 3 });
    });

    it('send the token, the content type and the user agent of apify-client', async () => {
        const calls: Record<string, unknown>[] = [];
        server.faults.use(({ method, headers }) => {
            if (method === 'POST') calls.push(headers);
            return undefined;
        });
        await run(`createSyncStorage(dataset).pushAll([toBody({ n: 1 })], 10_000)`, { APIFY_WORKFLOW_KEY: 'workflow' });
        expect(calls).toEqual([
            expect.objectContaining({
                'authorization': `Bearer ${TOKEN}`,
                'content-type': 'application/json',
                'user-agent': expect.stringMatching(
                    /^ApifyClient\/\d+\.\d+\.\d+ \(.+; Node\/v.+\); isAtHome\/true; SDK\/.+; Crawlee\/.+; apify-dataset-guard$/,
                ),
                'x-apify-workflow-key': 'workflow',
            }),
        ]);
    });

    it('report a rejection by the schema with the items that the platform named', async () => {
        const [[first, second]] = await run(`
            tell(createSyncStorage(dataset).pushAll([toBody({ n: 1 }, { n: 'two' }), toBody({ n: 3 })], 10_000));`);
        expect(first).toMatchObject({
            kind: 'invalid',
            invalidItems: [
                { itemPosition: expect.any(Number), errors: [expect.objectContaining({ keyword: 'type' })] },
            ],
            error: { name: 'ApifyApiError', message: expect.any(String) },
        });
        expect(second).toEqual({ kind: 'stored' });
        expect(server.items(id)).toEqual([{ n: 3 }]);
    });

    it.each<[string, Fault, Record<string, unknown>]>([
        ['a 413', { status: 413 }, { kind: 'too-large' }],
        ['a 400 of an unknown type', { status: 400, type: 'weird' }, { kind: 'bad-request' }],
        ['a 402', { status: 402 }, { kind: 'refused' }],
        ['a 429', { status: 429 }, { kind: 'unavailable', outcomeUnknown: false }],
        ['a 503', { status: 503 }, { kind: 'unavailable', outcomeUnknown: true }],
        ['a cut connection', { cut: true }, { kind: 'unavailable', outcomeUnknown: true }],
        ['an answer that was lost', { cut: true, when: 'after' }, { kind: 'unavailable', outcomeUnknown: true }],
    ])('report %s as the asynchronous sink does, and store the next payload', async (_, fault, expected) => {
        server.faults.next({ method: 'POST', fault });
        const [results] = await run(`
            tell(createSyncStorage(dataset).pushAll([toBody({ n: 1 }), toBody({ n: 2 })], 10_000));`);
        expect(results).toEqual([
            expect.objectContaining({ ...expected, error: expect.anything() }),
            { kind: 'stored' },
        ]);
    });

    it('report what was not answered in time as of unknown outcome', async () => {
        server.faults.next({ method: 'POST', fault: { hang: true } });
        const [results, items] = await run(`
            const storage = createSyncStorage(dataset);
            tell(storage.pushAll([toBody({ n: 1 }), toBody({ n: 2 })], 1_500));
            tell(storage.list([{ offset: 0, limit: 1 }], 10_000)[0]);`);
        const late = { kind: 'unavailable', outcomeUnknown: true };
        expect(results).toEqual([expect.objectContaining(late), expect.objectContaining(late)]);
        expect(items).toEqual({ items: [], total: 0 });
    });

    it('report that no child process can be started, and that nothing was sent', async () => {
        const [results, items] = await run(`
            Object.defineProperty(process, 'execPath', { value: '/nonexistent/node' });
            const storage = createSyncStorage(dataset);
            tell(storage.pushAll([toBody({ n: 1 })], 10_000));
            tell(storage.list([{ offset: 0, limit: 1 }], 10_000)[0]);`);
        const message =
            'No child process could be started to send requests while the process ends: spawnSync /nonexistent/node ENOENT';
        expect(results).toEqual([{ kind: 'unavailable', outcomeUnknown: false, error: { name: 'Error', message } }]);
        expect(items).toBeNull();
    });

    it('cannot be listed when the platform does not answer with items', async () => {
        server.faults.next({ method: 'GET', path: /items$/, fault: { status: 403 } });
        expect(await run(`tell(createSyncStorage(dataset).list([{ offset: 0, limit: 1 }], 10_000)[0])`)).toEqual([
            null,
        ]);
    });

    it('create the quarantine by its name with its first record, and find it again', async () => {
        const name = `quarantine-${randomUUID().slice(0, 8)}`;
        const results = await run(`
            tell(openSyncQuarantine('${name}').pushAll([toBody({ n: 1 })], 10_000));
            tell(openSyncQuarantine({ name: '${name}' }).pushAll([toBody({ n: 2 })], 10_000));
            const quarantine = openSyncQuarantine('${name}');
            tell(quarantine.list([{ offset: 1, limit: 1 }], 10_000)[0].items);
            tell(quarantine.pushAll([toBody({ n: 3 })], 10_000));
            tell(openSyncQuarantine('${name}').pushAll([], 10_000));`);
        expect(results).toEqual([[{ kind: 'stored' }], [{ kind: 'stored' }], [{ n: 2 }], [{ kind: 'stored' }], []]);
        expect(server.items(name)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(server.datasets().filter((dataset) => dataset.name === name)).toHaveLength(1);
    });

    it.each([
        ['its id', (target: string) => `{ id: '${target}' }`],
        ['its id as text', (target: string) => `'${target}'`],
        ['its alias', () => `{ alias: 'rejected' }`],
    ])('write to a quarantine that is there, by %s', async (_, toTarget) => {
        const quarantine = `qu${randomUUID().replaceAll('-', '').slice(0, 15)}`;
        server.addDataset({ id: quarantine });
        const [results] = await run(
            `tell(openSyncQuarantine(${toTarget(quarantine)}).pushAll([toBody({ n: 1 })], 10_000))`,
            {
                ACTOR_STORAGES_JSON: JSON.stringify({ datasets: { rejected: quarantine } }),
            },
        );
        expect(results).toEqual([{ kind: 'stored' }]);
        expect(server.items(quarantine)).toEqual([{ n: 1 }]);
    });

    it('write to the dataset that the process opened as its quarantine', async () => {
        const [results] = await run(
            `tell(openSyncQuarantine('anything', dataset).pushAll([toBody({ n: 1 })], 10_000))`,
        );
        expect(results).toEqual([{ kind: 'stored' }]);
        expect(server.items(id)).toEqual([{ n: 1 }]);
    });

    it('report that the quarantine cannot be created', async () => {
        server.faults.next({ method: 'POST', path: /datasets$/, fault: { status: 403 } });
        const [results] = await run(
            `tell(openSyncQuarantine({ name: 'forbidden' }).pushAll([toBody({}), toBody({})], 10_000))`,
        );
        expect(results).toEqual(new Array(2).fill(expect.objectContaining({ kind: 'refused' })));
    });

    it('save records in the run’s default key-value store', async () => {
        await run(`createSyncRunStore().save([
            { key: 'REPORT(2)', text: '{"a":"ü"}', contentType: 'application/json; charset=utf-8' },
            { key: 'PAGE', text: '<p>', contentType: 'text/html; charset=utf-8' },
        ], 10_000)`);
        expect(server.record(server.ids.keyValueStoreId, 'REPORT(2)')).toEqual({
            value: Buffer.from('{"a":"ü"}'),
            contentType: 'application/json; charset=utf-8',
        });
        expect(server.record(server.ids.keyValueStoreId, 'PAGE')?.contentType).toBe('text/html; charset=utf-8');
    });

    it('do not save a record that needs the others, nor remove any, where one could not be saved', async () => {
        server.setRecord('OLD', '1');
        server.faults.next({ method: 'PUT', fault: { status: 413, message: 'Too large.' } });
        const save = `try { createSyncRunStore().save([
                { key: 'PIECE', text: '1', contentType: 'text/plain' },
                { key: 'HEAD', text: '2', contentType: 'text/plain', needsOthers: true },
            ], 10_000, { outdated: [{ key: 'OLD', contentType: 'application/json' }] }); } catch (error) { tell(error); }`;
        const [error] = await run(save);
        expect(error.message).toBe('Records were not saved: PIECE, HEAD: Too large.');
        expect([...server.records().keys()]).toContain('OLD');
        expect([...server.records().keys()]).not.toContain('HEAD');
        expect(await run(save)).toEqual([]);
        expect([...server.records().keys()]).toEqual(expect.arrayContaining(['PIECE', 'HEAD']));
        expect([...server.records().keys()]).not.toContain('OLD');
    });

    it.each(['GET', 'PUT'])('try a %s again whose answer was lost', async (method) => {
        server.faults.next({ method, times: 2, path: /items$|records/, fault: { status: 503 } });
        const told = await run(`
            createSyncRunStore().save([{ key: 'AGAIN', text: '1', contentType: 'text/plain' }], 10_000);
            tell(createSyncStorage(dataset).list([{ offset: 0, limit: 1 }], 10_000)[0]);`);
        expect(told).toEqual([{ items: [], total: 0 }]);
        expect(server.faults.pending).toBe(0);
    });

    it('name the records that were not saved', async () => {
        server.faults.next({ method: 'PUT', skip: 1, fault: { status: 413, message: 'Too large.' } });
        const [error] = await run(`
            const records = ['A', 'B', 'C'].map((key) => ({ key, text: '1', contentType: 'text/plain' }));
            try { createSyncRunStore().save(records, 10_000); } catch (error) { tell(error); }`);
        expect(error.message).toBe('Records were not saved: B: Too large.');
        expect(server.record(server.ids.keyValueStoreId, 'C')?.value.toString()).toBe('1');
    });
});
