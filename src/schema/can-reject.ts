import type { Dictionary } from '../records.js';
import { subschemas } from '../utils/subschemas.js';
import type { Dialect } from './dialect.js';
import { validFlag } from './patterns.js';
import { isObject } from './place.js';

/** Whether any keyword of the schema can reject an item, which is always an object. */
export function canRejectItem(schema: unknown, dialect: Dialect): boolean {
    return canReject(schema, true, dialect.foreign);
}

/** Keywords that look at numbers, texts and arrays alone. */
const NOT_OF_OBJECTS = new Set(['items', 'additionalItems', 'unevaluatedItems', 'contains', 'prefixItems']);
const APPLICATORS_OF_OBJECTS = new Set([
    ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'propertyNames'],
    ...['dependentSchemas', 'dependencies', 'allOf', 'oneOf', 'then', 'else'],
]);
/** Applicators that look at the same value as the schema around them. */
const IN_PLACE = new Set(['dependentSchemas', 'dependencies', 'allOf', 'oneOf', 'then', 'else']);
/** The formats of `ajv-formats`, without those that every value has. */
export const FORMATS_THAT_REJECT: ReadonlySet<string> = new Set([
    ...['date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'uri', 'uri-reference', 'uri-template'],
    ...['url', 'email', 'hostname', 'ipv4', 'ipv6', 'regex', 'uuid', 'json-pointer', 'json-pointer-uri-fragment'],
    ...['relative-json-pointer', 'byte', 'int32', 'int64'],
]);
const WITH_NUMBER = ['minProperties', 'maxProperties'];
const NEVER_BELOW_0 = new Set(['minProperties', 'minLength', 'minItems']);
const WITH_NUMBER_OF_OTHERS = [
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'exclusiveMinimum'],
    ...['exclusiveMaximum', 'multipleOf'],
];

function canReject(given: unknown, isItem: boolean, foreign: ReadonlySet<string>): boolean {
    if (typeof given === 'boolean') return !given;
    if (!isObject(given)) return false;
    const schema: Dictionary = Object.fromEntries(Object.entries(given).filter(([word]) => !foreign.has(word)));
    if ('enum' in schema || 'const' in schema || ('not' in schema && schema.not !== false)) return true;
    // A reference is not followed: its target is a schema that somebody wrote for a purpose.
    if (['$ref', '$dynamicRef', '$recursiveRef'].some((keyword) => typeof schema[keyword] === 'string')) return true;
    if (isItem ? excludesObjects(schema.type) : excludesValues(schema.type)) return true;
    if (Array.isArray(schema.required) && schema.required.length > 0) return true;
    if (schema.oneOf !== undefined && Array.isArray(schema.oneOf) && schema.oneOf.length > 1) return true;
    const numbers = isItem ? WITH_NUMBER : [...WITH_NUMBER, ...WITH_NUMBER_OF_OTHERS];
    // `minLength: 0` and the like hold for every value.
    if (
        numbers.some(
            (keyword) => typeof schema[keyword] === 'number' && !(NEVER_BELOW_0.has(keyword) && schema[keyword] <= 0),
        )
    )
        return true;
    if (!isItem && (canFail(schema.pattern, schema.format) || schema.uniqueItems === true)) return true;
    // Whatever it looks for, an empty array does not hold it.
    if (!isItem && schema.contains !== undefined && (schema.minContains !== 0 || schema.maxContains !== undefined))
        return true;
    if (hasDependency(schema.dependentRequired) || hasDependency(schema.dependencies)) return true;
    if (Array.isArray(schema.anyOf) && schema.anyOf.every((branch) => canReject(branch, isItem, foreign))) return true;
    for (const { keyword, value } of subschemas(schema)) {
        if (isItem && NOT_OF_OBJECTS.has(keyword)) continue;
        if (!NOT_OF_OBJECTS.has(keyword) && !APPLICATORS_OF_OBJECTS.has(keyword)) continue;
        if ((keyword === 'then' || keyword === 'else') && schema.if === undefined) continue;
        if (canReject(value, isItem && IN_PLACE.has(keyword), foreign)) return true;
    }
    return false;
}

function excludesObjects(type: unknown): boolean {
    return type !== undefined && ![type].flat().includes('object');
}

/** Every value has one of these types. */
const ALL_TYPES = ['string', 'number', 'boolean', 'array', 'object', 'null'];

function excludesValues(type: unknown): boolean {
    return type !== undefined && !ALL_TYPES.every((name) => [type].flat().includes(name));
}

/** A pattern that is no regular expression and a format that nobody knows are ignored. */
function canFail(pattern: unknown, format: unknown): boolean {
    return (
        (pattern !== undefined && (typeof pattern !== 'string' || validFlag(pattern) !== undefined)) ||
        (format !== undefined && (typeof format !== 'string' || FORMATS_THAT_REJECT.has(format)))
    );
}

function hasDependency(dependencies: unknown): boolean {
    return (
        isObject(dependencies) && Object.values(dependencies).some((names) => Array.isArray(names) && names.length > 0)
    );
}
