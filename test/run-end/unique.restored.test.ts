import { expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
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

it.concurrent.for(['drop', 'quarantine', 'count'] as const)(
    "items that were saved as unsent, and stored before the process was killed, count as all others, with duplicates: '%s'",
    async (duplicates, { onTestFinished }) => {
        const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
        onTestFinished(async () => server.close());
        const env = platformEnv(server);
        const options = { unique: 'n', duplicates, repair: 'prune' };
        const source = (body: string) => actorScript(body, { options });
        let release = () => undefined as void;
        const released = new Promise<void>((resolve) => {
            release = resolve;
        });
        const pushes = { method: 'POST', path: `${server.ids.datasetId}/items` };
        server.faults.next({ ...pushes, fault: { until: released, delayMillis: 1 } });
        const script = await startScript(
            source(`
                void guard.pushData([{ n: 1 }, { n: 2, more: 1 }, { n: 3, name: 'c' }]).then(() => guard.flush());
                await sleep(60_000);`),
            { env },
        );
        await until(script, () => server.requestCount(pushes) === 1);
        await server.events.connected();
        server.emitEvent('persistState', { isMigrating: false });
        const isSaved = () =>
            [...server.records()].some(
                ([key, { value }]) =>
                    key.startsWith('DATASET-GUARD-STATE-') && JSON.parse(value.toString()).itemCount > 0,
            );
        await until(script, isSaved);
        release();
        await until(script, () => server.items().length === 3);
        script.child.kill('SIGKILL');
        await script.finished;

        const { exitCode, stderr } = await runScript(source(`await guard.pushData({ n: 3 }); await Actor.exit();`), {
            env,
        });
        expect(exitCode, stderr).toBe(0);
        const report = JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());
        const storedItems = duplicates === 'count' ? 4 : 3;
        expect(server.items()).toHaveLength(storedItems);
        expect(report).toMatchObject({
            receivedItems: 4,
            storedItems,
            repairedItems: 1,
            duplicates: { found: 1, samples: ['3'] },
        });
        expect(report.repairs).toMatchObject([{ path: '/more', action: 'removed', count: 1 }]);
        expect(report.fields).toMatchObject([
            { path: '/n', totalItems: storedItems, filledItems: storedItems },
            { path: '/name', totalItems: storedItems, filledItems: 1 },
        ]);
    },
);
