import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { recordsInQuarantine } from '../redrive/support/movies-in-quarantine.js';
import { writeFolder } from '../support/local-run.js';
import { runCli, temporaryFolder } from './support/cli.js';

const SCHEMA = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, url: { type: 'string', format: 'uri' } },
};
const ITEMS = [{ title: 1941 }, { title: 1984 }, { title: 'Heat', url: 'example.com' }];

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFolder(folder, { 'schema.json': SCHEMA, 'items.json': [...ITEMS, { title: 'Alien' }] });
});

const textOf = async (file: string) =>
    (await readFile(join(folder, file), 'utf8'))
        .replace(/<style>.*<\/style>/s, '')
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll(/\s+/g, ' ');

/** What `suggest` counts for the same items. */
const TITLE =
    /In the schema: allow the type integer ?, which lets in 2 items\. Or mend 2 items, writing a value in the right type: 1941 → "1941" , with repair: { coerce: true }/;
const URL =
    /In the schema: drop "format" ?, which lets in 1 item\. Or mend 1 item, reading a bare domain as an address: "example\.com" → "https:\/\/example\.com"/;

describe('the page of check', { timeout: 60_000 }, () => {
    it('suggests the same as suggest', async () => {
        await runCli(['check', 'items.json', '-s', 'schema.json', '--html', 'page.html'], { cwd: folder });
        const text = await textOf('page.html');
        expect(text).toMatch(TITLE);
        expect(text).toMatch(URL);
        expect(text).toContain('if (item.url !== undefined) item.url = convert(item.url);');
    });

    it('suggests only what the repair that was tried leaves', async () => {
        const args = ['-s', 'schema.json', '--repair', '{"coerce":true}', '--html', 'page.html'];
        await runCli(['check', 'items.json', ...args], { cwd: folder });
        const text = await textOf('page.html');
        expect(text).not.toMatch(TITLE);
        expect(text).toMatch(URL);
    });

    it('shows no values in suggestions with --no-samples', async () => {
        await runCli(['check', 'items.json', '-s', 'schema.json', '--no-samples', '--html', 'page.html'], {
            cwd: folder,
        });
        const text = await textOf('page.html');
        expect(text).toMatch(/writing a value in the right type ?, with repair: { coerce: true }/);
        expect(text).not.toContain('1941');
    });
});

describe('the page of report', { timeout: 60_000 }, () => {
    beforeEach(async () => {
        const records = recordsInQuarantine(3, 'default').map((record, n) => ({
            ...record,
            item: ITEMS[n],
            actorRunId: n < 2 ? 'one' : 'two',
            ...(n === 2 && {
                errors: [
                    {
                        instancePath: '/url',
                        schemaPath: '#/properties/url/format',
                        keyword: 'format',
                        params: { format: 'uri' },
                        message: 'must match format "uri"',
                    },
                ],
            }),
        }));
        await writeFolder(folder, { 'records.json': records });
    });

    it('suggests what lets in and mends the items of the records, with the schema that is named', async () => {
        await runCli(['report', 'records.json', '-s', 'schema.json', '-o', 'page.html'], { cwd: folder });
        const text = await textOf('page.html');
        expect(text).toMatch(TITLE);
        expect(text).toMatch(URL);
    });

    it('takes the schema of the Actor in the folder, and counts only the run that is asked for', async () => {
        await writeFolder(folder, {
            '.actor/actor.json': { actorSpecification: 1, name: 'a', storages: { dataset: './d.json' } },
            '.actor/d.json': { actorSpecification: 1, fields: SCHEMA },
        });
        await runCli(['report', 'records.json', '--run', 'last', '-o', 'page.html'], { cwd: folder });
        const text = await textOf('page.html');
        expect(text).not.toMatch(TITLE);
        expect(text).toMatch(URL);
    });

    it('is written without suggestions where there is no schema', async () => {
        const { exitCode } = await runCli(['report', 'records.json', '-o', 'page.html'], { cwd: folder });
        expect(exitCode).toBe(0);
        expect(await textOf('page.html')).not.toContain('In the schema:');
    });

    it('complains of a schema that is nowhere with exit code 2', async () => {
        const { exitCode, stderr } = await runCli(['report', 'records.json', '-s', 'nowhere.json'], { cwd: folder });
        expect(exitCode).toBe(2);
        expect(stderr).toContain('nowhere.json');
    });
});
