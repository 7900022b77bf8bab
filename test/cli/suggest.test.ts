import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeEach, describe, expect, it } from 'vitest';

import { applyPatch } from '../../src/infer/json-patch.js';
import { movies } from '../actor/support/movies.js';
import { writeFolder } from '../support/local-run.js';
import { runCli, temporaryFolder } from './support/cli.js';
import { RECORD_WITHOUT_ITEM } from '../infer/support/quarantine-record.js';

const SCHEMA = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, price: { type: 'number' }, url: { type: 'string', format: 'uri' } },
};
const ITEMS = [
    { title: 'Alien', price: '$12.50' },
    { title: null },
    { title: null, price: 'free' },
    { title: 'Brazil', url: 'example.com' },
];

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFolder(folder, { 'schema.json': SCHEMA, 'items.json': ITEMS });
});

const suggest = async (...args: string[]) => runCli(['suggest', ...args], { cwd: folder });
const read = async (path: string) => readFile(join(folder, path), 'utf8');

describe('suggest', { timeout: 60_000 }, () => {
    it('prints each change with what it lets in, and the repair that would mend the items', async () => {
        const { exitCode, stdout, stderr } = await suggest('items.json', '-s', 'schema.json');
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
        const [before, after] = stdout.split('        const convert = ') as [string, string];
        expect(before.split('\n').slice(0, 13)).toEqual([
            'items.json: 4 of 4 items fail, with the schema of schema.json.',
            '',
            'fail  lets in  change',
            '   2        1  "/price": allow the type string',
            '               or mend 1 item, writing a value in the right type: "$12.50" → 12.5',
            '                   repair: { coerce: true }',
            '               or mend 2 items, removing what fails, or emptying it where it is required: "$12.50" → nothing',
            "                   repair: { invalid: 'remove', missing: 'empty' }",
            '   2        1  "/title": allow null',
            '               or mend 2 items, removing what fails, or emptying it where it is required: null → ""',
            "                   repair: { invalid: 'remove', missing: 'empty' }",
            '   1        1  "/url": drop "format"',
            '               or mend 1 item, reading a bare domain as an address: "example.com" → "https://example.com"',
        ]);
        expect(after).toContain('if (item.url !== undefined) item.url = convert(item.url);');
        expect(after).toContain('All changes together let in 4 items.');
    });

    it('prints all changes as one JSON Patch for the file of the schema', async () => {
        const { stdout, stderr } = await suggest('items.json', '-s', 'schema.json', '--patch');
        expect(JSON.parse(stdout)).toEqual([
            { op: 'replace', path: '/properties/price/type', value: ['number', 'string'] },
            { op: 'replace', path: '/properties/title/type', value: ['string', 'null'] },
            { op: 'remove', path: '/properties/url/format' },
        ]);
        expect(stderr).toContain('The patch is for schema.json.');
    });

    it('writes all changes into the schema of the Actor, after which check finds no item that fails', async () => {
        await writeFolder(folder, {
            '.actor/actor.json': { actorSpecification: 1, storages: { dataset: './d.json' } },
            'movies.json': movies,
        });
        const original = fileURLToPath(new URL('../../.actor/dataset_schema.json', import.meta.url));
        await copyFile(original, join(folder, '.actor/d.json'));
        const { stdout: patch } = await suggest('movies.json', '--patch');
        const { exitCode, stdout } = await suggest('movies.json', '--write');
        expect(exitCode).toBe(0);
        expect(stdout).toContain('All changes together let in 53 items.\n\nThey are in .actor/d.json now.');
        const [before, after] = [await readFile(original, 'utf8'), await read('.actor/d.json')];
        expect(JSON.parse(after)).toEqual(applyPatch(JSON.parse(before), JSON.parse(patch)));
        expect(after.split('\n').filter((line) => !before.includes(line))).toHaveLength(2);
        expect((await runCli(['check', 'movies.json'], { cwd: folder })).stdout).toContain('All 3,201 items pass');
    });

    it('reads the records of a quarantine, and prints everything as JSON', async () => {
        await writeFolder(folder, {
            'storage/datasets/q/000000001.json': { ...RECORD_WITHOUT_ITEM, item: { title: null } },
        });
        const { exitCode, stdout } = await suggest('q', '-s', 'schema.json', '--json');
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({
            schema: 'schema.json',
            checkedItems: 1,
            failedItems: 1,
            changes: [{ kind: 'allow-null', path: '/title', letInItems: 1 }],
            patch: [{ op: 'replace', path: '/properties/title/type' }],
        });
    });

    it('fails with exit code 1 where no change lets an item in', async () => {
        await writeFolder(folder, { 'items.json': ['text', { title: 'Alien' }] });
        const { exitCode, stdout } = await suggest('items.json', '-s', 'schema.json');
        expect(exitCode).toBe(1);
        expect(stdout).toContain('1 of 2 items fails');
        expect(stdout).toContain('No change of the schema lets in 1 item');
    });

    it('fails with exit code 1 where there is no item', async () => {
        await writeFolder(folder, { 'empty.jsonl': '' });
        expect(await suggest('empty.jsonl', '-s', 'schema.json')).toEqual({
            exitCode: 1,
            stdout: 'empty.jsonl: there is no item to suggest changes for.\n',
            stderr: '',
        });
    });

    it('shows no values with --no-samples', async () => {
        const { stdout } = await suggest('items.json', '-s', 'schema.json', '--no-samples');
        expect(stdout).toContain('or mend 1 item, writing a value in the right type\n');
        expect(stdout).not.toContain('12.5');
    });

    it.each([
        ['an empty schema', ['items.json', '-s', 'empty.json'], 'npx apify-dataset-guard infer items.json --write'],
        ['a schema that cannot work', ['items.json', '-s', 'array.json'], 'is the schema of an array'],
        ['no schema', ['items.json'], 'There is no .actor/actor.json'],
        ['a source that is nowhere', ['nowhere.json', '-s', 'schema.json'], 'nowhere.json: no such file'],
    ])('complains of %s with exit code 2', async (_what, args, message) => {
        await writeFolder(folder, {
            'empty.json': { actorSpecification: 1, fields: {} },
            'array.json': { type: 'array' },
        });
        const { exitCode, stdout, stderr } = await suggest(...args);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr).toContain(message);
        expect(stderr).not.toContain('    at ');
    });
});
