import {
    BasicCrawler,
    CheerioCrawler,
    createBasicRouter,
    createCheerioRouter,
    createHttpRouter,
    createJSDOMRouter,
    createPlaywrightRouter,
    createPuppeteerRouter,
    HttpCrawler,
    JSDOMCrawler,
    PlaywrightCrawler,
    PuppeteerCrawler,
} from 'crawlee';
import type { CheerioCrawlingContext, RouterHandler } from 'crawlee';
import { describe, expectTypeOf, it } from 'vitest';

import type { DatasetGuard, GuardedContext, PushResult } from '../../src/index.js';
import { expectToCompile } from '../support/expect-to-compile.js';

/** An interface, which has no index signature as a type alias has. */
interface Movie {
    title: string;
    year?: number;
}

declare const guard: DatasetGuard<Movie>;

describe('DatasetGuard<Item>', () => {
    it('takes an interface', () => {
        expectTypeOf<DatasetGuard<Movie>['pushData']>().parameter(0).toEqualTypeOf<Movie | Movie[]>();
        expectTypeOf<DatasetGuard<Movie>['pushData']>().returns.resolves.toEqualTypeOf<PushResult>();
        // @ts-expect-error -- an item is an object
        expectTypeOf<DatasetGuard<string>>();
    });

    it('knows wrong items', () => {
        expectToCompile(async () => {
            await guard.pushData([{ title: 'Alien' }]);
            // @ts-expect-error -- no such property
            await guard.pushData({ titel: 'Alien' });
            // @ts-expect-error -- a year is a number
            await guard.pushData([{ title: 'Alien', year: '1979' }]);
        });
    });
});

describe('guard.handler()', () => {
    it('types pushData of an inline handler with the items, and the rest with the crawler', () => {
        expectToCompile(() => {
            void new CheerioCrawler({
                requestHandler: guard.handler(async ({ $, request, pushData, enqueueLinks }) => {
                    await pushData({ title: $('h1').text(), year: 1979 });
                    await pushData([{ title: request.loadedUrl }], 'other');
                    // @ts-expect-error -- no such property
                    await pushData({ titel: 'Alien' });
                    // @ts-expect-error -- a title is text
                    await pushData({ title: $ });
                    await enqueueLinks({ selector: 'a' });
                }),
            });
            void new HttpCrawler({
                requestHandler: guard.handler(async ({ body, pushData }) => {
                    await pushData({ title: String(body) });
                    // @ts-expect-error -- no such property
                    await pushData({ titel: body });
                }),
            });
            void new BasicCrawler({
                requestHandler: guard.handler(async ({ sendRequest, pushData }) => {
                    await pushData({ title: (await sendRequest()).body });
                    // @ts-expect-error -- a title is text
                    await pushData({ title: 1 });
                }),
            });
            void new JSDOMCrawler({
                requestHandler: guard.handler(({ window, pushData }) => {
                    // @ts-expect-error -- a title is text
                    void pushData({ title: 1, window });
                }),
            });
            void new PuppeteerCrawler({
                requestHandler: guard.handler(async ({ page, pushData }) => {
                    await pushData({ title: await page.title() });
                    // @ts-expect-error -- a title is text
                    await pushData({ title: 1 });
                }),
            });
            void new PlaywrightCrawler({
                requestHandler: guard.handler(async ({ page, pushData }) => {
                    await pushData({ title: await page.title() });
                    // @ts-expect-error -- a title is text
                    await pushData({ title: 1 });
                }),
            });
        });
    });

    it('takes a handler that was written for bare Crawlee', () => {
        expectToCompile(() => {
            const requestHandler = async ({ pushData }: CheerioCrawlingContext) => pushData({ anything: true });
            void new CheerioCrawler({ requestHandler: guard.handler(requestHandler) });
        });
    });

    it('takes the routers of all crawlers, and gives back what it took', () => {
        expectToCompile(() => {
            void new CheerioCrawler({ requestHandler: guard.handler(createCheerioRouter()) });
            void new HttpCrawler({ requestHandler: guard.handler(createHttpRouter()) });
            void new BasicCrawler({ requestHandler: guard.handler(createBasicRouter()) });
            void new PuppeteerCrawler({ requestHandler: guard.handler(createPuppeteerRouter()) });
            void new PlaywrightCrawler({ requestHandler: guard.handler(createPlaywrightRouter()) });
            void new JSDOMCrawler({ requestHandler: guard.handler(createJSDOMRouter()) });
            const router = createCheerioRouter();
            expectTypeOf(guard.handler(router)).toEqualTypeOf<RouterHandler<CheerioCrawlingContext>>();
            router.use(guard.routerHook());
            router.addHandler(
                'detail',
                guard.handler(async ({ $, pushData }) => {
                    await pushData({ title: $('h1').text() });
                    // @ts-expect-error -- a title is text
                    await pushData({ title: 1 });
                }),
            );
        });
    });

    it('takes a router that is typed with the items', () => {
        expectToCompile(() => {
            const router = createCheerioRouter<GuardedContext<CheerioCrawlingContext, Movie>>();
            router.addDefaultHandler(async ({ $, pushData }) => {
                await pushData({ title: $('h1').text() });
                // @ts-expect-error -- a title is text
                await pushData({ title: 1 });
            });
            void new CheerioCrawler({ requestHandler: guard.handler(router) });
        });
    });

    it('is an error where it is handed to a crawler without being called', () => {
        expectToCompile(() => {
            // @ts-expect-error -- guard.handler(…) makes the handler
            void new CheerioCrawler({ requestHandler: guard.handler });
            // @ts-expect-error -- guard.handler(…) makes the handler
            void new HttpCrawler({ requestHandler: guard.handler });
            // @ts-expect-error -- guard.handler(…) makes the handler
            void new PlaywrightCrawler({ requestHandler: guard.handler });
            // @ts-expect-error -- guard.handler(…) makes the handler
            void new BasicCrawler({ requestHandler: guard.handler });
        });
    });

    it('keeps the types of labels and user data', () => {
        expectToCompile(() => {
            const router = guard.handler(createCheerioRouter<CheerioCrawlingContext, { detail: { page: number } }>());
            router.addHandler('detail', async ({ request, pushData }) => {
                expectTypeOf(request.userData).toEqualTypeOf<{ page: number }>();
                await pushData({ title: 'Alien' });
            });
            // @ts-expect-error -- no such label
            router.addHandler('list', async () => undefined);
            void new CheerioCrawler({ requestHandler: router });
        });
    });
});

describe('guard.install()', () => {
    it('takes every crawler', () => {
        expectToCompile(() => {
            guard.install();
            guard.install(new CheerioCrawler());
            guard.install(new PuppeteerCrawler());
            // @ts-expect-error -- no crawler
            guard.install({});
        });
    });
});
