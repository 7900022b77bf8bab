import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Dictionary } from '../../src/records.js';
import { discoverSchema, type DiscoveredSchema, type SchemaTarget } from '../../src/schema/discover.js';
import { actorFolder, apiError, datasetSchema, LocalMachine, loadError, Platform, recordingLog } from './helpers.js';

/** A schema that wants one field, so that an error tells which schema was used. */
const wants = (field: string) => ({ type: 'object', properties: {}, required: [field] });
const wanted = ({ schema }: DiscoveredSchema) => schema?.validate({})?.[0]?.params.missingProperty;

const onDisk = { datasets: { default: datasetSchema(wants('disk')), people: './people.json' } };
const DEFAULT: SchemaTarget = { kind: 'default' };

let folder: Awaited<ReturnType<typeof actorFolder>>;
let log: ReturnType<typeof recordingLog>;
let platform: Platform;
beforeEach(async () => {
    folder = await actorFolder({
        '.actor/actor.json': { actorSpecification: 1, name: 'movies', storages: onDisk },
        '.actor/people.json': datasetSchema(wants('people on disk')),
    });
    log = recordingLog();
    platform = new Platform(folder.cwd);
});
afterEach(async () => folder.remove());

const discover = async (
    request: { option?: Dictionary | false; target?: SchemaTarget; previous?: DiscoveredSchema } = {},
    sources: Platform = platform,
) => discoverSchema({ option: undefined, target: DEFAULT, ...request }, sources, log);
const found = (fields: unknown) => ({ found: true, schema: datasetSchema(fields) }) as const;

describe('the option', () => {
    it('comes before all else, and nothing is asked', async () => {
        platform.datasetSchema = found(wants('dataset'));
        const outcome = await discover({ option: wants('option') });
        expect(wanted(outcome)).toBe('option');
        expect(outcome.schema!.source).toBe('options.schema');
        expect(platform.asked).toEqual([]);
        expect(log.lines).toEqual([
            { level: 'info', message: 'Items are validated here with the schema of options.schema.' },
        ]);
    });

    it('may be a whole dataset schema', async () => {
        expect(wanted(await discover({ option: datasetSchema(wants('option')) }))).toBe('option');
    });

    it('false means no validation, silently', async () => {
        expect(await discover({ option: false })).toEqual({ reason: 'options.schema is false' });
        expect(platform.asked).toEqual([]);
        expect(log.lines).toEqual([]);
    });

    it('{} means no validation, and a warning says so, with what to write', async () => {
        const outcome = await discover({ option: {} });
        expect(outcome.schema).toBeUndefined();
        expect(outcome.reason).toBe('options.schema is empty or absent, which accepts every item');
        expect(log.lines).toEqual([
            {
                level: 'warning',
                message: expect.stringContaining(
                    `Items are not validated here: ${outcome.reason}. ${outcome.remedy}. To make`,
                ),
            },
        ]);
    });

    it('that cannot work is refused', async () => {
        const { message } = await loadError(discover({ option: { type: 'array' } }));
        expect(message).toContain('options.schema: the schema is the schema of an array. Describe one item, an object');
        expect((await loadError(discover({ option: datasetSchema([]) }))).message).toContain(
            'options.schema: "fields" must be',
        );
    });

    it('serves a named dataset too', async () => {
        expect(wanted(await discover({ option: wants('option'), target: { kind: 'other' } }))).toBe('option');
    });
});

