import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { ApiServer, ApiServerOptions } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { LIBRARY_URL, runScript, startScript } from '../support/run-script.js';
import { unsentKeys } from './support/run-events.js';

// Each test starts processes, some of which take all the time that they have.
vi.setConfig({ testTimeout: 90_000 });

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const DEAD = { status: 503 } as const;
const PUSHES = { method: 'POST', path: /\/items$/ };

async function startPlatform(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = await startApiServer({ dataset: { schema: { fields: FIELDS } }, ...options });
    onTestFinished(async () => server.close());
    return server;
}

/** An Actor that has opened a guard, with nothing flushing by itself. */
const actor = (body: string) => `
import { Actor } from 'apify';
import { DatasetGuard } from '${LIBRARY_URL}';
process.on('unhandledRejection', (error) => { console.log('UNHANDLED ' + error); process.exit(99); });
await Actor.init();
const guard = await DatasetGuard.open({ flushIntervalMillis: 60_000 }, { listingLagMillis: 200, firstRetryDelayMillis: 20 });
${body}`;

/** Of the quarantine, and those that stand in for it in the run's key-value store. */
function recordsAnywhere(server: ApiServer): any[] {
    const standIns = [...server.records().entries()]
        .filter(([key]) => key.startsWith('DATASET-GUARD-QUARANTINE-'))
        .map(([, { value }]) => JSON.parse(value.toString()));
    return [...server.items('tester-my-actor-quarantine'), ...standIns];
}

/** Stays alive when it is done pushing, as an Actor that waits for the web does. */
const waiting = (body: string) => actor(`${body} setInterval(() => {}, 1_000); console.log('ready');`);

const HUNDRED = Array.from({ length: 100 }, (_, n) => ({ n }));
const PUSH_HUNDRED = 'for (let n = 0; n < 100; n++) await guard.pushData({ n });';
const EXIT = 'Actor.exit({ timeoutSecs: 3 })';
const EXIT_QUICKLY = 'await Actor.exit({ timeoutSecs: 8 });';

describe('Actor.exit() while the dataset is dead', () => {
    it('saves the items with the run; its next start sends them first, and counts on', async () => {
        const server = await startPlatform();
        const { datasetId } = server.ids;
        server.faults.next({ ...PUSHES, times: 1_000, fault: DEAD });
        const startedAt = performance.now();
        const text = `const text = 'x'.repeat(100_000); for (let n = 0; n < 60; n++) await guard.pushData({ n, text });`;
        const first = await runScript(actor(`${text} ${EXIT_QUICKLY}`), { env: platformEnv(server) });
        expect(performance.now() - startedAt).toBeLessThan(25_000);
        expect(first.exitCode, first.stdout).toBe(1);
        expect(first.stdout).not.toContain('UNHANDLED');
        expect(first.stderr).toContain('60 items could not be sent in time. They are saved with the run');
        expect(first.stderr.match(/They are saved with the run/g)).toHaveLength(1);
        expect(server.run.statusMessage).toContain('Stored 0 items, 60 not sent: ');
        expect(server.items()).toEqual([]);

        const saved = unsentKeys(server, datasetId).map((key) => server.records().get(key)!);
        expect(saved.length).toBeGreaterThan(1);
        const lines = saved.map(({ value }) => value.toString().trimEnd().split('\n').slice(1));
        expect(lines.flat().map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 60 }, (_, n) => n));
        for (const { value, contentType } of saved) {
            expect(value.length).toBeLessThan(5_000_000);
            expect(contentType).toContain('application/x-ndjson');
        }

        server.faults.clear();
        const second = await runScript(
            actor(`await guard.pushData({ n: 60 }); const { receivedItems, storedItems } = await guard.close();
                console.log('REPORT ' + receivedItems + ' ' + storedItems); await Actor.exit();`),
            { env: platformEnv(server) },
        );
        expect(second.exitCode, second.stdout).toBe(0);
        expect(second.stdout).toContain('REPORT 61 61');
        expect(server.items().map(({ n }) => n)).toEqual(Array.from({ length: 61 }, (_, n) => n));
        expect(unsentKeys(server, datasetId)).toEqual([]);
    });

    it('saves what is on its way to a quarantine that is dead as well', async () => {
        const server = await startPlatform();
        server.faults.next({ ...PUSHES, times: 1_000, fault: DEAD });
        const push = `await guard.pushData([{ n: 1 }, { n: 'bad' }]);`;
        const first = await runScript(actor(`${push} ${EXIT_QUICKLY}`), { env: platformEnv(server) });
        expect(first.exitCode, first.stdout).toBe(1);
        server.faults.clear();
        const second = await runScript(actor(EXIT_QUICKLY), { env: platformEnv(server) });
        expect(second.exitCode, second.stdout).toBe(0);
        expect(server.items()).toEqual([{ n: 1 }]);
        expect(recordsAnywhere(server).map(({ item }) => item)).toEqual([{ n: 'bad' }]);
        expect(unsentKeys(server, server.ids.datasetId)).toEqual([]);
        await expect.poll(() => server.run.statusMessage).toBe('Stored 1 item, 1 in quarantine');
    });
});

