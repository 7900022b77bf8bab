import type { Dictionary } from '../records.js';
import { isAnnotation, isKeyword } from './bare-map.js';
import { isKnownWord, isSchemaKeyword } from './keywords.js';
import { isObject } from './place.js';

/** Words that people write for the type of a property, and the type in JSON Schema. */
const TYPES: ReadonlyMap<string, string> = new Map([
    ...['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'].map((name) => [name, name] as const),
    ...['text', 'date', 'datetime', 'url', 'uri', 'link', 'image', 'email'].map((name) => [name, 'string'] as const),
    ...['float', 'double', 'decimal'].map((name) => [name, 'number'] as const),
    ['int', 'integer'],
    ['bool', 'boolean'],
]);
const MAX_SHOWN_PROPERTIES = 3;
const MAX_SHOWN_LENGTH = 80;

/** The keys at the top of a schema that are no keywords and describe a property in one of the ways in which people try. */
export function propertyNames(schema: Dictionary): string[] {
    return Object.entries(schema)
        .filter(([key, value]) => !isAnnotation(key, value) && !isKeyword(key, value) && describesProperty(key, value))
        .map(([key]) => key);
}

/** `text`, `String` and `int`, as well as the types of JSON Schema. */
export function isTypeWord(value: unknown): value is string {
    return typeof value === 'string' && TYPES.has(value.toLowerCase());
}

function describesProperty(key: string, value: unknown): boolean {
    if (typeof value === 'string') return !isKnownWord(key) && isTypeWord(value);
    return isObject(value) && !isSchemaKeyword(key);
}

/** The schema of these properties as it should be written, with the first few of them. */
export function schemaText(properties: Dictionary): string {
    const shown = Object.entries(properties)
        .slice(0, MAX_SHOWN_PROPERTIES)
        .map(([name, value]) => `${JSON.stringify(name)}: ${propertyText(value)}`);
    if (Object.keys(properties).length > shown.length) shown.push('…');
    const required = Object.keys(properties).filter(
        (name) => isObject(properties[name]) && properties[name].required === true,
    );
    const names = required.slice(0, MAX_SHOWN_PROPERTIES).map((name) => JSON.stringify(name));
    if (required.length > names.length) names.push('…');
    const also = names.length === 0 ? '' : `, "required": [${names.join(', ')}]`;
    return `{ "type": "object", "properties": { ${shown.join(', ')} }${also} }`;
}

function propertyText(value: unknown): string {
    if (typeof value === 'string') return `{ "type": "${TYPES.get(value.toLowerCase()) ?? 'string'}" }`;
    if (!isObject(value)) return '{ … }';
    // `required: true` is what earlier drafts had; the object around the property names it instead.
    const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
        if (key === 'required' && typeof member === 'boolean') return [];
        return [[key, key === 'type' && isTypeWord(member) ? TYPES.get(member.toLowerCase()) : member]];
    });
    if (entries.some(([key, member]) => isKeyword(key, member))) {
        const text = JSON.stringify(Object.fromEntries(entries), undefined, 1).replace(/\n\s*/g, ' ');
        if (text.length <= MAX_SHOWN_LENGTH) return text;
        const [, type] = entries.find(([key]) => key === 'type') ?? [];
        return typeof type === 'string' ? `{ "type": ${JSON.stringify(type)}, … }` : '{ … }';
    }
    if (entries.length === 1 && entries[0]![0] === 'items') {
        return `{ "type": "array", "items": ${propertyText(entries[0]![1])} }`;
    }
    if (entries.length > 0 && entries.every(([, member]) => isObject(member))) {
        return schemaText(value);
    }
    return '{ "type": … }';
}
