import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { BUNDLED_ACTOR } from '../../support/script-packages.js';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
export const QUARANTINE = 'guarded-movies-quarantine';

export interface FinishedRun {
    exitCode: number | null;
    /** Both streams, as a person sees them. */
    output: string;
}

/** A folder of this test's own, removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'guarded-movies-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    return folder;
}

/** Runs the built Actor as `npm run start:prod` does, with its storage in `storage`. */
export async function runActor(storage: string, options: { input?: unknown; env?: NodeJS.ProcessEnv } = {}) {
    if (options.input !== undefined) {
        const store = join(storage, 'key_value_stores/default');
        await mkdir(store, { recursive: true });
        await writeFile(join(store, 'INPUT.json'), JSON.stringify(options.input));
    }
    return run(process.execPath, [BUNDLED_ACTOR], REPOSITORY, { CRAWLEE_STORAGE_DIR: storage, ...options.env });
}

export async function run(
    command: string,
    args: string[],
    cwd: string,
    env: NodeJS.ProcessEnv = {},
): Promise<FinishedRun> {
    const child = spawn(command, args, { cwd, env: { ...plainEnv(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, output };
}

/** The items of a dataset on disk, in order; none if there is no such dataset. */
export async function readItems(storage: string, dataset = 'default'): Promise<any[]> {
    const folder = join(storage, 'datasets', dataset);
    const names = await readdir(folder).catch(() => []);
    const files = names.filter((name) => /^\d+\.json$/.test(name)).sort();
    return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))));
}

/** Variables of the developer's shell about Actors are kept out of tests. */
function plainEnv(): NodeJS.ProcessEnv {
    const foreign = /^(APIFY_|ACTOR_|CRAWLEE_|VITEST|NODE_ENV$|NODE_OPTIONS$|npm_)/;
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
