import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Actor, log } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import type { DatasetGuardOptions } from '../../src/index.js';

/** This process as a local run: the real memory storage, writing below a temporary folder. */
export interface LocalRun {
    /** A fresh default dataset, and a fresh working folder with these files. Returns the dataset's name. */
    fresh(files?: Record<string, unknown>): Promise<string>;
    /** Opens a guard that `reset` closes. */
    open(options?: DatasetGuardOptions<any>): Promise<DatasetGuard<any>>;
    /** The folder of a dataset on disk. */
    folderOf(dataset: string): string;
    /** The items on disk, each as text. */
    texts(dataset: string): Promise<string[]>;
    /** The items on disk, parsed. */
    items(dataset: string): Promise<any[]>;
    /** The records of a key-value store on disk, by file name. */
    records(store: string): Promise<Record<string, string>>;
    reset(): Promise<void>;
    stop(): Promise<void>;
}

export async function startLocalRun(): Promise<LocalRun> {
    const root = await mkdtemp(join(tmpdir(), 'guard-local-'));
    const before = { cwd: process.cwd(), env: { ...process.env } };
    process.env.CRAWLEE_STORAGE_DIR = join(root, 'storage');
    log.setLevel(log.LEVELS.OFF);
    await Actor.init({ gracefulShutdown: false });
    const guards: DatasetGuard<any>[] = [];
    const read = async (kind: string, name: string): Promise<[name: string, text: string][]> => {
        const folder = join(root, 'storage', kind, name);
        const files = (await readdir(folder).catch(() => [])).filter((file) => !file.startsWith('__')).sort();
        return Promise.all(
            files.map(async (file): Promise<[string, string]> => [file, await readFile(join(folder, file), 'utf8')]),
        );
    };
    const run: LocalRun = {
        async fresh(files = {}) {
            const name = `default-${randomUUID()}`;
            process.chdir(await writeFolder(join(root, name), files));
            // Read anew by the SDK each time it is asked for.
            process.env.ACTOR_DEFAULT_DATASET_ID = name;
            return name;
        },
        async open(options) {
            const guard = await DatasetGuard.open(options);
            guards.push(guard);
            return guard;
        },
        folderOf: (dataset) => join(root, 'storage', 'datasets', dataset),
        texts: async (dataset) => (await read('datasets', dataset)).map(([, text]) => JSON.stringify(JSON.parse(text))),
        items: async (dataset) => (await read('datasets', dataset)).map(([, text]) => JSON.parse(text)),
        records: async (store) => Object.fromEntries(await read('key_value_stores', store)),
        async reset() {
            await Promise.allSettled(guards.splice(0).map(async (guard) => guard.close()));
        },
        async stop() {
            await run.reset();
            await Actor.exit({ exit: false });
            process.chdir(before.cwd);
            process.env = before.env;
            await rm(root, { recursive: true, force: true });
        },
    };
    return run;
}

/** Makes a folder with these files: text as it is, anything else as JSON. */
export async function writeFolder(folder: string, files: Record<string, unknown>): Promise<string> {
    await mkdir(folder, { recursive: true });
    for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return folder;
}
