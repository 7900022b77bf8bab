import { dirname, resolve } from 'node:path';

import { SchemaLoadError } from '../errors.js';
import type { Dictionary } from '../records.js';
import { looksLikeSchema } from './bare-map.js';
import { readJsonFile, shownPath } from './json-file.js';
import { failAt, isObject, kindOf, type SchemaPlace } from './place.js';

/** An Actor's definition: the content of `actor.json`, or a build's `actorDefinition`. */
export interface ActorDefinition {
    content: Dictionary;
    /** In words: `.actor/actor.json`, `build 1.0.3`. */
    source: string;
    /** Where paths in it are resolved; absent for a build, whose files are not there. */
    files?: { folder: string; cwd: string };
    /** The Actor's own name, without its owner, as `actor.json` has it. */
    name?: string;
}

/** The schema of one dataset's items by a definition, or why there is none. */
export type DeclaredFields = { fields: unknown; place: SchemaPlace } | { reason: string; remedy: string };

/** The alias of a run's default dataset in `storages.datasets`. */
export const DEFAULT_ALIAS = 'default';

/**
 * Reads `.actor/actor.json` below `cwd`, or else an `actor.json` in `cwd` itself that has `actorSpecification` (both are
 * places that Apify's documentation names). Resolves to `undefined` where there is neither.
 * @throws SchemaLoadError where the file cannot be read or is no JSON object
 */
export async function readLocalDefinition(cwd: string): Promise<ActorDefinition | undefined> {
    const folder = resolve(cwd, '.actor');
    const file =
        (await readJsonFile(resolve(folder, 'actor.json'), cwd)) ??
        (await readJsonFile(resolve(cwd, 'actor.json'), cwd));
    if (!file) return undefined;
    const isInActorFolder = dirname(file.path) === folder;
    if (!isInActorFolder && !(isObject(file.value) && 'actorSpecification' in file.value)) return undefined;
    if (!isObject(file.value)) {
        const message = `must hold the Actor's definition, a JSON object, but holds ${kindOf(file.value)}.`;
        throw new SchemaLoadError(file.source, message);
    }
    const { name } = file.value;
    return {
        content: file.value,
        source: file.source,
        files: { folder: dirname(file.path), cwd },
        name: typeof name === 'string' && name !== '' ? name : undefined,
    };
}

/**
 * Finds the schema of the items of the dataset called `alias` in `storages.dataset` or `storages.datasets`.
 * @throws SchemaLoadError where the definition contradicts itself or names a file that is missing or no JSON object
 */
export async function declaredFields(definition: ActorDefinition, alias: string): Promise<DeclaredFields> {
    const { content, source } = definition;
    const { storages } = content;
    if (storages === undefined || storages === null) return undeclared(`${source} declares no storages`);
    if (!isObject(storages)) failAt({ source, place: 'storages' }, `must be an object, but is ${kindOf(storages)}.`);

    const declared = declaredDatasets(storages, source);
    if (!declared) return undeclared(`${source} declares no dataset`);
    const { datasets, placeOf } = declared;
    if (!Object.hasOwn(datasets, alias)) {
        return undeclared(`${source} declares no dataset ${JSON.stringify(alias)}`, alias);
    }
    return fieldsOf(datasets[alias], { source, place: placeOf(alias) }, definition);
}

function undeclared(reason: string, alias = DEFAULT_ALIAS): DeclaredFields {
    const key = alias === DEFAULT_ALIAS ? '"dataset"' : `"datasets": { "default": …, ${JSON.stringify(alias)}`;
    const end = alias === DEFAULT_ALIAS ? '' : ' }';
    return {
        reason,
        remedy: `Declare it there, "storages": { ${key}: "./dataset_schema.json"${end} }, or give the schema as options.schema`,
    };
}

interface DeclaredDatasets {
    /** By alias. */
    datasets: Dictionary;
    placeOf: (alias: string) => string;
}

function declaredDatasets(storages: Dictionary, source: string): DeclaredDatasets | undefined {
    const { dataset, datasets } = storages;
    if (dataset !== undefined && datasets !== undefined) {
        const problem =
            'has both "dataset" and "datasets", which exclude each other. Move "dataset" to "datasets.default".';
        failAt({ source, place: 'storages' }, problem);
    }
    if (dataset !== undefined) return { datasets: { [DEFAULT_ALIAS]: dataset }, placeOf: () => 'storages.dataset' };
    if (datasets === undefined) return undefined;

    const place = { source, place: 'storages.datasets' };
    if (!isObject(datasets)) failAt(place, `must be a map from alias to dataset schema, but is ${kindOf(datasets)}.`);
    if (!Object.hasOwn(datasets, DEFAULT_ALIAS)) {
        const aliases = Object.keys(datasets).join(', ') || 'none';
        failAt(place, `must have the alias "${DEFAULT_ALIAS}", but has: ${aliases}. Add the run's default dataset.`);
    }
    return { datasets, placeOf: (alias) => `storages.datasets.${alias}` };
}

async function fieldsOf(declared: unknown, at: SchemaPlace, definition: ActorDefinition): Promise<DeclaredFields> {
    if (isObject(declared)) return unwrapped(declared, at);
    if (typeof declared !== 'string' || declared === '') {
        failAt(at, `must be a dataset schema or the path of its file, but is ${kindOf(declared)}.`);
    }
    const { files, source } = definition;
    if (!files) {
        return {
            reason: `${source} names a file for "${at.place}" without its content`,
            remedy: 'Give the schema as options.schema',
        };
    }

    const path = resolve(files.folder, declared);
    const file = await readJsonFile(path, files.cwd);
    if (!file) {
        failAt(
            at,
            `names the file ${JSON.stringify(declared)}, but there is no ${shownPath(path, files.cwd)}. ` +
                `Expected a path relative to the folder of ${source}; create the file or correct the path.`,
        );
    }
    if (!isObject(file.value)) {
        const message = `must hold a dataset schema, an object with "fields", but holds ${kindOf(file.value)}.`;
        throw new SchemaLoadError(file.source, message);
    }
    return unwrapped(file.value, { source: file.source });
}

/** The fields of `{ actorSpecification, fields, views }`. */
function unwrapped(schema: Dictionary, at: SchemaPlace): DeclaredFields {
    const place = at.place ? `${at.place}.fields` : 'fields';
    if (schema.fields === undefined && isObject(schema.properties)) {
        failAt(
            { source: at.source, place },
            'is missing, and "properties" stands in its place. Expected a dataset schema: ' +
                'wrap it as { "actorSpecification": 1, "fields": { "type": "object", "properties": … } }.',
        );
    }
    const misnamed = schema.fields === undefined ? misnamedFields(schema) : undefined;
    if (misnamed !== undefined) {
        const where = at.place ? `"${at.place}" of ${at.source}` : at.source;
        return {
            reason: `${where} has no "fields", and ${JSON.stringify(misnamed)} in its place is ignored`,
            remedy: `Rename ${JSON.stringify(misnamed)} to "fields"`,
        };
    }
    return { fields: schema.fields, place: { source: at.source, place } };
}

/** The key under which the JSON Schema of an item stands that should be under `fields`. */
function misnamedFields(schema: Dictionary): string | undefined {
    return Object.keys(schema).find((key) => looksLikeSchema(schema[key]));
}
