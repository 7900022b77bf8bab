import type { Dictionary } from '../records.js';
import { failAt, isObject, kindOf, type SchemaPlace } from './place.js';

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

const ONE_SCHEMA_KEYWORDS = new Set(
    (
        'items additionalItems unevaluatedItems contains not if then else ' +
        'propertyNames additionalProperties unevaluatedProperties contentSchema'
    ).split(' '),
);

/** Keywords that hold schemas for others to refer to and say nothing of the item. */
const STORES_OF_SCHEMAS = new Set(['$defs', 'definitions']);

const ARRAY_KEYWORDS = ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems'];

/**
 * Refuses what cannot be the schema of one item: an array schema, a `type` without objects, a bare map of properties.
 * Each is valid JSON Schema, so nothing else would notice. Source: the platform's validation guide, "it always needs to be
 * a schema of an object".
 * @throws SchemaLoadError
 */
export function assertDescribesItem(schema: Dictionary, place: SchemaPlace): void {
    // First, because a map may have fields that are called `type` or `items`.
    if (isBareMap(schema)) {
        const names = Object.keys(schema).filter((key) => !isAnnotation(key, schema[key]));
        const shown = names.slice(0, 3).map((name) => `${JSON.stringify(name)}: …`);
        if (names.length > 3) shown.push('…');
        failAt(
            place,
            'is a bare map of properties, which as JSON Schema validates nothing. Expected the schema of one item. ' +
                `Wrap it: { "type": "object", "properties": { ${shown.join(', ')} } }.`,
        );
    }
    const types = [schema.type ?? []].flat() as unknown[];
    if (isArraySchema(schema, types)) {
        failAt(
            place,
            'is the schema of an array. It must describe one item, an object; the platform applies it to each item. ' +
                'Move what "items" holds to the top.',
        );
    }
    if (isTypeName(schema.type) && types.length > 0 && !types.includes('object')) {
        failAt(
            place,
            `has the type ${JSON.stringify(schema.type)}, which no item can have. It must describe one item, an object: ` +
                'use "type": "object".',
        );
    }
}

function isArraySchema(schema: Dictionary, types: readonly unknown[]): boolean {
    if (types.length > 0) return types.includes('array') && !types.includes('object');
    const saysMore = Object.keys(schema).some((key) => KEYWORDS.has(key) && !STORES_OF_SCHEMAS.has(key));
    return !saysMore && ARRAY_KEYWORDS.some((key) => Object.hasOwn(schema, key));
}

/** No keyword, every value a schema, and a name among them that no keyword has. */
function isBareMap(schema: Dictionary): boolean {
    let hasFieldName = false;
    for (const [key, value] of Object.entries(schema)) {
        if (isAnnotation(key, value)) continue;
        if (isKeyword(key, value) || !looksLikeSchema(value)) return false;
        if (!ONE_SCHEMA_KEYWORDS.has(key)) hasFieldName = true;
    }
    return hasFieldName;
}

function looksLikeSchema(value: unknown): boolean {
    return isObject(value) && Object.entries(value).some(([key, entry]) => isKeyword(key, entry));
}

function isAnnotation(key: string, value: unknown): boolean {
    return ANNOTATIONS.get(key)?.(value) ?? false;
}

function isKeyword(key: string, value: unknown): boolean {
    return KEYWORDS.get(key)?.(value) ?? false;
}

function isTypeName(value: unknown): boolean {
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

/** @throws SchemaLoadError for what is no JSON object */
export function assertObject(fields: unknown, place: SchemaPlace): asserts fields is Dictionary {
    if (isObject(fields)) return;
    failAt(
        place,
        `must be the JSON Schema of one item, an object, but is ${kindOf(fields)}. Give { "type": "object", "properties": { … } }.`,
    );
}
