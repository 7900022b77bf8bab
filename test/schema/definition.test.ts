import { afterEach, describe, expect, it } from 'vitest';

import type { Dictionary } from '../../src/records.js';
import { declaredFields, readLocalDefinition } from '../../src/schema/definition.js';
import { actorFolder, datasetSchema, loadError } from './helpers.js';

const FIELDS = { type: 'object', properties: { title: { type: 'string' } } };

const folders: Awaited<ReturnType<typeof actorFolder>>[] = [];
afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.remove();
});

async function folderWith(files: Dictionary): Promise<string> {
    const folder = await actorFolder(files);
    folders.push(folder);
    return folder.cwd;
}
async function definitionWith(storages: unknown, files: Dictionary = {}) {
    const cwd = await folderWith({
        '.actor/actor.json': { actorSpecification: 1, name: 'movies', storages },
        ...files,
    });
    return (await readLocalDefinition(cwd))!;
}
const fieldsWith = async (storages: unknown, files: Dictionary = {}, alias = 'default') =>
    declaredFields(await definitionWith(storages, files), alias);

describe('the definition on disk', () => {
    it('is .actor/actor.json, and tells the name of the Actor', async () => {
        expect(await definitionWith({})).toMatchObject({ name: 'movies', source: '.actor/actor.json' });
    });

    it('may be absent', async () => {
        expect(await readLocalDefinition(await folderWith({}))).toBeUndefined();
    });

    it('may be missing from .actor, and .actor may be a file', async () => {
        expect(await readLocalDefinition(await folderWith({ '.actor/README.md': 'x' }))).toBeUndefined();
        expect(await readLocalDefinition(await folderWith({ '.actor': 'x' }))).toBeUndefined();
    });

    it('may be actor.json in the working directory, with paths relative to it', async () => {
        const cwd = await folderWith({
            'actor.json': { actorSpecification: 1, storages: { dataset: './schemas/dataset.json' } },
            'schemas/dataset.json': datasetSchema(FIELDS),
        });
        const definition = (await readLocalDefinition(cwd))!;
        expect(definition).toMatchObject({ source: 'actor.json', name: undefined });
        expect(await declaredFields(definition, 'default')).toEqual({
            fields: FIELDS,
            place: { source: 'schemas/dataset.json', place: 'fields' },
        });
    });

    it('is not some other actor.json in the working directory', async () => {
        expect(
            await readLocalDefinition(await folderWith({ 'actor.json': [{ name: 'Sigourney Weaver' }] })),
        ).toBeUndefined();
    });

    it('may start with a byte order mark', async () => {
        const cwd = await folderWith({ '.actor/actor.json': '\uFEFF{"name":"movies"}' });
        expect(await readLocalDefinition(cwd)).toMatchObject({ name: 'movies' });
    });

    it('that is not JSON is refused with line and column', async () => {
        const cwd = await folderWith({ '.actor/actor.json': '{\n    "name": "movies",\n}\n' });
        expect((await loadError(readLocalDefinition(cwd))).message).toBe(
            '.actor/actor.json: is not JSON: unexpected "}" at line 3, column 1. Expected a JSON object; correct the file.',
        );
    });

    it.each([
        ['[]', 'an array'],
        ['null', 'null'],
        ['"x"', 'a string'],
    ])('that holds %s is refused', async (text, kind) => {
        const cwd = await folderWith({ '.actor/actor.json': text });
        expect((await loadError(readLocalDefinition(cwd))).message).toContain(`but holds ${kind}`);
    });

    it('that cannot be read is refused with the reason', async () => {
        const cwd = await folderWith({ '.actor/actor.json/x': '' });
        expect((await loadError(readLocalDefinition(cwd))).message).toContain(
            '.actor/actor.json: cannot be read (EISDIR)',
        );
    });
});

