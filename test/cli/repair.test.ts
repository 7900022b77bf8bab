import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { recordsInQuarantine } from '../redrive/support/movies-in-quarantine.js';
import { writeFolder } from '../support/local-run.js';
import { runCli, temporaryFolder } from './support/cli.js';

const SCHEMA = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, price: { type: 'number' }, year: { type: 'integer' } },
    additionalProperties: false,
};
const ITEMS = [
    { title: 'Alien', price: 9.5 },
    { title: 'Aliens', price: '$1,200.50' },
    { title: 'Heat', price: '7', year: 1995, more: 1 },
    { title: 'Brazil', year: 'n/a' },
    { price: 3 },
];

let folder: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFolder(folder, { 'schema.json': SCHEMA, 'items.json': ITEMS });
});

const check = async (...args: string[]) =>
    runCli(['check', 'items.json', '--schema', 'schema.json', ...args], { cwd: folder });

describe('check --repair', { timeout: 60_000 }, () => {
    it('says what the repair would save and what it would change, and which items still fail', async () => {
        const { exitCode, stdout } = await check('--repair', '{"coerce": true, "unknown": "remove"}');
        expect(exitCode).toBe(1);
        expect(stdout).toBe(
            [
                '2 of 5 items fail in items.json, with the schema of schema.json and the repair.',
                'The repair would save 2 items.',
                '',
                'items  repair',
                '    2  /price written in the right type: "$1,200.50" → 1200.5',
                '    1  /more removed: 1 → nothing',
                '',
                'items  reason',
                '    1  /year must be a whole number',
                '         for example: "n/a"',
                '    1  the item is missing "title"',
                '',
                'Failing items:',
                '    position 3: /year must be a whole number',
                '    position 4: the item is missing "title"',
                '',
            ].join('\n'),
        );
    });

    it('takes the short form, and ends with 0 where it saves all items', async () => {
        const { exitCode, stdout } = await check('--repair', 'prune');
        expect(stdout).toContain(
            'All 5 items pass in items.json, with the schema of schema.json and the repair.\nThe repair would save 4 items.',
        );
        expect(exitCode).toBe(0);
    });

    it('takes a list of policies, which are applied one after another', async () => {
        const list = '[{"coerce": true}, {"unknown": "remove"}]';
        const { stdout } = await check('--repair', list, '--json');
        expect(JSON.parse(stdout)).toMatchObject({ checkedItems: 5, repairedItems: 2, failedItems: 2 });
    });

    it('prints repaired items and repairs as JSON, without values where they are not to be shown', async () => {
        const repair = ['--repair', '{"coerce":true}', '--json'];
        const withSamples = JSON.parse((await check(...repair)).stdout);
        expect(withSamples).toMatchObject({
            repairedItems: 1,
            repairs: [
                { path: '/price', action: 'coerced', count: 1, samples: [{ before: '"$1,200.50"', after: '1200.5' }] },
            ],
        });
        const without = JSON.parse((await check(...repair, '--no-samples')).stdout);
        expect(without.repairs).toEqual([{ ...withSamples.repairs[0], samples: [] }]);
    });

    it('counts the fields of items as they would be stored', async () => {
        const { stdout } = await check('--repair', 'prune', '--json');
        const { fields } = JSON.parse(stdout);
        expect(
            fields.map(({ path, filledItems }: { path: string; filledItems: number }) => [path, filledItems]),
        ).toEqual([
            ['/title', 4],
            ['/price', 2],
            ['/year', 1],
        ]);
    });

    it('says when it saves nothing', async () => {
        await writeFolder(folder, { 'items.json': [{ title: 'A', more: 1 }] });
        expect((await check('--repair', '{"coerce": true}')).stdout).toContain('The repair would save no item.');
    });

    it('holds what is repaired against the expectations', async () => {
        await writeFolder(folder, { 'expect.json': { maxRepaired: 0.5 } });
        const { stdout } = await check('--repair', 'prune', '--expect', 'expect.json', '--json');
        expect(JSON.parse(stdout).verdict.unmet).toMatchObject([{ expectation: 'maxRepaired' }]);
    });

    it('writes what would be repaired on the page', async () => {
        await check('--repair', 'prune', '--html', 'page.html');
        const page = await readFile(join(folder, 'page.html'), 'utf8');
        expect(page).toContain('4 items would be stored after a repair.');
        expect(page).toContain('$1,200.50');
    });

    it('writes to --failed only what the repair does not save', async () => {
        await check('--repair', '{"coerce": true}', '--failed', 'failed.jsonl');
        const lines = (await readFile(join(folder, 'failed.jsonl'), 'utf8')).trim().split('\n');
        expect(lines.map((line) => JSON.parse(line))).toEqual(ITEMS.slice(2));
    });

    it.each([
        ['mend', 'Expected prune, or JSON such as'],
        ['{"coerce":', 'Expected prune, or JSON such as'],
        ['{"coerce":"yes"}', 'Option "repair.coerce" must be true or false'],
        ['{"prune":true}', 'Unknown option "repair.prune". Expected one of: coerce, invalid, missing, unknown.'],
        ['[]', 'Option "repair" must be \'prune\''],
    ])('complains of %s with exit code 2', async (text, message) => {
        const { exitCode, stdout, stderr } = await check('--repair', text);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    });
});

