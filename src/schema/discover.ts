import { SchemaLoadError } from '../errors.js';
import type { ItemSchema, Log } from '../ports.js';
import type { Dictionary } from '../records.js';
import { compileItemSchema, hashOfFields } from './compile.js';
import { type DeclaredFields, declaredFields, DEFAULT_ALIAS, readLocalDefinition } from './definition.js';
import { isObject, kindOf, type SchemaPlace } from './place.js';

/** Which dataset the schema is for: the run's default one, one of its aliases, or any other (by name or id). */
export type SchemaTarget = { kind: 'default' } | { kind: 'alias'; alias: string } | { kind: 'other' };

/** What `readDatasetSchema` answers: the dataset object's `schema` (an object or null), or that it has no such property. */
export type DatasetSchemaAnswer = { found: true; schema: unknown } | { found: false };

/** What discovery needs from outside. */
export interface SchemaSources {
    readonly isAtHome: boolean;
    /** Where `.actor/` is looked for. */
    readonly cwd: string;
    /** For messages. */
    readonly datasetId: string;
    /** The build's number, for messages. */
    readonly buildNumber?: string;
    /**
     * The `schema` of the dataset object. Called on the platform only. Not found, or an error whose `statusCode` is 403 or
     * 404, sends the search on; any other error ends it.
     */
    readDatasetSchema(): Promise<DatasetSchemaAnswer>;
    /** The build's `actorDefinition`, `undefined` where it has none. Called on the platform only; errors as above. */
    readBuildDefinition(): Promise<unknown>;
}

export interface SchemaRequest {
    /**
     * `options.schema`: the JSON Schema of one item, or a whole dataset schema (it has `actorSpecification`), whose `fields`
     * count; `false` for no validation; `undefined` to search.
     */
    option: Dictionary | false | undefined;
    target: SchemaTarget;
    /** What an earlier call found. If nothing changed it is returned as it is, and no line is logged. */
    previous?: DiscoveredSchema;
}

/** The schema that items are validated with here, or why there is none. */
export type DiscoveredSchema =
    | { readonly schema: ItemSchema; readonly reason?: undefined }
    | { readonly schema?: undefined; readonly reason: string };

/**
 * Finds the schema that the platform enforces and makes it ready. The option comes first; on the platform then the dataset
 * object (null ends the search), the build's definition, `.actor/` on disk; locally `.actor/` alone. Logs one line: which
 * schema, or why none; with `schema: false` nothing. Keeps no state, so that a later call searches again.
 * @throws SchemaLoadError where a schema is found that cannot work
 */
export async function discoverSchema(
    request: SchemaRequest,
    sources: SchemaSources,
    log: Log,
): Promise<DiscoveredSchema> {
    const { option, previous } = request;
    if (option === false) return { reason: 'options.schema is false' };
    const found = option ? fieldsOfSchema(option, 'options.schema') : await search(request.target, sources);

    if ('reason' in found) return withoutSchema(found.reason, previous, log);
    const { fields, place } = found;
    const known = previous?.schema;
    if (known && known.source === place.source && isObject(fields) && known.hash === hashOfFields(fields)) {
        return previous;
    }

    const schema = await compileItemSchema(fields, place, log);
    if (!schema) {
        const what = place.place ? `"${place.place}" of ${place.source}` : place.source;
        return withoutSchema(`${what} is empty or absent, which accepts every item`, previous, log);
    }
    log.info(`Items are validated here with the schema of ${schema.source}.`);
    return { schema };
}

function withoutSchema(reason: string, previous: DiscoveredSchema | undefined, log: Log): DiscoveredSchema {
    if (previous?.reason === reason) return previous;
    log.info(
        `Items are not validated here: ${reason}. Make a schema of stored items: npx apify-dataset-guard infer <dataset> --write`,
    );
    return { reason };
}

/** A whole dataset schema, whose `fields` count, or the JSON Schema of one item. */
export function fieldsOfSchema(schema: Dictionary, source: string): { fields: unknown; place: SchemaPlace } {
    const isDatasetSchema = Object.hasOwn(schema, 'actorSpecification') && !isObject(schema.actorSpecification);
    return isDatasetSchema
        ? { fields: schema.fields, place: { source, place: 'fields' } }
        : { fields: schema, place: { source } };
}

async function search(target: SchemaTarget, sources: SchemaSources): Promise<DeclaredFields> {
    if (sources.isAtHome) {
        const found = await fieldsOfDataset(sources);
        if (found) return found;
    }
    if (target.kind === 'other') {
        return { reason: 'a dataset that the Actor does not declare has no schema; give one as options.schema' };
    }
    const alias = target.kind === 'alias' ? target.alias : DEFAULT_ALIAS;
    return (sources.isAtHome ? await fieldsOfBuild(sources, alias) : undefined) ?? fieldsOnDisk(sources, alias);
}

async function fieldsOfDataset(sources: SchemaSources): Promise<DeclaredFields | undefined> {
    const answer = await unlessUnreadable(sources.readDatasetSchema());
    if (!answer?.found || answer.schema === undefined) return undefined;
    const source = `dataset ${sources.datasetId}`;
    if (answer.schema === null) return { reason: `${source} has no schema` };
    if (!isObject(answer.schema)) {
        throw new SchemaLoadError(source, `"schema" must be an object or null, but is ${kindOf(answer.schema)}.`);
    }
    return { fields: answer.schema.fields, place: { source, place: 'schema.fields' } };
}

async function fieldsOfBuild(sources: SchemaSources, alias: string): Promise<DeclaredFields | undefined> {
    const content = await unlessUnreadable(sources.readBuildDefinition());
    if (!isObject(content)) return undefined;
    const source = sources.buildNumber ? `build ${sources.buildNumber}` : "the run's build";
    const found = await declaredFields({ content, source }, alias);
    // A build may be shown without its storages; the disk then knows more.
    return 'reason' in found ? undefined : found;
}

async function fieldsOnDisk(sources: SchemaSources, alias: string): Promise<DeclaredFields> {
    const definition = await readLocalDefinition(sources.cwd);
    if (!definition) {
        const before = sources.isAtHome ? 'neither the dataset nor the build tells of a schema, and ' : '';
        return { reason: `${before}there is no .actor/actor.json` };
    }
    return declaredFields(definition, alias);
}

/** 403 and 404 are no errors: an Actor with limited permissions may not read everything. */
async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
    try {
        return await reading;
    } catch (error) {
        const { statusCode } = error as { statusCode?: unknown };
        if (statusCode === 403 || statusCode === 404) return undefined;
        throw error;
    }
}
