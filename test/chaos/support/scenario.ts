import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiServer } from '../../support/api-server.js';
import { startApiServer } from '../../support/api-server.js';
import type { Account, Verdict } from './account.js';
import { judge, takeAccount, unsentRecords } from './account.js';
import type { ChaosItem } from './items.js';
import { ENFORCED_FIELDS, isGood, makeCalls, makeItems, SHOWN_FIELDS } from './items.js';
import { CHAOS_LAGS, RandomFaults } from './random-faults.js';
import { Random } from './random.js';
import type { WriterOptions } from './writer.js';
import { Writer } from './writer.js';

export interface Scenario extends WriterOptions {
    seed: number;
    /** Of all writers together. */
    items: number;
    writers: number;
    /** How often the platform moves or aborts all runs, which are then started again. */
    restarts: number;
    /** Of one call. */
    maxCallItems: number;
}

export interface ChaosOutcome {
    /** All items of all writers, each writer's in the order of its pushes. */
    items: ChaosItem[];
    writers: Writer[];
    account: Account;
    verdict: Verdict;
    /** The dataset's items, in order. */
    stored: ChaosItem[];
    /** Accepted items that were nowhere when a process had gone, in words. */
    missing: string[];
    /** Records that still wait for the run's next start. */
    unsentRecords: number;
    faults: Map<string, number>;
    requests: number;
    seconds: number;
}

/** A process that has not gone by then is stuck: the platform kills it 30 s after the signal. */
const MAX_END_MILLIS = 29_000;
/** Starts of the same run in good weather until nothing is left to send. */
const MAX_LAST_STARTS = 3;

/** What befalls the runs, in turn, and whether the platform is down at that time. */
const TURNS = [
    ['migrating', true],
    ['aborting', false],
    ['migrating', false],
    ['aborting', true],
] as const;

/** Drives the workload through everything that can go wrong, to its end. */
export async function runScenario(scenario: Scenario): Promise<ChaosOutcome> {
    const startedAt = performance.now();
    const random = new Random(scenario.seed);
    const folder = await mkdtemp(join(tmpdir(), 'guard-chaos-'));
    const server = await startApiServer({
        ...CHAOS_LAGS,
        dataset: { schema: { actorSpecification: 1, fields: SHOWN_FIELDS }, enforcedFields: ENFORCED_FIELDS },
        keepBodies: false,
    });
    const faults = new RandomFaults(server, new Random(scenario.seed + 1));
    const { writers: count, items, maxCallItems } = scenario;
    const writers = await Promise.all(
        Array.from({ length: count }, async (_, index) => {
            const name = 'abcdefgh'[index]!;
            const calls = makeCalls(random, makeItems(random, name, items / count), maxCallItems);
            return Writer.create(server, folder, name, calls, scenario);
        }),
    );
    const stopListening = server.onSignal((signal, run) => {
        if (signal === 'reboot') void writers.find(({ runId }) => runId === run.ids.runId)?.kill();
    });
    const storeIds = writers.map(({ storeId }) => storeId);
    const missing: string[] = [];
    const check = async (when: string) => {
        const accepted = (await Promise.all(writers.map(async (writer) => writer.accepted()))).flat();
        const { lost } = await judge(await takeAccount(server, storeIds), accepted, isGood);
        if (lost.length > 0) missing.push(`${when}: ${lost.length} (${lost.slice(0, 5).join(', ')})`);
    };
    try {
        for (const writer of writers) writer.start();
        for (let restart = 1; restart <= scenario.restarts; restart++) {
            await stored(server, writers, (items * 0.9 * restart) / (scenario.restarts + 1));
            await Promise.all(writers.map(async (writer) => writer.listening()));
            const [event, isDown] = TURNS[(scenario.seed + restart) % TURNS.length]!;
            faults.isDown = isDown;
            faults.note(`${event}${isDown ? ' while down' : ''}`);
            await sleep(random.integer(0, 150));
            server.emitEvent(event, { timeRemainingSecs: faults.isDown ? 3 : 10 });
            await Promise.all(writers.map(async (writer) => endedInTime(writer)));
            if (scenario.kind === 'guard') await check(`${event}${isDown ? ' while down' : ''}, ${restart}`);
            faults.isDown = false;
            for (const writer of writers) writer.start();
        }
        await Promise.all(writers.map(async (writer) => writer.ended()));
        for (let start = 0; start < MAX_LAST_STARTS && unsentRecords(server, storeIds) > 0; start++) {
            for (const writer of writers) writer.start();
            await Promise.all(writers.map(async (writer) => writer.ended()));
        }
        const account = await takeAccount(server, storeIds);
        const all = writers.flatMap((writer) => writer.items);
        return {
            items: all,
            writers,
            account,
            verdict: await judge(account, all, isGood),
            stored: server.items(),
            missing,
            unsentRecords: unsentRecords(server, storeIds),
            faults: faults.struck,
            requests: server.requests.length,
            seconds: (performance.now() - startedAt) / 1_000,
        };
    } finally {
        stopListening();
        await Promise.all(writers.map(async (writer) => writer.kill()));
        await server.close();
        await rm(folder, { recursive: true, force: true });
    }
}

/** Resolves when the dataset has so many items, or all writers have ended. */
async function stored(server: ApiServer, writers: readonly Writer[], itemCount: number): Promise<void> {
    while (server.items().length < itemCount && writers.some((writer) => writer.isRunning)) await sleep(10);
}

async function endedInTime(writer: Writer): Promise<void> {
    if (!writer.isRunning) return;
    const isInTime = await Promise.race([
        writer.ended().then(() => true),
        sleep(MAX_END_MILLIS, false, { ref: false }),
    ]);
    if (!isInTime) {
        await writer.kill();
        await writer.ended().catch(() => undefined);
        throw new Error(
            `Writer ${writer.name} has not ended ${MAX_END_MILLIS / 1_000} s after the signal:\n${writer.log}`,
        );
    }
}
