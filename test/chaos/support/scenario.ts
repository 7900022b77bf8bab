import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startApiServer } from '../../support/api-server.js';
import type { Account, Verdict } from './account.js';
import { judge, takeAccount } from './account.js';
import type { End } from './ends.js';
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
    /** What the runs come to, in turn; they are then started again. */
    ends: readonly End[];
    /** Of one call. */
    maxCallItems: number;
}

export interface ChaosOutcome {
    /** All items of all writers, each writer's in the order of its pushes. */
    items: ChaosItem[];
    writers: Writer[];
    account: Account;
    verdict: Verdict;
    /** The writers' items in the dataset, in order. */
    stored: ChaosItem[];
    /** Accepted items that were nowhere when a process had gone, in words. */
    missing: string[];
    /** Items of which a process said, as it ended, that they are lost. */
    toldLost: number;
    faults: Map<string, number>;
    requests: number;
    seconds: number;
}

/** Starts of the same run in good weather until nothing is left to send. */
const MAX_LAST_STARTS = 3;
/** Items that are stored after an end that did not come. */
const LIVES_ON_ITEMS = 300;

const mayStaySaved = ({ poison }: ChaosItem): boolean => poison === true;

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
    const { writers: count, items, maxCallItems, ends, kind } = scenario;
    // Where nothing ends, the order is checked, too: in an outage it is given up.
    const faults = new RandomFaults(server, new Random(scenario.seed + 1), ends.length > 0);
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
    const ownItems = () => server.dataset()!.itemCount - faults.foreignItems;
    const isOneRunning = () => writers.some((writer) => writer.isRunning);
    const isOneWriting = () => writers.some((writer) => writer.isRunning && !writer.isWaiting);
    const waitForItems = async (itemCount: number) => {
        while (ownItems() < itemCount && isOneWriting()) await sleep(10);
    };
    const missing: string[] = [];
    const mayRepeat = new Set<string>();
    /** To be called when the processes have gone. */
    const check = async (when: string) => {
        const progress = await Promise.all(writers.map(async (writer) => writer.progress()));
        for (const { id } of progress.flatMap(({ open }) => open)) mayRepeat.add(id);
        if (kind === 'bare') return;
        const accepted = progress.flatMap((each) => each.accepted);
        const account = await takeAccount(server, storeIds);
        const { lost } = await judge(account, accepted, { isGood, mayBeUnsent: true });
        if (lost.length > 0) missing.push(`${when}: ${lost.length} (${lost.slice(0, 5).join(', ')})`);
    };
    try {
        for (const writer of writers) writer.start(ends[0]);
        for (const [index, end] of ends.entries()) {
            if (end.timeoutMillis === undefined) await waitForItems((items * 0.75 * (index + 1)) / (ends.length + 1));
            await Promise.all(writers.map(async (writer) => writer.listening()));
            if (isOneRunning()) faults.note(end.name);
            faults.isDown = end.isDown ?? false;
            faults.isCalm = end.isAtOnce ?? false;
            faults.refusesReboot = end.comesNot ?? false;
            await sleep(random.integer(0, 150));
            end.begin(server, writers);
            if (end.comesNot) {
                await waitForItems(ownItems() + LIVES_ON_ITEMS);
                faults.refusesReboot = false;
                continue;
            }
            await Promise.all(writers.map(async (writer) => endedInTime(writer, end)));
            await check(`${end.name}, ${index}`);
            faults.isDown = false;
            faults.isCalm = false;
            for (const writer of writers) writer.start(ends[index + 1]);
        }
        await Promise.all(writers.map(async (writer) => writer.ended()));
        const all = writers.flatMap((writer) => writer.items);
        let account = await takeAccount(server, storeIds);
        let verdict = await judge(account, all, { isGood, mayStaySaved, mayRepeat });
        for (let start = 0; kind === 'guard' && verdict.lost.length > 0 && start < MAX_LAST_STARTS; start++) {
            for (const writer of writers) writer.start();
            await Promise.all(writers.map(async (writer) => writer.ended()));
            account = await takeAccount(server, storeIds);
            verdict = await judge(account, all, { isGood, mayStaySaved, mayRepeat });
        }
        return {
            items: all,
            writers,
            account,
            verdict,
            stored: server.items<ChaosItem>().filter(({ id }) => id !== undefined),
            missing,
            toldLost: writers.reduce((sum, { log }) => sum + lostByOwnAccount(log), 0),
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

async function endedInTime(writer: Writer, { name, maxMillis }: End): Promise<void> {
    if (!writer.isRunning) return;
    const isInTime = await Promise.race([writer.ended().then(() => true), sleep(maxMillis, false, { ref: false })]);
    if (!isInTime) {
        await writer.kill();
        await writer.ended().catch(() => undefined);
        throw new Error(`Writer ${writer.name} has not ended ${maxMillis / 1_000} s after ${name}:\n${writer.log}`);
    }
}

/** A process that is gone at once has seconds for what it holds, and counts in one line what it could neither send nor save. */
function lostByOwnAccount(log: string): number {
    return [...log.matchAll(/(\d+) items? could not be sent[^.]*\. They are lost/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
    );
}
