import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript, startScript } from '../support/run-script.js';

// Processes that wait for their end, side by side.
vi.setConfig({ testTimeout: 60_000 });

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    return server;
}

/** The reports that lie in the run's key-value store. */
function reportsIn(server: ApiServer): any[] {
    return [...server.records()]
        .filter(([key]) => /^DATASET-GUARD-REPORT(?!-HTML)/.test(key))
        .map(([, { value }]): any => JSON.parse(value.toString()));
}

/** The counts in lines that say how many items were not sent. */
function countsTold(output: string): number[] {
    return [...output.matchAll(/(\d+) items? could not be sent/g)].map(([, count]) => Number(count));
}

describe.concurrent('the end of a run', () => {
    it('says how many items are unsent, those that an earlier process left among them', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith('/items') ? { status: 503 } : undefined,
        );
        for (const unsentItems of [10, 20]) {
            const body = `await guard.pushData(Array.from({ length: 10 }, (_, n) => ({ n }))); await Actor.exit();`;
            const { exitCode, stdout, stderr } = await runScript(actorScript(body, { internals: { maxRetries: 2 } }), {
                // So long it has to try, and to save: without a timeout the end would take longer.
                env: platformEnv(server, { ACTOR_TIMEOUT_AT: new Date(Date.now() + 14_000).toISOString() }),
            });
            expect(exitCode).toBe(1);
            expect(reportsIn(server)).toMatchObject([{ unsentItems }]);
            expect(new Set(countsTold(stdout + stderr))).toEqual(new Set([unsentItems]));
            expect(server.run.statusMessage).toContain(`${unsentItems} not sent`);
        }
    });
});

describe.concurrent('a state that an earlier process has saved and that cannot be read', () => {
    it.for([
        ['Actor.exit()', 'await Actor.exit();'],
        ['guard.close()', 'await guard.close();'],
    ])('makes the run fail, without a number of items that nobody knows: %s', async ([, end], context) => {
        const server = await startPlatform(context);
        for (const each of [1, 2]) {
            const key = `DATASET-GUARD-STATE-${server.ids.datasetId}-host-1-2-${each}`;
            server.setRecord(key, '{ "version": 1, "pa', 'text/plain; charset=utf-8');
        }
        const { exitCode, stdout, stderr } = await runScript(actorScript(`await guard.pushData({ n: 1 }); ${end}`), {
            env: platformEnv(server),
        });
        expect(exitCode).not.toBe(0);
        expect(server.items()).toEqual([{ n: 1 }]);
        expect(stdout + stderr).toContain('what 2 earlier processes of this run have saved could not be read');
        expect(stdout + stderr).not.toMatch(/\d items/);
    });
});

describe.concurrent('two processes of one run at once', () => {
    it('leave reports and counters in which no item of either is missing', async (context) => {
        const server = await startPlatform(context);
        const env = platformEnv(server);
        const first = await startScript(
            actorScript(`await guard.pushData([{ n: 1 }, { n: 2 }]); console.log('pushed');
                process.stdin.resume(); process.on('SIGUSR2', () => Actor.exit());`),
            { env },
        );
        await first.waitForOutput('pushed');
        const second = await runScript(actorScript(`await guard.pushData({ n: 3 }); await Actor.exit();`), { env });
        expect(second.exitCode, second.stderr).toBe(0);
        first.child.kill('SIGUSR2');
        const { exitCode, stderr } = await first.finished;
        expect(exitCode, stderr).toBe(0);
        expect(server.items()).toHaveLength(3);
        const reports = reportsIn(server);
        expect(reports.reduce((sum, { storedItems }) => sum + storedItems, 0)).toBe(3);
        expect(reports.reduce((sum, { receivedItems }) => sum + receivedItems, 0)).toBe(3);
        // A start after both goes on counting from what they have left.
        const body = `console.log('COUNTED ' + guard.report().storedItems); await Actor.exit();`;
        const third = await runScript(actorScript(body), { env });
        expect(third.stdout).toContain('COUNTED 3');
    });
});
