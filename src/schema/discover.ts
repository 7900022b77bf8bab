import { SchemaLoadError } from '../errors.js';
import type { ItemSchema, Log } from '../ports.js';
import type { Dictionary } from '../records.js';
import { compileItemSchema, hashOfFields } from './compile.js';
import { type DeclaredFields, declaredFields, DEFAULT_ALIAS, readLocalDefinition } from './definition.js';
import { isObject, kindOf, type SchemaPlace } from './place.js';
import { toJsonSchema } from './standard-schema.js';

/** Which dataset the schema is for: the run's default one, one of its aliases, or any other (by name or id). */
export type SchemaTarget = { kind: 'default' } | { kind: 'alias'; alias: string } | { kind: 'other' };

/** The answer of `readDatasetSchema`: the dataset object's `schema` (an object or null), or that it has no such property. */
export type DatasetSchemaAnswer = { found: true; schema: unknown } | { found: false };

/** Places that discovery reads from. */
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
     * `options.schema`: the JSON Schema of one item, a whole dataset schema (it has `actorSpecification`), whose `fields`
     * count, or a schema of zod, valibot or arktype; `false` for no validation; `undefined` to search.
     */
    option: object | false | undefined;
    target: SchemaTarget;
    /** The outcome of an earlier call. If nothing changed it is returned as it is, and no line is logged. */
    previous?: DiscoveredSchema;
}

/** The name in messages of a schema that was given in code. */
const OPTION = 'options.schema';

/** The schema that items are validated with here, or why there is none, and what to do about it: sentences without full stops. */
export type DiscoveredSchema =
    | { readonly schema: ItemSchema; readonly reason?: undefined; readonly remedy?: undefined }
    | { readonly schema?: undefined; readonly reason: string; readonly remedy?: string };

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
    const found =
        option === undefined ? await search(request.target, sources) : fieldsOfSchema(toJsonSchema(option), OPTION);

    if ('reason' in found) return withoutSchema(found, previous, log);
    const { fields, place } = found;
    const known = previous?.schema;
    if (known && known.source === place.source && isObject(fields) && known.hash === hashOfFields(fields)) {
        return previous;
    }

    const compiled = await compileItemSchema(fields, place, log);
    if (compiled.schema === undefined) return withoutSchema(compiled, previous, log);
    log.info(`Items are validated here with the schema of ${compiled.schema.source}.`);
    return compiled;
}

function withoutSchema(
    { reason, remedy }: { reason: string; remedy: string },
    previous: DiscoveredSchema | undefined,
    log: Log,
): DiscoveredSchema {
    if (previous?.reason === reason) return previous;
    log.warning(
        `Items are not validated here: ${reason}. ${remedy}. ` +
            'To make a schema of stored items: npx apify-dataset-guard infer <dataset> --write',
    );
    return { reason, remedy };
}

/** A whole dataset schema, whose `fields` count, or the JSON Schema of one item. */
export function fieldsOfSchema(schema: Dictionary, source: string): { fields: unknown; place: SchemaPlace } {
    const isCode = source === OPTION && { isCode: true };
    const isSpecification = Object.hasOwn(schema, 'actorSpecification') && !isObject(schema.actorSpecification);
    // The content of actor.json has the same key, and is told apart as a mistake later.
    const isDatasetSchema = isSpecification && !isObject(schema.storages);
    return isDatasetSchema
        ? { fields: schema.fields, place: { source, place: 'fields', ...isCode } }
        : { fields: schema, place: { source, ...isCode } };
}

async function search(target: SchemaTarget, sources: SchemaSources): Promise<DeclaredFields> {
    if (sources.isAtHome) {
        const found = await fieldsOfDataset(sources);
        if (found) return found;
    }
    if (target.kind === 'other') {
        return {
            reason: 'a dataset that the Actor does not declare has no schema',
            remedy: 'Give one as options.schema',
        };
    }
    const alias = target.kind === 'alias' ? target.alias : DEFAULT_ALIAS;
    return (sources.isAtHome ? await fieldsOfBuild(sources, alias) : undefined) ?? fieldsOnDisk(sources, alias);
}

async function fieldsOfDataset(sources: SchemaSources): Promise<DeclaredFields | undefined> {
    const answer = await unlessUnreadable(sources.readDatasetSchema());
    if (!answer?.found || answer.schema === undefined) return undefined;
    const source = `dataset ${sources.datasetId}`;
    if (answer.schema === null) {
        const remedy =
            'Declare it in .actor/actor.json, "storages": { "dataset": "./dataset_schema.json" }, and build the Actor ' +
            'again, or give the schema as options.schema';
        return { reason: `${source} has no schema`, remedy };
    }
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
        const remedy = sources.isAtHome
            ? 'Give the schema as options.schema'
            : 'Start the Actor in its own folder, or give the schema as options.schema';
        return { reason: `${before}there is no .actor/actor.json in ${sources.cwd}`, remedy };
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
