import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build, type Format } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { TestPlatform } from '../../src/testing/index.js';
import { startPlatform } from '../../src/testing/index.js';
import { REPOSITORY } from '../actor/support/actor-run.js';
import { writeFolder } from '../support/local-run.js';
import { actorSource, FIELDS, INPUT, LAST_ITEM } from './support/actor.mjs';

/** A folder without packages: what a bundle misses, it does not find. */
let folder: string;
beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundles-'));
    await writeFolder(folder, { 'package.json': { private: true } });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let platform: TestPlatform | undefined;
afterEach(async () => platform?.close());

/** As the SDK alone needs it: it looks storages up by the names of its classes, and requires modules of Node.js. */
async function bundle(format: Format): Promise<string> {
    const outfile = join(folder, format === 'esm' ? 'main.mjs' : 'main.cjs');
    const { warnings } = await build({
        stdin: { contents: actorSource('apify-dataset-guard'), resolveDir: join(REPOSITORY, 'test') },
        // A package is linked into its own `node_modules` nowhere.
        alias: { 'apify-dataset-guard': join(REPOSITORY, 'dist/index.js') },
        outfile,
        bundle: true,
        format,
        platform: 'node',
        keepNames: true,
        logLevel: 'silent',
        ...(format === 'esm' && {
            banner: {
                js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
            },
        }),
    });
    // esbuild itself leaves that one out below `node_modules`, where users have the package.
    const shown = warnings.filter(({ id }) => id !== 'ignored-bare-import');
    const ours = shown.filter(({ location }) => location?.file.startsWith('dist/'));
    expect(ours).toEqual([]);
    return outfile;
}

describe.each(['esm', 'cjs'] as const)('an Actor that esbuild bundles into one file (%s)', (format) => {
    it('stores good items, quarantines bad ones, and sends what it holds when the process exits at once', async () => {
        const file = await bundle(format);
        platform = await startPlatform({ schema: FIELDS, input: INPUT, cwd: folder });
        const { exitCode, output } = await platform.run(file);
        expect(output).toContain('before the exit: 2 stored, 1 quarantined');
        expect(exitCode).toBe(0);
        expect(platform.items()).toEqual([...INPUT.good, LAST_ITEM]);
        expect(platform.quarantine()).toMatchObject([{ item: INPUT.bad[0], rejectedBy: 'guard' }]);
    }, 60_000);
});
