import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { SchemaLoadError } from '../../src/index.js';
import type { PlatformOptions, TestPlatform } from '../../src/testing/index.js';
import { startPlatform } from '../../src/testing/index.js';
import { writeFolder } from '../support/local-run.js';

const MOVIE_FIELDS = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
const MOVIE_SCHEMA = { actorSpecification: 1, fields: MOVIE_FIELDS };
const ALIEN = { title: 'Alien' };
const NUMBERED = { title: 1941 };

/** Scripts import the SDK by its place: the folder has no packages. */
const APIFY_URL = import.meta.resolve('apify');
const LIBRARY_URL = new URL('../../dist/index.js', import.meta.url).href;
const GUARDED = `
import { Actor } from '${APIFY_URL}';
import { DatasetGuard } from '${LIBRARY_URL}';
await Actor.init();
const guard = await DatasetGuard.open();
await guard.pushData(await Actor.getInput());
await Actor.exit();
`;
const BARE = `
import { Actor } from '${APIFY_URL}';
await Actor.init();
await Actor.pushData(await Actor.getInput());
await Actor.exit();
`;

let folder: string;
beforeAll(async () => {
    folder = await writeFolder(await mkdtemp(join(tmpdir(), 'testing-')), {
        'guarded.mjs': GUARDED,
        'bare.mjs': BARE,
        'listening.mjs': `
            import { Actor } from '${APIFY_URL}';
            await Actor.init({ gracefulShutdown: false });
            Actor.on('aborting', () => {
                console.log('aborted');
                void Actor.exit();
            });
            setInterval(() => {}, 1_000);`,
        'stuck.mjs': 'setInterval(() => {}, 1_000); console.log("started");',
        'movie_schema.json': MOVIE_SCHEMA,
        'actor/.actor/actor.json': {
            actorSpecification: 1,
            name: 'movies',
            storages: { datasets: { default: './movies.json', reviews: { actorSpecification: 1, fields: {} } } },
        },
        'actor/.actor/movies.json': MOVIE_SCHEMA,
    });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const opened: TestPlatform[] = [];
afterEach(async () => {
    for (const platform of opened.splice(0)) await platform.close();
});
async function start(options: PlatformOptions = {}): Promise<TestPlatform> {
    const platform = await startPlatform({ cwd: folder, ...options });
    opened.push(platform);
    return platform;
}

describe('a test platform', () => {
    it('stores the good items of a guarded Actor, and shows the quarantine record of the bad one', async () => {
        const platform = await start({ schema: MOVIE_SCHEMA, input: [ALIEN, NUMBERED] });
        const { exitCode } = await platform.run('guarded.mjs');
        expect(exitCode).toBe(0);
        expect(platform.items()).toEqual([ALIEN]);
        expect(platform.quarantine()).toMatchObject([{ item: NUMBERED, reason: 'schema', rejectedBy: 'guard' }]);
        expect(platform.statusMessage).toMatch(/quarantine/);
    });

    it('rejects the whole request of a bare Actor for one bad item', async () => {
        const platform = await start({ schema: MOVIE_FIELDS, input: [ALIEN, NUMBERED] });
        const { exitCode, output } = await platform.run('bare.mjs');
        expect(exitCode).not.toBe(0);
        expect(output).toContain('schema-validation-error');
        expect(platform.items()).toEqual([]);
    });

    it('enforces the schema of a file', async () => {
        const platform = await start({ schema: 'movie_schema.json', input: NUMBERED });
        await platform.run('guarded.mjs');
        expect(platform.quarantine()).toHaveLength(1);
    });

    it('enforces what .actor/ declares when no schema is given, and knows its name and aliases', async () => {
        const platform = await start({ cwd: join(folder, 'actor'), input: [NUMBERED] });
        await platform.run('../guarded.mjs');
        expect(platform.quarantine()).toHaveLength(1);
        expect(platform.env.ACTOR_FULL_NAME).toBe('tester/movies');
        expect(platform.items('reviews')).toEqual([]);
        expect(platform.server.datasets().map(({ name }) => name)).toContain('tester-movies-quarantine');
        platform.useInThisProcess();
        await Actor.init({ gracefulShutdown: false });
        const reviews = await Actor.openDataset({ alias: 'reviews' });
        await reviews.pushData({ stars: 5 });
        await Actor.exit({ exit: false });
        expect(platform.items('reviews')).toEqual([{ stars: 5 }]);
    });

    it('fails requests as its faults say, and what the guard retries is stored', async () => {
        const platform = await start({
            schema: null,
            input: ALIEN,
            faults: [{ on: 'push', times: 1, fault: { status: 429 } }],
        });
        await platform.run('guarded.mjs');
        expect(platform.server.pushRequests().map(({ status }) => status)).toEqual([429, 201]);
        expect(platform.items()).toEqual([ALIEN]);
    });

    it('reads records of the run by key, the input included', async () => {
        const platform = await start({ schema: null, input: ALIEN });
        expect(platform.record('INPUT')).toEqual(ALIEN);
        expect(platform.record('NOTHING')).toBeUndefined();
    });

    it('charges for events within the limit of the user', async () => {
        await writeFolder(folder, {
            'charged.mjs': GUARDED.replace('await Actor.getInput())', "await Actor.getInput(), 'result')"),
        });
        const options = { schema: null, input: [ALIEN, ALIEN, ALIEN], eventPricesUsd: { result: 0.5 } };
        const platform = await start({ ...options, maxTotalChargeUsd: 1 });
        const { exitCode, output } = await platform.run('charged.mjs');
        expect(exitCode, output).toBe(0);
        expect(platform.items()).toHaveLength(2);
        expect(platform.server.charges).toMatchObject([{ eventName: 'result', count: 2 }]);
    });

    it('has the records that could not be written to the quarantine, too', async () => {
        const quarantine = { method: 'POST', path: /datasets$/, times: Infinity, fault: { status: 403 } };
        const platform = await start({ schema: MOVIE_SCHEMA, input: NUMBERED, faults: [quarantine] });
        const { output } = await platform.run('guarded.mjs');
        expect(platform.server.datasets(), output).toHaveLength(1);
        expect(platform.quarantine()).toMatchObject([{ item: NUMBERED }]);
    });

    it('sends events to the running Actor, and is closed by `await using`', async () => {
        const platform = await start({ schema: null });
        const running = platform.run('listening.mjs');
        await platform.server.events.connected();
        let hasEnded = false;
        const ended = running.finally(() => {
            hasEnded = true;
        });
        // An event that comes before the Actor listens is lost, as on the platform.
        while (!hasEnded) {
            platform.emitEvent('aborting');
            await sleep(50);
        }
        expect((await ended).output).toContain('aborted');
        const { url } = platform.server;
        await platform[Symbol.asyncDispose]();
        await expect(fetch(url)).rejects.toThrow('fetch failed');
    });

    it('enforces nothing with a schema that says nothing', async () => {
        const platform = await start({ schema: { actorSpecification: 1, fields: true }, input: NUMBERED });
        await platform.run('bare.mjs');
        expect(platform.items()).toEqual([NUMBERED]);
    });

    it('makes this process a run, until it is closed', async () => {
        const before = process.env.APIFY_TOKEN;
        const platform = await start({ schema: null });
        platform.useInThisProcess();
        expect(process.env.APIFY_API_BASE_URL).toBe(platform.env.APIFY_API_BASE_URL);
        await platform.close();
        expect(process.env.APIFY_API_BASE_URL).toBeUndefined();
        expect(process.env.APIFY_TOKEN).toBe(before);
    });

    it('kills an Actor that takes longer than allowed, or that runs when it is closed', async () => {
        const platform = await start({ schema: null });
        const late = await platform.run('stuck.mjs', { timeoutMillis: 300 });
        expect(late).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
        const underWay = platform.run('stuck.mjs');
        await platform.close();
        expect(await underWay).toMatchObject({ signal: 'SIGKILL' });
    });

    it.each([
        ['an option that it does not know', { scheme: {} }, 'scheme'],
        ['a schema that is neither object, path nor null', { schema: 7 }, 'schema'],
        ['faults that are no list', { faults: { on: 'push' } }, 'faults'],
    ])('refuses %s', async (_what, options, name) => {
        await expect(startPlatform(options as PlatformOptions)).rejects.toMatchObject({ option: name });
    });

    it('refuses a schema that the platform would refuse, and a file that is not there', async () => {
        await expect(start({ schema: { type: 'objekt' } })).rejects.toThrow(SchemaLoadError);
        await expect(start({ schema: 'nowhere.json' })).rejects.toThrow(/there is no such file/);
    });
});
