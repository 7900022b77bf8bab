import { expect, it } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

const FIELDS = {
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'number' } },
    additionalProperties: false,
};
const options = { repair: 'prune' };

it('the report of a guard that takes over what two guards on its dataset have left counts the reasons and repairs of both', async ({
    onTestFinished,
}) => {
    const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
    onTestFinished(async () => server.close());
    const run = async (body: string) =>
        runScript(actorScript(`${body} await Actor.exit();`, { options }), { env: platformEnv(server) });
    await run(`
        const other = await DatasetGuard.open(${JSON.stringify(options)});
        await guard.pushData([{ n: 1, more: 'one' }, { n: 'x' }]);
        await other.pushData([{ n: 2, more: 'two' }, { n: 3, more: 'one' }, { n: 'y' }]);`);
    const { exitCode, stderr } = await run(`await guard.pushData([{ n: 4, more: 'three' }, { n: 'z' }]);`);
    expect(exitCode, stderr).toBe(0);
    const report = JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());
    expect(report).toMatchObject({ storedItems: 4, repairedItems: 4, quarantinedItems: 3 });
    expect(report.repairs).toMatchObject([{ path: '/more', action: 'removed', count: 4 }]);
    expect(report.repairs[0].samples).toHaveLength(3);
    expect(report.reasons).toMatchObject([{ path: '/n', count: 3 }]);
    expect(report.reasons[0].samples).toHaveLength(3);
});
