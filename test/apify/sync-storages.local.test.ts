import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryStorage } from '@crawlee/memory-storage';
import { Configuration, Dataset } from 'apify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createSyncRunStore, createSyncStorage, openSyncQuarantine } from '../../src/apify/sync-storages.js';

const MILLIS = 10_000;
const toBody = (...items: object[]) => Buffer.from(JSON.stringify(items));

let root: string;
beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sync-local-'));
});
afterEach(async () => rm(root, { recursive: true, force: true }));

/** A process's memory storage; another one below the same root is the next process's. */
const newStorage = (options: { writeMetadata?: boolean; persistStorage?: boolean } = {}) =>
    new MemoryStorage({ localDataDirectory: root, persistStorage: true, writeMetadata: false, ...options });
const openDataset = async (name: string, storage = newStorage()) =>
    Dataset.open(name, { storageClient: storage, config: new Configuration() });
/** The items that the next process reads. */
async function storedItems(name: string): Promise<unknown[]> {
    const { items } = await newStorage().dataset(name).listItems();
    return items;
}

describe('a local dataset at the end of a process', () => {
    it('takes items behind those that are there, in files as the memory storage writes them', async () => {
        const items = [{ n: 1, text: 'ü😀' }, JSON.parse('{"n":2,"__proto__":{"x":[1]}}'), { n: 3 }, { n: 4 }];
        const [dataset, other] = [await openDataset('sync'), await openDataset('async')];
        await dataset.pushData(items.slice(0, 1));
        await other.pushData(items);
        const storage = createSyncStorage(dataset)!;
        expect(storage.pushAll([toBody(...items.slice(1, 3)), toBody(items[3])], MILLIS)).toEqual([
            { kind: 'stored' },
            { kind: 'stored' },
        ]);
        expect(await filesOf('datasets/sync')).toEqual(await filesOf('datasets/async'));
        expect(await storedItems('sync')).toEqual(items);
    });

    it('creates its folder with the first item, and leaves nothing else behind', async () => {
        const storage = createSyncStorage(await openDataset('fresh'))!;
        expect(storage.list([{ offset: 0, limit: 10 }], MILLIS)[0]).toEqual({ items: [], total: 0 });
        expect(storage.pushAll([toBody({ n: 1 })], MILLIS)).toEqual([{ kind: 'stored' }]);
        expect(await readdir(join(root, 'datasets'))).toEqual(['fresh']);
        expect(await readdir(join(root, 'datasets/fresh'))).toEqual(['000000001.json']);
    });

    it('takes more items with each call', async () => {
        const storage = createSyncStorage(await openDataset('often'))!;
        for (let n = 0; n < 3; n++) storage.pushAll([toBody({ n })], MILLIS);
        expect(await storedItems('often')).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    });

    it('lists items from an offset on, in order, and undefined once the time has run out', async () => {
        const dataset = await openDataset('list');
        await dataset.pushData([1, 2, 3, 4, 5].map((n) => ({ n })));
        const storage = createSyncStorage(dataset)!;
        expect(storage.list([{ offset: 0, limit: 2 }], MILLIS)[0]!.items).toEqual([{ n: 1 }, { n: 2 }]);
        expect(storage.list([{ offset: 3, limit: 9 }], MILLIS)[0]).toEqual({ items: [{ n: 4 }, { n: 5 }], total: 5 });
        expect(storage.list([{ offset: 5, limit: 2 }], MILLIS)[0]).toEqual({ items: [], total: 5 });
        expect(storage.list([{ offset: 0, limit: 2 }], 0)[0]).toBeUndefined();
    });

    it('leaves out what is no JSON when it lists items', async () => {
        const dataset = await openDataset('torn');
        await dataset.pushData([1, 2, 3].map((n) => ({ n })));
        await writeFile(join(root, 'datasets/torn/000000002.json'), '{"n":');
        expect(createSyncStorage(dataset)!.list([{ offset: 0, limit: 3 }], MILLIS)[0]!.items).toEqual([
            { n: 1 },
            { n: 3 },
        ]);
    });

    it('leaves files of earlier processes as they are, torn ones and gaps included', async () => {
        const earlier = await openDataset('old');
        await earlier.pushData([1, 2, 3].map((n) => ({ n })));
        await rm(join(root, 'datasets/old/000000001.json'));
        await writeFile(join(root, 'datasets/old/000000002.json'), '');
        createSyncStorage(await openDataset('old'))!.pushAll([toBody({ n: 4 })], MILLIS);
        expect(Object.keys(await filesOf('datasets/old'))).toEqual([
            '000000002.json',
            '000000003.json',
            '000000004.json',
        ]);
        expect((await filesOf('datasets/old'))['000000002.json']).toBe('');
    });

    it('raises the count in the metadata that the memory storage was told to write', async () => {
        const dataset = await openDataset('counted', newStorage({ writeMetadata: true }));
        await dataset.pushData({ n: 1 });
        const metadata = join(root, 'datasets/counted/__metadata__.json');
        await expect.poll(async () => JSON.parse(await readFile(metadata, 'utf8')).itemCount).toBe(1);
        createSyncStorage(dataset)!.pushAll([toBody({ n: 2 }, { n: 3 })], MILLIS);
        expect(JSON.parse(await readFile(metadata, 'utf8'))).toMatchObject({ name: 'counted', itemCount: 3 });
        expect(await storedItems('counted')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    it('says what keeps it from writing', async () => {
        const dataset = await openDataset('blocked');
        await mkdir(join(root, 'datasets'));
        await writeFile(join(root, 'datasets/blocked'), 'A file is where the folder should be.');
        const storage = createSyncStorage(dataset)!;
        expect(storage.pushAll([toBody({ n: 1 }), toBody({ n: 2 })], MILLIS)).toEqual(
            new Array(2).fill({
                kind: 'unavailable',
                outcomeUnknown: false,
                error: expect.objectContaining({ code: 'ENOTDIR' }),
            }),
        );
        expect(storage.list([{ offset: 0, limit: 1 }], MILLIS)[0]).toBeUndefined();
    });

    it('stores nothing more once the time has run out', async () => {
        const storage = createSyncStorage(await openDataset('late'))!;
        expect(storage.pushAll([toBody({ n: 1 })], 0)).toMatchObject([{ kind: 'unavailable', outcomeUnknown: false }]);
        expect(await readdir(root)).toEqual([]);
    });

    it('is not available for a dataset that is kept in memory only', async () => {
        const dataset = await openDataset('memory', newStorage({ persistStorage: false }));
        expect(createSyncStorage(dataset)).toBeUndefined();
    });
});

describe('local storages of the run at the end of a process', () => {
    const config = Configuration.getGlobalConfig();
    const before = config.getStorageClient();
    let storage: MemoryStorage;
    beforeEach(() => {
        storage = newStorage();
        config.useStorageClient(storage);
    });
    afterEach(() => config.useStorageClient(before));

    it.each([
        ['its name', 'my-quarantine'],
        ['a name', { name: 'my-quarantine' }],
        ['an alias', { alias: 'my-quarantine' }],
        ['an id', { id: 'my-quarantine' }],
    ])('create the quarantine by %s', async (_, target) => {
        expect(openSyncQuarantine(target)!.pushAll([toBody({ n: 1 })], MILLIS)).toEqual([{ kind: 'stored' }]);
        expect(await storedItems('my-quarantine')).toEqual([{ n: 1 }]);
    });

    it('find the quarantine that this process has opened, by its id and without regard to case', async () => {
        const dataset = await openDataset('My-Quarantine', storage);
        await dataset.pushData({ n: 1 });
        for (const target of ['my-quarantine', { id: dataset.id }]) {
            expect(openSyncQuarantine(target)!.pushAll([toBody({ n: 2 })], MILLIS)).toEqual([{ kind: 'stored' }]);
        }
        openSyncQuarantine('other', dataset)!.pushAll([toBody({ n: 3 })], MILLIS);
        expect(await readdir(join(root, 'datasets'))).toEqual(['My-Quarantine']);
        expect(await storedItems('My-Quarantine')).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }, { n: 3 }]);
    });

    it('save records as the memory storage would', async () => {
        const records = [
            { key: 'REPORT', text: '{"a":"ü"}', contentType: 'application/json; charset=utf-8' },
            { key: 'PAGE', text: '<p>ü</p>', contentType: 'text/html; charset=utf-8' },
            { key: 'LINES', text: '{}\n{}\n', contentType: 'application/x-ndjson; charset=utf-8' },
            { key: 'text.txt', text: 'ü', contentType: 'text/plain' },
            { key: 'REPORT.my-dataset(2)', text: '{}', contentType: 'application/json' },
        ];
        const { id } = await storage.keyValueStores().getOrCreate('other');
        for (const { key, text, contentType } of records) {
            await storage.keyValueStore(id).setRecord({ key, value: text, contentType });
        }
        createSyncRunStore()!.save(records, MILLIS);
        expect(await filesOf('key_value_stores/default')).toEqual(await filesOf('key_value_stores/other'));
        const next = newStorage().keyValueStore('default');
        expect(await next.getRecord('REPORT')).toMatchObject({ value: { a: 'ü' } });
    });

    it('replace a record, and name those that could not be saved', async () => {
        const store = createSyncRunStore()!;
        store.save([{ key: 'A', text: '1', contentType: 'application/json' }], MILLIS);
        store.save([{ key: 'A', text: '2', contentType: 'application/json' }], MILLIS);
        expect(await filesOf('key_value_stores/default')).toEqual({ 'A.json': '2' });
        await mkdir(join(root, 'key_value_stores/default/B.json'));
        const records = ['B', 'C'].map((key) => ({ key, text: '3', contentType: 'application/json' }));
        expect(() => store.save(records, MILLIS)).toThrow(/^Records were not saved: B: EISDIR/);
        expect(await readFile(join(root, 'key_value_stores/default/C.json'), 'utf8')).toBe('3');
    });

    it('are not available where they are kept in memory only', () => {
        config.useStorageClient(newStorage({ persistStorage: false }));
        expect([createSyncRunStore(), openSyncQuarantine('my-quarantine')]).toEqual([undefined, undefined]);
    });
});

async function filesOf(folder: string): Promise<Record<string, string>> {
    const names = (await readdir(join(root, folder))).sort();
    const files = names.map(async (name) => [name, await readFile(join(root, folder, name), 'utf8')] as const);
    return Object.fromEntries(await Promise.all(files));
}
