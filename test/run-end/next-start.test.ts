import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer, DatasetOptions } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { isPush, refuseWithoutReason, writeDuringListings } from '../support/platform-faults.js';
import type { ScriptResult } from '../support/run-script.js';
import { runScript } from '../support/run-script.js';

// Processes that wait for their end, side by side.
vi.setConfig({ testTimeout: 180_000 });

async function startPlatform({ onTestFinished }: TestContext, dataset: DatasetOptions = {}): Promise<ApiServer> {
    const server = await startApiServer({ dataset });
    onTestFinished(async () => server.close());
    return server;
}

/** One process of the run after the other. */
async function runProcess(server: ApiServer, body: string, env: Record<string, string> = {}): Promise<ScriptResult> {
    return runScript(actorScript(body, { internals: { maxRetries: 2 } }), {
        env: platformEnv(server, env),
        timeoutMillis: 60_000,
    });
}

/** A run that cannot send its items has so long to try, and to save them: without a timeout the end would take longer. */
const soonTimedOut = () => ({ ACTOR_TIMEOUT_AT: new Date(Date.now() + 14_000).toISOString() });

const numbersIn = (server: ApiServer) => server.items().flatMap(({ n }) => (n === undefined ? [] : [n]));
const numbersInQuarantine = (server: ApiServer) =>
    server.items(`${server.username}-${server.actorName}-quarantine`).map(({ item }) => item.n);

