import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { REPOSITORY, run } from '../actor/support/actor-run.js';
import { writeFolder } from '../support/local-run.js';

const GUIDE = await readFile(join(REPOSITORY, 'docs/testing.md'), 'utf8');
const FILES = [...GUIDE.matchAll(/^```\w+ title="([^"]+)"\n(.*?)^```$/gms)].map(([, title, code]) => [title!, code!]);

/** An Actor's folder with the files of docs/testing.md, and the packages installed. */
let project: string;
beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'testing-docs-'));
    await writeFolder(project, {
        'package.json': { name: 'movies', private: true, type: 'module' },
        'vitest.config.js': 'export default { test: { include: ["test/*.vitest.js"] } };',
        ...Object.fromEntries(FILES),
    });
    await mkdir(join(project, 'node_modules'));
    for (const name of ['apify', 'vitest']) {
        await symlink(join(REPOSITORY, 'node_modules', name), join(project, 'node_modules', name));
    }
    await symlink(REPOSITORY, join(project, 'node_modules/apify-dataset-guard'));
});
afterAll(async () => rm(project, { recursive: true, force: true }));

describe('the tests in docs/testing.md', () => {
    it('pass with the test runner of Node.js', async () => {
        const files = ['test/main.test.mjs', 'test/part.test.mjs'];
        const { exitCode, output } = await run(process.execPath, ['--test', ...files], project);
        expect(output).toMatch(/# pass 2/);
        expect(exitCode).toBe(0);
    });

    it('pass with vitest', async () => {
        const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
        const { exitCode, output } = await run(process.execPath, [vitest, 'run'], project);
        expect(output).toMatch(/1 passed/);
        expect(exitCode).toBe(0);
    });
});
