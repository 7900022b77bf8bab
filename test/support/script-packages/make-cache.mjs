// Runs an Actor as scripts of tests are, and keeps what V8 has compiled for it.

import { writeFileSync } from 'node:fs';

import { bundle, load } from './load.mjs';

const [commandLine, ...names] = process.argv.splice(2);
for (const name of names) load(name);
const { Actor, log } = load('apify');
const { DatasetGuard } = load('apify-dataset-guard');
const { BasicCrawler, RequestList } = load('@crawlee/basic');

log.setLevel(log.LEVELS.OFF);
await Actor.init({ gracefulShutdown: false });
const guard = await DatasetGuard.open({
    schema: { type: 'object', properties: { n: { type: 'integer' }, text: { type: 'string' } } },
});
for (let n = 0; n < 20; n++) await guard.pushData(n === 10 ? { n: 'ten' } : { n });
const crawler = new BasicCrawler({
    requestList: await RequestList.open(null, [{ url: 'https://example.com/1' }]),
    requestHandler: guard.handler(async ({ pushData }) => pushData({ n: 20 })),
});
await crawler.run();
await Actor.exit({ exit: false });
// Its own code is compiled, whatever it finds to do.
process.argv.push('redrive', '--dry-run');
process.once('beforeExit', () => {
    writeFileSync(new URL('packages.cjs.cache', import.meta.url), bundle.createCachedData());
    process.exitCode = 0;
});
load(commandLine);
