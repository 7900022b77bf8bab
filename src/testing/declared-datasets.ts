import type { Log } from '../ports.js';
import { compileItemSchema } from '../schema/compile.js';
import { declaredFields, DEFAULT_ALIAS, readLocalDefinition } from '../schema/definition.js';
import { fieldsOfSchema } from '../schema/discover.js';
import type { SchemaPlace } from '../schema/place.js';
import { readSchemaFile } from '../schema/schema-file.js';
import type { PlatformOptions } from './options.js';

/** The datasets of an Actor: the default one, and those that it has under other aliases. */
export interface DeclaredDatasets {
    /** The Actor's name, without its owner. */
    actorName?: string;
    /** Dataset schemas by alias, the default one included; null enforces nothing. */
    schemas: Map<string, Record<string, any> | null>;
}

/** Notes on schemas are the guard's to log, when it opens. */
const SILENT: Log = {
    debug: () => undefined,
    info: () => undefined,
    warning: () => undefined,
    error: () => undefined,
};

/**
 * Finds the schemas that the platform enforces: that of `schema`, or those that `.actor/` below `cwd` declares.
 * @throws SchemaLoadError where a schema is missing, or is one that the platform would refuse to build
 */
export async function findDatasets(schema: PlatformOptions['schema'], cwd: string): Promise<DeclaredDatasets> {
    const definition = await readLocalDefinition(cwd);
    const actorName = definition?.name;
    if (schema !== undefined) return { actorName, schemas: new Map([[DEFAULT_ALIAS, await load(schema, cwd)]]) };
    const schemas: DeclaredDatasets['schemas'] = new Map([[DEFAULT_ALIAS, null]]);
    if (definition === undefined) return { actorName, schemas };
    const aliases = Object.keys(definition.content.storages?.datasets ?? {});
    for (const alias of [DEFAULT_ALIAS, ...aliases]) {
        const declared = await declaredFields(definition, alias);
        if ('fields' in declared) schemas.set(alias, await checked(declared.fields, declared.place));
    }
    return { actorName, schemas };
}

async function load(schema: object | string | null, cwd: string): Promise<Record<string, any> | null> {
    if (schema === null) return null;
    if (typeof schema !== 'string') return loadObject(schema, 'options.schema');
    const { schema: read, source } = await readSchemaFile(schema, cwd);
    return loadObject(read, source);
}

async function loadObject(schema: object, source: string): Promise<Record<string, any>> {
    const { fields, place } = fieldsOfSchema(schema as Record<string, any>, source);
    return checked(fields, place);
}

async function checked(fields: unknown, place: SchemaPlace): Promise<Record<string, any>> {
    await compileItemSchema(fields, place, SILENT);
    return { actorSpecification: 1, fields: fields ?? {} };
}
