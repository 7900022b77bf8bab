import { Actor, log } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';

interface Movie {
    title: string;
    year: number;
}

await Actor.init();
const guard = await DatasetGuard.open<Movie>();

/** What `.actor/input_schema.json` has as a default. One year is missing. */
const DEFAULT_MOVIES = [{ title: 'Alien', year: 1979 }, { title: 'Metropolis' }, { title: 'Heat', year: 1995 }];

const { movies = DEFAULT_MOVIES as Movie[] } = (await Actor.getInput<{ movies?: Movie[] }>()) ?? {};
for (const movie of movies) {
    // In place of `Actor.pushData`: items are gathered, and sent together.
    await guard.pushData(movie);
}

const { storedItems, quarantinedItems } = await guard.close();
log.info(`${storedItems} movies are stored, ${quarantinedItems} are in quarantine.`);
await Actor.exit();
