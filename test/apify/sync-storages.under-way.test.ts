import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { LIBRARY_URL, runScript } from '../support/run-script.js';

const moduleUrl = (path: string) => new URL(path, LIBRARY_URL).href;

interface Item {
    n?: number;
    foreign?: number;
    text: string;
}

interface Ending {
    /** Turns of the event loop between the start of the writes and the end. */
    turns: number;
    /** How the process ends. */
    end: string;
    /** Runs before the writes begin. */
    before?: string;
}

/**
 * A process that ends while the memory storage writes items, and stores what is missing then. `foreign` items are pushed
 * beside those, by somebody who does not store them at the end.
 */
async function endWhileWriting({ turns, end, before = '' }: Ending, foreign = 0) {
    const root = await mkdtemp(join(tmpdir(), 'sync-under-way-'));
    const result = await runScript(
        `
        import { rmSync, writeSync } from 'node:fs';
        import { MemoryStorage } from '@crawlee/memory-storage';
        import { Dataset } from 'apify';
        import { createSyncStorage } from '${moduleUrl('apify/sync-storages.js')}';
        import { onProcessEnd } from '${moduleUrl('run-end/process-end.js')}';

        const storageClient = new MemoryStorage({ localDataDirectory: ${JSON.stringify(root)}, writeMetadata: false });
        const dataset = await Dataset.open('items', { storageClient });
        // Files of very different sizes are at very different stages.
        const items = Array.from({ length: 45 }, (_, n) => ({ n, text: 'x'.repeat((n % 5) * 50_000) }));
        const push = (item) => dataset.client.pushItems(JSON.stringify(item));
        for (const item of items.slice(0, 5)) await push(item);
        onProcessEnd(() => {
            const storage = createSyncStorage(dataset);
            const there = new Set(storage.newest(1_000, 0, 4_000).map(({ n }) => n));
            const missing = items.filter(({ n }) => !there.has(n));
            const bodies = missing.map((item) => Buffer.from(JSON.stringify([item])));
            const kinds = storage.pushAll(bodies, 4_000).map(({ kind }) => kind);
            writeSync(1, JSON.stringify({ missing: missing.length, kinds: [...new Set(kinds)] }));
        });
        ${before}
        for (const item of items.slice(5)) void push(item);
        for (let n = 0; n < ${foreign}; n++) void push({ foreign: n });
        for (let turn = 0; turn < ${turns}; turn++) await new Promise(setImmediate);
        ${end}`,
        { timeoutMillis: 20_000 },
    );
    try {
        const folder = join(root, 'datasets/items');
        return {
            ...result,
            told: JSON.parse(result.stdout) as { missing: number; kinds: string[] },
            stored: await readWhole(folder),
            files: (await readdir(folder)).sort(),
            folders: await readdir(join(root, 'datasets')),
        };
    } finally {
        await rm(root, { recursive: true, force: true });
    }
}

describe('local writes that are under way when the process ends', { concurrent: true }, () => {
    it.each<Ending>([
        { turns: 0, end: 'process.exit()' },
        { turns: 1, end: `throw new Error('boom')` },
        { turns: 3, end: `process.kill(process.pid, 'SIGTERM'); await new Promise(() => {})` },
        { turns: 10, end: 'process.exit()' },
        { turns: 30, end: `process.kill(process.pid, 'SIGINT'); await new Promise(() => {})` },
        { turns: 100, end: `Promise.reject(new Error('boom')); await new Promise(() => {})` },
        { turns: 300, end: 'process.exit()' },
        { turns: 1_000, end: `process.kill(process.pid, 'SIGTERM'); await new Promise(() => {})` },
    ])('leave each item once, in files without gaps, after $turns turns and $end', async (ending) => {
        const { told, stored: items, files, folders, stderr } = await endWhileWriting(ending);
        expect({ stderr: stderr.includes('boom') ? '' : stderr, told }).toMatchObject({ stderr: '' });
        expect(items.map(({ n }) => n).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
        expect(items.map(({ n }) => n!).sort((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, n) => n));
        expect(items.every(({ n, text }) => text.length === (n! % 5) * 50_000)).toBe(true);
        expect(files).toEqual(Array.from({ length: 45 }, (_, n) => fileName(n)));
        expect(folders).toEqual(['items']);
    });

    it('leave no gaps where items of others were under way, too', async () => {
        const { stored: items, files } = await endWhileWriting({ turns: 0, end: 'process.exit()' }, 10);
        const own = items.flatMap(({ n }) => n ?? []);
        expect(own.sort((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, n) => n));
        expect(files).toEqual(Array.from({ length: items.length }, (_, n) => fileName(n)));
    });

    it.runIf(process.platform !== 'win32')('do not empty what was stored while all threads were blocked', async () => {
        const { told, stored } = await endWhileWriting({
            turns: 40,
            before: `const { execFileSync } = await import('node:child_process');
                const { closeSync, open, openSync } = await import('node:fs');
                const pipe = ${JSON.stringify(join(tmpdir(), `pipe-${randomUUID()}`))};
                execFileSync('mkfifo', [pipe]);
                onProcessEnd(() => { closeSync(openSync(pipe, 'r+')); rmSync(pipe); });`,
            // Opening a pipe blocks a thread until the other end is opened. What is begun next queues behind those threads.
            end: `for (let thread = 0; thread < 4; thread++) open(pipe, 'r', () => {});
                for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
                process.exit();`,
        });
        expect(told.kinds).toEqual(['stored']);
        expect([...new Set(stored.map(({ n }) => n!))].sort((a, b) => a - b)).toEqual(
            Array.from({ length: 45 }, (_, n) => n),
        );
    });
});

const fileName = (index: number) => `${String(index + 1).padStart(9, '0')}.json`;

/** Whatever is whole on disk. */
async function readWhole(folder: string): Promise<Item[]> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    const texts = await Promise.all(names.map(async (name) => readFile(join(folder, name), 'utf8')));
    return texts.filter((text) => text !== '').map((text): Item => JSON.parse(text));
}
