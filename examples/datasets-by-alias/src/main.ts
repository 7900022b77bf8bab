import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
import { CheerioCrawler } from 'crawlee';

import { router } from './routes.js';

await Actor.init();
const { startUrls = [{ url: 'http://localhost:8080/' }] } =
    (await Actor.getInput<{ startUrls?: { url: string }[] }>()) ?? {};
const crawler = new CheerioCrawler({ requestHandler: router });

// One guard for each dataset, with the schema that `.actor/actor.json` declares for it. They share a quarantine.
const guards = [await DatasetGuard.open(), await DatasetGuard.open({ dataset: { alias: 'reviews' } })];
for (const guard of guards) guard.install(crawler);

await crawler.run(startUrls);
await Actor.exit();
