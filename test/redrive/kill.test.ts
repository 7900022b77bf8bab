import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, onTestFinished } from 'vitest';

import { Random, SEED } from '../chaos/support/random.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { writeFolder } from '../support/local-run.js';
import { platformEnv } from '../support/platform-env.js';
import { startScript } from '../support/run-script.js';
import { FIELDS, recordsInQuarantine, redriveScript, takeAccount } from './support/movies-in-quarantine.js';
import { IS_LONG } from '../support/mode.js';

const KILLS = IS_LONG ? 20 : 5;
const QUARANTINE = 'movies-quarantine';

console.log(`CHAOS_SEED=${SEED} (${KILLS} kills of a redrive, twice)`);

interface Scene {
    source: string;
    env: Record<string, string>;
    cwd: string;
}

interface Story {
    /** Redrives that ended before they were killed. */
    finished: number;
    /** Redrives that found that the one before was killed in the middle of a batch. */
    resumed: number;
    /** The result of the last redrive, which is not killed. */
    result: any;
}

/**
 * Kills it at random moments, and lets it come to its end then. A moment is a number of batches from its beginning, and a part
 * of the time that a batch takes, so that it is a moment of work on machines of any speed.
 */
async function killAgainAndAgain({ source, env, cwd }: Scene): Promise<Story> {
    const random = new Random(SEED);
    const story = { finished: 0, resumed: 0 };
    let batchMillis = 100;
    const look = (stdout: string) => {
        if (stdout.includes('An earlier redrive did not end')) story.resumed++;
    };
    for (let kill = 0; kill < KILLS; kill++) {
        const script = await startScript(source, { env, cwd });
        const batches = random.integer(1, 3);
        const isBeyond = await script.waitForOutput(new RegExp(`(batch \\d+\n[^]*){${batches}}`)).then(
            () => true,
            () => false,
        );
        if (isBeyond) await Promise.race([sleep(random.next() * batchMillis), script.finished]);
        const { signal, exitCode, stdout, stderr } = await script.kill();
        look(stdout);
        batchMillis = millisOfBatch(stdout) ?? batchMillis;
        if (signal === null) expect(exitCode, stderr).toBe(0);
        if (signal === null) story.finished++;
    }
    const script = await startScript(source, { env, cwd });
    const { stdout, stderr } = await script.finished;
    look(stdout);
    const result = /^result (.*)$/m.exec(stdout)?.[1];
    expect(result, stderr).toBeDefined();
    console.log(`${KILLS} killed, ${story.finished} of them too late, ${story.resumed} half way through a batch`);
    return { ...story, result: JSON.parse(result!) };
}

/** From one batch to the next, as the script says. */
function millisOfBatch(stdout: string): number | undefined {
    const times = [...stdout.matchAll(/^batch (\d+)$/gm)].map(([, millis]) => Number(millis));
    return times.length < 2 ? undefined : (times.at(-1)! - times[0]!) / (times.length - 1);
}

