import { readFileSync } from 'node:fs';

import { Ajv } from 'ajv';

export type Movie = Record<string, unknown>;

const moviesFile = new URL('../data/movies.json', import.meta.resolve('vega-datasets'));
const schemaFile = new URL('../../../.actor/dataset_schema.json', import.meta.url);

export const movies = JSON.parse(readFileSync(moviesFile, 'utf8')) as Movie[];
export const datasetSchema = JSON.parse(readFileSync(schemaFile, 'utf8'));

/** A validator that owes nothing to the guard. */
export const isValid = new Ajv({ allErrors: true, strict: false }).compile(datasetSchema.fields);

export const goodMovies = movies.filter((movie) => isValid(movie));
export const badMovies = movies.filter((movie) => !isValid(movie));

/** Items as the text that they are, key order and all. */
export function texts(items: unknown[]): string[] {
    return items.map((item) => JSON.stringify(item));
}
