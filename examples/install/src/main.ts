import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
import { CheerioCrawler } from 'crawlee';

import { router } from './routes.js';

await Actor.init();
const { startUrls = [{ url: 'http://localhost:8080/' }] } =
    (await Actor.getInput<{ startUrls?: { url: string }[] }>()) ?? {};
const crawler = new CheerioCrawler({ requestHandler: router });

// The one line that is new.
(await DatasetGuard.open()).install(crawler);

await crawler.run(startUrls);
await Actor.exit();
