import { resolve } from 'node:path';

import { SchemaLoadError } from '../errors.js';
import type { Log } from '../ports.js';
import type { Dictionary } from '../records.js';
import { type CompiledFields, compileItemSchema } from './compile.js';
import { declaredFields, DEFAULT_ALIAS, readLocalDefinition } from './definition.js';
import { fieldsOfSchema } from './discover.js';
import { readJsonFile } from './json-file.js';
import { isObject, kindOf } from './place.js';

/** Reads a dataset schema, or the JSON Schema of one item. @throws SchemaLoadError */
export async function readSchemaFile(path: string, cwd: string): Promise<{ schema: Dictionary; source: string }> {
    const file = await readJsonFile(resolve(cwd, path), cwd);
    if (file === undefined) throw new SchemaLoadError(path, 'there is no such file. Expected a JSON Schema.');
    const { source, value } = file;
    if (!isObject(value))
        throw new SchemaLoadError(source, `must hold a schema, an object, but holds ${kindOf(value)}.`);
    return { schema: value, source };
}

/**
 * The schema of a file, or else that of the default dataset in `.actor/` below `cwd`, or why it validates nothing.
 * @throws SchemaLoadError also where there is none
 */
export async function loadSchema(path: string | undefined, cwd: string, log: Log): Promise<CompiledFields> {
    const { fields, place } = path === undefined ? await fieldsOfActor(cwd) : await fieldsOfFile(path, cwd);
    return compileItemSchema(fields, place, log);
}

async function fieldsOfFile(path: string, cwd: string) {
    const { schema, source } = await readSchemaFile(path, cwd);
    const { fields, place } = fieldsOfSchema(schema, source);
    // A file that is named must work, as a schema in code must.
    return { fields, place: { ...place, isCode: true } };
}

async function fieldsOfActor(cwd: string) {
    const definition = await readLocalDefinition(cwd);
    if (definition === undefined) throw new SchemaLoadError(cwd, 'there is no .actor/actor.json. Name a schema file.');
    const declared = await declaredFields(definition, DEFAULT_ALIAS);
    if ('reason' in declared) {
        const advice = 'Name a schema file, or make one: npx apify-dataset-guard infer <source> --write';
        throw new SchemaLoadError(cwd, `${declared.reason}. ${advice}`);
    }
    return declared;
}
