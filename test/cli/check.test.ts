import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { badMovies, movies } from '../actor/support/movies.js';
import { startApiServer } from '../support/api-server.js';
import { writeFolder } from '../support/local-run.js';
import { childEnv } from '../support/platform-env.js';
import { CLI, runCli, temporaryFolder } from './support/cli.js';

const SCHEMA = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
const ITEMS = [{ title: 'Alien' }, { title: 1941 }, 'no object', { title: 'Brazil' }, {}];
const LINES = ITEMS.map((item) => JSON.stringify(item)).join('\n');

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFolder(folder, { 'schema.json': SCHEMA });
});

async function check(
    named: string,
    options: { args?: string[]; input?: string | Buffer; env?: Record<string, string> } = {},
) {
    const { args = ['--schema', 'schema.json'], ...rest } = options;
    return runCli(['check', named, ...args], { cwd: folder, ...rest });
}

async function checkJson(named: string, options: { input?: string | Buffer; env?: Record<string, string> } = {}) {
    const { exitCode, stdout, stderr } = await check(named, {
        args: ['--schema', 'schema.json', '--json'],
        ...options,
    });
    return { exitCode, stderr, ...JSON.parse(stdout) };
}

describe('check', { timeout: 60_000 }, () => {
    it('prints the reasons as a table with samples, and fails', async () => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const { exitCode, stdout, stderr } = await check('items.json');
        expect(exitCode).toBe(1);
        expect(stderr).toBe('');
        expect(stdout).toBe(
            [
                'items.json: 3 of 5 items fail, with the schema of schema.json.',
                '',
                'items  reason',
                '    1  "/title" must be string',
                '         for example: 1941',
                '    1  the item must be an object, but is a string',
                "    1  the item must have required property 'title'",
                '',
            ].join('\n'),
        );
    });

    it.each([
        ['an array', 'items.json', JSON.stringify(ITEMS, null, 4)],
        ['an array in gzip', 'items.json.gz', gzipSync(JSON.stringify(ITEMS))],
        ['gzip that does not say so', 'items.json', gzipSync(JSON.stringify(ITEMS))],
        ['lines', 'items.jsonl', LINES],
        [
            'lines of another system, blank ones among them',
            'items.ndjson',
            `\uFEFF${LINES.replaceAll('\n', '\r\n\r\n')}\r\n`,
        ],
        ['lines in gzip', 'items.jsonl', gzipSync(LINES)],
        ['values one after another', 'items.json', LINES],
        ['no format in its name: an array', 'items', JSON.stringify(ITEMS)],
        ['no format in its name: lines', 'items', LINES],
    ])('reads a file with %s', async (_what, name, content) => {
        await writeFile(join(folder, name), content);
        expect(await checkJson(name)).toMatchObject({ exitCode: 1, source: name, checkedItems: 5, failedItems: 3 });
    });

    it('reads one object as one item', async () => {
        await writeFolder(folder, { 'item.json': '{\n  "title": "Alien",\n  "tags": [["a"], [], {}]\n}' });
        expect(await checkJson('item.json')).toMatchObject({ exitCode: 0, checkedItems: 1, failedItems: 0 });
        const input = await readFile(join(folder, 'item.json'));
        expect(await checkJson('-', { input })).toMatchObject({ exitCode: 0, checkedItems: 1, failedItems: 0 });
    });

    it.each([
        ['an array', JSON.stringify(ITEMS, null, 4)],
        ['lines', LINES],
        ['lines in gzip', gzipSync(LINES)],
        ['one line without an end', JSON.stringify(ITEMS[1])],
    ])('reads standard input: %s', async (_what, input) => {
        const failedItems = input === JSON.stringify(ITEMS[1]) ? 1 : 3;
        expect(await checkJson('-', { input })).toMatchObject({ exitCode: 1, source: 'standard input', failedItems });
    });

    it('reads a local dataset in the order of its items, by its folder or its name', async () => {
        await writeFolder(join(folder, 'storage/datasets/mine'), {
            '000000002.json': { title: 2 },
            '000000001.json': { title: 1 },
            '000000010.json': { title: 10 },
            '__metadata__.json': { id: 'x' },
        });
        for (const named of ['storage/datasets/mine', 'mine']) {
            const { reasons, ...result } = await checkJson(named);
            expect(result).toMatchObject({ exitCode: 1, checkedItems: 3, failedItems: 3 });
            expect(reasons[0].samples).toEqual(['1', '2', '10']);
        }
    });

    it('reads a dataset on the platform, page by page, by id and by name', async () => {
        const server = await startApiServer();
        onTestFinished(async () => server.close());
        const dataset = server.addDataset({ id: 'SomeDataset000001', name: 'movies' });
        dataset.items.push(...Array.from({ length: 500 }, (_, index) => ({ title: index % 100 ? 'Alien' : index })));
        dataset.itemCount = 500;
        dataset.commits.push({ at: 0, itemCount: 500 });
        const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
        for (const named of ['SomeDataset000001', 'movies', 'tester/movies', 'tester~movies']) {
            const { reasons, ...result } = await checkJson(named, { env });
            expect(result).toMatchObject({ exitCode: 1, source: 'dataset movies', checkedItems: 500, failedItems: 5 });
            expect(reasons[0].samples).toEqual(['0', '100', '200']);
        }
        expect((await check('tester/unknown', { env })).stderr).toContain('no dataset of that id or name');
        expect(server.datasets()).toHaveLength(2);
        const refused = await check('movies', { env: { ...env, APIFY_TOKEN: 'wrong' } });
        expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('error: ') });
        expect(refused.stderr).not.toContain('    at ');
    });

    it('takes the schema of the Actor in the current folder', async () => {
        await writeFolder(folder, {
            '.actor/actor.json': { actorSpecification: 1, storages: { dataset: './d.json' } },
        });
        await copyFile(
            fileURLToPath(new URL('../../.actor/dataset_schema.json', import.meta.url)),
            join(folder, '.actor/d.json'),
        );
        await writeFolder(folder, { 'movies.json': movies });
        const { exitCode, stdout } = await check('movies.json', { args: ['--json'] });
        expect(exitCode).toBe(1);
        expect(JSON.parse(stdout)).toMatchObject({
            checkedItems: movies.length,
            failedItems: badMovies.length,
            schema: { source: '.actor/d.json' },
        });
    });

    it('takes a whole dataset schema, and shows no values when told so', async () => {
        await writeFolder(folder, {
            'schema.json': { actorSpecification: 1, fields: SCHEMA, views: {} },
            'items.json': [{ title: 1941 }],
        });
        const { exitCode, stdout } = await check('items.json', { args: ['-s', 'schema.json', '--no-samples'] });
        expect(exitCode).toBe(1);
        expect(stdout).toContain('must be string');
        expect(stdout).not.toContain('1941');
    });

    it('finds an item that one request cannot carry', async () => {
        await writeFolder(folder, {
            'items.jsonl': `${JSON.stringify({ title: 'x'.repeat(9_500_000) })}\n{"title":"Alien"}`,
        });
        const { reasons, ...result } = await checkJson('items.jsonl');
        expect(result).toMatchObject({ exitCode: 1, checkedItems: 2, failedItems: 1 });
        expect(reasons).toMatchObject([{ reason: 'too-large', count: 1 }]);
    });

    it.each([
        [
            'an array',
            'a.json',
            '[{"title":"Alien"},\n {"title":}]',
            'a.json: is not JSON: expected a value at line 2, column 11.',
        ],
        [
            'an array that breaks off',
            'a.json',
            '[{"title":"Alien"},\n',
            'a.json: is not JSON: expected a value at line 2, column 1.',
        ],
        [
            'an array that is not closed',
            'a.json',
            '[{"title":"Alien"}',
            "a.json: is not JSON: expected ',' at line 1, column 19.",
        ],
        [
            'lines',
            'a.jsonl',
            '{"title":"Alien"}\n\n{"title":}',
            'a.jsonl: is not JSON Lines: unexpected "}" at line 3, column 10.',
        ],
        [
            'gzip that breaks off',
            'a.jsonl',
            gzipSync(LINES).subarray(0, 40),
            'a.jsonl: its gzip data is damaged or cut off',
        ],
        ['no JSON at all', 'a.json', 'Not found', 'a.json: is not JSON: expected a value at line 1, column 1.'],
    ])('says what is wrong with %s, and where', async (_what, name, content, message) => {
        await writeFile(join(folder, name), content);
        const { exitCode, stdout, stderr } = await check(name);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr).toContain(`error: ${message}`);
        expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    });

    it.each([
        ['no source', ['check'], "missing required argument 'source'"],
        ['an unknown command', ['chekc'], 'Did you mean check?'],
        ['an unknown option', ['check', 'a.json', '--shcema', 'x'], "unknown option '--shcema'"],
        ['a source that is nowhere', ['check', 'nowhere.json', '-s', 'schema.json'], 'nowhere.json: no such file'],
        ['a schema that is nowhere', ['check', '-', '-s', 'nowhere.json'], 'nowhere.json: there is no such file'],
        ['a schema that cannot work', ['check', '-', '-s', 'array.json'], 'is the schema of an array'],
        ['no schema', ['check', '-'], 'there is no .actor/actor.json'],
    ])('complains of %s with exit code 2', async (_what, args, message) => {
        await writeFolder(folder, { 'array.json': { type: 'array' } });
        const { exitCode, stdout, stderr } = await runCli(args, { cwd: folder });
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr).toContain(message);
        expect(stderr).not.toContain('    at ');
    });

    it('ends without a word when its reader has seen enough', async () => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const command = '"$0" "$1" check items.json -s schema.json | true';
        const child = spawn('sh', ['-c', command, process.execPath, CLI], { cwd: folder, env: childEnv({}) });
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        await once(child, 'close');
        expect(stderr).toBe('');
    });

    it('shows control characters of scraped text instead of sending them to the terminal', async () => {
        await writeFolder(folder, { 'items.json': [{ title: ['\u001b[2J\u202e\u009b'] }] });
        const { stdout } = await check('items.json');
        expect(stdout).toContain('\\u001b[2J\\u202e\\u009b');
        expect(stdout).not.toContain('\u001b');
    });

    it('needs no more memory for more items', async () => {
        const small = await maxMemory('json', 5_000_000);
        const large = await maxMemory('json', 60_000_000);
        const lines = await maxMemory('jsonl', 60_000_000);
        expect(large).toBeLessThan(200_000_000);
        expect(lines).toBeLessThan(200_000_000);
        expect(large - small).toBeLessThan(60_000_000);
    }, 120_000);
});

/** What checking a file of so many bytes takes at most. */
async function maxMemory(format: 'json' | 'jsonl', bytes: number): Promise<number> {
    const name = `large-${bytes}.${format}`;
    const file = createWriteStream(join(folder, name));
    const item = JSON.stringify({ title: 'Alien', text: 'x'.repeat(900), tags: ['a', 'b'] });
    const group = Array.from({ length: 100 }, () => item).join(format === 'json' ? ',\n' : '\n');
    if (format === 'json') file.write('[');
    for (let written = 0; written < bytes; written += group.length) {
        if (written > 0) file.write(format === 'json' ? ',' : '\n');
        if (!file.write(group)) await once(file, 'drain');
    }
    file.end(format === 'json' ? ']' : '');
    await once(file, 'close');
    const tell = `process.on('exit', () => console.error(process.resourceUsage().maxRSS))`;
    const { exitCode, stdout, stderr } = await runCli(['check', name, '-s', 'schema.json'], {
        cwd: folder,
        nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
    });
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('0 of ') });
    return Number(stderr.trim()) * 1_024;
}
