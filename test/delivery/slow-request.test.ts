import { BasicCrawler } from '@crawlee/basic';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';

import { crawl, crawlerOptions, pageNumber, sortedNumbers, stageOnPlatform } from '../crawlee/support/crawling.js';
import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';
import { collectLog } from '../report/support/log-lines.js';
import type { Gate } from '../support/platform-faults.js';
import { createGate, isPush, settlesWithin } from '../support/platform-faults.js';

const stage = stageOnPlatform();
const held: Gate[] = [];
// Before the guards are closed: they would wait.
afterEach(() => {
    for (const gate of held.splice(0)) gate.open();
});
/** Each item fills a payload of its own. */
const ONE_EACH = { maxPayloadBytes: 1_024, flushIntervalMillis: 0 };
const large = (n: number) => ({ n, text: 'x'.repeat(600) });
const PAGES = 10;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Holds back pushes to the dataset, the first `count` of them, each until its gate opens. */
function holdPushes(datasetId: string, count: number): { gates: Gate[]; arrived: () => number } {
    const gates = Array.from({ length: count }, createGate);
    held.push(...gates);
    let arrived = 0;
    stage.platform.server.faults.use((call) => {
        if (!isPush(call, datasetId)) return undefined;
        const gate = gates[arrived++];
        return gate && { until: gate.opened };
    });
    return { gates, arrived: () => arrived };
}

describe('while one request has no answer', () => {
    it('handlers whose items it does not carry are done: no page is retried', { timeout: 30_000 }, async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open();
        const { gates, arrived } = holdPushes(id, 1);
        const retryCounts: number[] = [];
        const requestHandler = guard.handler(async ({ request, pushData }) => {
            retryCounts.push(request.retryCount);
            // The others push once the first request is under way.
            if (pageNumber(request.url) > 1) await expect.poll(arrived, { timeout: 5_000 }).toBeGreaterThan(0);
            await pushData({ n: pageNumber(request.url) });
        });
        const crawler = new BasicCrawler({ ...(await crawlerOptions(PAGES)), requestHandler });
        const crawled = crawl(crawler, stage.site.urls(PAGES));
        try {
            await expect
                .poll(async () => sortedNumbers(await stage.items(id)), { timeout: 8_000 })
                .toEqual(range(2, PAGES + 1));
        } finally {
            gates[0]!.open();
        }
        await crawled;
        expect(sortedNumbers(await stage.items(id))).toEqual(range(1, PAGES + 1));
        expect(retryCounts).toEqual(range(0, PAGES).map(() => 0));
    });

    it.each([
        { entryPoint: 'handler', mayRepeat: false },
        // As with bare pushes: nothing tells whose items the request carries. The items of all other pages pass it.
        { entryPoint: 'install', mayRepeat: true },
    ])(
        'only the items that it carries may be stored twice, by the retries of their pages: $entryPoint ($mayRepeat)',
        { timeout: 40_000 },
        async ({ entryPoint, mayRepeat }) => {
            const id = await stage.freshDataset();
            const guard = await stage.open();
            if (entryPoint === 'install') {
                guard.install();
                onTestFinished(() => guard.uninstall());
            }
            const { gates } = holdPushes(id, 1);
            const begun: number[] = [];
            const work = async ({ request, pushData }: any) => {
                begun.push(pageNumber(request.url));
                await pushData({ n: pageNumber(request.url) });
                if (request.retryCount > 0) gates[0]!.open();
            };
            const crawler = new BasicCrawler({
                ...(await crawlerOptions(PAGES)),
                requestHandlerTimeoutSecs: 5,
                requestHandler: entryPoint === 'handler' ? guard.handler(work) : work,
            });
            const crawled = crawl(crawler, stage.site.urls(PAGES));
            // A page is tried again while the request that carries its item is held back.
            await expect.poll(() => begun.length, { timeout: 15_000 }).toBeGreaterThan(PAGES);
            gates[0]!.open();
            await settlesWithin(20_000, 'The crawl', crawled);
            await guard.flush();
            const numbers = sortedNumbers(await stage.items(id));
            expect([...new Set(numbers)]).toEqual(range(1, PAGES + 1));
            const carried = stage.platform.server.pushRequests(id)[0]!.itemCount;
            expect(numbers.length - PAGES).toBeLessThanOrEqual(mayRepeat ? carried : 0);
        },
    );

    it('pushes that wait until their items are stored resolve, and the first one waits for its own', async () => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ ...ONE_EACH, ack: 'stored' });
        const { gates, arrived } = holdPushes(id, 1);
        const slow = guard.pushData(large(1));
        await expect.poll(arrived).toBe(1);
        let isSlowDone = false;
        void slow.then(() => (isSlowDone = true));
        await settlesWithin(8_000, 'Another push', Promise.all([guard.pushData(large(2)), guard.pushData(large(3))]));
        expect(isSlowDone).toBe(false);
        gates[0]!.open();
        await slow;
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3]);
    });

    it('says once that order is given up for the requests that pass it', async () => {
        const id = await stage.freshDataset();
        const lines = collectLog();
        const guard = await stage.open({ ...ONE_EACH, ack: 'stored' });
        const { gates, arrived } = holdPushes(id, 1);
        const slow = guard.pushData(large(1));
        await expect.poll(arrived).toBe(1);
        for (const n of [2, 3, 4]) await settlesWithin(8_000, 'Another push', guard.pushData(large(n)));
        gates[0]!.open();
        await slow;
        expect(lines.filter((line) => /order/i.test(line))).toHaveLength(1);
    });
});

