import { subschemas } from './keywords.js';
import { isObject } from './place.js';

/** Whether any keyword of the schema can reject an item, which is always an object. */
export function canRejectItem(schema: unknown): boolean {
    return canReject(schema, true);
}

/** Keywords that look at numbers, texts and arrays alone. */
const NOT_OF_OBJECTS = new Set(['items', 'additionalItems', 'unevaluatedItems', 'contains', 'prefixItems']);
const APPLICATORS_OF_OBJECTS = new Set([
    ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'propertyNames'],
    ...['dependentSchemas', 'dependencies', 'allOf', 'anyOf', 'oneOf', 'then', 'else'],
]);
/** Applicators that look at the same value as the schema around them. */
const IN_PLACE = new Set(['dependentSchemas', 'dependencies', 'allOf', 'anyOf', 'oneOf', 'then', 'else']);
const WITH_NUMBER = ['minProperties', 'maxProperties'];
const WITH_NUMBER_OF_OTHERS = [
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'exclusiveMinimum'],
    ...['exclusiveMaximum', 'multipleOf'],
];

function canReject(schema: unknown, isItem: boolean): boolean {
    if (typeof schema === 'boolean') return !schema;
    if (!isObject(schema)) return false;
    if ('enum' in schema || 'const' in schema || 'not' in schema) return true;
    // A reference is not followed: its target is a schema that somebody wrote for a purpose.
    if (['$ref', '$dynamicRef', '$recursiveRef'].some((keyword) => typeof schema[keyword] === 'string')) return true;
    if (isItem ? excludesObjects(schema.type) : schema.type !== undefined) return true;
    if (Array.isArray(schema.required) && schema.required.length > 0) return true;
    if (schema.oneOf !== undefined && Array.isArray(schema.oneOf) && schema.oneOf.length > 1) return true;
    const numbers = isItem ? WITH_NUMBER : [...WITH_NUMBER, ...WITH_NUMBER_OF_OTHERS];
    if (numbers.some((keyword) => typeof schema[keyword] === 'number')) return true;
    if (!isItem && (schema.pattern !== undefined || schema.format !== undefined || schema.uniqueItems === true))
        return true;
    if (hasDependency(schema.dependentRequired) || hasDependency(schema.dependencies)) return true;
    for (const { keyword, value } of subschemas(schema)) {
        if (isItem && NOT_OF_OBJECTS.has(keyword)) continue;
        if (!NOT_OF_OBJECTS.has(keyword) && !APPLICATORS_OF_OBJECTS.has(keyword)) continue;
        if (canReject(value, isItem && IN_PLACE.has(keyword))) return true;
    }
    return false;
}

function excludesObjects(type: unknown): boolean {
    return type !== undefined && ![type].flat().includes('object');
}

function hasDependency(dependencies: unknown): boolean {
    return (
        isObject(dependencies) && Object.values(dependencies).some((names) => Array.isArray(names) && names.length > 0)
    );
}
