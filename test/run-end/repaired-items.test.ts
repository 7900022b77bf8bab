import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import type { ScriptResult } from '../support/run-script.js';
import { runScript } from '../support/run-script.js';
import { refusePushes } from './support/troubles.js';

// Processes that wait for their end, side by side.
vi.setConfig({ testTimeout: 60_000 });

/** What the guard validates with. */
const SCHEMA = {
    type: 'object',
    properties: { title: { type: 'string' }, price: { type: 'number' } },
    additionalProperties: false,
};
/** What the platform turns out to enforce: repairs by the schema above do not make these valid. */
const STRICTER = { ...SCHEMA, properties: { title: { enum: ['Alien', 'Aliens'] }, price: { type: 'number' } } };
const OPTIONS = { schema: SCHEMA, repair: { coerce: true, unknown: 'remove' } };
const PUSH = `await guard.pushData([
    { title: 'Alien', price: '$9.50' },
    { title: 'Heat', price: '$1,200.50', more: 'ü \\n' },
    { title: 'Aliens', price: 7 },
]);`;

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    return server;
}

async function runProcess(server: ApiServer, body: string, options: object = OPTIONS): Promise<ScriptResult> {
    return runScript(actorScript(body, { options: options as Record<string, unknown>, internals: { maxRetries: 0 } }), {
        env: platformEnv(server),
        timeoutMillis: 60_000,
    });
}

const quarantined = (server: ApiServer) => server.items(`${server.username}-${server.actorName}-quarantine`);

/** A process that saves its items because the platform takes none, and the next one, which sends them. */
async function runTwice(server: ApiServer, firstEnd: string, secondBody: string, secondOptions: object = OPTIONS) {
    refusePushes(server, 403);
    const first = await runProcess(server, `${PUSH} ${firstEnd}`);
    expect(server.items(), first.stdout + first.stderr).toEqual([]);
    server.faults.clear();
    server.setSchema({ actorSpecification: 1, fields: STRICTER });
    return runProcess(server, secondBody, secondOptions);
}

const ENDS = [
    ['Actor.exit()', 'await Actor.exit();'],
    ['process.exit()', 'process.exit();'],
    ['an uncaught error', "throw new Error('sudden');"],
] as const;

const reportOf = (server: ApiServer) => JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());

describe.concurrent('an item that was repaired, and saved because the platform took nothing', () => {
    it.for(ENDS)(
        'is quarantined as it was pushed when the platform rejects it in the next process: %s',
        async ([, end], context) => {
            const server = await startPlatform(context);
            const second = await runTwice(server, end, 'await Actor.exit();');
            expect(second.exitCode, second.stdout + second.stderr).toBe(0);
            expect(server.items()).toEqual([
                { title: 'Alien', price: 9.5 },
                { title: 'Aliens', price: 7 },
            ]);
            expect(quarantined(server)).toMatchObject([
                { item: { title: 'Heat', price: '$1,200.50', more: 'ü \n' }, rejectedBy: 'platform' },
            ]);
        },
    );

    it('is quarantined as it was pushed by a process that ends suddenly, and did not repair it itself', async (context) => {
        const server = await startPlatform(context);
        const second = await runTwice(server, 'await Actor.exit();', 'process.exit();', { schema: SCHEMA });
        expect(second.exitCode, second.stdout + second.stderr).toBe(0);
        expect(quarantined(server).map(({ item }) => item)).toEqual([
            { title: 'Heat', price: '$1,200.50', more: 'ü \n' },
        ]);
    });

    it('is quarantined as it was pushed though it was saved by one process after another', async (context) => {
        const server = await startPlatform(context);
        refusePushes(server, 403);
        await runProcess(server, `${PUSH} await Actor.exit();`);
        await runProcess(server, 'process.exit();');
        await runProcess(server, 'await Actor.exit();');
        server.faults.clear();
        server.setSchema({ actorSpecification: 1, fields: STRICTER });
        const last = await runProcess(server, 'await Actor.exit();');
        expect(last.exitCode, last.stdout + last.stderr).toBe(0);
        expect(quarantined(server).map(({ item }) => item)).toEqual([
            { title: 'Heat', price: '$1,200.50', more: 'ü \n' },
        ]);
    });

    it('counts as repaired, with what was repaired, once the next process has stored it', async (context) => {
        const server = await startPlatform(context);
        await runTwice(server, 'process.exit();', 'await Actor.exit();');
        expect(reportOf(server)).toMatchObject({
            storedItems: 2,
            quarantinedItems: 1,
            repairedItems: 1,
            repairs: [{ path: '/price', action: 'coerced', count: 1, samples: [{ before: '"$9.50"', after: '9.5' }] }],
        });
    });
});