describe('no request passes a slow one', () => {
    /** Longer than the two seconds after which one may. */
    const LONGER_MILLIS = 3_500;
    const afterALongTime = async () =>
        new Promise((resolve) => {
            setTimeout(resolve, LONGER_MILLIS);
        });

    it.each([
        ['where two are under way already', {}, 2],
        ['where the user set maxParallelRequests: 1 himself', { maxParallelRequests: 1 }, 1],
    ])('%s', { timeout: 15_000 }, async (_name, options, underWay) => {
        const id = await stage.freshDataset();
        const guard = await stage.open({ ...ONE_EACH, ...options, ack: 'stored' });
        const { gates, arrived } = holdPushes(id, 3);
        const pushes = Promise.all([1, 2, 3].map(async (n) => guard.pushData(large(n))));
        await expect.poll(arrived, { timeout: 6_000 }).toBe(underWay);
        await afterALongTime();
        expect(arrived()).toBe(underWay);
        for (const gate of gates) gate.open();
        await pushes;
        expect(sortedNumbers(await stage.items(id))).toEqual([1, 2, 3]);
        if (underWay === 1) expect((await stage.items(id)).map(({ n }) => n)).toEqual([1, 2, 3]);
    });

    it('in a run that is paid per event', { timeout: 40_000 }, async () => {
        const server = await startApiServer({ run: { chargeEvents: { movie: { eventPriceUsd: 0.5 } } } });
        onTestFinished(async () => server.close());
        const path = `${server.ids.datasetId}/items`;
        server.faults.next({ method: 'POST', path, fault: { delayMillis: LONGER_MILLIS } });
        const body = `
            const text = 'x'.repeat(600);
            const push = (n) => guard.pushData({ n, text }, 'movie');
            await Promise.all([1, 2, 3].map(push));
            await Actor.exit();`;
        const { exitCode, stderr } = await runScript(actorScript(body, { options: ONE_EACH }), {
            env: platformEnv(server),
        });
        expect(exitCode, stderr).toBe(0);
        expect(server.run.chargedEventCounts).toMatchObject({ movie: 3 });
        expect(server.items().map(({ n }) => n)).toEqual([1, 2, 3]);
        const [first, second] = server.pushRequests();
        expect(second!.at - first!.at).toBeGreaterThanOrEqual(LONGER_MILLIS);
    });
});
