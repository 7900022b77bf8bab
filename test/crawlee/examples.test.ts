import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PAGES, startMovieSite } from '../../examples/movie-site.js';
import { readItems, REPOSITORY, run } from '../actor/support/actor-run.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { BUNDLED_PACKAGES } from '../support/script-packages.js';

const EXAMPLES = join(REPOSITORY, 'examples');
const REVIEWS_ID = 'ReviewsDataset001';

const readJson = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

interface Outcome {
    movies: Record<string, unknown>[];
    reviews: Record<string, unknown>[];
    quarantined: Record<string, unknown>[];
}

/** The examples in a folder of their own, with packages installed and compiled as an Actor's author does it. */
let project: string;
let site: Awaited<ReturnType<typeof startMovieSite>>;
beforeAll(async () => {
    site = await startMovieSite();
    project = await mkdtemp(join(tmpdir(), 'examples-'));
    await cp(EXAMPLES, project, { recursive: true });
    // As the clone's own, for the site that they crawl.
    await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    await symlink(join(REPOSITORY, 'node_modules'), join(project, 'node_modules'));
    const examples = await namesOfExamples();
    for (const example of examples) {
        await mkdir(join(project, example, 'node_modules'));
        await symlink(REPOSITORY, join(project, example, 'node_modules/apify-dataset-guard'));
    }
    const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
    const { exitCode, output } = await run(process.execPath, [tsc, '-p', project, '--noEmit'], project);
    if (exitCode !== 0) throw new Error(`The examples do not compile:\n${output}`);
    for (const example of examples) await prepare(example);
}, 120_000);
afterAll(async () => {
    site.close();
    await rm(project, { recursive: true, force: true });
});

/** Most runs take its code compiled, on the packages of the bundle, which start in a third of the time. */
async function prepare(example: string): Promise<void> {
    const folder = join(project, example);
    const sources = await readdir(join(folder, 'src'));
    await build({
        entryPoints: sources.map((file) => join(folder, 'src', file)),
        outdir: join(folder, 'compiled'),
        format: 'esm',
        target: 'node20',
    });
    await mkdir(join(folder, 'compiled/node_modules'));
    for (const name of ['apify', 'crawlee', 'apify-dataset-guard']) {
        await symlink(join(BUNDLED_PACKAGES, name), join(folder, 'compiled/node_modules', name));
    }
}

