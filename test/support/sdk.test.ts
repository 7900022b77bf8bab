import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ApiServer, startApiServer } from './api-server.js';
import { applyPlatformEnv, platformEnv } from './platform-env.js';
import { runScript, startScript } from './run-script.js';

describe('the SDK on the API server', () => {
    let server: ApiServer;

    beforeEach(async () => {
        server = await startApiServer();
    });
    afterEach(async () => server.close());

    it('runs an Actor as on the platform', async () => {
        server.setRecord('INPUT', JSON.stringify({ count: 3 }));
        const result = await runScript(
            `import { Actor } from 'apify';
            await Actor.init();
            const { count } = await Actor.getInput();
            for (let n = 0; n < count; n++) await Actor.pushData({ n });
            const other = await Actor.openDataset('other');
            await other.pushData([{ other: true }]);
            await Actor.setValue('OUTPUT', { count });
            await Actor.exit('done', { exitCode: 7 });`,
            { env: platformEnv(server) },
        );
        expect(result.exitCode, result.stderr).toBe(7);
        expect(server.items()).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
        expect(server.items('other')).toEqual([{ other: true }]);
        expect(server.record(server.ids.keyValueStoreId, 'OUTPUT')!.value.toString()).toContain('"count": 3');
        expect(server.run).toMatchObject({ statusMessage: 'done', isStatusMessageTerminal: true });
    });

    it('charges for events within the budget of the run', async () => {
        await server.close();
        server = await startApiServer({
            run: { chargeEvents: { movie: { eventTitle: 'Movie', eventPriceUsd: 0.5 } }, maxTotalChargeUsd: 1 },
        });
        const { stdout, stderr } = await runScript(
            `import { Actor } from 'apify';
            await Actor.init();
            console.log(JSON.stringify(await Actor.pushData([{ n: 1 }, { n: 2 }, { n: 3 }], 'movie')));
            await Actor.exit();`,
            { env: platformEnv(server) },
        );
        expect(stdout, stderr).toContain('"eventChargeLimitReached":true');
        expect(server.items()).toHaveLength(2);
        expect(server.charges).toMatchObject([{ eventName: 'movie', count: 2 }]);
    });

    it('hears events over the web socket, and reboots when it is migrated', async () => {
        const script = await startScript(
            `import { Actor } from 'apify';
            await Actor.init();
            Actor.on('migrating', (data) => console.log('migrating', JSON.stringify(data)));
            console.log('ready');`,
            { env: platformEnv(server, { APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '60000' }) },
        );
        // The SDK connects before the Actor has had a chance to listen.
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        const rebooted = new Promise((resolve) => {
            server.onSignal(resolve);
        });
        expect(server.emitEvent('migrating', { timeRemainingSecs: 12 })).toBe(1);
        await script.waitForOutput('migrating {"timeRemainingSecs":12}');
        expect(await rebooted).toBe('reboot');
        expect(await script.kill()).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    });

    it('ends when it is aborted gracefully', async () => {
        const script = await startScript(
            `import { Actor } from 'apify';
            await Actor.init();
            Actor.on('exit', () => Actor.pushData({ last: true }));
            setInterval(() => {}, 1000);
            console.log('ready');`,
            { env: platformEnv(server) },
        );
        // The SDK connects before the Actor has had a chance to listen.
        await Promise.all([server.events.connected(), script.waitForOutput('ready')]);
        server.emitEvent('aborting');
        expect(await script.finished).toMatchObject({ exitCode: 0 });
        expect(server.items()).toEqual([{ last: true }]);
    });

    it('makes this process a run, and no longer', async () => {
        process.env.ACTOR_TASK_ID = 'task';
        const restore = applyPlatformEnv(server, { ACTOR_TIMEOUT_AT: '2030-01-01T00:00:00.000Z' });
        expect(process.env).toMatchObject({ ACTOR_RUN_ID: server.ids.runId, ACTOR_TIMEOUT_AT: expect.any(String) });
        expect(process.env.ACTOR_TASK_ID).toBeUndefined();
        restore();
        expect(process.env.ACTOR_RUN_ID).toBeUndefined();
        expect(process.env.ACTOR_TASK_ID).toBe('task');
        delete process.env.ACTOR_TASK_ID;
    });

    describe('with a web site', () => {
        let site: Server;
        let siteUrl: string;

        beforeEach(async () => {
            site = createServer((request, response) => {
                response.setHeader('content-type', 'application/json');
                response.end(JSON.stringify({ path: request.url }));
            });
            await new Promise<void>((resolve) => {
                site.listen(0, '127.0.0.1', resolve);
            });
            siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
        });
        afterEach(() => site.close());

        it.each(['RequestQueue', 'RequestQueueV1'])('crawls through a real %s', async (queue) => {
            const { exitCode, stderr, stdout } = await runScript(
                `import { Actor } from 'apify';
                import { HttpCrawler, ${queue} } from '@crawlee/http';
                await Actor.init();
                const attempts = new Set();
                const crawler = new HttpCrawler({
                    requestQueue: await ${queue}.open(),
                    async requestHandler({ json, request, pushData, addRequests }) {
                        if (json.path === '/0') await addRequests([request.url + '0']);
                        const isFirst = !attempts.has(request.url);
                        attempts.add(request.url);
                        if (isFirst && json.path === '/3') throw new Error('try again');
                        await pushData(json);
                    },
                });
                await crawler.run(Array.from({ length: 20 }, (_, n) => '${siteUrl}/' + n));
                await Actor.exit();`,
                { env: platformEnv(server) },
            );
            expect(exitCode, stderr + stdout).toBe(0);
            const paths = server.items<{ path: string }>().map(({ path }) => path);
            const expected = ['/00', ...Array.from({ length: 20 }, (_, n) => `/${n}`)];
            expect(paths.toSorted((a, b) => a.localeCompare(b))).toEqual(
                expected.toSorted((a, b) => a.localeCompare(b)),
            );
            expect(server.requestQueue()!.pending).toEqual([]);
            expect([...server.requestQueue()!.requests.values()].every(({ handledAt }) => handledAt)).toBe(true);
        });
    });
});
