import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { QUARANTINE, readItems, REPOSITORY, run, temporaryFolder } from './support/actor-run.js';
import { badMovies, goodMovies, texts } from './support/movies.js';

it('runs by the real `apify run`, which builds it and gives it the default input', { timeout: 120_000 }, async () => {
    // A copy, because the command builds into `dist`, which other tests are running.
    const project = await temporaryFolder();
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'scripts', '.actor']) {
        await cp(join(REPOSITORY, name), join(project, name), { recursive: true });
    }
    await symlink(join(REPOSITORY, 'node_modules'), join(project, 'node_modules'));

    const { exitCode, output } = await run('npx', ['--no-install', 'apify', 'run'], project, {
        HOME: await temporaryFolder(),
        APIFY_CLI_DISABLE_TELEMETRY: '1',
        APIFY_CLI_SKIP_UPDATE_CHECK: '1',
    });

    expect(exitCode, output).toBe(0);
    const storage = join(project, 'storage');
    expect(texts(await readItems(storage))).toEqual(texts(goodMovies));
    expect(await readItems(storage, QUARANTINE)).toHaveLength(badMovies.length);
    expect(output).toContain('Stored 3,148 of 3,201 items');
    expect(output).toMatch(/Report: \S*storage\/key_value_stores\/default\/DATASET-GUARD-REPORT-HTML\.html\./);
});
