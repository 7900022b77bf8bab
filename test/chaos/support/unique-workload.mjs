/**
 * An Actor that crawls pages behind `guard.handler()`, 20 at a time, and pushes items of which many have the same key. Some
 * handlers throw half-way and run again. `WORKLOAD` in its environment says what to do; a line on stdout says which page is handled.
 * After `endAfterPages` of them it is killed, or no page begins before the run moves.
 */
import { readFileSync, writeSync } from 'node:fs';

import { Actor, log } from 'apify';
import { BasicCrawler, RequestList } from '@crawlee/basic';

const HANDLERS = 20;
const { pagesFile, handled, endAfterPages, end, tuning } = JSON.parse(process.env.WORKLOAD);
/** The keys that each page pushes. */
const pages = JSON.parse(readFileSync(pagesFile, 'utf8'));

await Actor.init();
log.setLevel(log.LEVELS.WARNING);
const { DatasetGuard } = await import('apify-dataset-guard');
const guard = await DatasetGuard.open({ unique: 'key', maxPayloadBytes: 100_000 }, tuning);

const pageOf = ({ url }) => Number(new URL(url).pathname.slice(1));
const requestList = await RequestList.open(
    null,
    pages.flatMap((_, page) => (handled.includes(page) ? [] : [{ url: `http://localhost/${page}` }])),
);
const markRequestHandled = requestList.markRequestHandled.bind(requestList);
let handledPages = 0;
requestList.markRequestHandled = async (request) => {
    writeSync(1, `handled ${pageOf(request)}\n`);
    if (++handledPages === endAfterPages && end === 'kill') process.kill(process.pid, 'SIGKILL');
    if (handledPages === endAfterPages && end === 'migrate') writeSync(1, 'waits for the migration\n');
    return markRequestHandled(request);
};
const moving = new Promise((resolve) => {
    Actor.on('migrating', resolve);
});

const requestHandler = guard.handler(async ({ request, pushData }) => {
    const page = pageOf(request);
    if (handledPages >= endAfterPages && end === 'migrate') await moving;
    const keys = pages[page];
    const failsAt = (page + request.retryCount) % 10 === 0 ? keys.length / 2 : Infinity;
    for (const [n, key] of keys.entries()) {
        if (n === failsAt) throw new Error('of the test');
        await pushData({ key: `https://example.com/products/${key}`, page, n });
    }
});
const crawler = new BasicCrawler({
    requestList,
    requestHandler,
    minConcurrency: HANDLERS,
    maxConcurrency: HANDLERS,
    maxRequestRetries: 100,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02 },
});
await crawler.run();
writeSync(1, `report ${JSON.stringify(guard.report())}\n`);
await Actor.exit();
