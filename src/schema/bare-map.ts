import type { Dictionary } from '../records.js';
import { ONE_SCHEMA_KEYWORDS } from '../utils/subschemas.js';
import { isObject } from './place.js';

/** Annotations, none of which validates anything, and what their value must be for the key to be one. */
const ANNOTATIONS: ReadonlyMap<string, (value: unknown) => boolean> = new Map(
    Object.entries({
        $schema: isString,
        $id: isString,
        $comment: isString,
        title: isString,
        description: isString,
        unit: isString,
        example: () => true,
        examples: Array.isArray,
        default: () => true,
        nullable: isBoolean,
        deprecated: isBoolean,
        readOnly: isBoolean,
        writeOnly: isBoolean,
    }),
);

/**
 * Keywords that make an object a schema, and what their value must be: `{ type: { type: 'string' } }` has no keyword
 * `type` but a field of that name. Keywords that take one schema (`items`, `not`, …) are left out on purpose: there the
 * two cannot be told apart by the value, so the neighbours decide.
 */
const KEYWORDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map(
    Object.entries({
        type: isTypeName,
        enum: Array.isArray,
        $ref: isString,
        $dynamicRef: isString,
        $recursiveRef: isString,
        allOf: Array.isArray,
        anyOf: Array.isArray,
        oneOf: Array.isArray,
        required: Array.isArray,
        properties: isMapOfSchemas,
        patternProperties: isMapOfSchemas,
        dependentSchemas: isMapOfSchemas,
        dependentRequired: isMapOfSchemas,
        dependencies: isMapOfSchemas,
        $defs: isMapOfSchemas,
        definitions: isMapOfSchemas,
        additionalProperties: isBoolean,
        unevaluatedProperties: isBoolean,
        minProperties: isNumber,
        maxProperties: isNumber,
    }),
);

/**
 * Whether this is a map of properties in place of a schema: no keyword, every value a schema, and a name among them that no
 * keyword has. It is valid JSON Schema, so that nothing else would notice. One in seven public schemas is written so.
 */
export function isBareMap(schema: Dictionary): boolean {
    let hasFieldName = false;
    for (const [key, value] of Object.entries(schema)) {
        if (isAnnotation(key, value)) continue;
        if (isKeyword(key, value) || !looksLikeSchema(value)) return false;
        if (!ONE_SCHEMA_KEYWORDS.includes(key)) hasFieldName = true;
    }
    return hasFieldName;
}

/** Whether an object has a keyword that makes it a schema. */
export function looksLikeSchema(value: unknown): boolean {
    return isObject(value) && Object.entries(value).some(([key, entry]) => isKeyword(key, entry));
}

/** Whether this is a word for people, with a value that fits it: a `title` that is text, and not a property of that name. */
export function isAnnotation(key: string, value: unknown): boolean {
    return ANNOTATIONS.get(key)?.(value) ?? false;
}

/** Whether this is a keyword that makes an object a schema, with a value that fits it. */
export function isKeyword(key: string, value: unknown): boolean {
    return KEYWORDS.get(key)?.(value) ?? false;
}

export function isTypeName(value: unknown): boolean {
    return isString(value) || (Array.isArray(value) && value.every(isString));
}

/** `properties: { type: 'string' }` is a field called `properties`; `properties: { name: { … } }` is the keyword. */
function isMapOfSchemas(value: unknown): boolean {
    return isObject(value) && Object.values(value).every((entry) => typeof entry === 'object' || isBoolean(entry));
}

function isString(value: unknown): value is string {
    return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
    return typeof value === 'number';
}

function isBoolean(value: unknown): value is boolean {
    return typeof value === 'boolean';
}
