/** A user's crawler, compiled by `scripts/types.mjs` with `@crawlee/cheerio` alone. The compiler is the test. */
import { CheerioCrawler, createCheerioRouter } from '@crawlee/cheerio';
import { DatasetGuard } from 'apify-dataset-guard';

const guard = await DatasetGuard.open<{ title: string }>();
const router = guard.handler(createCheerioRouter());
router.addDefaultHandler(async ({ $, pushData, request }) =>
    pushData({ title: $('h1').text(), url: request.loadedUrl }),
);
router.use(guard.routerHook());
export const crawler = new CheerioCrawler({ requestHandler: router });
guard.install(crawler);

export const inline = new CheerioCrawler({
    requestHandler: guard.handler(async ({ $, pushData }) => {
        await pushData({ title: $('h1').text() });
        // @ts-expect-error -- a title is text
        await pushData({ title: 1 });
    }),
});

// @ts-expect-error -- guard.handler(…) makes the handler
export const uncalled = new CheerioCrawler({ requestHandler: guard.handler });
