import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript, startScript } from '../support/run-script.js';

// Each test waits for most of its time, side by side with the others.
vi.setConfig({ testTimeout: 90_000 });

/** Nothing announced before is still to come by then: the SDK and the platform leave 30 s at most. */
const LIVES_ON_SECS = 28;
const FOREVER = { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '600000' };

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    return server;
}

/** Pushes an item every half second for `seconds`, and says how many pushes rejected, and why. */
const pushFor = (seconds: number) => `
const until = performance.now() + ${seconds * 1_000};
let accepted = 0;
const rejected = [];
while (performance.now() < until) {
    await guard.pushData({ n: accepted }).then(() => accepted++, (error) => rejected.push(error.message));
    await sleep(500);
}
console.log('ACCEPTED ' + accepted);
console.log('REJECTED ' + rejected.length + ' ' + (rejected[0] ?? ''));
`;

const acceptedIn = (stdout: string) => Number(/ACCEPTED (\d+)/.exec(stdout)?.[1]);
const numbersUpTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe.concurrent('pushes go on, and are stored, where the process lives on', () => {
    it('after migrating was announced to an Actor that does not shut down gracefully', async (context) => {
        const server = await startPlatform(context);
        const script = await startScript(
            actorScript(`console.log('ready'); ${pushFor(LIVES_ON_SECS)} await Actor.exit();`, {
                init: { gracefulShutdown: false },
                options: { flushIntervalMillis: 100 },
            }),
            { env: platformEnv(server) },
        );
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        server.emitEvent('migrating', { timeRemainingSecs: 40 });
        const { exitCode, stdout, stderr } = await script.finished;
        expect(stdout).toContain('REJECTED 0');
        expect(server.items().map(({ n }) => n)).toEqual(numbersUpTo(acceptedIn(stdout)));
        expect(exitCode, stderr).toBe(0);
    });

    it('while a migrating listener of the user takes its time, until the SDK reboots', async (context) => {
        const server = await startPlatform(context);
        const before = `Actor.on('migrating', async () => { await sleep(${LIVES_ON_SECS * 1_000}); });`;
        const script = await startScript(
            actorScript(`console.log('ready'); ${pushFor(LIVES_ON_SECS - 2)} setInterval(() => {}, 1_000);`, {
                before,
            }),
            { env: platformEnv(server, FOREVER) },
        );
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        const rebooted = new Promise<void>((resolve) => {
            server.onSignal((signal) => void (signal === 'reboot' && resolve()));
        });
        server.emitEvent('migrating', { timeRemainingSecs: 60 });
        await Promise.race([rebooted, script.finished]);
        const { stdout } = await script.kill();
        expect(stdout).toContain('REJECTED 0');
        expect(server.run.reboots).toBe(1);
        expect(server.items().map(({ n }) => n)).toEqual(numbersUpTo(acceptedIn(stdout)));
    });

    it('after the platform refused a reboot and a metamorph', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ path }) => (/\/(reboot|metamorph)$/.test(path) ? { status: 403 } : undefined));
        const { exitCode, stdout, stderr } = await runScript(
            actorScript(
                `guard.install();
                await guard.pushData({ n: 'before' });
                for (const leave of [() => Actor.reboot(), () => Actor.metamorph('someone/other')]) {
                    await leave().then(() => console.log('LEFT'), () => console.log('REFUSED'));
                }
                ${pushFor(LIVES_ON_SECS)} await Actor.exit();`,
                { options: { flushIntervalMillis: 100 } },
            ),
            { env: platformEnv(server, FOREVER) },
        );
        expect(stdout.match(/REFUSED/g), stderr).toHaveLength(2);
        expect(stdout).toContain('REJECTED 0');
        expect(server.items().map(({ n }) => n)).toEqual(['before', ...numbersUpTo(acceptedIn(stdout))]);
        expect(exitCode, stderr).toBe(0);
    });

    it('after the platform refused a metamorph, while a migration is announced: a push is stored when it resolves', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ path }) => (path.endsWith('/metamorph') ? { status: 403 } : undefined));
        const script = await startScript(
            actorScript(
                // The SDK calls it again for the metamorph.
                `let calls = 0;
                Actor.on('migrating', async () => {
                    if (++calls > 1) return;
                    await Actor.metamorph('someone/other').catch(() => console.log('REFUSED'));
                    await guard.pushData({ n: 1 });
                    process.kill(process.pid, 'SIGKILL');
                });
                setInterval(() => {}, 1_000);
                console.log('ready');`,
                { options: { flushIntervalMillis: 60_000 } },
            ),
            { env: platformEnv(server, FOREVER) },
        );
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        server.emitEvent('migrating', { timeRemainingSecs: 60 });
        const { stdout, stderr, signal } = await script.finished;
        expect([stdout.includes('REFUSED'), signal], stderr).toEqual([true, 'SIGKILL']);
        expect(server.items()).toEqual([{ n: 1 }]);
    });

    it('after a reboot and a metamorph that do nothing locally', async ({ onTestFinished }) => {
        const folder = await mkdtemp(join(tmpdir(), 'guard-local-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const { exitCode, stdout, stderr } = await runScript(
            actorScript(
                `guard.install();
                await Actor.reboot().catch(() => {});
                await Actor.metamorph('someone/other').catch(() => {});
                ${pushFor(LIVES_ON_SECS)} await Actor.exit();`,
                { options: { flushIntervalMillis: 100 } },
            ),
            { env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage') }, cwd: folder },
        );
        expect(stdout, stderr).toContain('REJECTED 0');
        const files = await readdir(join(folder, 'storage', 'datasets', 'default'));
        expect(files.filter((file) => !file.startsWith('__'))).toHaveLength(acceptedIn(stdout));
        expect(exitCode, stderr).toBe(0);
    });
});

describe.concurrent('while the dataset is down', () => {
    it('a migration is not held up: the SDK reboots, no push rejects before, and the next start sends what was acknowledged', async (context) => {
        const server = await startPlatform(context);
        const { datasetId } = server.ids;
        const stop = server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith(`${datasetId}/items`) ? { status: 503 } : undefined,
        );
        const body = `
            const say = (what) => () => console.log(what);
            await guard.pushData([{ n: 1 }, { n: 2 }]);
            setInterval(() => {}, 1_000);
            console.log('ready');
            Actor.on('migrating', () => {
                // From now on a push resolves when its items are stored, and until then it waits.
                guard.pushData({ n: 3 }).then(say('STORED'), say('REJECTED'));
            });`;
        const script = await startScript(actorScript(body), { env: platformEnv(server, FOREVER) });
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        const rebooted = new Promise<string>((resolve) => {
            server.onSignal((signal) => resolve(signal));
        });
        server.emitEvent('migrating', { timeRemainingSecs: 12 });
        // Half of what is left is the guard's: it would be 6 s.
        const first = await Promise.race([rebooted, script.finished]);
        expect(first).toBe('reboot');
        const { stdout } = await script.kill();
        expect(stdout).not.toMatch(/REJECTED|STORED|UNHANDLED/);
        stop();
        const next = await runScript(actorScript('await Actor.exit();'), { env: platformEnv(server) });
        expect(next.exitCode, next.stderr).toBe(0);
        // Nobody was told that the third is accepted: its page runs again.
        expect(server.items().map(({ n }) => n)).toEqual([1, 2]);
    });
});
