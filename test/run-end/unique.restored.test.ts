import type { TestContext } from 'vitest';
import { expect, it, vi } from 'vitest';

import type { QuarantineRecord } from '../../src/index.js';
import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { QUARANTINE } from '../support/platform-run.js';
import { runScript, startScript } from '../support/run-script.js';
import { until } from './support/troubles.js';

// The state of a run is saved within ten seconds where a request does not end.
vi.setConfig({ testTimeout: 60_000 });

const FIELDS = {
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'number' }, name: { type: 'string' } },
    additionalProperties: false,
};

const OPTIONS = { unique: 'n', duplicates: 'drop', repair: 'prune' };

/** A process that pushes `items`, and is killed once `isDone`, which it had saved as unsent before its request was answered. */
async function killedOnceStored(
    server: ApiServer,
    items: string,
    options: Record<string, unknown>,
    isDone: () => boolean,
) {
    let release = () => undefined as void;
    const released = new Promise<void>((resolve) => {
        release = resolve;
    });
    const pushes = { method: 'POST', path: `${server.ids.datasetId}/items` };
    server.faults.next({ ...pushes, fault: { until: released, delayMillis: 1 } });
    const body = `void guard.pushData(${items}).then(() => guard.flush()); await sleep(60_000);`;
    const script = await startScript(actorScript(body, { options }), { env: platformEnv(server) });
    await until(script, () => server.requestCount(pushes) === 1);
    await server.events.connected();
    server.emitEvent('persistState', { isMigrating: false });
    const isHead = (key: string) => key.startsWith('DATASET-GUARD-STATE-');
    const isSaved = () =>
        [...server.records()].some(([key, { value }]) => isHead(key) && JSON.parse(value.toString()).itemCount > 0);
    await until(script, isSaved);
    release();
    await until(script, isDone);
    script.child.kill('SIGKILL');
    await script.finished;
}

/** The next process of the run, until its end. Resolves to its report. */
async function nextProcess(server: ApiServer, body: string, options: Record<string, unknown>) {
    const source = actorScript(`${body} await Actor.exit();`, { options });
    const { exitCode, stderr } = await runScript(source, { env: platformEnv(server) });
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());
}

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
    onTestFinished(async () => server.close());
    return server;
}

it.concurrent.for(['drop', 'quarantine', 'count'] as const)(
    "items that were saved as unsent, and stored before the process was killed, count as all others, with duplicates: '%s'",
    async (duplicates, context) => {
        const server = await startPlatform(context);
        const options = { ...OPTIONS, duplicates };
        const items = "[{ n: 1 }, { n: 2, more: 1 }, { n: 3, name: 'c' }]";
        await killedOnceStored(server, items, options, () => server.items().length === 3);
        const report = await nextProcess(server, 'await guard.pushData({ n: 3 });', options);
        const storedItems = duplicates === 'count' ? 4 : 3;
        expect(server.items()).toHaveLength(storedItems);
        const found = { found: 1, samples: ['3'] };
        expect(report).toMatchObject({ receivedItems: 4, storedItems, repairedItems: 1, duplicates: found });
        expect(report.repairs).toMatchObject([{ path: '/more', action: 'removed', count: 1 }]);
        expect(report.fields).toMatchObject([
            { path: '/n', totalItems: storedItems, filledItems: storedItems },
            { path: '/name', totalItems: storedItems, filledItems: 1 },
        ]);
    },
);

it.concurrent('items that waited beside one with their key when they were saved have one record each, also when the process was killed after it had written them', async (context) => {
    const server = await startPlatform(context);
    const options = { ...OPTIONS, duplicates: 'quarantine', flushIntervalMillis: 100 };
    const quarantined = () => server.items<QuarantineRecord>(QUARANTINE);
    const items = "[{ n: 1 }, { n: 1, name: 'a' }, { n: 1, name: 'b', more: 1 }]";
    await killedOnceStored(server, items, options, () => quarantined().length === 2);
    const report = await nextProcess(server, '', options);
    expect(report).toMatchObject({ receivedItems: 3, storedItems: 1, quarantinedItems: 2, duplicates: { found: 2 } });
    const records = new Map(quarantined().map((record) => [record.id, record.item]));
    expect([...records.values()]).toEqual([
        { n: 1, name: 'a' },
        { n: 1, name: 'b', more: 1 },
    ]);
});
