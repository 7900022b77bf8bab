// An Actor with a crawler. Of 15 pages the first five return; five have pushed and are still running when the end comes.
import { BasicCrawler, RequestList } from '@crawlee/basic';
import { Actor } from 'apify';

import { endings, program, untilAskedToEnd } from './endings.mjs';
import { addListeners } from './listeners.mjs';
import { guardOf, openGuards, push } from './pushes.mjs';

const RUNNING = 5;
const PAGES = 3 * RUNNING;
const ITEMS = 5;

await Actor.init(program.initOptions);
const guards = await openGuards();
addListeners();

let openGate;
const gate = new Promise((resolve) => {
    openGate = resolve;
});
if (program.handlersReturnOn) Actor.on(program.handlersReturnOn, openGate);
if (program.handlersReturnOnSigint) process.once('SIGINT', openGate);

let running = 0;
async function handler({ request, pushData }) {
    const { page } = request.userData;
    for (let n = ITEMS * page; n < ITEMS * (page + 1); n++) {
        for (const entryPoint of program.via) await push(entryPoint, [n], pushData);
    }
    if (page < RUNNING || page >= 2 * RUNNING || program.endsUnasked) return;
    running += 1;
    if (running === RUNNING) {
        await untilAskedToEnd();
        if (program.end === 'returns') openGate();
        else await Promise.race([endings[program.end](guards), gate]);
        // The process is still there: the end did not come.
        openGate();
    }
    await gate;
    if (program.pushesAfterGate) for (const entryPoint of program.via) await push(entryPoint, [1_000 + page], pushData);
}

const pages = Array.from({ length: PAGES }, (_, page) => ({ url: `http://127.0.0.1/${page}`, userData: { page } }));
const crawler = new BasicCrawler({
    requestList: await RequestList.open('pages', pages),
    requestHandler: guardOf('handler')?.handler(handler) ?? handler,
    minConcurrency: RUNNING,
    maxConcurrency: RUNNING,
    maxRequestRetries: 0,
    useSessionPool: false,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02, loggingIntervalSecs: null },
    statusMessageLoggingInterval: 3_600,
});
guardOf('installed')?.install(crawler);
await crawler.run();
await endings[program.afterRun](guards);