async function namesOfExamples(): Promise<string[]> {
    const entries = await readdir(EXAMPLES, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules').map(({ name }) => name);
}

const inputOf = (example: string) =>
    JSON.stringify(
        example === 'main-only'
            ? { movies: PAGES.map(({ title, year }) => ({ title, year: Number(year) })) }
            : { startUrls: [{ url: site.url }] },
    );

/** As its readers do, where it is run on this machine first. */
async function runExample(example: string, env: Record<string, string>): Promise<void> {
    const isFirst = example === 'router' && !('APIFY_IS_AT_HOME' in env);
    const [command, ...args] = isFirst ? ['npm', 'start'] : [process.execPath, 'compiled/main.js'];
    const { exitCode, output } = await run(command!, args, join(project, example), env);
    expect(exitCode, output).toBe(0);
}

async function onThisMachine(example: string): Promise<Outcome> {
    const storage = join(project, example, 'storage');
    const inputs = join(storage, 'key_value_stores/default');
    await mkdir(inputs, { recursive: true });
    await writeFile(join(inputs, 'INPUT.json'), inputOf(example));
    await runExample(example, { CRAWLEE_STORAGE_DIR: storage });
    return {
        movies: await readItems(storage),
        reviews: await readItems(storage, 'reviews'),
        quarantined: await readItems(storage, `${example}-example-quarantine`),
    };
}

async function onPlatform(example: string): Promise<Outcome> {
    const folder = join(EXAMPLES, example, '.actor');
    const schema = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8').catch(() => 'null'));
    const server = await startApiServer({
        dataset: { schema: await schema('dataset_schema.json') },
        datasets: [{ id: REVIEWS_ID, schema: await schema('reviews_schema.json') }],
    });
    try {
        server.setRecord('INPUT', inputOf(example));
        const datasets = { default: server.ids.datasetId, reviews: REVIEWS_ID };
        await runExample(example, platformEnv(server, { ACTOR_STORAGES_JSON: JSON.stringify({ datasets }) }));
        return {
            movies: server.items(),
            reviews: server.items(REVIEWS_ID),
            quarantined: server.items('tester-my-actor-quarantine'),
        };
    } finally {
        await server.close();
    }
}

const byText = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();

const MOVIES = [
    { title: 'Alien', year: 1979 },
    { title: 'Brazil', year: 1985 },
    { title: 'Heat', year: 1995 },
];
const BAD_MOVIE = { title: 'Metropolis', year: null };

// Each is a process that starts Crawlee, which takes its time on a busy machine.
describe('the examples', { timeout: 120_000 }, () => {
    it('are all run below, and named in their README', async () => {
        const names = await namesOfExamples();
        expect(names.sort()).toEqual(['datasets-by-alias', 'install', 'main-only', 'router', 'router-hook']);
        const readme = await readFile(join(EXAMPLES, 'README.md'), 'utf8');
        for (const name of names) expect(readme).toContain(`[${name}](${name}/src/main.ts)`);
    });

    it('declare each package that they import, in the versions that are tested here', async () => {
        const { version, devDependencies } = await readJson(join(REPOSITORY, 'package.json'));
        for (const name of await namesOfExamples()) {
            const { dependencies } = await readJson(join(EXAMPLES, name, 'package.json'));
            const files = (await readdir(join(EXAMPLES, name, 'src'))).map((file) => join(EXAMPLES, name, 'src', file));
            const code = (await Promise.all(files.map(async (file) => readFile(file, 'utf8')))).join('\n');
            const imported = [...code.matchAll(/from '([a-z][^']*)'/g)].map(([, target]) => target!);
            expect(Object.keys(dependencies).sort()).toEqual([...new Set([...imported, 'tsx'])].sort());
            for (const [target, range] of Object.entries(dependencies)) {
                expect(range, target).toBe(target === 'apify-dataset-guard' ? `^${version}` : devDependencies[target]);
            }
        }
    });

    it('run by the real `apify run`, with the default input', async () => {
        const home = await mkdtemp(join(tmpdir(), 'home-'));
        const { exitCode, output } = await run('npx', ['--no-install', 'apify', 'run'], join(project, 'main-only'), {
            HOME: home,
            APIFY_CLI_DISABLE_TELEMETRY: '1',
            APIFY_CLI_SKIP_UPDATE_CHECK: '1',
        });
        await rm(home, { recursive: true, force: true });
        await rm(join(project, 'main-only/storage'), { recursive: true, force: true });
        expect(exitCode, output).toBe(0);
        expect(output).toContain('2 movies are stored, 1 are in quarantine.');
    });

    // Each takes seconds to start: on the platform the library itself is tested elsewhere.
    describe.each([
        { where: 'locally', runThere: onThisMachine, names: ['main-only', 'router', 'router-hook', 'install'] },
        { where: 'on the platform', runThere: onPlatform, names: ['main-only', 'router'] },
    ])('$where', ({ runThere, names }) => {
        it.each(names)('%s stores the movies and quarantines one', async (example) => {
            const { movies, quarantined } = await runThere(example);
            expect(byText(movies)).toEqual(byText(MOVIES));
            expect(quarantined).toMatchObject([
                {
                    item: BAD_MOVIE,
                    reason: 'schema',
                    errors: [{ instancePath: '/year', message: 'must be integer' }],
                },
            ]);
            if (example !== 'main-only')
                expect(quarantined[0]!.request).toMatchObject({ url: `${site.url}3`, label: 'movie' });
        });

        it('datasets-by-alias keeps movies and reviews apart, each with its own schema', async () => {
            const { movies, reviews, quarantined } = await runThere('datasets-by-alias');
            expect(byText(movies)).toEqual(byText(MOVIES));
            expect(byText(reviews)).toEqual(
                byText([
                    { movie: 'Alien', stars: 5 },
                    { movie: 'Alien', stars: 4 },
                    { movie: 'Brazil', stars: 5 },
                    { movie: 'Heat', stars: 3 },
                ]),
            );
            expect(byText(quarantined.map(({ item }) => item))).toEqual(
                byText([BAD_MOVIE, { movie: 'Brazil', stars: null }, { movie: 'Heat', stars: 9 }]),
            );
        });
    });
});
