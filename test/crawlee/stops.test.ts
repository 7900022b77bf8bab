import { Log, Logger, LogLevel } from 'apify';
import type { CheerioCrawlingContext } from 'crawlee';
import { CheerioCrawler } from '@crawlee/cheerio';
import { describe, expect, it } from 'vitest';

import { crawl, FIELDS, httpCrawlerOptions, stageOnPlatform, together } from './support/crawling.js';

const stage = stageOnPlatform();

/** Keeps what a crawler says. */
class LineRecorder extends Logger {
    readonly #lines: string[];

    constructor(lines: string[]) {
        super({});
        this.#lines = lines;
    }

    override _log(_level: LogLevel, message: string): void {
        this.#lines.push(message);
    }
}

const entryPoints = ['handler', 'hook', 'install(crawler)', 'install()'] as const;
describe.each(entryPoints)('what no retry can mend stops the crawler, once: %s', (entryPoint) => {
    /** Runs a crawler over many pages, 20 at once, all of which push the same, and tells what came of it. */
    const crawlInVain = async (options: object, item: object) => {
        const guard = await stage.open(options);
        const attempts: string[] = [];
        const logged: string[] = [];
        const log = new Log({ level: LogLevel.WARNING, logger: new LineRecorder(logged) });
        const crawler = new CheerioCrawler({ ...(await httpCrawlerOptions(20)), log });
        const wait = together(20);
        const handler = async ({ request, pushData }: CheerioCrawlingContext) => {
            attempts.push(request.url);
            await wait();
            await pushData(item);
        };
        crawler.router.addDefaultHandler(entryPoint === 'handler' ? guard.handler(handler) : handler);
        if (entryPoint === 'hook') crawler.router.use(guard.routerHook());
        if (entryPoint === 'install(crawler)') guard.install(crawler);
        if (entryPoint === 'install()') guard.install();
        const error = await crawl(crawler, stage.site.urls(60)).then(
            () => undefined,
            (reason: Error) => reason,
        );
        guard.uninstall();
        return { error, attempts, logged };
    };

    it('a dataset that may not be written to', async () => {
        stage.platform.freshDataset(FIELDS, { readOnly: true });
        const { error, attempts, logged } = await crawlInVain({}, { n: 1 });
        expect(error).toMatchObject({ name: 'DeliveryError', code: 'DELIVERY' });
        expect(error!.message).toContain('Insufficient permissions for the dataset');
        expect(error!.cause).toMatchObject({ name: 'DeliveryError', permanent: true });
        // Only requests that ran already, and no retry; Node.js prints the error, so that the crawler need not.
        expect(new Set(attempts).size).toBe(attempts.length);
        expect(attempts.length).toBeLessThan(60);
        expect(logged).toEqual([]);
    });

    it('more items in quarantine than are tolerated', async () => {
        await stage.freshDataset();
        const { error, attempts, logged } = await crawlInVain({ tolerance: { maxItems: 3 } }, { n: 'bad' });
        expect(error).toMatchObject({ name: 'ToleranceExceededError', code: 'TOLERANCE_EXCEEDED' });
        expect(new Set(attempts).size).toBe(attempts.length);
        expect(attempts.length).toBeLessThan(60);
        expect(logged).toEqual([]);
    });

    it('but not a failure that can pass', async () => {
        const id = await stage.freshDataset();
        stage.platform.server.faults.next({ path: /\/items$/, method: 'POST', fault: { status: 500 } });
        const { error } = await crawlInVain({}, { n: 1 });
        expect(error).toBeUndefined();
        expect(await stage.items(id)).toHaveLength(60);
    });
});
