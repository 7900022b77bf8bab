import { expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

vi.setConfig({ testTimeout: 60_000 });

/** Starts a worker thread that pushes five items, and goes on when that has ended with `end`. */
const startWorker = (end = ''): string => `
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
const file = new URL(import.meta.url.replace('.mjs', '.worker.mjs'));
await writeFile(file, ${JSON.stringify(workerScript(end))});
await once(new Worker(file), 'message');
await rm(file);`;

const workerScript = (end: string): string => `
import { parentPort } from 'node:worker_threads';
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
const guard = await DatasetGuard.open({ flushIntervalMillis: 60_000 });
for (let n = 0; n < 5; n++) await guard.pushData({ n });
${end}
parentPort.postMessage('pushed');
setInterval(() => {}, 1_000);`;

it('an item that a worker thread has pushed is stored, though the main thread ends the process without a word to it', async ({
    onTestFinished,
}) => {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    const { exitCode, stderr } = await runScript(`${startWorker()} process.exit();`, { env: platformEnv(server) });
    expect(exitCode, stderr).toBe(0);
    expect(server.items()).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
});

it('a guard in a worker thread and one in the main thread on the same dataset write reports of their own', async ({
    onTestFinished,
}) => {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    const openFirst = actorScript('await guard.pushData({ n: 5 });');
    const { exitCode, stderr } = await runScript(
        `${openFirst} ${startWorker('await guard.close();')} await Actor.exit();`,
        {
            env: platformEnv(server),
        },
    );
    expect(exitCode, stderr).toBe(0);
    const storedIn = (suffix: string) =>
        JSON.parse(server.records().get(`DATASET-GUARD-REPORT${suffix}`)!.value.toString()).storedItems;
    expect([storedIn(''), storedIn('(2)')]).toEqual([1, 5]);
});
