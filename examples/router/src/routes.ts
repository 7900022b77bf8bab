import type { GuardedContext } from 'apify-dataset-guard';
import type { CheerioCrawlingContext } from 'crawlee';
import { createCheerioRouter } from 'crawlee';

export interface Movie {
    title: string;
    year: number;
}

/** `pushData` takes movies, and the compiler knows. */
export const router = createCheerioRouter<GuardedContext<CheerioCrawlingContext, Movie>>();

router.addDefaultHandler(async ({ enqueueLinks }) => {
    await enqueueLinks({ selector: 'a.movie', label: 'movie' });
});

router.addHandler('movie', async ({ $, pushData, request }) => {
    await pushData({ title: $('h1').text(), year: Number($('.year').text()) });
    if (request.retryCount === 0 && $('.flaky').length > 0) throw new Error('The rest of this page did not load.');
});
