import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
import { CheerioCrawler } from 'crawlee';

import type { Movie } from './routes.js';
import { router } from './routes.js';

await Actor.init();
const { startUrls = [{ url: 'http://localhost:8080/' }] } =
    (await Actor.getInput<{ startUrls?: { url: string }[] }>()) ?? {};
const guard = await DatasetGuard.open<Movie>();

// What a handler pushes is stored when it returns. When it throws, nothing is: its retry pushes all of it again.
const crawler = new CheerioCrawler({ requestHandler: guard.handler(router) });
await crawler.run(startUrls);
await Actor.exit();
