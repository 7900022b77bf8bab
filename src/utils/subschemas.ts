/** Where schemas are inside a schema. Sources: JSON Schema draft-07, 2019-09 and 2020-12. */

import { escapeName } from './json-pointer.js';

/** Keywords that hold one schema. `items` may also hold a list. */
export const ONE_SCHEMA_KEYWORDS: readonly string[] = [
    'items',
    'additionalItems',
    'unevaluatedItems',
    'contains',
    'additionalProperties',
    'unevaluatedProperties',
    'propertyNames',
    'not',
    'if',
    'then',
    'else',
    'contentSchema',
];
export const SCHEMA_LIST_KEYWORDS: readonly string[] = ['items', 'prefixItems', 'allOf', 'anyOf', 'oneOf'];
/** Keywords that hold schemas by name. `dependencies` may also hold lists of names. */
export const SCHEMA_MAP_KEYWORDS: readonly string[] = [
    'properties',
    'patternProperties',
    'dependentSchemas',
    'dependencies',
    '$defs',
    'definitions',
];

/** A schema within a schema. */
export interface Subschema {
    /** JSON Pointer from the schema around it: `/properties/price`. */
    pointer: string;
    keyword: string;
    value: unknown;
}

export function* subschemas(schema: Readonly<Record<string, unknown>>): Generator<Subschema> {
    for (const keyword of ONE_SCHEMA_KEYWORDS) {
        const value = schema[keyword];
        if (value !== undefined && !Array.isArray(value)) yield { pointer: `/${keyword}`, keyword, value };
    }
    for (const keyword of SCHEMA_LIST_KEYWORDS) {
        const list = schema[keyword];
        if (!Array.isArray(list)) continue;
        for (const [index, value] of list.entries()) yield { pointer: `/${keyword}/${index}`, keyword, value };
    }
    for (const keyword of SCHEMA_MAP_KEYWORDS) {
        const map = schema[keyword];
        if (typeof map !== 'object' || map === null || Array.isArray(map)) continue;
        for (const [name, value] of Object.entries(map)) {
            yield { pointer: `/${keyword}/${escapeName(name)}`, keyword, value };
        }
    }
}
