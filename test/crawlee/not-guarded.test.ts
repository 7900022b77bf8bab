import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Configuration } from 'apify';
import { BasicCrawler } from '@crawlee/basic';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { DatasetGuardOptions } from '../../src/index.js';
import { collectLog } from '../report/support/log-lines.js';
import { runScript } from '../support/run-script.js';
import { crawl, crawlerOptions, numbers, stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();
const PAGES = 3;

/** Lines that say that a crawler's storage is not the guard's; the place of the report has the word in its path. */
const warningsIn = (lines: readonly string[]) =>
    lines.filter((line) => /storage|@crawlee\/core/i.test(line) && !line.includes('Report: '));

type EntryPoint = 'handler' | 'routerHook' | 'install';

/** Crawls some pages of which each pushes an item, behind one of the entry points. */
async function crawlBehind(
    entryPoint: EntryPoint,
    configuration: Configuration | undefined,
    guardOptions?: DatasetGuardOptions,
) {
    const guard = await stage.open(guardOptions);
    const options = await crawlerOptions();
    const { router } = new BasicCrawler(options);
    if (entryPoint === 'routerHook') router.use(guard.routerHook());
    router.addDefaultHandler(async ({ pushData }) => pushData({ n: 1 }));
    const requestHandler = entryPoint === 'handler' ? guard.handler(router) : router;
    const crawler = new BasicCrawler({ ...options, requestHandler }, configuration);
    if (entryPoint === 'install') {
        guard.install(crawler);
        onTestFinished(() => guard.uninstall());
    }
    await crawl(crawler, stage.site.urls(PAGES));
    return { crawler, guard };
}

describe.each<EntryPoint>(['handler', 'routerHook', 'install'])('%s()', (entryPoint) => {
    it("warns once when it is handed a crawler whose storage is not the guard's, and lets its pushes pass", async () => {
        const id = await stage.freshDataset();
        const lines = collectLog();
        const inMemory = new Configuration({ purgeOnStart: false, persistStorage: false });
        const { crawler, guard } = await crawlBehind(entryPoint, inMemory);
        const { items } = await (await crawler.getDataset()).getData();
        expect(numbers(items)).toEqual([1, 1, 1]);
        expect(await stage.items(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ receivedItems: 0 });
        expect(warningsIn(lines), lines.join('\n')).toHaveLength(1);
    });

    it("does not warn when the crawler's storage is the guard's", async () => {
        const id = await stage.freshDataset();
        const lines = collectLog();
        await crawlBehind(entryPoint, undefined);
        expect(numbers(await stage.items(id))).toEqual([1, 1, 1]);
        expect(warningsIn(lines)).toEqual([]);
    });

    it('does not warn when the guard stands before a dataset that pushes have to name', async () => {
        const id = await stage.freshDataset();
        const lines = collectLog();
        await crawlBehind(entryPoint, undefined, { dataset: { name: 'reviews' }, schema: false });
        expect(numbers(await stage.items(id))).toEqual([1, 1, 1]);
        expect(warningsIn(lines)).toEqual([]);
    });
});

describe('a second copy of @crawlee/core in the process', () => {
    it.each([
        ['handler', `requestHandler = guard.handler(requestHandler);`, ''],
        ['install', '', 'guard.install(crawler);'],
    ])('makes %s() warn once, because nothing of its crawler is guarded', async (_name, before, after) => {
        const folder = await mkdtemp(join(tmpdir(), 'guard-copies-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const source = `
            import { createRequire } from 'node:module';
            import { Actor } from 'apify';
            import { DatasetGuard } from 'apify-dataset-guard';
            const require = createRequire(import.meta.url);
            const first = require('@crawlee/core');
            // As where two versions lie in node_modules: the crawler's modules are loaded anew.
            for (const key of Object.keys(require.cache)) if (key.includes('crawlee')) delete require.cache[key];
            const { BasicCrawler } = require('@crawlee/basic');
            console.log('COPIES ' + (require('@crawlee/core') === first ? 1 : 2));
            await Actor.init();
            const guard = await DatasetGuard.open();
            let requestHandler = async ({ pushData }) => pushData({ n: 1 });
            ${before}
            const crawler = new BasicCrawler({ requestHandler });
            ${after}
            await crawler.run(['http://127.0.0.1/1', 'http://127.0.0.1/2']);
            console.log('RECEIVED ' + guard.report().receivedItems);
            await Actor.exit();`;
        const { exitCode, stdout, stderr } = await runScript(source, {
            env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage') },
            cwd: folder,
        });
        expect(exitCode, stdout + stderr).toBe(0);
        expect(stdout).toContain('COPIES 2');
        const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('DatasetGuard'));
        if (stdout.includes('RECEIVED 0')) expect(warningsIn(lines), stdout + stderr).toHaveLength(1);
        // Guarding such a crawler, too, would be no worse.
        else expect(stdout).toContain('RECEIVED 2');
    });
});
