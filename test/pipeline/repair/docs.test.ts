import { spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { coerceValue } from './support/coerce-by-policy.js';
import { runCli, temporaryFolder } from '../../cli/support/cli.js';
import { writeFolder } from '../../support/local-run.js';
import { childEnv } from '../../support/platform-env.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const page = await readFile(join(ROOT, 'docs/repair.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$/gms)].map(([, language, title, code]) => ({
    language,
    title,
    code: code!,
}));

describe('docs/repair.md', { timeout: 60_000 }, () => {
    it('shows what its command prints', async () => {
        const folder = await temporaryFolder();
        const files = blocks.flatMap(({ title, code }) => (title === undefined ? [] : [[title, code]]));
        await writeFolder(folder, Object.fromEntries(files));
        const shown = blocks.find(({ language }) => language === 'console')!.code;
        const [, command, output] = /^\$ npx apify-dataset-guard (.*)\n([^]*)$/.exec(shown)!;
        const { stdout, stderr } = await runCli(command!.split(' '), { cwd: folder });
        expect(stdout + stderr).toBe(output);
    });

    it('has code that compiles, and does what it says', async () => {
        const folder = await temporaryFolder();
        await mkdir(join(folder, 'node_modules'));
        await symlink(ROOT, join(folder, 'node_modules/apify-dataset-guard'));
        await symlink(join(ROOT, 'node_modules/apify'), join(folder, 'node_modules/apify'));
        await symlink(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'));
        const programs = blocks.filter(({ language }) => language === 'ts');
        await writeFolder(folder, {
            'package.json': { type: 'module' },
            'tsconfig.json': {
                compilerOptions: {
                    target: 'ES2022',
                    module: 'NodeNext',
                    strict: true,
                    skipLibCheck: true,
                    types: ['node'],
                },
                include: ['*.ts'],
            },
            ...Object.fromEntries(programs.map(({ code }, index) => [`${index}.ts`, code])),
        });
        const node = (...args: string[]) =>
            spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: childEnv({}) });
        expect(node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.')).toMatchObject({ status: 0, stdout: '' });
        const first = node('0.js');
        expect(first, first.stderr).toMatchObject({ status: 0 });
        expect(first.stdout).toContain('/price coerced 1\n/debug removed 1\n/year removed 1\n');
        const item = await readFile(join(folder, 'storage/datasets/default/000000001.json'), 'utf8');
        expect(JSON.parse(item)).toEqual({ title: 'Alien', price: 1200.5 });
        expect(node('1.js')).toMatchObject({ status: 0, stdout: '5\n' });
    });

    it.each<[unknown, string, unknown]>([
        ['12.50', 'number', 12.5],
        ['$12.50', 'number', 12.5],
        ['12.50 EUR', 'number', 12.5],
        ['1,234', 'integer', 1234],
        ['true', 'boolean', true],
        ['false', 'boolean', false],
        [12.5, 'string', '12.5'],
        [true, 'string', 'true'],
        ['', 'null', null],
        ['12,50', 'number', '12,50'],
        ['1.234,50', 'number', '1.234,50'],
        ['12 kg', 'number', '12 kg'],
        ['Infinity', 'number', 'Infinity'],
        ['12345678901234567890', 'integer', '12345678901234567890'],
        [null, 'boolean', null],
        [1, 'boolean', 1],
    ])('is right that %j where %s is wanted becomes %j', async (value, type, after) => {
        expect(await coerceValue(value, type)).toBe(after);
    });
});
