import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { type ApiServer, startApiServer } from '../../support/api-server.js';
import { writeFolder } from '../../support/local-run.js';
import { platformEnv } from '../../support/platform-env.js';
import { QUARANTINE } from '../../support/platform-run.js';

/** An item of these tests: its number, and the entry point that it was pushed through. */
export interface TestItem {
    n: number;
    via: string;
    flaw?: boolean;
}

export const SCHEMA = {
    actorSpecification: 1,
    fields: {
        type: 'object',
        required: ['n', 'via'],
        properties: { n: { type: 'integer' }, via: { type: 'string' }, text: { type: 'string' } },
        additionalProperties: false,
    },
    views: {},
};

/** Where a run takes place, and what it left there. A run may have several processes. */
export interface Place {
    readonly name: 'platform' | 'local';
    readonly env: Record<string, string>;
    readonly cwd?: string;
    /** Undefined for a local run. */
    readonly server?: ApiServer;
    /** Of the run's default dataset unless named. */
    items(dataset?: string): Promise<TestItem[]>;
    /** The items of all quarantine records, those included that had to go to the run's key-value store. */
    quarantined(): Promise<TestItem[]>;
    /** The records of the run's default key-value store by key. */
    records(): Promise<Map<string, string>>;
    close(): Promise<void>;
}

/** The datasets that entry points push to beside the default one. */
const NAMED = ['stored', 'installed'];
const ACTOR = 'my-actor';

/** Opens places that are closed after all tests of the file. */
export function placesOfTests() {
    const open: Place[] = [];
    afterAll(async () => Promise.all(open.map(async (place) => place.close())));
    return {
        async platform(): Promise<PlatformPlace> {
            const place = await platformPlace();
            open.push(place);
            return place;
        },
        async local(): Promise<Place> {
            const place = await localPlace();
            open.push(place);
            return place;
        },
    };
}

export type PlatformPlace = Place & { server: ApiServer };

/** A run on the support server, with a server of its own. */
async function platformPlace(): Promise<PlatformPlace> {
    const server = await startApiServer({
        actorName: ACTOR,
        dataset: { schema: SCHEMA },
        datasets: NAMED.map((name) => ({ name, schema: SCHEMA })),
    });
    return {
        name: 'platform',
        server,
        // After a reboot or a metamorph the SDK waits for the container to be stopped, which the test does.
        env: platformEnv(server, { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '60000' }),
        items: async (dataset) => server.items(dataset),
        quarantined: async () => [
            ...server.items(QUARANTINE).map(({ item }) => item),
            ...[...server.records()].filter(([key]) => isQuarantineKey(key)).flatMap(([, { value }]) => itemsIn(value)),
        ],
        records: async () => new Map([...server.records()].map(([key, { value }]) => [key, value.toString()])),
        close: async () => server.close(),
    };
}

/** A run on this machine: the real memory storage, writing to a folder of its own. */
async function localPlace(): Promise<Place> {
    const root = await mkdtemp(join(tmpdir(), 'run-end-'));
    const cwd = await writeFolder(join(root, randomUUID()), {
        '.actor/actor.json': { actorSpecification: 1, name: ACTOR, storages: { dataset: './dataset.json' } },
        '.actor/dataset.json': SCHEMA,
    });
    const files = async (kind: string, name: string): Promise<[file: string, text: string][]> => {
        const folder = join(root, 'storage', kind, name);
        const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
        // A process that dies may leave the folder by which the storage locks its metadata.
        const names = entries
            .filter((entry) => entry.isFile() && !entry.name.startsWith('__'))
            .map(({ name: file }) => file)
            .sort();
        return Promise.all(
            names.map(async (file): Promise<[string, string]> => [file, await readFile(join(folder, file), 'utf8')]),
        );
    };
    const records = async () =>
        new Map(
            (await files('key_value_stores', 'default')).map(([file, text]) => [file.replace(/\.[a-z]+$/, ''), text]),
        );
    return {
        name: 'local',
        cwd,
        env: { CRAWLEE_STORAGE_DIR: join(root, 'storage') },
        items: async (dataset = 'default') => (await files('datasets', dataset)).flatMap(([, text]) => wholeJson(text)),
        quarantined: async () => [
            ...(await files('datasets', `${ACTOR}-quarantine`)).flatMap(([, text]) =>
                wholeJson(text).map(({ item }) => item),
            ),
            ...[...(await records())]
                .filter(([key]) => isQuarantineKey(key))
                .flatMap(([, text]) => itemsIn(Buffer.from(text))),
        ],
        records,
        close: async () => rm(root, { recursive: true, force: true }),
    };
}

function isQuarantineKey(key: string): boolean {
    return key.startsWith('DATASET-GUARD-QUARANTINE-');
}

function itemsIn(value: Buffer): TestItem[] {
    return value
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).item);
}

/** A file that was being written when its process was killed may be cut off: nobody was told that its item is stored. */
function wholeJson(text: string): any[] {
    try {
        return [JSON.parse(text)];
    } catch {
        return [];
    }
}