describe('on the platform', () => {
    it("the dataset object's schema is what counts, and nothing else is asked", async () => {
        platform.datasetSchema = found(wants('dataset'));
        const outcome = await discover();
        expect(wanted(outcome)).toBe('dataset');
        expect(outcome.schema!.source).toBe('dataset abc123');
        expect(platform.asked).toEqual(['dataset']);
    });

    it('a schema of null ends the search', async () => {
        platform.datasetSchema = { found: true, schema: null };
        expect((await discover()).reason).toBe('dataset abc123 has no schema');
        expect(platform.asked).toEqual(['dataset']);
        expect(log.lines).toEqual([
            {
                level: 'warning',
                message: expect.stringContaining(
                    'Items are not validated here: dataset abc123 has no schema. Declare it in',
                ),
            },
        ]);
    });

    it.each([[{}], [undefined]])('fields of %j end the search', async (fields) => {
        platform.datasetSchema = found(fields);
        expect((await discover()).reason).toContain('"schema.fields" of dataset abc123 is empty or absent');
        expect(platform.asked).toEqual(['dataset']);
    });

    it.each([
        ['is missing', { found: false } as const],
        ['is undefined', { found: true, schema: undefined } as const],
        ['may not be read (403)', apiError(403)],
        ['is not there (404)', apiError(404)],
    ])("the build's definition is next where the property %s", async (_, answer) => {
        platform.datasetSchema = answer;
        platform.buildDefinition = { storages: { dataset: datasetSchema(wants('build')) } };
        const outcome = await discover();
        expect(wanted(outcome)).toBe('build');
        expect(outcome.schema!.source).toBe('build 1.0.3');
        expect(platform.asked).toEqual(['dataset', 'build']);
    });

    it.each([
        ['has no definition', undefined],
        ['has null for a definition', null],
        ['is shown without its storages', { name: 'movies' }],
        ['has paths in place of schemas', { storages: { dataset: './dataset_schema.json' } }],
        ['may not be read (403)', apiError(403)],
        ['is not there (404)', apiError(404)],
    ])('the disk is last, where the build %s', async (_, definition) => {
        platform.buildDefinition = definition;
        const outcome = await discover();
        expect(wanted(outcome)).toBe('disk');
        expect(outcome.schema!.source).toBe('.actor/actor.json');
        expect(platform.asked).toEqual(['dataset', 'build']);
    });

    it('an image without .actor is no error', async () => {
        const image = await actorFolder({});
        const { reason } = await discover({}, new Platform(image.cwd));
        expect(reason).toBe(
            `neither the dataset nor the build tells of a schema, and there is no .actor/actor.json in ${image.cwd}`,
        );
        expect(log.lines).toHaveLength(1);
        await image.remove();
    });

    it('any other answer is an error, and the search does not go on', async () => {
        platform.datasetSchema = apiError(500);
        await expect(discover()).rejects.toThrow('The platform answered 500');
        platform.datasetSchema = { found: false };
        platform.buildDefinition = apiError(401);
        await expect(discover()).rejects.toThrow('The platform answered 401');
    });

    it('a schema of the dataset object that validates nothing opens with one warning that says how to write it', async () => {
        platform.datasetSchema = found({ title: { type: 'string' } });
        const outcome = await discover();
        expect(outcome.reason).toBe(
            '"schema.fields" of dataset abc123 is a bare map of properties, which as JSON Schema validates nothing',
        );
        expect(log.lines).toEqual([
            {
                level: 'warning',
                message: expect.stringContaining('Wrap it: { "type": "object", "properties": { "title": {'),
            },
        ]);
    });

    it('a schema of the dataset object that is no schema is refused', async () => {
        platform.datasetSchema = found({ type: 'object', required: 'title' });
        expect((await loadError(discover())).message).toContain(
            'dataset abc123: "schema.fields" is not valid JSON Schema',
        );
        platform.datasetSchema = { found: true, schema: 'x' };
        expect((await loadError(discover())).message).toContain('dataset abc123: "schema" must be an object or null');
    });

    it('a definition of the build that contradicts itself is refused', async () => {
        platform.buildDefinition = { storages: { datasets: { people: {} } } };
        expect((await loadError(discover())).message).toContain('build 1.0.3: "storages.datasets" must have the alias');
    });

    it('an alias is looked up in the build, then on disk', async () => {
        const target: SchemaTarget = { kind: 'alias', alias: 'people' };
        expect(wanted(await discover({ target }))).toBe('people on disk');
        platform.buildDefinition = { storages: { datasets: { default: {}, people: datasetSchema(wants('people')) } } };
        expect(wanted(await discover({ target }))).toBe('people');
    });

    it("a named dataset has its own object's schema or none", async () => {
        const target: SchemaTarget = { kind: 'other' };
        expect((await discover({ target })).reason).toContain(
            'a dataset that the Actor does not declare has no schema',
        );
        expect(platform.asked).toEqual(['dataset']);
        platform.datasetSchema = found(wants('dataset'));
        expect(wanted(await discover({ target }))).toBe('dataset');
    });
});

