import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { writeFolder } from '../support/local-run.js';
import { runCli, temporaryFolder } from '../cli/support/cli.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MOVIES = fileURLToPath(new URL('../data/movies.json', import.meta.resolve('vega-datasets')));

const page = await readFile(join(ROOT, 'docs/infer.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$/gms)].map(([, language, title, code]) => ({
    language,
    title,
    code: code!,
}));
const commands = blocks
    .filter(({ language }) => language === 'console')
    .map(({ code }) => /^\$ npx apify-dataset-guard (.*)\n([^]*)$/.exec(code)!.slice(1) as [string, string]);

describe('docs/infer.md', { timeout: 60_000 }, () => {
    let folder: string;

    it('shows commands and what they print', () => {
        expect(commands.map(([command]) => command.split(' ')[0])).toEqual(['infer', 'infer', 'suggest']);
    });

    async function prepare(): Promise<void> {
        folder = await temporaryFolder();
        for (const { title, code } of blocks) if (title !== undefined) await writeFile(join(folder, title), code);
        await copyFile(MOVIES, join(folder, 'movies.json'));
        await writeFolder(folder, { '.actor/actor.json': { actorSpecification: 1, name: 'a', version: '0.1' } });
        const { stdout } = await runCli(['infer', 'products.jsonl'], { cwd: folder });
        await writeFile(join(folder, 'schema.json'), stdout);
    }

    it.each(commands)('shows what "%s" prints', async (command, output) => {
        await prepare();
        const { stdout, stderr } = await runCli(command.split(' '), { cwd: folder });
        expect(stdout + stderr).toBe(output);
    });

    it('has code that compiles and prints what it says', async () => {
        await prepare();
        const code = blocks.find(({ language }) => language === 'ts')!.code;
        await mkdir(join(folder, 'node_modules'));
        await symlink(ROOT, join(folder, 'node_modules/apify-dataset-guard'));
        await symlink(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'));
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
        });
        await writeFile(join(folder, 'main.ts'), code);
        const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
        expect(node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.')).toMatchObject({ status: 0, stdout: '' });
        expect(node('main.js')).toMatchObject({
            status: 0,
            stdout:
                '/price: allow the type string lets in 1, or repair: { coerce: true }\n' +
                '[{"op":"replace","path":"/properties/price/type","value":["number","string"]}]\n',
        });
    });
});
