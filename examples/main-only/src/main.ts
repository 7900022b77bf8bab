import { Actor, log } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';

interface Movie {
    title: string;
    year: number;
}

await Actor.init();
const guard = await DatasetGuard.open<Movie>();

const { movies = [] } = (await Actor.getInput<{ movies?: Movie[] }>()) ?? {};
for (const movie of movies) {
    // In place of `Actor.pushData`: items are gathered, and sent together.
    await guard.pushData(movie);
}

const { storedItems, quarantinedItems } = await guard.close();
log.info(`${storedItems} movies are stored, ${quarantinedItems} are in quarantine.`);
await Actor.exit();