describe('locally', () => {
    let local: LocalMachine;
    beforeEach(() => {
        local = new LocalMachine(folder.cwd);
        local.datasetSchema = found(wants('dataset'));
    });

    it('the disk alone is asked', async () => {
        expect(wanted(await discover({}, local))).toBe('disk');
        expect(local.asked).toEqual([]);
        expect(log.lines).toEqual([
            { level: 'info', message: 'Items are validated here with the schema of .actor/actor.json.' },
        ]);
    });

    it('an alias is found, and the alias `default` is the default dataset', async () => {
        expect(wanted(await discover({ target: { kind: 'alias', alias: 'people' } }, local))).toBe('people on disk');
        expect(wanted(await discover({ target: { kind: 'alias', alias: 'default' } }, local))).toBe('disk');
        expect((await discover({ target: { kind: 'alias', alias: 'films' } }, local)).reason).toBe(
            '.actor/actor.json declares no dataset "films"',
        );
    });

    it('a named dataset has none, and one line says so', async () => {
        expect((await discover({ target: { kind: 'other' } }, local)).schema).toBeUndefined();
        expect(log.lines).toHaveLength(1);
    });

    it('no .actor means no validation, and one warning names the folder and the remedy', async () => {
        const empty = await actorFolder({});
        await discover({}, new LocalMachine(empty.cwd));
        expect(log.lines).toEqual([
            {
                level: 'warning',
                message: expect.stringContaining(
                    `Items are not validated here: there is no .actor/actor.json in ${empty.cwd}. ` +
                        'Start the Actor in its own folder, or give the schema as options.schema.',
                ),
            },
        ]);
        await empty.remove();
    });

    it('an actor.json that is not JSON is refused', async () => {
        const broken = await actorFolder({ '.actor/actor.json': '{' });
        const { message } = await loadError(discover({}, new LocalMachine(broken.cwd)));
        expect(message).toContain('.actor/actor.json: is not JSON: unexpected end of the text at line 1, column 2');
        await broken.remove();
    });
});

describe('searching again', () => {
    it('finds what the platform enforces now', async () => {
        platform.datasetSchema = found(wants('then'));
        const previous = await discover();
        platform.datasetSchema = found(wants('now'));
        const outcome = await discover({ previous });
        expect(wanted(outcome)).toBe('now');
        expect(outcome.schema!.hash).not.toBe(previous.schema!.hash);
        expect(platform.asked).toEqual(['dataset', 'dataset']);
        expect(log.lines).toHaveLength(2);
    });

    it('gives back the same schema, without a line, where nothing changed', async () => {
        platform.datasetSchema = found(wants('then'));
        const previous = await discover();
        platform.datasetSchema = found(wants('then'));
        expect(await discover({ previous })).toBe(previous);
        expect(log.lines).toHaveLength(1);
    });

    it('notices that a schema appeared or went away', async () => {
        platform.datasetSchema = { found: true, schema: null };
        const none = await discover();
        expect(await discover({ previous: none })).toBe(none);
        expect(log.lines).toHaveLength(1);

        platform.datasetSchema = found(wants('now'));
        const some = await discover({ previous: none });
        expect(wanted(some)).toBe('now');

        platform.datasetSchema = { found: true, schema: null };
        expect((await discover({ previous: some })).schema).toBeUndefined();
        expect(log.lines).toHaveLength(3);
    });
});