describe(`a redrive that is killed at ${KILLS} random moments and resumed`, { timeout: 400_000 }, () => {
    it('brings each item back once, locally', async () => {
        const items = 500;
        const folder = await mkdtemp(join(tmpdir(), 'redrive-kill-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const datasets = join(folder, 'storage/datasets');
        const records = recordsInQuarantine(items, 'default');
        await writeFolder(
            join(datasets, QUARANTINE),
            Object.fromEntries(records.map((record, index) => [`${String(index + 1).padStart(9, '0')}.json`, record])),
        );
        const scene = {
            source: redriveScript('apify-dataset-guard', { quarantine: QUARANTINE, schema: FIELDS }, { batchItems: 8 }),
            env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage') },
            cwd: folder,
        };
        const { finished, resumed, result } = await killAgainAndAgain(scene);
        const read = async (name: string) => readJsonFolder(join(datasets, name));
        expect(takeAccount(items, await read('default'), await read(QUARANTINE)), `CHAOS_SEED=${SEED}`).toEqual({
            wrong: [],
            strange: [],
        });
        expect(result).toMatchObject({ isComplete: true, failedRecords: 0 });
        expect(finished, 'redrives that were too fast to be killed').toBeLessThan(KILLS / 2);
        expect(resumed, 'redrives that were killed half way through a batch').toBeGreaterThan(0);
    });

    it('brings each item back once, on a platform that has its faults', async () => {
        const items = 500;
        const server = await startApiServer({
            dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
            listingLagMillis: 100,
            totalLagMillis: 300,
            itemCountLagMillis: 2_000,
            latencyMillis: 2,
        });
        onTestFinished(async () => server.close());
        fill(server, recordsInQuarantine(items, server.ids.datasetId));
        const random = new Random(SEED + 1);
        server.faults.use(({ method, path }) => {
            if (method !== 'POST' || !path.includes('/items') || !random.chance(0.15)) return undefined;
            return random.pick([
                { status: 429 },
                { status: 500 },
                { status: 500, when: 'after' },
                { cut: true },
                { cut: true, when: 'after' },
                { delayMillis: 150 },
            ]);
        });
        const folder = await mkdtemp(join(tmpdir(), 'redrive-kill-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const internal = { listingLagMillis: 500, firstRetryDelayMillis: 10, requestTimeoutSecs: 2 };
        const scene = {
            source: redriveScript('apify-dataset-guard', { quarantine: QUARANTINE }, { batchItems: 8, internal }),
            env: platformEnv(server),
            cwd: folder,
        };
        const { finished, resumed, result } = await killAgainAndAgain(scene);
        expect(takeAccount(items, server.items(), server.items(QUARANTINE)), `CHAOS_SEED=${SEED}`).toEqual({
            wrong: [],
            strange: [],
        });
        expect(result).toMatchObject({ isComplete: true, failedRecords: 0 });
        expect(finished, 'redrives that were too fast to be killed').toBeLessThan(KILLS / 2);
        expect(resumed, 'redrives that were killed half way through a batch').toBeGreaterThan(0);
    });
});

describe('a local redrive after one that was killed while it wrote a file', { timeout: 60_000 }, () => {
    /** One record, and the journal of a redrive that was about to send its item. */
    async function createScene(itemText: string | null) {
        const folder = await mkdtemp(join(tmpdir(), 'redrive-torn-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const datasets = join(folder, 'storage/datasets');
        const intent = {
            positions: [0],
            itemHashes: ['0'.repeat(32)],
            itemTexts: [itemText],
            dataset: { id: 'default', name: 'default' },
            datasetFrom: 0,
            quarantineFrom: 1,
            fingerprint: 'another',
        };
        await writeFolder(join(datasets, QUARANTINE), { '000000001.json': recordsInQuarantine(1, 'default')[0] });
        await writeFolder(join(folder, `storage/key_value_stores/${QUARANTINE}-redriven`), {
            'STATE.json': { version: 1, redriven: '', intent },
        });
        const finish = async () => {
            const script = await startScript(
                redriveScript('apify-dataset-guard', { quarantine: QUARANTINE, schema: FIELDS }, {}),
                { env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage') }, cwd: folder },
            );
            const { stdout, stderr } = await script.finished;
            expect(stdout, stderr).toContain('An earlier redrive did not end');
            return JSON.parse(/^result (.*)$/m.exec(stdout)![1]!);
        };
        return { datasets, finish };
    }

    it('puts the record back in the half-written file of the quarantine, and stores its item', async () => {
        const { datasets, finish } = await createScene(null);
        await writeFile(join(datasets, QUARANTINE, '000000002.json'), '{"item": {"numb');
        expect(await finish()).toMatchObject({ storedItems: 1, failedRecords: 0, isComplete: true });
        expect(await readJsonFolder(join(datasets, 'default'))).toEqual([{ number: 0, title: '0' }]);
        const [first, second] = await readJsonFolder(join(datasets, QUARANTINE));
        expect(second).toEqual({ ...first, id: expect.not.stringMatching(first.id) });
    });

    it('puts the item in the half-written file of the dataset, and stores it no second time', async () => {
        const { datasets, finish } = await createScene('{"number":0,"title":"0"}');
        await writeFolder(join(datasets, 'default'), {});
        await writeFile(join(datasets, 'default/000000001.json'), '{"numb');
        expect(await finish()).toMatchObject({ readRecords: 0, storedItems: 0, isComplete: true });
        expect(await readJsonFolder(join(datasets, 'default'))).toEqual([{ number: 0, title: '0' }]);
    });
});

function fill(server: ApiServer, records: unknown[]): void {
    const quarantine = server.addDataset({ name: QUARANTINE });
    quarantine.items.push(...records);
    quarantine.itemCount = records.length;
    quarantine.commits.push({ at: 0, itemCount: records.length });
}

/** Fails where a file holds no JSON. */
async function readJsonFolder(folder: string): Promise<any[]> {
    const names = (await readdir(folder)).filter((name) => /^\d+\.json$/.test(name)).sort();
    return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))));
}
