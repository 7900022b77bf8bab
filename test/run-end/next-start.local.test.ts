import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { runScript } from '../support/run-script.js';

it(
    'what was accepted locally while the disk refused it is stored by the next start, which keeps the storage',
    { timeout: 60_000 },
    async ({ onTestFinished }) => {
        const folder = await mkdtemp(join(tmpdir(), 'guard-local-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const datasetFolder = join(folder, 'storage', 'datasets', 'default');
        const run = async (body: string) =>
            runScript(`import { mkdirSync, rmSync, writeFileSync } from 'node:fs';\n${actorScript(body)}`, {
                env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage'), CRAWLEE_PURGE_ON_START: '0' },
                cwd: folder,
            });

        // A file in place of the folder: nothing can be written there, whoever the user is.
        const first = await run(`
        rmSync(${JSON.stringify(datasetFolder)}, { recursive: true, force: true });
        mkdirSync(${JSON.stringify(dirname(datasetFolder))}, { recursive: true });
        writeFileSync(${JSON.stringify(datasetFolder)}, '');
        for (const n of [1, 2, 3]) {
            await guard.pushData({ n }).then(() => console.log('ACCEPTED ' + n + '.'), () => console.log('GIVEN BACK ' + n));
        }
        await Actor.exit({ timeoutSecs: 3 });`);
        const accepted = [...first.stdout.matchAll(/ACCEPTED (\d)\./g)].map(([, n]) => Number(n));
        await rm(datasetFolder).catch((error: Error) => expect.fail(error.message + first.stdout + first.stderr));

        const second = await run('await guard.pushData({ n: 4 }); await Actor.exit();');
        expect(second.exitCode, first.stderr + second.stderr).toBe(0);
        const files = (await readdir(datasetFolder)).filter((file) => !file.startsWith('__')).sort();
        const items = await Promise.all(
            files.map(async (file) => JSON.parse(await readFile(join(datasetFolder, file), 'utf8'))),
        );
        expect(items.map(({ n }) => n)).toEqual([...accepted, 4]);
        // A run that leaves accepted items unsent does not look like success.
        expect(first.exitCode).toBe(accepted.length > 0 ? 1 : 0);
    },
);