describe('Actor.exit() while the quarantine takes no records', () => {
    it('does not begin to write one elsewhere that the end would overtake: it is found once', async () => {
        const server = await startPlatform();
        // The SDK waits three seconds before it exits, and of four more 2.8 are for sending. The answer comes when that is nearly
        // over, and what is written then lands after it.
        server.faults.next({ ...PUSHES, fault: { status: 403, delayMillis: 5_400 } });
        server.faults.next({ method: 'PUT', path: 'DATASET-GUARD-QUARANTINE-', fault: { delayMillis: 700 } });
        const exit = 'await Actor.exit({ timeoutSecs: 4 });';
        const first = await runScript(actor(`await guard.pushData({ n: 'bad' }); ${exit}`), {
            env: platformEnv(server),
        });
        expect(first.stdout).not.toContain('UNHANDLED');
        server.faults.clear();
        const second = await runScript(actor(EXIT_QUICKLY), { env: platformEnv(server) });
        expect(second.exitCode, second.stdout).toBe(0);
        expect(recordsAnywhere(server).map(({ item }) => item)).toEqual([{ n: 'bad' }]);
        expect(unsentKeys(server, server.ids.datasetId)).toEqual([]);
    });
});

describe('a run that ends while nothing of the platform answers', () => {
    it('fails, though the items could not even be saved', async () => {
        const server = await startPlatform();
        const script = await startScript(waiting(`${PUSH_HUNDRED} process.on('SIGUSR2', () => ${EXIT}); `), {
            env: platformEnv(server),
        });
        await script.waitForOutput('ready');
        server.faults.use(() => ({ hang: true }));
        script.child.kill('SIGUSR2');
        const { exitCode, stdout } = await script.finished;
        expect(exitCode, stdout).toBe(1);
        expect(stdout).not.toContain('UNHANDLED');
    });

    it('by itself, fails with a status message', async () => {
        const server = await startPlatform();
        server.faults.next({ ...PUSHES, times: 1_000, fault: { status: 403 } });
        const { exitCode, stdout, stderr } = await runScript(
            actor(`await guard.pushData({ n: 1 }); Actor.config.getEventManager().close();`),
            { env: platformEnv(server) },
        );
        expect(exitCode, stdout + stderr).toBe(1);
        expect(stderr).toContain('1 items could not be sent in time. They are saved with the run');
        expect(server.run).toMatchObject({ statusMessage: expect.stringContaining('Stored 0 items, 1 not sent: ') });
    });
});

describe('a run that is resurrected', () => {
    it('counts on, and has its items once', async () => {
        const server = await startPlatform();
        for (const stored of [100, 200]) {
            const { exitCode, stdout } = await runScript(actor(`${PUSH_HUNDRED} await Actor.exit();`), {
                env: platformEnv(server),
            });
            expect(exitCode, stdout).toBe(0);
            await expect.poll(() => server.run.statusMessage).toBe(`Stored ${stored} items`);
        }
        expect(server.items()).toEqual([...HUNDRED, ...HUNDRED]);
    });
});

