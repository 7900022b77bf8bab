import { describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import type { RunOptions } from '../support/api-server.js';
import { runScript } from '../support/run-script.js';
import { FIELDS } from './support/crawling.js';
import { startSite } from './support/site.js';

const SYNTHETIC = 'apify-default-dataset-item';

/** Prices are loaded when the SDK starts, so that each run needs a process of its own. All handlers push at once. */
const SCRIPT = `
import { Actor } from 'apify';
import { CheerioCrawler } from '@crawlee/cheerio';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
const [entryPoint, ...urls] = process.argv.slice(2);
const guard = await DatasetGuard.open();
let arrived = 0;
let open;
const gate = new Promise((resolve) => { open = resolve; });
const crawler = new CheerioCrawler({
    minConcurrency: urls.length,
    maxConcurrency: urls.length,
    maxRequestRetries: 0,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02 },
});
const handler = async ({ request, pushData }) => {
    if (++arrived === urls.length) open();
    await gate;
    const n = Number(new URL(request.url).pathname.slice(1));
    await pushData([{ n }, { n: 'bad' }, { n: 100 + n }]);
};
crawler.router.addDefaultHandler(entryPoint === 'handler' ? guard.handler(handler) : handler);
if (entryPoint === 'hook') crawler.router.use(guard.routerHook());
if (entryPoint === 'install') guard.install(crawler);
await crawler.run(urls);
const { reasons, ...report } = await guard.close();
console.log('REPORT ' + JSON.stringify(report));
await Actor.exit();
`;

/** Crawls `pages` pages at once behind an entry point, in a run with these prices. */
async function crawlCharged(entryPoint: string, pages: number, run: RunOptions) {
    const server = await startApiServer({
        dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
        run,
    });
    const site = await startSite();
    onTestFinished(async () => {
        site.close();
        await server.close();
    });
    server.latencyMillis = 20;
    const { stdout, stderr } = await runScript(SCRIPT, {
        env: platformEnv(server),
        args: [entryPoint, ...site.urls(pages)],
    });
    const report = /^REPORT (.*)$/m.exec(stdout)?.[1];
    expect(report, stderr).toBeDefined();
    return {
        report: JSON.parse(report!),
        stored: server.items(),
        charged: server.run.chargedEventCounts[SYNTHETIC] ?? 0,
        requests: server.pushRequests().length,
    };
}

describe.each(['handler', 'hook', 'install'])(
    'a crawler in a run that is paid per event: %s',
    { timeout: 120_000 },
    (entryPoint) => {
        it('charges for what is stored, trims to the budget though all push at once, and charges for nothing quarantined', async () => {
            // 7 items, and the one more by which the SDK lets the platform see that the budget is used up.
            const run = { chargeEvents: { [SYNTHETIC]: { eventPriceUsd: 0.1 } }, maxTotalChargeUsd: 0.75 };
            const { report, stored, charged } = await crawlCharged(entryPoint, 10, run);
            expect(stored).toHaveLength(8);
            expect(charged).toBe(8);
            expect(report).toMatchObject({ receivedItems: 30, storedItems: 8, quarantinedItems: 10, trimmedItems: 12 });
        });

        it('shares requests where items cost nothing', async () => {
            const run = { chargeEvents: { search: { eventPriceUsd: 0.1 } }, maxTotalChargeUsd: 0.1 };
            const { report, requests } = await crawlCharged(entryPoint, 20, run);
            expect(report).toMatchObject({ storedItems: 40, quarantinedItems: 20, trimmedItems: 0 });
            expect(requests).toBeLessThanOrEqual(4);
        });
    },
);
