import { CheerioCrawler, createCheerioRouter, CriticalError } from '@crawlee/cheerio';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { DatasetGuard } from '../src/index.js';
import type { LocalRun } from './support/local-run.js';
import { startLocalRun } from './support/local-run.js';
import { runScript } from './support/run-script.js';

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('guard.handler()', () => {
    it.each([
        ['nothing, as an import gives that does not exist', undefined, 'undefined'],
        ['an object', { addHandler: () => undefined }, 'an object'],
        ['a promise of a router', Promise.resolve(() => undefined), 'a promise'],
    ])('says what it needs when it gets %s', async (_what, given, words) => {
        await run.fresh();
        const guard = await run.open({ schema: false });
        const call = () => guard.handler(given as never);
        expect(call).toThrow(TypeError);
        expect(call).toThrow(`guard.handler() needs a request handler or a router, but got ${words}.`);
    });

    it('stops the crawler and says what to write when the crawler got it without a call', async () => {
        await run.fresh();
        const guard = await run.open({ schema: false });
        const crawler = new CheerioCrawler({ requestHandler: guard.handler as never });
        const { requestHandler } = crawler as unknown as { requestHandler: (context: unknown) => void };
        const call = () => requestHandler.call(crawler, { request: {} });
        expect(call).toThrow(CriticalError);
        expect(call).toThrow('Write requestHandler: guard.handler(router)');
    });
});

describe('guard.routerHook()', () => {
    it('stops the crawler and says what to write when the router got it without a call', async () => {
        await run.fresh();
        const guard = await run.open({ schema: false });
        const router = createCheerioRouter();
        router.use(guard.routerHook as never);
        router.addDefaultHandler(() => undefined);
        const context = { request: { url: 'https://example.com' }, log: { debug: () => undefined } } as never;
        await expect(router(context)).rejects.toThrow(CriticalError);
        await expect(router(context)).rejects.toThrow('Write router.use(guard.routerHook())');
    });
});

describe('new DatasetGuard()', () => {
    it('says that a guard is opened', () => {
        const construct = DatasetGuard as unknown as new () => unknown;
        expect(() => new construct()).toThrow(/await DatasetGuard\.open\(\)/);
    });
});

describe('DatasetGuard.open() before Actor.init()', () => {
    it('warns locally, where it works, that the platform refuses it', async () => {
        const { stdout, stderr, exitCode } = await runScript(`
            import { Actor } from 'apify';
            import { DatasetGuard } from 'apify-dataset-guard';
            process.env.CRAWLEE_PERSIST_STORAGE = 'false';
            const guard = await DatasetGuard.open({ schema: false });
            await guard.pushData({ title: 'Alien' });
            console.log((await guard.close()).storedItems + ' stored');`);
        expect(stdout + stderr).toMatch(/WARN.*DatasetGuard\.open\(\) was called before Actor\.init\(\)/);
        expect(stdout).toContain('1 stored');
        expect(exitCode).toBe(0);
    });
});
