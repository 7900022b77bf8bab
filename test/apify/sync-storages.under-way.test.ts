import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compiledModule } from '../support/compiled-module.js';
import { runScript } from '../support/run-script.js';

const SYNC_STORAGES = await compiledModule('apify/sync-storages.ts');
const PROCESS_END = await compiledModule('run-end/process-end.ts');

interface Item {
    n?: number;
    foreign?: number;
    text: string;
}

interface Ending {
    /** When the process ends: once this holds for the numbers of `locks` and `files` in the dataset's folder. */
    until: string;
    /** How the process ends. */
    end: string;
    /** Runs before the writes begin. */
    before?: string;
}

const ITEMS = 45;
const POSITIONS = Array.from({ length: ITEMS }, (_, n) => n);
const fileName = (index: number) => `${String(index + 1).padStart(9, '0')}.json`;
const numbersOf = (items: Item[]) => items.flatMap(({ n }) => n ?? []).sort((a, b) => a - b);

/** A process that ends while the memory storage writes items, and then stores those that are missing. */
async function endWhileWriting({ until, end, before = '' }: Ending) {
    const root = await mkdtemp(join(tmpdir(), 'sync-under-way-'));
    const folder = join(root, 'datasets/items');
    const { stdout, stderr } = await runScript(
        `
        import { mkdirSync, readdirSync, rmSync, writeSync } from 'node:fs';
        import { MemoryStorage } from '@crawlee/memory-storage';
        import { Dataset } from 'apify';
        import { createSyncStorage } from '${SYNC_STORAGES}';
        import { onProcessEnd } from '${PROCESS_END}';

        const folder = ${JSON.stringify(folder)};
        const storageClient = new MemoryStorage({ localDataDirectory: ${JSON.stringify(root)}, writeMetadata: false });
        const dataset = await Dataset.open('items', { storageClient });
        // Files of very different sizes are at very different stages.
        const items = Array.from({ length: ${ITEMS} }, (_, n) => ({ n, text: 'x'.repeat((n % 5) * 50_000) }));
        const push = (item) => dataset.client.pushItems(JSON.stringify(item));
        for (const item of items.slice(0, 5)) await push(item);
        onProcessEnd(() => {
            const storage = createSyncStorage(dataset);
            const there = new Set(storage.list([{ offset: 0, limit: 1_000 }], 4_000)[0].items.map(({ n }) => n));
            const missing = items.filter(({ n }) => !there.has(n));
            const bodies = missing.map((item) => Buffer.from(JSON.stringify([item])));
            const kinds = storage.pushAll(bodies, 4_000).map(({ kind }) => kind);
            writeSync(1, JSON.stringify({ missing: missing.length, kinds: [...new Set(kinds)] }));
        });
        ${before}
        for (const item of items.slice(5)) void push(item);
        const count = (ending) => readdirSync(folder).filter((name) => name.endsWith(ending)).length;
        for (let locks, files; !(${until}); locks = count('.lock'), files = count('.json')) await new Promise(setImmediate);
        ${end}`,
        { timeoutMillis: 20_000 },
    );
    try {
        return {
            stderr,
            told: JSON.parse(stdout) as { missing: number; kinds: string[] },
            stored: await readWhole(folder),
            files: (await readdir(folder)).sort(),
            folders: await readdir(join(root, 'datasets')),
        };
    } finally {
        await rm(root, { recursive: true, force: true });
    }
}

const FOREVER = 'await new Promise(() => setInterval(() => {}, 1_000));';

describe('local writes that are under way when the process ends', { concurrent: true }, () => {
    it.each<Ending>([
        { until: 'locks === 0', end: 'process.exit();' },
        { until: 'locks >= 1', end: `process.kill(process.pid, 'SIGTERM'); ${FOREVER}` },
        { until: 'locks >= 40', end: `throw new Error('boom');` },
        { until: 'files >= 6', end: `process.kill(process.pid, 'SIGINT'); ${FOREVER}` },
        { until: 'files >= 10', end: 'process.exit();' },
        { until: 'files >= 25', end: `process.kill(process.pid, 'SIGHUP'); ${FOREVER}` },
        { until: 'files >= 40', end: `Promise.reject(new Error('boom')); ${FOREVER}` },
        { until: 'files === 45', end: `process.kill(process.pid, 'SIGTERM'); ${FOREVER}` },
        { until: 'files === 45 && locks <= 20', end: 'process.exit();' },
    ])('leave each item once, in files without gaps, after $until and $end', async (ending) => {
        const { stored, files, folders, stderr } = await endWhileWriting(ending);
        expect(stderr.replace(/[^]*Error: boom[^]*/, '')).toBe('');
        expect(stored.slice(0, 5).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
        expect(numbersOf(stored)).toEqual(POSITIONS);
        expect(stored.every(({ n, text }) => text.length === (n! % 5) * 50_000)).toBe(true);
        expect(files).toEqual(POSITIONS.map(fileName));
        expect(folders).toEqual(['items']);
    });

    it.each(['files >= 20', 'files === 45 && locks === 3'])(
        'leave no gaps where an item of somebody else could not be written until %s',
        async (until) => {
            const { stored, files } = await endWhileWriting({
                until,
                // The memory storage waits for a lock that another process holds.
                before: `for (const number of [6, 7, 8]) mkdirSync(folder + '/00000000' + number + '.json.lock');
                    for (let n = 0; n < 3; n++) push({ foreign: n }).catch(() => {});`,
                end: 'process.exit();',
            });
            expect(numbersOf(stored)).toEqual(POSITIONS);
            expect(files).toEqual(POSITIONS.map(fileName));
        },
    );

    it.each(['locks >= 40', 'files >= 6', 'files >= 20'])(
        'do not empty what was stored while all threads were blocked from %s on',
        async (until) => {
            const { told, stored } = await endWhileWriting({
                until,
                before: `const { execFileSync } = await import('node:child_process');
                const { closeSync, existsSync, mkdir, open, openSync } = await import('node:fs');
                const pipe = ${JSON.stringify(join(tmpdir(), `pipe-${randomUUID()}`))};
                execFileSync('mkfifo', [pipe]);
                onProcessEnd(() => {
                    closeSync(openSync(pipe, 'r+'));
                    // Until the threads have begun what they were given before.
                    mkdir(pipe + '-last', () => {});
                    while (!existsSync(pipe + '-last'));
                    for (const path of [pipe, pipe + '-last']) rmSync(path, { recursive: true });
                });`,
                // Opening a pipe blocks a thread until the other end is opened. What is begun next queues behind those threads.
                end: `for (let thread = 0; thread < 4; thread++) open(pipe, 'r', () => {});
                for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
                process.exit();`,
            });
            expect(told.kinds).toEqual(['stored']);
            expect([...new Set(numbersOf(stored))]).toEqual(POSITIONS);
        },
    );
});

/** The items that are whole on disk, in order. */
async function readWhole(folder: string): Promise<Item[]> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    const texts = await Promise.all(names.map(async (name) => readFile(join(folder, name), 'utf8')));
    return texts.filter((text) => text !== '').map((text): Item => JSON.parse(text));
}
