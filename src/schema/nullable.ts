import type { Dictionary } from '../records.js';
import { isObject } from './place.js';

const WITH_ONE_SCHEMA = [
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
const WITH_LIST = ['items', 'prefixItems', 'allOf', 'anyOf', 'oneOf'];
const WITH_MAP = ['properties', 'patternProperties', 'dependentSchemas', 'dependencies', '$defs', 'definitions'];

/**
 * Removes `nullable` where it has no meaning, in place: beside no `type`, or beside a `type` that has null already. Ajv
 * refuses to compile both; OpenAPI, where the keyword comes from, gives it no effect there. Values of `enum`, `const`,
 * `default` and properties that are called `nullable` are left alone.
 */
export function dropIdleNullable(schema: unknown): void {
    if (!isObject(schema)) return;
    const { type } = schema;
    if (type === undefined || (typeof type !== 'string' && !Array.isArray(type)) || [type].flat().includes('null')) {
        delete schema.nullable;
    }
    for (const child of childSchemas(schema)) dropIdleNullable(child);
}

function* childSchemas(schema: Dictionary): Generator<unknown> {
    for (const key of WITH_ONE_SCHEMA) yield schema[key];
    for (const key of WITH_LIST) if (Array.isArray(schema[key])) yield* schema[key];
    for (const key of WITH_MAP) if (isObject(schema[key])) yield* Object.values(schema[key]);
}
