import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { startScript } from '../support/run-script.js';

vi.setConfig({ testTimeout: 60_000 });

const FOREVER = { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '600000' };

/** Three handlers have pushed two items each, and never return. A while after the migration was announced, the process ends by `end`. */
const whileHandlersRun = (end: string) =>
    actorScript(
        `const { BasicCrawler } = await import('@crawlee/basic');
        let started = 0;
        const requestHandler = guard.handler(async ({ request, pushData }) => {
            const n = Number(new URL(request.url).pathname.slice(1));
            await pushData([{ n }, { n: n + 10 }]);
            started++;
            await new Promise(() => {});
        });
        const crawler = new BasicCrawler({ minConcurrency: 3, maxConcurrency: 3, requestHandler });
        void crawler.run([1, 2, 3].map((n) => 'http://site.test/' + n));
        while (started < 3) await sleep(10);
        Actor.on('migrating', () => void setTimeout(() => { ${end} }, 200));
        console.log('ready');`,
        { init: { gracefulShutdown: false } },
    );

describe.concurrent('while a migration is announced and handlers run', () => {
    it.each([
        ['an error that nobody catches', "throw new Error('The program threw.');", 1],
        ['process.exit()', 'process.exit(0);', 0],
    ])('%s ends the run: what the handlers have pushed is stored', async (_, end, exitCode) => {
        const server = await startApiServer();
        try {
            const script = await startScript(whileHandlersRun(end), { env: platformEnv(server, FOREVER) });
            await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
            server.emitEvent('migrating', { timeRemainingSecs: 60 });
            const result = await script.finished;
            expect(result.exitCode, result.stderr).toBe(exitCode);
            const stored = server.items().map(({ n }) => Number(n));
            expect(stored.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 11, 12, 13]);
        } finally {
            await server.close();
        }
    });

    it('a signal is that migration: what the handlers have pushed is dropped, because their pages run again', async () => {
        const server = await startApiServer();
        try {
            // What is stored after the last report brings the guard to write one more.
            const end = "guard.pushData({ n: 99 }).then(() => process.kill(process.pid, 'SIGTERM'));";
            const script = await startScript(whileHandlersRun(end), { env: platformEnv(server, FOREVER) });
            await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
            server.emitEvent('migrating', { timeRemainingSecs: 60 });
            const { signal, stderr } = await script.finished;
            expect(signal).toBe('SIGTERM');
            expect(server.items()).toEqual([{ n: 99 }]);
            // Nothing else was pending.
            expect(stderr).not.toContain('could not be sent');
        } finally {
            await server.close();
        }
    });
});

describe.concurrent('close() while a metamorph is under way', () => {
    it('stores what a handler has collected since the metamorph began', async () => {
        const server = await startApiServer();
        try {
            server.faults.next({ on: 'push', fault: { delayMillis: 2_000 } });
            const script = actorScript(
                `const { BasicCrawler } = await import('@crawlee/basic');
                await guard.pushData({ n: 0 });
                void Actor.metamorph('someone/other').catch(() => {});
                const collected = new Promise((resolve) => {
                    const requestHandler = guard.handler(async ({ pushData }) => {
                        await pushData({ n: 1 });
                        resolve();
                        await new Promise(() => {});
                    });
                    void new BasicCrawler({ requestHandler }).run(['http://site.test/1']);
                });
                await collected;
                await guard.close().then(() => console.log('CLOSED'), (error) => console.log(error.message));
                process.kill(process.pid, 'SIGKILL');`,
            );
            const running = await startScript(script, { env: platformEnv(server, FOREVER) });
            const { stdout, stderr } = await running.finished;
            expect(stdout, stderr).toContain('CLOSED');
            expect(server.items()).toEqual([{ n: 0 }, { n: 1 }]);
        } finally {
            await server.close();
        }
    });
});