describe('the fields that a definition declares', () => {
    it('stand in it', async () => {
        expect(await fieldsWith({ dataset: datasetSchema(FIELDS) })).toEqual({
            fields: FIELDS,
            place: { source: '.actor/actor.json', place: 'storages.dataset.fields' },
        });
    });

    it('stand in a file relative to its folder', async () => {
        expect(
            await fieldsWith(
                { dataset: './dataset_schema.json' },
                { '.actor/dataset_schema.json': datasetSchema(FIELDS) },
            ),
        ).toEqual({ fields: FIELDS, place: { source: '.actor/dataset_schema.json', place: 'fields' } });
        expect(await fieldsWith({ dataset: '../s.json' }, { 's.json': datasetSchema(FIELDS) })).toMatchObject({
            place: { source: 's.json' },
        });
    });

    it('are found by alias', async () => {
        const storages = { datasets: { default: datasetSchema(FIELDS), people: './people.json' } };
        const files = { '.actor/people.json': datasetSchema({ type: 'object' }) };
        expect(await fieldsWith(storages)).toMatchObject({
            fields: FIELDS,
            place: { place: 'storages.datasets.default.fields' },
        });
        expect(await fieldsWith(storages, files, 'people')).toMatchObject({ fields: { type: 'object' } });
    });

    it.each([
        [undefined, 'default', 'declares no storages'],
        [{ keyValueStore: {} }, 'default', 'declares no dataset'],
        [{ dataset: datasetSchema(FIELDS) }, 'people', 'declares no dataset "people"'],
        [{ datasets: { default: datasetSchema(FIELDS) } }, 'toString', 'declares no dataset "toString"'],
    ])('may be absent: %j', async (storages, alias, reason) => {
        expect(await fieldsWith(storages, {}, alias)).toEqual({
            reason: `.actor/actor.json ${reason}`,
            remedy: expect.stringMatching(
                /^Declare it there, "storages": \{ .*, or give the schema as options\.schema$/,
            ),
        });
    });

    it('may be absent in a dataset schema that has views alone', async () => {
        expect(await fieldsWith({ dataset: { actorSpecification: 1, views: {} } })).toMatchObject({
            fields: undefined,
        });
        // The name of a view may be a keyword of JSON Schema.
        const views = { items: { title: 'All items' }, properties: { title: 'Their properties' } };
        expect(await fieldsWith({ dataset: { actorSpecification: 1, views } })).toMatchObject({ fields: undefined });
    });

    it('are told where they stand under another key', async () => {
        const file = { actorSpecification: 1, feilds: FIELDS, views: { all: { title: 'All' } } };
        expect(await fieldsWith({ dataset: './d.json' }, { '.actor/d.json': file })).toEqual({
            reason: '.actor/d.json has no "fields", and "feilds" in its place is ignored',
            remedy: 'Rename "feilds" to "fields"',
        });
        expect(await fieldsWith({ dataset: { actorSpecification: 1, schema: FIELDS } })).toMatchObject({
            reason: '"storages.dataset" of .actor/actor.json has no "fields", and "schema" in its place is ignored',
        });
    });

    it.each([
        [{ dataset: './a.json', datasets: { default: './a.json' } }, '"storages" has both "dataset" and "datasets"'],
        [{ datasets: { people: './a.json' } }, '"storages.datasets" must have the alias "default", but has: people'],
        [{ datasets: {} }, 'but has: none'],
        [{ datasets: ['./a.json'] }, '"storages.datasets" must be a map from alias to dataset schema, but is an array'],
        [{ dataset: 5 }, '"storages.dataset" must be a dataset schema or the path of its file, but is a number'],
        [{ dataset: null }, 'but is null'],
        [{ dataset: '' }, 'but is a string'],
        [[], '"storages" must be an object, but is an array'],
        [{ dataset: FIELDS }, '"storages.dataset.fields" is missing, and "properties" stands in its place'],
    ])('are refused where the definition contradicts itself: %j', async (storages, problem) => {
        const { message } = await loadError(fieldsWith(storages));
        expect(message).toMatch(/^\.actor\/actor\.json: /);
        expect(message).toContain(problem);
    });

    it('are refused where their file is missing; both files are named', async () => {
        const { message } = await loadError(fieldsWith({ dataset: './schemas/dataset.json' }));
        expect(message).toContain('.actor/actor.json: "storages.dataset" names the file "./schemas/dataset.json"');
        expect(message).toContain('there is no .actor/schemas/dataset.json');
    });

    it('are refused where their file is not JSON, with line and column', async () => {
        const { message } = await loadError(
            fieldsWith({ dataset: './d.json' }, { '.actor/d.json': '{\n  "fields": {]\n}' }),
        );
        expect(message).toContain('.actor/d.json: is not JSON: unexpected "]" at line 2, column 14');
    });

    it('are refused where their file is no object', async () => {
        const { message } = await loadError(fieldsWith({ dataset: './d.json' }, { '.actor/d.json': '[]' }));
        expect(message).toContain('.actor/d.json: must hold a dataset schema');
    });

    it('are read from a build, whose datasets stand in it; a path there leads nowhere', async () => {
        const build = (dataset: unknown) => ({ content: { storages: { dataset } }, source: 'build 1.0.3' });
        expect(await declaredFields(build(datasetSchema(FIELDS)), 'default')).toMatchObject({
            fields: FIELDS,
            place: { source: 'build 1.0.3' },
        });
        expect(await declaredFields(build('./d.json'), 'default')).toEqual({
            reason: 'build 1.0.3 names a file for "storages.dataset" without its content',
            remedy: 'Give the schema as options.schema',
        });
    });
});
