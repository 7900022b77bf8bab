import { createHash } from 'node:crypto';

import type { ErrorObject, ValidateFunction } from 'ajv';

import { SchemaLoadError } from '../errors.js';
import type { ItemSchema, Log } from '../ports.js';
import type { Dictionary, ItemError } from '../records.js';
import { assertDescribesItem, assertObject } from './describes-item.js';
import { type Dialect, dialectOf } from './dialect.js';
import { dropIdleNullable } from './nullable.js';
import { failAt, type SchemaPlace } from './place.js';
import { quicken } from './quick-checks.js';

/** Failures of the schema itself that one message shows. */
const MAX_SHOWN_PROBLEMS = 5;

/**
 * Makes the JSON Schema of one item ready, once, as the platform must: every error reported, unknown keywords ignored,
 * formats checked, draft-07 unless `$schema` says otherwise. The platform's Ajv options are not published.
 *
 * Resolves to `undefined` where there is nothing to validate: `fields` absent, null or `{}` accepts every item. What is done
 * to `fields` afterwards changes nothing. Formats that nobody knows are ignored with one warning for all of them.
 *
 * @throws SchemaLoadError where the schema cannot work; the message names source and place
 */
export async function compileItemSchema(
    fields: unknown,
    place: SchemaPlace,
    log: Log,
): Promise<ItemSchema | undefined> {
    if (fields === undefined || fields === null) return undefined;
    assertObject(fields, place);
    const text = jsonText(fields, place);
    const schema: unknown = JSON.parse(text);
    assertObject(schema, place);
    if (Object.keys(schema).length === 0) return undefined;

    const dialect = dialectOf(schema.$schema, place);
    if ('$schema' in schema) schema.$schema = dialect.uri;
    assertDescribesItem(schema, place);
    if (schema.$async) failAt(place, 'has "$async", which only an asynchronous validator knows. Remove the keyword.');
    dropIdleNullable(schema);
    freeze(schema);
    return itemSchema(await compile(schema, dialect, place, log), hashOfText(text), place.source);
}

/** SHA-256 of the schema's JSON text, in hexadecimal: what `ItemSchema.hash` is for the same `fields`. */
export function hashOfFields(fields: unknown): string {
    return hashOfText(JSON.stringify(fields));
}

function hashOfText(text: string): string {
    return createHash('sha256').update(text).digest('hex');
}

function jsonText(fields: Dictionary, place: SchemaPlace): string {
    try {
        return JSON.stringify(fields) ?? 'null';
    } catch (error) {
        return failAt(place, `cannot be written as JSON (${(error as Error).message}). Expected plain JSON.`, error);
    }
}

async function compile(schema: Dictionary, dialect: Dialect, place: SchemaPlace, log: Log): Promise<ValidateFunction> {
    const unknownFormats = new Set<string>();
    const ajv = await dialect.create({
        allErrors: true,
        strict: false,
        validateFormats: true,
        validateSchema: false, // done below, where the errors can be told apart
        logger: {
            log: () => {},
            error: () => {},
            warn: (message: unknown) => {
                const format = /^unknown format "(.*)" ignored/.exec(String(message))?.[1];
                if (format === undefined) log.debug(`${place.source}: ${String(message)}`);
                else unknownFormats.add(format);
            },
        },
    });
    (await import('ajv-formats')).default.default(ajv);
    await quicken(ajv);

    let check: ValidateFunction;
    try {
        if (!ajv.validateSchema(schema))
            failAt(place, `is not valid JSON Schema (${dialect.name}): ${problems(ajv.errors)}.`);
        check = ajv.compile(schema);
    } catch (error) {
        return failToCompile(error, dialect, place);
    }
    if (unknownFormats.size > 0) {
        const names = [...unknownFormats].map((name) => JSON.stringify(name)).join(', ');
        log.warning(`${place.source}: no validator knows the format ${names}; values are not checked for it.`);
    }
    return check;
}

function failToCompile(error: unknown, dialect: Dialect, place: SchemaPlace): never {
    if (error instanceof SchemaLoadError) throw error;
    if (error instanceof Error && 'missingRef' in error) {
        failAt(
            place,
            `has a "$ref" that leads nowhere: ${JSON.stringify(error.missingRef)}. Expected a place in the same schema, ` +
                'such as "#/definitions/name"; other files and addresses are not loaded.',
            error,
        );
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.startsWith('Invalid regular expression')) {
        failAt(
            place,
            `has an ${reason[0]!.toLowerCase()}${reason.slice(1)}. Expected one that is valid with the flag "u".`,
            error,
        );
    }
    failAt(place, `cannot be compiled as JSON Schema (${dialect.name}): ${reason}. Correct the schema.`, error);
}

/** One problem for each place: a wrong `type` alone makes Ajv report three. */
function problems(errors: readonly ErrorObject[] | null | undefined): string {
    const byPath = new Map<string, string>();
    for (const { instancePath, message } of errors ?? []) {
        const path = instancePath || '(top)';
        if (!byPath.has(path)) byPath.set(path, `${path} ${message}`);
    }
    const shown = [...byPath.values()].slice(0, MAX_SHOWN_PROBLEMS);
    if (byPath.size > shown.length) shown.push(`and ${byPath.size - shown.length} more`);
    return shown.join('; ');
}

/** Errors point into the schema (`params.allowedValues`), so nobody may change it. */
function freeze(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    Object.values(value).forEach(freeze);
    Object.freeze(value);
}

function itemSchema(check: ValidateFunction, hash: string, source: string): ItemSchema {
    const validate = (item: unknown): ItemError[] | undefined => {
        try {
            if (check(item)) return undefined;
        } catch (error) {
            // A recursive schema and an item nested thousands of levels deep: the platform has the say.
            if (error instanceof RangeError) return undefined;
            throw error;
        }
        const errors = check.errors!.map(toItemError);
        check.errors = null;
        return errors;
    };
    return Object.freeze({ validate, hash, source });
}

function toItemError({ instancePath, schemaPath, keyword, params, message }: ErrorObject): ItemError {
    return { instancePath, schemaPath, keyword, params, message };
}