describe('redrive --repair', { timeout: 60_000 }, () => {
    const quarantined = [{ title: 1941, price: 'free' }, { title: 'Heat', price: '$7' }, {}];
    const redrive = async (...args: string[]) =>
        runCli(['redrive', 'q', '--schema', 'schema.json', ...args], { cwd: folder });
    const itemsOf = async (dataset: string) => {
        const path = join(folder, 'storage/datasets', dataset);
        const names = (await readdir(path).catch(() => [])).filter((name) => /^\d+\.json$/.test(name)).sort();
        return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(path, name), 'utf8'))));
    };
    beforeEach(async () => {
        const records = recordsInQuarantine(3, 'default').map((record, n) => ({ ...record, item: quarantined[n] }));
        await writeFolder(
            join(folder, 'storage/datasets/q'),
            Object.fromEntries(records.map((record, n) => [`00000000${n + 1}.json`, record])),
        );
    });

    it('shows in a dry run how the repair would change items, and writes nothing', async () => {
        const { exitCode, stdout, stderr } = await redrive('--repair', '{"coerce": true}', '--dry-run');
        expect(stdout, stderr).toContain(
            '3 records read.\n1 would be stored, 1 of them repaired, 2 would return to quarantine.',
        );
        expect(stdout).toContain('The repair would change, for example:\n    item 2\n        price: "$7" → 7\n');
        expect(exitCode).toBe(1);
        expect(await itemsOf('default')).toEqual([]);
        expect(await itemsOf('q')).toHaveLength(3);
    });

    it('stores what the repair saves, and brings the rest back with another repair', async () => {
        const first = await redrive('--repair', '{"coerce": true}');
        expect(first.stdout, first.stderr).toContain('1 stored, 1 of them repaired, 2 in quarantine again.');
        const second = await redrive('--repair', '[{"coerce": true}, "prune"]');
        expect(second.stdout, second.stderr).toContain('2 stored, 2 of them repaired, 0 in quarantine again.');
        expect(second.exitCode).toBe(0);
        expect(await itemsOf('default')).toEqual([{ title: 'Heat', price: 7 }, { title: '1941' }, { title: '' }]);
    });

    it('repairs what a transform has made, and says so', async () => {
        await writeFolder(folder, { 'fix.mjs': `export default (item) => ({ ...item, title: 'x' });` });
        const { stdout, stderr } = await redrive('-t', 'fix.mjs', '--repair', 'prune', '--dry-run', '--json');
        expect(JSON.parse(stdout), stderr).toMatchObject({ storedItems: 3, repairedItems: 2 });
        const words = await redrive('-t', 'fix.mjs', '--repair', 'prune', '--dry-run');
        expect(words.stdout).toContain('The transform and the repair would change, for example:');
    });

    it('refuses an invalid policy with exit code 2', async () => {
        const { exitCode, stdout, stderr } = await redrive('--repair', '{"invalid":"drop"}');
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain("Option \"repair.invalid\" must be 'remove' or 'null'");
    });
});

describe('--help', () => {
    it.each(['check', 'redrive'])('of %s says what --repair takes', async (command) => {
        const { stdout } = await runCli([command, '--help'], { cwd: folder });
        expect(stdout.replaceAll(/\s+/g, ' ')).toContain('--repair <policy>');
        expect(stdout.replaceAll(/\s+/g, ' ')).toContain('prune, JSON of a policy such as \'{"coerce": true');
    });
});