describe.concurrent('the next start of a run', () => {
    it('sends items whose outcome was unknown only if they are not stored, while somebody else appends without a pause', async (context) => {
        const server = await startPlatform(context);
        const { datasetId } = server.ids;
        // Stored, but nobody says so, and then nothing answers any more.
        server.faults.next({ method: 'POST', path: `${datasetId}/items`, fault: { status: 500, when: 'after' } });
        const stop = server.faults.use(({ path }) =>
            path.endsWith(`${datasetId}/items`) ? { status: 503 } : undefined,
        );
        const first = await runProcess(
            server,
            `await guard.pushData([{ n: 1 }, { n: 2 }]); await Actor.exit();`,
            soonTimedOut(),
        );
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        expect(numbersIn(server)).toEqual([1, 2]);
        stop();
        writeDuringListings(server, datasetId, 1_000);
        const second = await runProcess(server, `await guard.pushData({ n: 3 }); await Actor.exit();`);
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2, 3]);
    });

    it('sends what an earlier process has left though somebody else appends without a pause', async (context) => {
        const server = await startPlatform(context);
        const { datasetId } = server.ids;
        server.faults.next({ method: 'POST', path: `${datasetId}/items`, fault: { cut: true } });
        const stop = server.faults.use(({ path }) =>
            path.endsWith(`${datasetId}/items`) ? { status: 503 } : undefined,
        );
        const first = await runProcess(
            server,
            `await guard.pushData([{ n: 1 }, { n: 2 }]); await Actor.exit();`,
            soonTimedOut(),
        );
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        stop();
        writeDuringListings(server, datasetId, 1_000);
        const second = await runProcess(server, `await guard.pushData({ n: 3 }); await Actor.exit();`);
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2, 3]);
    });

    it('does not store again what was stored before, though it could neither read the dataset nor send, and one more start followed', async (context) => {
        const server = await startPlatform(context);
        const { datasetId } = server.ids;
        const push = { method: 'POST', path: `${datasetId}/items` };
        // Stored, but nobody says so, and then nothing answers any more.
        server.faults.next({ ...push, fault: { status: 500, when: 'after' } });
        const stop = server.faults.use(({ path }) =>
            path.endsWith(`${datasetId}/items`) ? { status: 503 } : undefined,
        );
        const first = await runProcess(
            server,
            `await guard.pushData([{ n: 1 }, { n: 2 }]); await Actor.exit();`,
            soonTimedOut(),
        );
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        stop();
        // Somebody else writes meanwhile.
        server.append([{ foreign: 1 }, { foreign: 2 }]);
        const stopAgain = server.faults.use(({ path, method }) => {
            if (!path.endsWith(`${datasetId}/items`)) return undefined;
            return method === 'POST' ? { status: 429 } : { status: 503 };
        });
        const second = await runProcess(server, `setTimeout(() => Actor.exit(), 3_000);`, soonTimedOut());
        expect(second.exitCode, second.stdout + second.stderr).toBe(1);
        stopAgain();
        const third = await runProcess(server, `await guard.pushData({ n: 3 }); await Actor.exit();`);
        expect(third.exitCode, third.stdout + third.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2, 3]);
    });

    it('writes the record of a rejected item under the id that it has, where an earlier one was killed once it had written it', async (context) => {
        const fields = { type: 'object', properties: { n: { type: 'number', minimum: 0 } } };
        const server = await startPlatform(context, { enforcedFields: fields });
        const { datasetId } = server.ids;
        const stop = server.faults.use(({ path }) =>
            path.endsWith(`${datasetId}/items`) ? { status: 429 } : undefined,
        );
        const body = `await guard.pushData([{ n: 1 }, { n: -1 }, { n: 2 }, { n: -2 }]); await Actor.exit();`;
        const first = await runProcess(server, body, soonTimedOut());
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        stop();
        const saved = [...server.records()];
        const second = await runProcess(server, 'await Actor.exit();');
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        // As if it had been killed before it had saved that anything had been sent.
        server.records().clear();
        for (const [key, { value, contentType }] of saved) server.setRecord(key, value, contentType);
        const third = await runProcess(server, 'await Actor.exit();');
        expect(third.exitCode, third.stdout + third.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2]);
        const records = server.items(`${server.username}-${server.actorName}-quarantine`);
        const idsOf = (n: number) => records.filter(({ item }) => item.n === n).map(({ id }) => id);
        expect([idsOf(-1).length, new Set(idsOf(-1)).size, new Set(idsOf(-2)).size]).toEqual([2, 1, 1]);
        expect(new Set(records.map(({ id }) => id)).size).toBe(2);
    });

    it.for([
        ['Actor.exit()', 'await Actor.exit();'],
        ['process.exit()', 'process.exit();'],
    ])('sends what %s has left of a process that could not list the records of the run', async ([, end], context) => {
        const server = await startPlatform(context);
        const { datasetId } = server.ids;
        server.faults.next({ path: /key-value-stores\/[^/]+\/keys$/, fault: { status: 403 } });
        const stop = server.faults.use(({ path }) =>
            path.endsWith(`${datasetId}/items`) ? { status: 403 } : undefined,
        );
        const first = await runProcess(server, `await guard.pushData([{ n: 1 }, { n: 2 }]); ${end}`);
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        stop();
        const second = await runProcess(server, `await guard.pushData({ n: 3 }); await Actor.exit();`);
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2, 3]);
    });

    it('stores items although the key-value store of the run does not answer', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ path }) => (path.includes('key-value-stores') ? { hang: true } : undefined));
        const internals = { maxRestoreMillis: 300 };
        const body = 'await guard.pushData([{ n: 1 }, { n: 2 }]); await guard.flush(); process.exit();';
        const { exitCode, stdout, stderr } = await runScript(actorScript(body, { internals }), {
            env: platformEnv(server),
        });
        expect(exitCode, stdout + stderr).toBe(0);
        expect(stderr).toContain('the key-value store has not answered in 0.3 s');
        expect(numbersIn(server)).toEqual([1, 2]);
    });

    it('counts the items that an earlier process has left once, where it opens several guards at once', async (context) => {
        const server = await startPlatform(context);
        server.faults.next({ method: 'POST', path: `${server.ids.datasetId}/items`, fault: { status: 403 } });
        const first = await runProcess(server, `await guard.pushData([{ n: 1 }, { n: 2 }]); process.exit();`);
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        const second = await runScript(
            actorScript(
                `const guards = [guard, ...(await others)];
                console.log('received', guards.map((each) => each.report().receivedItems).toSorted());
                await Actor.exit();`,
                {
                    before: 'const open = async () => DatasetGuard.open({}, { listingLagMillis: 200 }); const others = Promise.all([open(), open()]);',
                },
            ),
            { env: platformEnv(server) },
        );
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(second.stdout).toContain('received [ 0, 0, 2 ]');
        expect(numbersIn(server)).toEqual([1, 2]);
    });

    it('is not blocked by two items that the platform refused without a reason in the earlier process', async (context) => {
        const server = await startPlatform(context);
        refuseWithoutReason(server, server.ids.datasetId, ({ n }) => n < 0);
        const first = await runProcess(server, `await guard.pushData([{ n: -1 }, { n: -2 }]); await Actor.exit();`);
        expect(first.exitCode, first.stdout + first.stderr).toBe(1);
        expect(numbersInQuarantine(server)).toEqual([]);
        const second = await runProcess(server, `await guard.pushData([{ n: 1 }, { n: 2 }]); await Actor.exit();`);
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(numbersIn(server)).toEqual([1, 2]);
        expect(numbersInQuarantine(server).toSorted((a, b) => a - b)).toEqual([-2, -1]);
    });

    it('has nothing to send of an item refused without a reason, because the end of the run quarantined it', async (context) => {
        const server = await startPlatform(context);
        refuseWithoutReason(server, server.ids.datasetId, ({ n }) => n < 0);
        const first = await runProcess(
            server,
            `await guard.pushData({ n: 1 }); await guard.flush(); await guard.pushData({ n: -1 }); await Actor.exit();`,
        );
        expect(first.exitCode, first.stdout + first.stderr).toBe(0);
        expect(numbersInQuarantine(server)).toEqual([-1]);
        const requests = server.requestCount({ method: 'POST' });
        let pushes = 0;
        server.faults.use((call) => void (isPush(call, server.ids.datasetId) && pushes++));
        const second = await runProcess(server, `await Actor.exit();`);
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(pushes, `of ${requests} requests before`).toBe(0);
    });
});
