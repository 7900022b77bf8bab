import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { badMovies, movies } from '../actor/support/movies.js';
import { startApiServer } from '../support/api-server.js';
import { recordsInQuarantine } from '../redrive/support/movies-in-quarantine.js';
import { writeFolder } from '../support/local-run.js';
import { childEnv } from '../support/platform-env.js';
import { BUNDLED_COMMAND_LINE } from '../support/script-packages.js';
import { runCli, temporaryFolder } from './support/cli.js';

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

/** The values of a reason's samples. */
function valuesOf({ samples }: { samples: { value: string }[] }): string[] {
    return samples.map(({ value }) => value);
}

describe('check', { timeout: 60_000 }, () => {
    it('prints the reasons as a table with samples, and fails', async () => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const { exitCode, stdout, stderr } = await check('items.json');
        expect(exitCode).toBe(1);
        expect(stderr).toBe('');
        expect(stdout).toBe(
            [
                '3 of 5 items fail in items.json, with the schema of schema.json.',
                '',
                'items  reason',
                '    1  /title must be text',
                '         for example: 1941',
                '    1  the item must be an object, but is a string',
                '    1  the item is missing "title"',
                '',
                'Failing items:',
                '    position 1: /title must be text',
                '    position 2: the item must be an object, but is a string',
                '    position 4: the item is missing "title"',
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
            expect(valuesOf(reasons[0])).toEqual(['1', '2', '10']);
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
            expect(valuesOf(reasons[0])).toEqual(['0', '100', '200', '300', '400']);
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
        expect(stdout).toContain('/title must be text');
        expect(stdout).not.toContain('1941');
    });

    it('prints nothing that a terminal obeys, and JSON of the same meaning', async () => {
        const name = '\u009b31mred\u202e\u2028';
        await writeFolder(folder, {
            'schema.json': { type: 'object', properties: { n: { type: 'number' } }, additionalProperties: false },
            'items.json': [{ n: name, [name]: 1 }],
        });
        for (const args of [
            ['check', 'items.json', '-s', 'schema.json', '--json'],
            ['infer', 'items.json', '--json'],
            ['infer', 'items.json'],
            ['suggest', 'items.json', '-s', 'schema.json', '--json'],
        ]) {
            const { stdout } = await runCli(args, { cwd: folder });
            expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
            expect(JSON.stringify(JSON.parse(stdout))).toContain(name);
        }
    });

    it('shows no credentials of an address that is the name of a property, on screen and page', async () => {
        const address = 'https://joe:secret@example.com/?token=abcdef123456';
        await writeFolder(folder, {
            'schema.json': {
                type: 'object',
                properties: { links: { type: 'object', additionalProperties: { type: 'number' } } },
                additionalProperties: false,
            },
            'items.json': [{ links: { [address]: 'a' } }, { [address]: 1 }, { [address]: 2 }],
        });
        const args = ['-s', 'schema.json', '--html', 'page.html'];
        const { stdout } = await check('items.json', { args });
        expect(stdout).toContain('position 0: /links/https:~1~1example.com~1?token=*** must be a number');
        expect(stdout).toContain('https://example.com/?token=***');
        const page = await readFile(join(folder, 'page.html'), 'utf8');
        expect(page).toContain('example.com');
        const suggested = await runCli(['suggest', 'items.json', '-s', 'schema.json'], { cwd: folder });
        expect(suggested.stdout).toContain('https://example.com/?token=***');
        for (const shown of [stdout, page, suggested.stdout]) expect(shown).not.toMatch(/joe|secret@|abcdef123456/);
    });

    it('names each failing item by its line or file, and what it is called', async () => {
        const lines = ['{"title":1,"url":"https://joe:secret@example.com/1"}', '', '{"title":"Alien"}', '{"id":7}'];
        await writeFile(join(folder, 'items.jsonl'), lines.join('\n'));
        expect((await check('items.jsonl')).stdout).toContain(
            'Failing items:\n' +
                '    line 1 (position 0) https://example.com/1: /title must be text\n' +
                '    line 4 (position 2) 7: the item is missing "title"\n',
        );
        await writeFolder(join(folder, 'storage/datasets/mine'), {
            '000000001.json': { title: 'a' },
            '000000002.json': {},
        });
        expect((await check('mine')).stdout).toContain(
            '    storage/datasets/mine/000000002.json: the item is missing "title"\n',
        );
        const { failing } = await checkJson('mine');
        expect(failing).toMatchObject([
            { position: 1, place: 'storage/datasets/mine/000000002.json', reason: 'schema' },
        ]);
    });

    it('names the property that must not be there', async () => {
        await writeFolder(folder, { 'schema.json': { ...SCHEMA, additionalProperties: false } });
        await writeFolder(folder, { 'items.json': [{ title: 'Alien', tilte: 1 }] });
        expect((await check('items.json')).stdout).toContain(
            '    position 0: the item has a property that is not allowed: "tilte"\n',
        );
    });

    it('names twenty failing items, and writes all of them to a file that can be checked again', async () => {
        const items = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? { title: 'Alien' } : { title: n }));
        await writeFolder(folder, { 'items.json': items });
        const { stdout } = await check('items.json', { args: ['-s', 'schema.json', '--failed', 'failed.jsonl'] });
        expect(stdout.match(/^ {4}position /gm)).toHaveLength(20);
        expect(stdout).toMatch(/ {4}… and 10 more\n\nThe failing items are in failed\.jsonl\.\n$/);
        expect(await readFile(join(folder, 'failed.jsonl'), 'utf8')).toBe(
            items
                .filter((_, n) => n % 2 === 1)
                .map((item) => `${JSON.stringify(item)}\n`)
                .join(''),
        );
        expect(await checkJson('failed.jsonl')).toMatchObject({ checkedItems: 30, failedItems: 30 });
    });

    it('says in words of success that all items pass', async () => {
        await writeFolder(folder, { 'items.json': Array.from({ length: 3_148 }, () => ({ title: 'Alien' })) });
        expect(await check('items.json')).toMatchObject({
            exitCode: 0,
            stdout: 'All 3,148 items pass in items.json, with the schema of schema.json.\n',
        });
    });

    it.each([
        ['as many', ['--max-failed', '3'], 0, ''],
        ['such a share', ['--max-failed', '60%'], 0, ''],
        ['more than may', ['--max-failed', '2'], 1, 'Too many items fail: 3; at most 2 may.\n'],
        ['a greater share than may', ['--max-failed', '59.5%'], 1, 'Too many items fail: 3; at most 59.5 % may.\n'],
        [
            'fewer items than wanted',
            ['--max-failed', '100%', '--min-items', '6'],
            1,
            'Too few items: 5; expected at least 6.',
        ],
    ])('compares with limits where %s fail', async (_what, args, exitCode, words) => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const result = await check('items.json', { args: ['-s', 'schema.json', ...args] });
        expect(result.exitCode).toBe(exitCode);
        expect(result.stdout).toContain(words);
    });

    it('lets exactly the share of --max-failed fail, where binary numbers cannot hold it', async () => {
        const items = Array.from({ length: 100 }, (_, n) => ({ title: n < 29 ? n : 'Alien' }));
        await writeFolder(folder, { 'items.json': items });
        expect((await check('items.json', { args: ['-s', 'schema.json', '--max-failed', '29%'] })).exitCode).toBe(0);
        const { exitCode, stdout } = await check('items.json', { args: ['-s', 'schema.json', '--max-failed', '7%'] });
        expect(exitCode).toBe(1);
        expect(stdout).toContain('Too many items fail: 29; at most 7 % may.\n');
    });

    it.each([
        ['--failed', 'items.json'],
        ['--html', './items.json'],
        ['--failed', 'link.json'],
        ['--html', 'schema.json'],
    ])('refuses to write with %s over %s, which it reads', async (option, file) => {
        await writeFolder(folder, { 'items.json': ITEMS });
        await symlink('items.json', join(folder, 'link.json'));
        const read = async () =>
            Promise.all(['items.json', 'schema.json'].map(async (name) => readFile(join(folder, name), 'utf8')));
        const before = await read();
        expect(await check('items.json', { args: ['-s', 'schema.json', option, file] })).toEqual({
            exitCode: 2,
            stdout: '',
            stderr: `error: ${option} would write over ${file}, which this command reads. Name another file.\n`,
        });
        expect(await read()).toEqual(before);
    });

    it('refuses one file for --failed and --html', async () => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const args = ['-s', 'schema.json', '--failed', 'out', '--html', './out'];
        expect(await check('items.json', { args })).toEqual({
            exitCode: 2,
            stdout: '',
            stderr: 'error: --failed and --html both name ./out. Name two files.\n',
        });
    });

    it('takes an input without items for no success, unless told that it may be empty', async () => {
        await writeFile(join(folder, 'items.jsonl'), '\n');
        const { exitCode, stdout } = await check('items.jsonl');
        expect(exitCode).toBe(1);
        expect(stdout).toBe(
            'No items to check in items.jsonl, with the schema of schema.json.\n' +
                'Too few items: 0; expected at least 1. --min-items changes that.\n',
        );
        expect((await check('items.jsonl', { args: ['-s', 'schema.json', '--min-items', '0'] })).exitCode).toBe(0);
    });

    it('judges expectations of a file, and fails only where they say so', async () => {
        await writeFolder(folder, {
            'items.json': [{ title: 'a', price: 1 }, { title: 'b', price: null }, { title: 'c' }],
        });
        const expectations = { filled: { price: 0.9 }, minItems: 2 };
        await writeFolder(folder, { 'warn.json': expectations, 'fail.json': { ...expectations, otherwise: 'fail' } });
        const args = ['-s', 'schema.json', '--expect'];
        const warned = await check('items.json', { args: [...args, 'warn.json'] });
        expect(warned).toMatchObject({
            exitCode: 0,
            stdout: expect.stringContaining('Unmet: price is filled in 33 % of items; expected at least 90 %.\n'),
        });
        expect((await check('items.json', { args: [...args, 'fail.json'] })).exitCode).toBe(1);
        const { stdout } = await check('items.json', { args: [...args, 'fail.json', '--json'] });
        expect(JSON.parse(stdout)).toMatchObject({
            verdict: { outcome: 'failed', unmet: [{ expectation: 'filled.price', expected: 0.9 }] },
            fields: expect.arrayContaining([
                expect.objectContaining({
                    path: '/price',
                    totalItems: 3,
                    filledItems: 1,
                    nullItems: 1,
                    missingItems: 1,
                }),
            ]),
        });
    });

    it('writes a page that shows the result', async () => {
        await writeFolder(folder, { 'items.json': ITEMS });
        const { stdout } = await check('items.json', { args: ['-s', 'schema.json', '--html', 'page.html'] });
        expect(stdout).toContain(`The page is ${join(folder, 'page.html')}\n`);
        const page = await readFile(join(folder, 'page.html'), 'utf8');
        expect(page).toContain('<h1>3 of 5 items fail</h1>');
        expect(page).toContain('Why items fail');
    });

    it('checks the items in the records of a quarantine', async () => {
        const records = recordsInQuarantine(3, 'default');
        await writeFolder(folder, { 'records.json': [...records, { ...records[0], id: 'other', item: undefined }] });
        const { exitCode, stdout } = await check('records.json');
        expect(exitCode).toBe(1);
        expect(stdout).toContain('3 of 3 items fail in records.json, a quarantine, with the schema of schema.json.\n');
        expect(stdout).toContain('1 record without an item in them skipped.\n');
        expect(stdout).toContain('/title must be text');
    });

    it('checks the item of a record that was written twice once', async () => {
        const records = recordsInQuarantine(3, 'default');
        await writeFolder(folder, { 'records.json': [...records, records[1]] });
        expect(await checkJson('records.json')).toMatchObject({ checkedItems: 3, failedItems: 3, skippedRecords: 0 });
    });

    it('leaves out records of a quarantine that a redrive has brought back', async () => {
        const records = recordsInQuarantine(3, 'default');
        await writeFolder(
            join(folder, 'storage/datasets/q'),
            Object.fromEntries(records.map((record, index) => [`00000000${index + 1}.json`, record])),
        );
        await writeFolder(folder, { 'any.json': { type: 'object' } });
        expect(await checkJson('q')).toMatchObject({ checkedItems: 3, redrivenRecords: 0 });
        expect(await runCli(['redrive', 'q', '-s', 'any.json'], { cwd: folder })).toMatchObject({ exitCode: 0 });
        expect(await checkJson('q')).toMatchObject({ checkedItems: 0, failedItems: 0, redrivenRecords: 3 });
        expect((await check('q')).stdout).toContain('3 records that a redrive has brought back are left out.\n');
    });

    it('says first that items were not checked where the schema is empty', async () => {
        await writeFolder(folder, { 'schema.json': {}, 'items.json': ITEMS.slice(0, 2) });
        const { stdout } = await check('items.json');
        expect(stdout).toMatch(/^Items were not checked: /);
        expect(stdout).not.toContain('pass');
    });

    it('refuses a folder that holds no dataset, and takes an empty one', async () => {
        await writeFolder(join(folder, 'other'), { 'a.json': {}, 'b.txt': 'b' });
        await writeFolder(join(folder, 'storage/datasets/empty'), { '__metadata__.json': { id: 'x' } });
        const refused = await check('other');
        expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
        expect(refused.stderr).toContain(
            'other: is no folder of a dataset: expected files such as 000000001.json, but found a.json, b.txt.',
        );
        expect((await checkJson('empty')).checkedItems).toBe(0);
    });

    it.each([
        ['one long line', (length: number) => JSON.stringify({ title: 'x'.repeat(length) })],
        [
            'a long line among others',
            (length: number) => `{"title":"a"}\n${JSON.stringify({ title: 'x'.repeat(length) })}`,
        ],
    ])('reads %s of standard input once, however many pieces it comes in', async (_what, make) => {
        // A time in proportion to the square of the pieces would be minutes.
        const input = make(8_000_000);
        expect(await checkJson('-', { input })).toMatchObject({ exitCode: 0, failedItems: 0 });
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
        [
            'an invalid limit',
            ['check', '-', '--max-failed', 'few'],
            'Expected a number of items such as 10, or a share such as 1%.',
        ],
        [
            'expectations that are nowhere',
            ['check', '-', '-s', 'schema.json', '-e', 'no.json'],
            'no.json cannot be read (ENOENT)',
        ],
        [
            'expectations that are none',
            ['check', '-', '-s', 'schema.json', '-e', 'array.json'],
            'Unknown option "expect.type"',
        ],
        [
            'a place that cannot be written',
            ['check', '-', '-s', 'schema.json', '-f', 'no/f.jsonl'],
            'no/f.jsonl cannot be written',
        ],
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
        const child = spawn('sh', ['-c', command, process.execPath, BUNDLED_COMMAND_LINE], {
            cwd: folder,
            env: childEnv({}),
        });
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

/** The time that checking a file of this number of bytes takes at most. */
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
    expect({ exitCode, stdout }).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^All [\d,]+ items pass in large/),
    });
    return Number(stderr.trim()) * 1_024;
}
