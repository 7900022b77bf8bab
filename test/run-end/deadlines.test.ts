import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript, startScript } from '../support/run-script.js';

// Each test waits for most of its time, side by side with the others.
vi.setConfig({ testTimeout: 60_000 });

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    return server;
}

/** With less left when the guard is opened, it would keep less for the end. */
const LONG_MILLIS = 32_000;

const timeoutAt = (millis: number) => ({ ACTOR_TIMEOUT_AT: new Date(millis).toISOString() });

describe.concurrent("the run's timeout", () => {
    it('leaves pushes to be accepted and stored until the process is killed', async (context) => {
        const server = await startPlatform(context);
        const killedAt = Date.now() + 20_000;
        const script = await startScript(
            actorScript(
                `for (let n = 0; ; n++) {
                    await guard.pushData({ n }).then(() => console.log('ACCEPTED ' + n + ' ' + Date.now()), () => console.log('REJECTED ' + n));
                    await sleep(100);
                }`,
                { options: { flushIntervalMillis: 200 } },
            ),
            { env: platformEnv(server, timeoutAt(killedAt)) },
        );
        await new Promise((resolve) => {
            setTimeout(resolve, killedAt - Date.now());
        });
        const { stdout } = await script.kill();
        const accepted = [...stdout.matchAll(/ACCEPTED (\d+) (\d+)/g)].map(([, n, at]) => ({
            n: Number(n),
            leftMillis: killedAt - Number(at),
        }));
        expect(stdout).not.toContain('REJECTED');
        // In the last seconds, too; half a second may pass between two items on a busy machine.
        for (const seconds of [6, 5, 4, 3, 2]) {
            const inThatSecond = accepted.filter(({ leftMillis }) => Math.floor(leftMillis / 1_000) === seconds);
            expect(inThatSecond.length, `${seconds} s before the timeout`).toBeGreaterThan(0);
        }
        const stored = new Set(server.items().map(({ n }) => n));
        expect(accepted.filter(({ n }) => !stored.has(n))).toEqual([]);
    });

    it('does not make a run fail that finishes by itself 4 s before it', async (context) => {
        const server = await startPlatform(context);
        const endsAt = Date.now() + LONG_MILLIS;
        const { exitCode, stdout, stderr } = await runScript(
            actorScript(
                `await guard.pushData([{ n: 1 }, { n: 2 }]);
                await sleep(${endsAt} - 4_000 - Date.now());
                await guard.pushData({ n: 3 });
                await Actor.exit();`,
            ),
            { env: platformEnv(server, timeoutAt(endsAt)) },
        );
        expect(exitCode, stdout + stderr).toBe(0);
        expect(server.items().map(({ n }) => n)).toEqual([1, 2, 3]);
        expect(server.run.statusMessage).toContain('Stored all 3 items');
    });

    it('does not make a run fail whose platform answers slowly in the last 4 s', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith('/items') ? { delayMillis: 800 } : undefined,
        );
        const endsAt = Date.now() + LONG_MILLIS;
        const { exitCode, stdout, stderr } = await runScript(
            actorScript(
                `await sleep(${endsAt} - 4_000 - Date.now());
                await guard.pushData({ n: 1 });
                await guard.close();
                await Actor.exit();`,
            ),
            { env: platformEnv(server, timeoutAt(endsAt)) },
        );
        expect(exitCode, stdout + stderr).toBe(0);
        expect(server.items().map(({ n }) => n)).toEqual([1]);
    });

    it('is no deadline when it lies in the past: everything is sent', async (context) => {
        const server = await startPlatform(context);
        const { exitCode, stdout, stderr } = await runScript(
            actorScript(
                `await guard.pushData([{ n: 1 }, { n: 2 }]);
                await guard.flush();
                await guard.pushData({ n: 3 });
                console.log('PENDING ' + guard.report().pendingItems);
                await Actor.exit();`,
            ),
            { env: platformEnv(server, timeoutAt(Date.now() - 3_600_000)) },
        );
        expect(exitCode, stdout + stderr).toBe(0);
        expect(server.items().map(({ n }) => n)).toEqual([1, 2, 3]);
        // No end is announced by it, either: a push resolves when its item is in the buffer.
        expect(stdout).toContain('PENDING 1');
    });
});
