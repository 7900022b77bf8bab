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
            reasons: [{ path: '/title', message: 'must be string', count: 3, samples: ['0', '1', '2'] }],
            page,
        });
        const bare = await report(['records.json', '--json', '--no-samples']);
        expect(JSON.parse(bare.stdout).reasons).toMatchObject([{ count: 3, samples: [] }]);
        expect(await readFile(page, 'utf8')).not.toContain('https://example.com/0');
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
