// Puts the movies that the Actor loads by default beside the compiled Actor: in production, and in its Docker image,
// the package that they come from is not installed. The published library leaves out all of `dist/actor`.
import { copyFileSync, mkdirSync } from 'node:fs';

const packageEntry = import.meta.resolve('vega-datasets');
const target = new URL('../dist/actor/', import.meta.url);

mkdirSync(target, { recursive: true });
copyFileSync(new URL('../data/movies.json', packageEntry), new URL('movies.json', target));
