import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { recordsInQuarantine } from '../redrive/support/movies-in-quarantine.js';
import { startApiServer } from '../support/api-server.js';
import { writeFolder } from '../support/local-run.js';
import { runCli, temporaryFolder } from './support/cli.js';

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
});

async function report(args: string[], env: Record<string, string> = {}) {
    return runCli(['report', ...args], { cwd: folder, env });
}

describe('report', { timeout: 60_000 }, () => {
    it('refuses to write the page over the records', async () => {
        const text = JSON.stringify(recordsInQuarantine(3, 'default'));
        await writeFile(join(folder, 'records.json'), text);
        expect(await report(['records.json', '--out', 'records.json'])).toEqual({
            exitCode: 2,
            stdout: '',
            stderr: 'error: --out would write over records.json, which this command reads. Name another file.\n',
        });
        expect(await readFile(join(folder, 'records.json'), 'utf8')).toBe(text);
    });

    it('writes a page that shows the reasons, of a file, a folder and a dataset on the platform', async () => {
        const records = recordsInQuarantine(12, 'default');
        const server = await startApiServer();
        onTestFinished(async () => server.close());
        const quarantine = server.addDataset({ name: 'movies-quarantine' });
        quarantine.items.push(...records);
        quarantine.commits.push({ at: 0, itemCount: records.length });
        await writeFile(join(folder, 'records.jsonl'), records.map((record) => JSON.stringify(record)).join('\n'));
        await writeFolder(
            join(folder, 'storage/datasets/local-quarantine'),
            Object.fromEntries(records.map((record, index) => [`${String(index + 1).padStart(9, '0')}.json`, record])),
        );
        const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
        for (const [named, name] of [
            ['records.jsonl', 'records.jsonl'],
            ['local-quarantine', 'storage/datasets/local-quarantine'],
            ['tester/movies-quarantine', 'dataset movies-quarantine'],
        ] as const) {
            const { exitCode, stdout, stderr } = await report([named, '--out', 'page.html'], env);
            expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
            expect(stdout).toBe(`${name}: 12 records. The page is ${join(folder, 'page.html')}\n`);
            const page = await readFile(join(folder, 'page.html'), 'utf8');
            expect(page).toMatch(/^<!doctype html>/i);
            expect(page).toContain('12 items in quarantine');
            expect(page).toContain('https://example.com/0');
            expect(page).not.toContain('<script');
        }
    });

    it('counts a record once that was written twice', async () => {
        const records = recordsInQuarantine(3, 'default');
        await writeFolder(folder, { 'records.json': [...records, records[1]] });
        const { stdout } = await report(['records.json', '--json']);
        expect(JSON.parse(stdout)).toMatchObject({ records: 3, reasons: [{ path: '/title', count: 3 }] });
    });

    it('has a name for the page, and prints the reasons as JSON', async () => {
        await writeFolder(folder, { 'records.json': recordsInQuarantine(3, 'default') });
        const { exitCode, stdout } = await report(['records.json', '--json']);
        expect(exitCode).toBe(0);
        const page = join(folder, 'dataset-guard-report.html');
        expect(JSON.parse(stdout)).toMatchObject({
            source: 'records.json',
            records: 3,
            reasons: [
                {
                    path: '/title',
                    message: 'must be text',
                    count: 3,
                    samples: [{ value: '0', count: 1, url: 'https://example.com/0' }, { value: '1' }, { value: '2' }],
                },
            ],
            page,
        });
        const bare = await report(['records.json', '--json', '--no-samples']);
        expect(JSON.parse(bare.stdout).reasons).toMatchObject([{ count: 3, samples: [] }]);
        expect(await readFile(page, 'utf8')).not.toContain('https://example.com/0');
    });

    it('counts only records of a run, a reason and a time', async () => {
        const records = recordsInQuarantine(4, 'default').map((record, n) => ({
            ...record,
            actorRunId: n < 3 ? 'first' : 'second',
            reason: n === 0 ? 'too-large' : 'schema',
            quarantinedAt: `2026-01-0${n + 1}T00:00:00.000Z`,
        }));
        await writeFolder(folder, { 'records.json': records });
        const counted = async (...args: string[]) => {
            const { records: count, filtered } = JSON.parse((await report(['records.json', '--json', ...args])).stdout);
            return [count, filtered];
        };
        expect(await counted('--run', 'first')).toEqual([3, 1]);
        expect(await counted('--run', 'last')).toEqual([1, 3]);
        expect(await counted('--reason', 'too-large')).toEqual([1, 3]);
        expect(await counted('--since', '2026-01-03', '--run', 'first')).toEqual([1, 3]);
        expect((await report(['records.json', '--since', 'yesterday'])).stderr).toContain('--since must be a date');
    });

    it('leaves out what was redriven', async () => {
        const records = recordsInQuarantine(6, 'default');
        await writeFolder(
            join(folder, 'storage/datasets/q'),
            Object.fromEntries(records.map((record, index) => [`${String(index + 1).padStart(9, '0')}.json`, record])),
        );
        await writeFolder(folder, { 'schema.json': { type: 'object' } });
        const before = await report(['q', '--json']);
        expect(JSON.parse(before.stdout)).toMatchObject({ records: 6, redriven: 0 });
        const redriven = await runCli(['redrive', 'q', '-s', 'schema.json'], { cwd: folder });
        expect(redriven).toMatchObject({ exitCode: 0 });
        expect((await report(['q'])).stdout).toMatch(/q: 0 records \(besides 6 redriven\)\. The page is /);
    });

    it.each([
        ['what is no quarantine', ['items.json'], 'items.json is no quarantine: its item 0 is no quarantine record.'],
        ['a source that is nowhere', ['nowhere'], 'nowhere: no such file, folder or local dataset'],
        ['a place that cannot be written', ['records.json', '-o', 'no/where.html'], 'no/where.html cannot be written'],
    ])('complains of %s with exit code 2', async (_what, args, message) => {
        await writeFolder(folder, { 'items.json': [{ title: 1 }], 'records.json': recordsInQuarantine(1, 'default') });
        const { exitCode, stderr } = await report(args);
        expect(exitCode).toBe(2);
        expect(stderr).toContain(`error: ${message}`);
        expect(stderr).not.toContain('    at ');
    });
});
