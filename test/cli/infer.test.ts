import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { getActorSchemaValidator, getDatasetSchemaValidator } from '@apify/json_schemas';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { writeFolder } from '../support/local-run.js';
import type { CliOptions } from './support/cli.js';
import { runCli, temporaryFolder } from './support/cli.js';
import { RECORD_WITHOUT_ITEM } from '../infer/support/quarantine-record.js';

const MOVIES = fileURLToPath(new URL('../data/movies.json', import.meta.resolve('vega-datasets')));
const ITEMS = Array.from({ length: 200 }, (_, index) => ({ name: `Name ${index}`, price: index / 2 }));

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFolder(folder, { 'items.json': ITEMS });
});

const infer = async (args: string[], options: Partial<CliOptions> = {}) =>
    runCli(['infer', ...args], { cwd: folder, ...options });

async function read(path: string): Promise<string> {
    return readFile(join(folder, path), 'utf8');
}

async function writeText(path: string, text: string): Promise<void> {
    await mkdir(join(folder, '.actor'), { recursive: true });
    await writeFile(join(folder, path), text);
}

describe('infer', { timeout: 60_000 }, () => {
    it('prints the schema alone on standard output, for check to read', async () => {
        const { exitCode, stdout, stderr } = await infer(['items.json']);
        expect(exitCode).toBe(0);
        expect(stderr).toBe('items.json: a schema with 2 properties, of 200 items.\n');
        expect(stdout).toBe(
            `${[
                '{',
                '    "$schema": "http://json-schema.org/draft-07/schema#",',
                '    "type": "object",',
                '    "properties": {',
                '        "name": {',
                '            "type": "string",',
                '            "title": "Name",',
                '            "examples": ["Name 0"]',
                '        },',
                '        "price": {',
                '            "type": "number",',
                '            "title": "Price",',
                '            "examples": [0]',
                '        }',
                '    },',
                '    "required": ["name", "price"]',
                '}',
            ].join('\n')}\n`,
        );
        await writeText('schema.json', stdout);
        expect((await runCli(['check', 'items.json', '-s', 'schema.json'], { cwd: folder })).exitCode).toBe(0);
    });

    it('leaves outliers to the quarantine with --tolerate, and names them', async () => {
        const { exitCode, stdout, stderr } = await infer([MOVIES, '--tolerate', '1%']);
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout).properties.Title).toMatchObject({ type: 'string' });
        expect(stderr).toContain(
            'It leaves to the quarantine:\n9 of 3,201  "/Title" is integer, not string: 1776, 1941, 1408',
        );
        expect(stderr).toContain('1 of 3,201  "/Title" is null, not string (position 3,053)');
        expect((await infer([MOVIES, '--tolerate', '0.01'])).stdout).toBe(stdout);
    });

    it('shows and writes no values with --no-samples, and ranges on request', async () => {
        const { stdout } = await infer(['items.json', '--no-samples', '--ranges']);
        expect(JSON.parse(stdout).properties).toEqual({
            name: { type: 'string', title: 'Name' },
            price: { type: 'number', title: 'Price', minimum: 0, maximum: 99.5 },
        });
        const { stderr } = await infer([MOVIES, '-t', '1%', '--no-samples']);
        expect(stderr).toContain('"/Title" is integer, not string');
        expect(stderr).not.toContain('1776');
    });

    it('prints everything as JSON', async () => {
        const { stdout } = await infer([MOVIES, '--tolerate', '1%', '--json']);
        const { source, readItems, notObjects, fields, outliers } = JSON.parse(stdout);
        expect({ source, readItems, notObjects }).toEqual({ source: MOVIES, readItems: 3_201, notObjects: 0 });
        expect(fields.properties.Title.type).toBe('string');
        expect(outliers[0]).toMatchObject({
            path: '/Title',
            found: 'integer',
            count: 9,
            samples: [{ itemPosition: 21, value: 1776 }, {}, {}],
        });
    });

    it.each([
        ['CSV', ['items.csv'], { 'items.csv': 'name,price,tags/0\nA,1.5,x\nB,2,\n' }],
        ['CSV in gzip', ['items.csv.gz'], { 'items.csv.gz': gzipSync('name,price,tags/0\nA,1.5,x\nB,2,\n') }],
        [
            'JSON Lines',
            ['items.jsonl'],
            { 'items.jsonl': '{"name":"A","price":1.5,"tags":["x"]}\n{"name":"B","price":2}\n' },
        ],
    ])('reads %s, as check does', async (_what, args, files) => {
        for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
        const { stdout } = await infer([...args, '--no-samples']);
        expect(JSON.parse(stdout)).toMatchObject({
            properties: {
                name: { type: 'string' },
                price: { type: 'number' },
                tags: { type: 'array', items: { type: 'string' } },
            },
            required: ['name', 'price'],
        });
        await writeText('schema.json', stdout);
        const check = await runCli(['check', ...args, '-s', 'schema.json', '--json'], { cwd: folder });
        expect(JSON.parse(check.stdout)).toMatchObject({ checkedItems: 2, failedItems: 0 });
    });

    it('reads the items in the records of a quarantine, as check and suggest do', async () => {
        await writeFolder(folder, {
            'storage/datasets/q/000000001.json': { ...RECORD_WITHOUT_ITEM, datasetId: 'd', item: { title: 'Alien' } },
            'storage/datasets/q/000000002.json': { ...RECORD_WITHOUT_ITEM, datasetId: 'd', item: { title: null } },
        });
        const { stdout, stderr } = await infer(['q']);
        expect(JSON.parse(stdout).properties).toEqual({
            title: { type: ['string', 'null'], title: 'Title', examples: ['Alien'] },
        });
        expect(stderr).toContain('of 2 items');
    });

    it('reads standard input and a dataset on the platform', async () => {
        expect((await infer(['-'], { input: JSON.stringify(ITEMS) })).stdout).toContain('"price"');
        const server = await startApiServer();
        onTestFinished(async () => server.close());
        const dataset = server.addDataset({ id: 'SomeDataset000001', name: 'things' });
        dataset.items.push(...ITEMS);
        dataset.itemCount = ITEMS.length;
        dataset.commits.push({ at: 0, itemCount: ITEMS.length });
        const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
        const { stdout } = await infer(['SomeDataset000001', '--json'], { env });
        expect(JSON.parse(stdout)).toMatchObject({ source: 'dataset things', readItems: 200 });
    });

    it('writes into the file that actor.json names: views and formatting stay, and what people wrote about fields', async () => {
        const before = [
            '{',
            '  "actorSpecification": 1,',
            '  "fields": { "properties": { "price": { "title": "Price in US dollars", "description": "Without tax." } } },',
            '',
            '  "views": { "overview": { "title": "Overview", "transformation": { "fields": ["name",  "price"] } } }',
            '}',
        ];
        await writeText(
            '.actor/actor.json',
            '{"actorSpecification":1,"name":"a","version":"0.1","storages":{"dataset":"./d.json"}}',
        );
        await writeText('.actor/d.json', before.join('\r\n'));
        const { exitCode, stdout, stderr } = await infer(['items.json', '--write']);
        expect({ exitCode, stdout, stderr }).toEqual({
            exitCode: 0,
            stdout: 'items.json: a schema with 2 properties, of 200 items. It is in .actor/d.json.\n',
            stderr: '',
        });
        const after = await read('.actor/d.json');
        expect(after.split('\r\n').slice(-4)).toEqual(['  },', ...before.slice(-3)]);
        const schema = JSON.parse(after);
        expect(Object.keys(schema)).toEqual(['actorSpecification', 'fields', 'views']);
        expect(schema.fields.properties).toEqual({
            name: { type: 'string', title: 'Name', examples: ['Name 0'] },
            price: { type: 'number', title: 'Price in US dollars', description: 'Without tax.', examples: [0] },
        });
        const validate = getDatasetSchemaValidator();
        expect(validate(schema), JSON.stringify(validate.errors)).toBe(true);
    });

    it.each([
        [
            'a schema in actor.json',
            { storages: { dataset: { actorSpecification: 1, fields: {}, views: {} } } },
            '.actor/actor.json',
            ['storages', 'dataset'],
        ],
        [
            'datasets by alias',
            { storages: { datasets: { default: { actorSpecification: 1, fields: {} } } } },
            '.actor/actor.json',
            ['storages', 'datasets', 'default'],
        ],
        ['no schema', {}, '.actor/dataset_schema.json', []],
        ['storages without a dataset', { storages: { keyValueStore: './k.json' } }, '.actor/dataset_schema.json', []],
        ['a file that is not there yet', { storages: { dataset: './new/d.json' } }, '.actor/new/d.json', []],
    ])('writes for an Actor with %s', async (_what, definition, file, path) => {
        await writeFolder(folder, {
            '.actor/actor.json': { actorSpecification: 1, name: 'a', version: '0.1', ...definition },
        });
        const { exitCode, stdout } = await infer(['items.json', '-w']);
        expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining(`It is in ${file}.`) });
        const written = JSON.parse(await read(file));
        const schema = path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], written);
        expect(schema).toMatchObject({ actorSpecification: 1, fields: { properties: { name: { type: 'string' } } } });
        const actor = JSON.parse(await read('.actor/actor.json'));
        const validate = getActorSchemaValidator();
        expect(validate(actor), JSON.stringify(validate.errors)).toBe(true);
        expect((await runCli(['check', 'items.json'], { cwd: folder })).exitCode).toBe(0);
    });

    it('is named by check where the schema is empty', async () => {
        await writeFolder(folder, { 'schema.json': { actorSpecification: 1, fields: {} } });
        const { stdout } = await runCli(['check', 'items.json', '-s', 'schema.json'], { cwd: folder });
        expect(stdout).toContain('npx apify-dataset-guard infer items.json --write');
    });

    it.each([
        ['no Actor to write into', ['items.json', '--write'], 'There is no .actor/actor.json in this folder'],
        [
            'no Actor, with how to make one',
            ['items.json', '--write'],
            '{ "actorSpecification": 1, "name": "my-actor", "version": "0.1" }',
        ],
        ['an invalid share', ['items.json', '--tolerate', 'much'], 'Expected a share below 50%'],
        ['a source that is nowhere', ['nowhere.json'], 'nowhere.json: no such file'],
        [
            'CSV with a cell too many',
            ['wrong.csv'],
            'wrong.csv: is not CSV: line 3 has 2 cells, but there are 1 columns',
        ],
    ])('complains of %s with exit code 2', async (_what, args, message) => {
        await writeText('wrong.csv', 'a\n1\n1,2\n');
        const { exitCode, stdout, stderr } = await infer(args);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr).toContain(message);
        expect(stderr).not.toContain('    at ');
    });

    it('fails with exit code 1 where there is no item, and writes nothing', async () => {
        await writeText('.actor/actor.json', '{}');
        await writeFolder(folder, { 'none.json': [] });
        expect(await infer(['none.json', '-w'])).toEqual({
            exitCode: 1,
            stdout: '',
            stderr: 'none.json: there is no item to make a schema of.\n',
        });
        expect(await read('.actor/actor.json')).toBe('{}');
    });

    it('says that none of the items is an object where that is why there is no schema', async () => {
        await writeFolder(folder, { 'texts.json': ['text', 1, null] });
        expect(await infer(['texts.json'])).toEqual({
            exitCode: 1,
            stdout: '',
            stderr: 'texts.json: there is no item to make a schema of. 3 items could not be used: no dataset takes what is no object.\n',
        });
    });
});
