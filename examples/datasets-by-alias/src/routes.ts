import { Actor } from 'apify';
import { createCheerioRouter } from 'crawlee';

export const router = createCheerioRouter();

router.addDefaultHandler(async ({ enqueueLinks }) => {
    await enqueueLinks({ selector: 'a.movie', label: 'movie' });
});

router.addHandler('movie', async ({ $, pushData }) => {
    const title = $('h1').text();
    await pushData({ title, year: Number($('.year').text()) });

    const reviews = await Actor.openDataset({ alias: 'reviews' });
    const stars = $('.review').map((_, review) => Number($(review).text()));
    await reviews.pushData([...stars].map((count) => ({ movie: title, stars: count })));
});
