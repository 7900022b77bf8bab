import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { readItems, REPOSITORY, runActor } from '../actor/support/actor-run.js';
import { badMovies, goodMovies, isValid, texts } from '../actor/support/movies.js';
import { FIELDS, recordsInQuarantine, takeAccount, TRANSFORM } from '../redrive/support/movies-in-quarantine.js';
import { startApiServer } from '../support/api-server.js';
import { writeFolder } from '../support/local-run.js';
import { childEnv } from '../support/platform-env.js';
import { BUNDLED_COMMAND_LINE } from '../support/script-packages.js';
import { runCli, temporaryFolder } from './support/cli.js';

const MOVIES_QUARANTINE = 'guarded-movies-quarantine';

/** What a newcomer writes when they have seen the reasons. */
const FIVE_LINES = `export default (movie) => {
    if (typeof movie.Title === 'number') movie.Title = String(movie.Title);
    movie['Release Date'] = movie['Release Date'].replace(/ 20([3-9]\\d)$/, ' 19$1');
    return movie;
};
`;

/** The storage that a run of the Actor has left. */
let storageOfRun: string;
beforeAll(async () => {
    storageOfRun = await mkdtemp(join(tmpdir(), 'guard-cli-run-'));
    await runActor(storageOfRun);
}, 120_000);
afterAll(async () => rm(storageOfRun, { recursive: true, force: true }));

let folder: string;
let storage: string;
beforeEach(async () => {
    folder = await temporaryFolder();
    storage = join(folder, 'storage');
});

async function redrive(...args: string[]) {
    return runCli(['redrive', ...args], { cwd: folder });
}

/** The files of a folder and what is in them. */
async function contentOf(path: string): Promise<Record<string, string>> {
    const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const files = names.map(async ({ parentPath, name }): Promise<[string, string]> => {
        const file = join(parentPath, name);
        return [file, await readFile(file, 'utf8')];
    });
    return Object.fromEntries(await Promise.all(files));
}

