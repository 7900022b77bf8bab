import { existsSync, readFileSync } from 'node:fs';

import { validateInputSchema } from '@apify/input_schema';
import { getActorSchemaValidator, getDatasetSchemaValidator, getOutputSchemaValidator } from '@apify/json_schemas';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';

import { badMovies, datasetSchema, goodMovies, isValid, movies } from './support/movies.js';

const folder = new URL('../../.actor/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

describe('the Actor definition', () => {
    it.each([
        ['actor.json', getActorSchemaValidator()],
        ['dataset_schema.json', getDatasetSchemaValidator()],
        ['output_schema.json', getOutputSchemaValidator()],
    ])('%s passes the validator of the platform', (name, validate) => {
        validate(read(name));
        expect(validate.errors).toBeNull();
    });

    it('input_schema.json passes the validator of the platform', () => {
        // With the options that apify-cli gives to it.
        const ajv = new Ajv2019({ strict: false, unicodeRegExp: false });
        expect(() => validateInputSchema(ajv as never, read('input_schema.json'))).not.toThrow();
    });

    it('names files that exist', () => {
        const { input, output, storages, dockerfile, readme, changelog } = read('actor.json');
        for (const path of [input, output, storages.dataset, dockerfile, readme, changelog]) {
            expect(existsSync(new URL(path, folder)), path).toBe(true);
        }
    });
});

describe("the Actor's README", () => {
    it('names every field of the input, and no other', () => {
        const readme = readFileSync(new URL('README.md', folder), 'utf8');
        const [, section = ''] = readme.split('\n## Input\n');
        const documented = [...section.split('\n## ')[0]!.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
        expect(documented).toEqual(Object.keys(read('input_schema.json').properties));
    });

    it('has the numbers of the movies that come with the Actor', () => {
        const readme = readFileSync(new URL('README.md', folder), 'utf8').replaceAll(/\s+/g, ' ');
        expect(readme).toContain(
            `loads ${movies.length.toLocaleString('en-US')} movies that it brings along, stores ${goodMovies.length.toLocaleString('en-US')}, and quarantines ${badMovies.length}`,
        );
    });
});

describe('the dataset schema', () => {
    const { fields, views } = datasetSchema;

    it('is draft-07 and compiles in strict mode', () => {
        expect(fields.$schema).toBe('http://json-schema.org/draft-07/schema#');
        expect(() => new Ajv({ strict: true, allowUnionTypes: true }).compile(fields)).not.toThrow();
    });

    it('describes exactly the fields of the movies, each with title, description and examples that are valid', () => {
        expect(Object.keys(fields.properties)).toEqual(Object.keys(movies[0]!));
        for (const [name, field] of Object.entries<any>(fields.properties)) {
            expect(field, name).toMatchObject({ title: expect.any(String), description: expect.any(String) });
            for (const example of field.examples) {
                expect(isValid({ ...goodMovies[0], [name]: example }), `${name}: ${example}`).toBe(true);
            }
        }
    });

    it('shows fields that exist', () => {
        expect(Object.keys(views)).toEqual(['overview', 'boxOffice']);
        for (const view of Object.values<any>(views)) {
            expect(Object.keys(fields.properties)).toEqual(expect.arrayContaining(view.transformation.fields));
            expect(Object.keys(view.display.properties)).toEqual(view.transformation.fields);
        }
    });

    it('has the views that the output schema links to', () => {
        const templates = Object.values<any>(read('output_schema.json').properties).map(({ template }) => template);
        const linked = templates.flatMap((template: string) => /[?&]view=(\w+)/.exec(template)?.[1] ?? []);
        expect(linked.sort()).toEqual(Object.keys(views).sort());
    });

    it('rejects the defects that are in the movies, and nothing else', () => {
        const defects: Record<string, number> = {};
        for (const movie of badMovies) {
            isValid(movie);
            for (const { instancePath, keyword } of isValid.errors!) {
                const defect = `${instancePath.slice(1)}: ${keyword}`;
                defects[defect] = (defects[defect] ?? 0) + 1;
            }
        }
        expect(defects).toEqual({
            'Title: type': 10, // nine numbers, and one movie without a title
            'Title: not': 14, // read in the wrong character set
            'Title: pattern': 2, // two spaces in a row
            'Release Date: pattern': 15, // a hundred years late
            'Release Date: not': 8, // time zero
            'Production Budget: type': 1, // missing
            'MPAA Rating: enum': 2, // "Open"
            'Distributor: not': 1, // "Distributor Unknown"
        });
        expect(badMovies).toHaveLength(53);
    });

    it.each([
        ['a day that the calendar does not have', { 'Release Date': 'Feb 30 1998' }],
        ['a date of another form', { 'Release Date': '1998-06-12' }],
        ['a rating beyond its scale', { 'Rotten Tomatoes Rating': 101 }],
        ['an IMDb rating beyond its scale', { 'IMDB Rating': 10.1 }],
        ['money that is negative', { 'US Gross': -1 }],
        ['money that is text', { 'Worldwide Gross': '146083' }],
        ['a genre of its own', { 'Major Genre': 'drama' }],
        ['a title that is empty', { Title: '' }],
        ['no running time at all', { 'Running Time min': 0 }],
    ])('rejects %s', (_what, change) => {
        expect(isValid({ ...goodMovies[0], ...change })).toBe(false);
    });

    it.each(['11:14', 'Q', 'W.', 'Alien³', 'Amélie', 'ÉCOLE', 'Émilie Müller', '2001: A Space Odyssey'])(
        'accepts the title %s',
        (Title) => {
            expect(isValid({ ...goodMovies[0], Title })).toBe(true);
        },
    );
});