describe('over the web socket', () => {
    it('migrating, twice, sends everything once, before the run reboots', async () => {
        const server = await startPlatform({ latencyMillis: 20 });
        const script = await startScript(waiting(PUSH_HUNDRED), {
            env: platformEnv(server, { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '60000' }),
        });
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        const rebooted = new Promise<number>((resolve) => {
            server.onSignal(() => resolve(server.items().length));
        });
        server.emitEvent('migrating', { timeRemainingSecs: 20 });
        server.emitEvent('migrating', { timeRemainingSecs: 20 });
        expect(await rebooted).toBe(100);
        const { stdout } = await script.kill();
        expect(stdout).not.toContain('UNHANDLED');
        expect(server.items()).toEqual(HUNDRED);
        expect(server.pushRequests()).toHaveLength(1);
        expect(unsentKeys(server, server.ids.datasetId)).toEqual([]);
    });

    it('aborting sends everything, and the run ends in good order', async () => {
        const server = await startPlatform({ latencyMillis: 20 });
        const script = await startScript(waiting(PUSH_HUNDRED), { env: platformEnv(server) });
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        server.emitEvent('aborting');
        const { exitCode, stdout } = await script.finished;
        expect(exitCode, stdout).toBe(0);
        expect(server.items()).toEqual(HUNDRED);
        await expect.poll(() => server.run.statusMessage).toBe('Stored 100 items');
    });

    it('aborting while the dataset is dead saves everything before the platform kills the run', async () => {
        const server = await startPlatform();
        server.faults.next({ ...PUSHES, times: 1_000, fault: { hang: true } });
        const script = await startScript(waiting(PUSH_HUNDRED), { env: platformEnv(server) });
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        const abortedAt = performance.now();
        server.emitEvent('aborting', { timeRemainingSecs: 3 });
        const { exitCode, stdout } = await script.finished;
        expect(performance.now() - abortedAt).toBeLessThan(5_000);
        expect(exitCode, stdout).toBe(1);
        expect(stdout).not.toContain('UNHANDLED');
        expect(unsentKeys(server, server.ids.datasetId)).toHaveLength(1);
    });
});

describe('a run that goes elsewhere', () => {
    const SOON = { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '50' };

    it.each([
        ['Actor.reboot()', '', /\/reboot$/],
        [`Actor.metamorph('someone/other')`, 'guard.install();', /\/metamorph$/],
    ])('by %s sends everything before', async (call, before, path) => {
        const server = await startPlatform({ latencyMillis: 20 });
        const script = actor(`${before} ${PUSH_HUNDRED} await ${call}; console.log('called'); process.exit(0);`);
        const { exitCode, stdout } = await runScript(script, { env: platformEnv(server, SOON) });
        expect(exitCode, stdout).toBe(0);
        expect(stdout).toContain('called');
        expect(server.items()).toEqual(HUNDRED);
        const paths = server.requests.map((request) => request.path);
        const leftAt = paths.findIndex((requested) => requested.search(path) >= 0);
        expect(leftAt).toBeGreaterThan(paths.findIndex((requested) => requested.endsWith('/items')));
    });
});

describe("the run's timeout", () => {
    const timeoutIn = (millis: number) => ({ ACTOR_TIMEOUT_AT: new Date(Date.now() + millis).toISOString() });

    it('finds everything sent', async () => {
        const server = await startPlatform();
        const script = await startScript(waiting(PUSH_HUNDRED), { env: platformEnv(server, timeoutIn(15_000)) });
        await script.waitForOutput('ready');
        expect(server.items()).toEqual([]);
        await expect.poll(() => server.items().length, { timeout: 15_000, interval: 20 }).toBe(100);
        await script.kill();
    });

    it('finds everything saved where the dataset is dead', async () => {
        const server = await startPlatform();
        server.faults.next({ ...PUSHES, times: 1_000, fault: DEAD });
        const script = await startScript(waiting(PUSH_HUNDRED), { env: platformEnv(server, timeoutIn(15_000)) });
        await script.waitForOutput('ready');
        const keys = () => unsentKeys(server, server.ids.datasetId);
        await expect.poll(() => keys().length, { timeout: 15_000, interval: 20 }).toBe(1);
        const { stdout } = await script.kill();
        expect(stdout).not.toContain('UNHANDLED');
    });
});