describe("a newcomer's way", { timeout: 120_000 }, () => {
    it('leads from a run of the Actor over five lines of JavaScript to all movies that can be mended', async () => {
        await cp(storageOfRun, storage, { recursive: true });
        await cp(join(REPOSITORY, '.actor'), join(folder, '.actor'), { recursive: true });
        expect(await readItems(storage, MOVIES_QUARANTINE)).toHaveLength(badMovies.length);
        // They look at the report of the run, or make one of the quarantine.
        const runReport = await readFile(
            join(storage, 'key_value_stores/default/DATASET-GUARD-REPORT-HTML.html'),
            'utf8',
        );
        await runCli(['report', MOVIES_QUARANTINE], { cwd: folder });
        const ownReport = await readFile(join(folder, 'dataset-guard-report.html'), 'utf8');
        expect(ownReport).toContain('53 items in quarantine');
        for (const page of [runReport, ownReport]) expect(page).toMatch(/Title[^]*1776/);

        await writeFile(join(folder, 'fix.mjs'), FIVE_LINES);
        const { default: fix } = (await import(pathToFileURL(join(folder, 'fix.mjs')).href)) as {
            default: (movie: Record<string, unknown>) => Record<string, unknown>;
        };
        const fixed = badMovies.map((movie) => fix(structuredClone(movie)));
        const mended = fixed.filter((movie) => isValid(movie));
        const remainder = badMovies.filter((_, index) => !isValid(fixed[index]));
        expect(mended.length).toBeGreaterThan(20);

        const before = await contentOf(storage);
        const preview = await redrive('--transform', 'fix.mjs', '--dry-run');
        expect(preview.stdout).toContain(
            `${badMovies.length} records read.\n` +
                `${mended.length} would be stored, ${remainder.length} would return to quarantine.\n0 skipped.`,
        );
        expect(preview.stdout).toMatch(/Why they are in quarantine:\nitems  reason\n +\d+  \/Release Date must match/);
        expect(preview.stdout).toMatch(
            /The transform would change, for example:\n {4}item 1\n {8}Release Date: "Dec 31 2046" → "Dec 31 1946"\n {4}item 2\n/,
        );
        expect(await contentOf(storage)).toEqual(before);

        const first = await redrive('--transform', 'fix.mjs');
        expect(first.exitCode, first.stderr).toBe(1);
        expect(first.stdout).toContain(`${mended.length} stored, ${remainder.length} in quarantine again.`);
        expect(texts(await readItems(storage))).toEqual(texts([...goodMovies, ...mended]));
        const records = await readItems(storage, MOVIES_QUARANTINE);
        expect(texts(records.slice(badMovies.length).map(({ item }) => item))).toEqual(texts(remainder));
        expect(records.slice(badMovies.length).every(({ attempt }) => attempt === 2)).toBe(true);

        const after = await contentOf(storage);
        const second = await redrive('--transform', 'fix.mjs', '--json');
        // Items are left in quarantine.
        expect(second.exitCode, second.stderr).toBe(1);
        expect(JSON.parse(second.stdout)).toMatchObject({
            readRecords: remainder.length,
            skipped: { unchanged: remainder.length },
            storedItems: 0,
            quarantinedItems: 0,
        });
        expect(await contentOf(storage)).toEqual(after);
    });

    it('leads as well over the schema', async () => {
        await cp(storageOfRun, storage, { recursive: true });
        await cp(join(REPOSITORY, '.actor'), join(folder, '.actor'), { recursive: true });
        const file = join(folder, '.actor/dataset_schema.json');
        const schema = JSON.parse(await readFile(file, 'utf8'));
        schema.fields.properties['MPAA Rating'].enum.push('Open');
        await writeFile(file, JSON.stringify(schema));
        const { stdout, stderr } = await redrive(join('storage/datasets', MOVIES_QUARANTINE));
        expect(stdout, stderr).toContain('2 stored, 51 in quarantine again.');
        expect((await readItems(storage)).slice(goodMovies.length).map((movie) => movie['MPAA Rating'])).toEqual([
            'Open',
            'Open',
        ]);
        expect((await redrive()).stdout).toContain('51 tried before with the same schema, transform and repair');
    });
});

