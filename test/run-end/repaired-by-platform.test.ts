import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript, startScript } from '../support/run-script.js';
import { until } from './support/troubles.js';

// Processes that wait for their end, side by side.
vi.setConfig({ testTimeout: 60_000 });

/** Only the platform knows it. */
const FIELDS = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, price: { type: 'number' } },
    additionalProperties: false,
};
const OPTIONS = { schema: false, repair: [{ coerce: true }, { unknown: 'remove' }] };

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
    onTestFinished(async () => server.close());
    return server;
}

const source = (body: string, options: object = {}) =>
    actorScript(body, { options: { ...OPTIONS, ...options }, internals: { requestTimeoutSecs: 30 } });

/** Requests that store items in the run's dataset. */
const pushes = ({ ids }: ApiServer) => ({ method: 'POST', path: `${ids.datasetId}/items` });
const quarantined = (server: ApiServer) => server.items(`${server.username}-${server.actorName}-quarantine`);
const reportOf = (server: ApiServer) => JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());

describe.concurrent('an item that only the platform rejects, and that the repair makes valid', () => {
    it('is stored repaired when the process ends suddenly, and what cannot be repaired is quarantined as it was pushed', async (context) => {
        const server = await startPlatform(context);
        const body = `
            await guard.pushData([
                { title: 'Alien' },
                { title: 'Heat', price: '$9.50', more: 1 },
                { title: null, more: 2 },
                { title: 'Ran', more: 3 },
            ]);
            process.exit();`;
        const { exitCode, stdout, stderr } = await runScript(source(body), { env: platformEnv(server) });
        expect(exitCode, stdout + stderr).toBe(0);
        expect(server.items()).toEqual([{ title: 'Alien' }, { title: 'Heat', price: 9.5 }, { title: 'Ran' }]);
        expect(quarantined(server)).toMatchObject([
            { item: { title: null, more: 2 }, rejectedBy: 'platform', reason: 'schema' },
        ]);
        expect(reportOf(server)).toMatchObject({ storedItems: 3, repairedItems: 2, quarantinedItems: 1 });
    });

    it('is found as it was repaired when the process ends while its request is under way', async (context) => {
        const server = await startPlatform(context);
        server.faults.next({ ...pushes(server), skip: 1, fault: { hang: true, when: 'after' } });
        const body = `
            void guard.pushData({ title: 'Heat', more: 1 }).then(() => guard.flush());
            process.once('SIGUSR2', () => process.exit());`;
        const script = await startScript(source(body), { env: platformEnv(server) });
        await until(script, () => server.items().length === 1);
        script.child.kill('SIGUSR2');
        const { exitCode, stdout, stderr } = await script.finished;
        expect(exitCode, stdout + stderr).toBe(0);
        expect(server.items()).toEqual([{ title: 'Heat' }]);
        expect(quarantined(server)).toEqual([]);
        expect(reportOf(server)).toMatchObject({ storedItems: 1, repairedItems: 1, quarantinedItems: 0 });
    });

    it.for([
        ['a policy', JSON.stringify(OPTIONS.repair)],
        ['a function that repairs it otherwise each time', '(item) => ({ title: item.title, price: Math.random() })'],
    ])(
        'is stored once when it was saved as pushed, stored as repaired by %s, and the process was killed',
        async ([, repair], context) => {
            const server = await startPlatform(context);
            const withRepair = (text: string) =>
                source(text, { repair: 'repair' }).replace('"repair":"repair"', `repair: ${repair}`);
            let release = () => undefined as void;
            const released = new Promise<void>((resolve) => {
                release = resolve;
            });
            server.faults.next({ ...pushes(server), fault: { until: released } });
            server.faults.next({ ...pushes(server), fault: { hang: true, when: 'after' } });
            const body = `void guard.pushData({ title: 'Heat', more: 1 }).then(() => guard.flush());
            await sleep(60_000);`;
            const script = await startScript(withRepair(body), { env: platformEnv(server) });
            await until(script, () => server.requestCount(pushes(server)) === 1);
            await server.events.connected();
            server.emitEvent('persistState', { isMigrating: false });
            const isSaved = () =>
                [...server.records().values()].some(({ value }) => value.toString().includes('"more'));
            await until(script, isSaved);
            release();
            await until(script, () => server.items().length === 1);
            script.child.kill('SIGKILL');
            await script.finished;
            const { exitCode, stdout, stderr } = await runScript(withRepair('await Actor.exit();'), {
                env: platformEnv(server),
            });
            expect(exitCode, stdout + stderr).toBe(0);
            expect(server.items()).toMatchObject([{ title: 'Heat' }]);
            expect(quarantined(server)).toEqual([]);
            expect(reportOf(server)).toMatchObject({ storedItems: 1, repairedItems: 1, quarantinedItems: 0 });
        },
    );
});
