// An Actor whose pages push three items each and then fail for good, each in its own way.
import { BasicCrawler, NonRetryableError, RequestList } from '@crawlee/basic';
import { Actor } from 'apify';

import { endings, program } from './endings.mjs';
import { guardOf, openGuards, push } from './pushes.mjs';

const ITEMS = 3;

/** By page number. Each is called after the page's items were pushed. */
const FAILURES = [
    () => {},
    // The crawler's one retry fails, too.
    () => {
        throw new Error('The page broke off.');
    },
    (request) => {
        request.noRetry = true;
        throw new Error('The page broke off.');
    },
    () => {
        throw new NonRetryableError('The page broke off.');
    },
    (request) => {
        request.maxRetries = 0;
        throw new Error('The page broke off.');
    },
    (request) => {
        if (request.retryCount === 0) throw new Error('The page broke off once.');
    },
    // Its retry pushes nothing before it fails.
    (request) => {
        if (request.retryCount < 1) throw new Error('The page broke off.');
        throw new Error('The page did not even load.');
    },
    // It goes on beside its retry when it has timed out.
    async () => new Promise(() => {}),
];
const RETRY_WITHOUT_ITEMS = 6;
const MAX_CONCURRENCY = 5;

const pushedPages = new Set();
let tellPushed;
const havePushed = new Promise((resolve) => {
    tellPushed = resolve;
});

await Actor.init();
const guards = await openGuards();

async function handler({ request, pushData }) {
    const { page } = request.userData;
    const numbers = Array.from({ length: ITEMS }, (_, index) => 10 * page + index);
    if (page !== RETRY_WITHOUT_ITEMS || request.retryCount === 0) {
        for (const n of numbers) for (const entryPoint of program.via) await push(entryPoint, [n], pushData);
    }
    if (pushedPages.add(page).size === program.pages.length) tellPushed();
    await FAILURES[page](request);
}

const crawler = new BasicCrawler({
    requestList: await RequestList.open(
        'pages',
        program.pages.map((page) => ({ url: `http://127.0.0.1/${page}`, userData: { page } })),
    ),
    requestHandler: guardOf('handler')?.handler(handler) ?? handler,
    // The run may be ended before a page is tried again, but not before pages that run beside it have pushed their items.
    errorHandler: async () => {
        if (program.pages.length <= MAX_CONCURRENCY) await havePushed;
        await endings[program.end](guards);
    },
    maxConcurrency: MAX_CONCURRENCY,
    maxRequestRetries: 1,
    sameDomainDelaySecs: 0,
    requestHandlerTimeoutSecs: 1,
    useSessionPool: false,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02, loggingIntervalSecs: null },
    statisticsOptions: { saveErrorSnapshots: false },
    statusMessageLoggingInterval: 3_600,
});
guardOf('installed')?.install(crawler);
await crawler.run();
await endings[program.afterRun](guards);
