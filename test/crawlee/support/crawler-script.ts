/** An Actor that crawls the pages of its arguments, and says when the crawler has handled a page. */
export const crawlerScript = (entryPoint: string): string => `
    import { Actor } from 'apify';
    import { BasicCrawler, CheerioCrawler } from '@crawlee/cheerio';
    import { writeSync } from 'node:fs';
    import { DatasetGuard } from 'apify-dataset-guard';

    await Actor.init();
    const guard = await DatasetGuard.open();
    const crawler = new CheerioCrawler({ minConcurrency: 10, maxConcurrency: 10 });
    const pageNumber = (url) => Number(new URL(url).pathname.slice(1));
    const handler = async ({ request, pushData }) => pushData({ n: pageNumber(request.url), text: 'x'.repeat(500) });
    crawler.router.addDefaultHandler(${entryPoint === 'handler' ? 'guard.handler(handler)' : 'handler'});
    ${entryPoint === 'hook' ? 'crawler.router.use(guard.routerHook());' : ''}
    ${entryPoint === 'install' ? 'guard.install(crawler);' : ''}

    const queue = await crawler.getRequestQueue();
    const markRequestHandled = queue.markRequestHandled.bind(queue);
    queue.markRequestHandled = async (request) => {
        writeSync(1, 'handled ' + pageNumber(request.url) + '\\n');
        return markRequestHandled(request);
    };
    await crawler.run(process.argv.slice(2));
    await Actor.exit();
`;