describe('redrive', { timeout: 120_000 }, () => {
    it('works on the platform with a token, into the dataset that each item was meant for', async () => {
        const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
        onTestFinished(async () => server.close());
        const gone = recordsInQuarantine(1, 'GoneDataset000001');
        const records = [...recordsInQuarantine(50, server.ids.datasetId), ...gone];
        const quarantine = server.addDataset({ name: 'movies-quarantine' });
        quarantine.items.push(...records);
        Object.assign(quarantine, { itemCount: records.length });
        quarantine.commits.push({ at: 0, itemCount: records.length });
        await writeFile(join(folder, 'fix.mjs'), `export default ${TRANSFORM};`);
        const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
        const call = async (...args: string[]) =>
            runCli(['redrive', ...args, '-t', 'fix.mjs', '--json'], { cwd: folder, env });

        const dry = await call('tester/movies-quarantine', '--dry-run');
        expect(server.items()).toEqual([]);
        expect(server.requestCount({ method: 'POST' }) + server.requestCount({ method: 'PUT' })).toBe(0);
        const { exitCode, stdout, stderr } = await call('tester~movies-quarantine');
        expect(exitCode, stderr).toBe(1);
        const { problems, ...result } = JSON.parse(stdout);
        expect(JSON.parse(dry.stdout)).toEqual({ ...result, problems, dryRun: true });
        expect(result).toMatchObject({ place: 'on the platform', failedRecords: 1, isComplete: true });
        expect(problems).toEqual([expect.stringContaining('its dataset GoneDataset000001 is gone')]);
        const account = takeAccount(50, server.items(), server.items('movies-quarantine'));
        expect(account).toEqual({ wrong: [], strange: [] });
        expect(server.datasets().map(({ name }) => name)).toEqual([undefined, 'movies-quarantine']);
        expect(server.records('movies-quarantine-redriven').size).toBe(1);
        expect(server.records().size).toBe(0);

        const again = await call('movies-quarantine');
        expect(JSON.parse(again.stdout)).toMatchObject({ storedItems: 0, quarantinedItems: 0 });
        expect(takeAccount(50, server.items(), server.items('movies-quarantine'))).toEqual(account);
    });

    it('stops with Ctrl+C after what is under way, and can be run again', async () => {
        const count = 3_000;
        const server = await startApiServer({
            dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
            latencyMillis: 50,
        });
        onTestFinished(async () => server.close());
        const quarantine = server.addDataset({ name: 'movies-quarantine' });
        const records = recordsInQuarantine(count, server.ids.datasetId);
        quarantine.items.push(...records);
        Object.assign(quarantine, { itemCount: count });
        quarantine.commits.push({ at: 0, itemCount: count });
        await writeFile(join(folder, 'fix.mjs'), `export default ${TRANSFORM};`);
        const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
        const args = ['redrive', 'movies-quarantine', '-t', 'fix.mjs'];

        const child = spawn(process.execPath, [BUNDLED_COMMAND_LINE, ...args], { cwd: folder, env: childEnv(env) });
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        let stdout = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
        const off = server.faults.use(({ method, path }) => {
            if (method === 'POST' && path.includes(server.ids.datasetId)) {
                off();
                child.kill('SIGINT');
            }
            return undefined;
        });
        const [exitCode, signal] = await once(child, 'close');
        expect({ exitCode, signal }, stderr).toEqual({ exitCode: 130, signal: null });
        expect(stderr).toContain('Stopping after what is under way.');
        expect(stdout).toContain('Not all was read: run it again to go on.');
        const stored = server.items().length;
        expect(stored).toBeGreaterThan(0);
        expect(stored).toBeLessThan(count / 2);

        expect((await runCli(args, { cwd: folder, env })).exitCode).toBe(1);
        expect(takeAccount(count, server.items(), server.items('movies-quarantine'))).toEqual({
            wrong: [],
            strange: [],
        });
    });

    it('brings back only what the last run has set aside, where it is told so', async () => {
        const records = recordsInQuarantine(6, 'default').map((record, n) => ({
            ...record,
            actorRunId: n < 4 ? 'one' : 'two',
        }));
        await writeFolder(
            join(storage, 'datasets/q'),
            Object.fromEntries(records.map((record, index) => [`${String(index + 1).padStart(9, '0')}.json`, record])),
        );
        await writeFolder(folder, { 'schema.json': { type: 'object' } });
        const { exitCode, stdout, stderr } = await redrive('q', '-s', 'schema.json', '--run', 'last');
        expect(stdout, stderr).toContain('2 stored, 0 in quarantine again.\n4 skipped: 4 not asked for.');
        expect(exitCode).toBe(0);
    });

    it.each([
        ['a quarantine that is nowhere', ['nowhere'], 'There is no quarantine dataset "nowhere" in the local storage.'],
        ['no quarantine', [], 'Name the quarantine: there is no .actor/actor.json here'],
        ['a transform that is nowhere', ['q', '-t', 'nowhere.mjs'], 'nowhere.mjs cannot be read (ENOENT)'],
        ['a file without a transform', ['q', '-t', 'none.mjs'], 'none.mjs must have a function as its default export'],
        ['a transform with a mistake', ['q', '-t', 'wrong.mjs'], 'wrong.mjs cannot be loaded: SyntaxError'],
        ['an unknown reason', ['q', '--reason', 'bad'], 'Allowed choices are schema, too-large'],
        ['no date', ['q', '--since', 'yesterday'], 'Option "since" must be a date'],
    ])('complains of %s with exit code 2', async (_what, args, message) => {
        await writeFolder(folder, { 'none.mjs': 'export const fix = 1;', 'wrong.mjs': 'export default (' });
        await writeFolder(join(storage, 'datasets/q'), { '000000001.json': {} });
        const { exitCode, stdout, stderr } = await redrive(...args);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        expect(stderr).toContain(message);
        expect(stderr).not.toContain('    at ');
    });
});
