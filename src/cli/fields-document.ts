import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { JsonPatchOperation } from '../infer/json-patch.js';
import { formatJson, patchJsonText } from '../infer/json-text.js';
import type { Dictionary } from '../records.js';
import { DEFAULT_ALIAS, readLocalDefinition } from '../schema/definition.js';
import { fieldsOfSchema } from '../schema/discover.js';
import { readJsonFile, shownPath } from '../schema/json-file.js';
import { isObject } from '../schema/place.js';
import { readSchemaFile } from '../schema/schema-file.js';
import { UsageError } from './exit-codes.js';

/** The JSON file that holds the schema of the items, and where in it. */
export interface FieldsDocument {
    /** As messages show it. */
    readonly source: string;
    /** JSON Pointer to the schema: `/fields` in a dataset schema, empty where the whole file is the schema. */
    readonly pointer: string;
    /** `undefined` where there is none yet. */
    readonly fields: Dictionary | undefined;
    /** Changes the file; paths are those of the file. What is not changed keeps its formatting. */
    write(patch: readonly JsonPatchOperation[]): Promise<void>;
}

const NEW_FILE = 'dataset_schema.json';

/** The file that `--schema` names. @throws SchemaLoadError */
export async function openSchemaFile(path: string, cwd: string): Promise<FieldsDocument> {
    const { schema, source } = await readSchemaFile(path, cwd);
    const { fields, place } = fieldsOfSchema(schema, source);
    const pointer = place.place === undefined ? '' : `/${place.place}`;
    return document(resolve(cwd, path), source, pointer, fields);
}

/**
 * The file in which the Actor of a folder declares the schema of its default dataset: `actor.json` itself, or the one that it
 * names. Where it declares none, `write` makes `.actor/dataset_schema.json` and declares it.
 * @throws UsageError where there is no Actor, SchemaLoadError where a file is no JSON
 */
export async function openActorSchema(cwd: string): Promise<FieldsDocument> {
    const definition = await readLocalDefinition(cwd);
    if (definition?.files === undefined) {
        throw new UsageError(
            'There is no .actor/actor.json in this folder. Go to the folder of your Actor, or make the file: ' +
                '{ "actorSpecification": 1, "name": "my-actor", "version": "0.1" }.',
        );
    }
    const { content, source, files } = definition;
    const storages = isObject(content.storages) ? content.storages : {};
    const isMap = isObject(storages.datasets);
    const declared: unknown = isMap ? (storages.datasets as Dictionary)[DEFAULT_ALIAS] : storages.dataset;
    const pointer = isMap ? `/storages/datasets/${DEFAULT_ALIAS}` : '/storages/dataset';
    const actorFile = join(files.folder, 'actor.json');
    if (isObject(declared)) return document(actorFile, source, `${pointer}/fields`, declared.fields);

    const name = typeof declared === 'string' && declared !== '' ? declared : NEW_FILE;
    const path = resolve(files.folder, name);
    const shown = shownPath(path, cwd);
    const found = await readJsonFile(path, cwd);
    if (found !== undefined && !isObject(found.value))
        throw new UsageError(`${shown} must hold a dataset schema, an object.`);
    const file = document(path, shown, '/fields', isObject(found?.value) ? found.value.fields : undefined);
    if (declared !== undefined) return file;
    const declaration = { dataset: `./${NEW_FILE}` };
    const operation: JsonPatchOperation = isObject(content.storages)
        ? { op: 'add', path: pointer, value: declaration.dataset }
        : { op: 'add', path: '/storages', value: declaration };
    return {
        ...file,
        async write(patch) {
            await file.write(patch);
            await patchFile(actorFile, [operation]);
        },
    };
}

function document(path: string, source: string, pointer: string, fields: unknown): FieldsDocument {
    return {
        source,
        pointer,
        fields: isObject(fields) ? fields : undefined,
        write: async (patch) => patchFile(path, patch),
    };
}

async function patchFile(path: string, patch: readonly JsonPatchOperation[]): Promise<void> {
    try {
        const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
            if (error.code === 'ENOENT') return `${formatJson({ actorSpecification: 1 })}\n`;
            throw error;
        });
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, patchJsonText(text, patch));
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        throw new UsageError(`${path} cannot be written (${code}).`);
    }
}
