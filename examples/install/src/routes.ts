import { Actor } from 'apify';
import { createCheerioRouter, Dataset } from 'crawlee';

/** As it was before there was a guard. */
export const router = createCheerioRouter();

router.addDefaultHandler(async ({ enqueueLinks }) => {
    await enqueueLinks({ selector: 'a.movie', label: 'movie' });
});

router.addHandler('movie', async ({ $, pushData }) => {
    const movie = { title: $('h1').text(), year: Number($('.year').text()) };
    // Every way to the dataset is guarded.
    if (movie.year < 1980) await pushData(movie);
    else if (movie.year < 1990) await Actor.pushData(movie);
    else await Dataset.pushData(movie);
});
