import type { DatasetGuard } from 'apify-dataset-guard';
import { createCheerioRouter } from 'crawlee';

export function createRouter(guard: DatasetGuard) {
    const router = createCheerioRouter();

    // Each `pushData` of the handlers below resolves when its items are stored or in quarantine.
    router.use(guard.routerHook());

    router.addDefaultHandler(async ({ enqueueLinks }) => {
        await enqueueLinks({ selector: 'a.movie', label: 'movie' });
    });

    router.addHandler('movie', async ({ $, pushData }) => {
        // Push last: a retry pushes again, as without the guard.
        await pushData({ title: $('h1').text(), year: Number($('.year').text()) });
    });

    return router;
}
