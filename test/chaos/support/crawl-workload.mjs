/**
 * An Actor that crawls pages behind `guard.handler()`. One of its handlers ends the run while others are at work. A process that
 * is started again crawls the pages that were not handled. `WORKLOAD` in its environment says what to do.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor, log } from 'apify';
import { BasicCrawler, RequestList } from '@crawlee/basic';

const { pagesFile, progressFile, tuning, end, endAfterPages } = JSON.parse(process.env.WORKLOAD);
/** A page that fails for good would be marked as handled, too. With this number of retries none does. */
const MAX_RETRIES = 20;
const pages = JSON.parse(readFileSync(pagesFile, 'utf8'));
const handled = new Set();
for (const line of readFileSync(progressFile, 'utf8').split('\n')) {
    const [what, page] = line.split(' ');
    if (what === 'handled') handled.add(Number(page));
}
const progress = openSync(progressFile, 'a');
/** Written before anything else may happen: what is in the file is true, also after a `SIGKILL`. */
const note = (what, page) => writeSync(progress, `${what} ${page}\n`);

await Actor.init();
log.setLevel(log.LEVELS.WARNING);
const { DatasetGuard } = await import('apify-dataset-guard');
const guard = await DatasetGuard.open({ maxPayloadBytes: 20_000 }, tuning);

/** How a handler ends the run. */
const ends = {
    'Actor.exit()': async () => Actor.exit({ timeoutSecs: 20 }),
    'Actor.fail()': async () => Actor.fail('This had to fail.', { timeoutSecs: 20 }),
    'process.exit()': () => process.exit(0),
    'SIGTERM': () => process.kill(process.pid, 'SIGTERM'),
    'an uncaught error': () => {
        setTimeout(() => {
            throw new Error('Nobody catches this.');
        });
    },
};

const sources = pages.flatMap((_, page) => (handled.has(page) ? [] : [{ url: `http://localhost/${page}` }]));
const requestList = await RequestList.open(null, sources);
const pageOf = ({ url }) => Number(new URL(url).pathname.slice(1));
const markRequestHandled = requestList.markRequestHandled.bind(requestList);
requestList.markRequestHandled = async (request) => {
    if (request.errorMessages.length <= MAX_RETRIES) note('handled', pageOf(request));
    return markRequestHandled(request);
};

let begunPages = 0;
const requestHandler = guard.handler(async ({ request, pushData }) => {
    const page = pageOf(request);
    const endsHere = ++begunPages === endAfterPages;
    note('begun', page);
    for (const item of pages[page]) {
        await pushData(item);
        note(`pushed-${item.id}`, page);
        await sleep(2);
    }
    if (endsHere && end !== undefined) await ends[end]();
});
const crawler = new BasicCrawler({
    requestList,
    requestHandler,
    minConcurrency: 5,
    maxConcurrency: 5,
    maxRequestRetries: MAX_RETRIES,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02 },
});
await crawler.run();
await Actor.exit();
