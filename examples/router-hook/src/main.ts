import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
import { CheerioCrawler } from 'crawlee';

import { createRouter } from './routes.js';

await Actor.init();
const { startUrls = [{ url: 'http://localhost:8080/' }] } =
    (await Actor.getInput<{ startUrls?: { url: string }[] }>()) ?? {};
const guard = await DatasetGuard.open();

const crawler = new CheerioCrawler({ requestHandler: createRouter(guard) });
await crawler.run(startUrls);
await Actor.exit();
