import type { Dictionary } from '../records.js';
import { isObject } from '../schema/place.js';

/** Keywords that people write about a field, and that no item tells. */
const ANNOTATIONS = ['title', 'description', 'unit', '$comment'];
const BELOW = ['items', 'additionalProperties'];

/** The schema, with the words that an older one has at the same places: titles, descriptions, units. */
export function keepAnnotations(schema: Dictionary, older: unknown): Dictionary {
    if (!isObject(older)) return schema;
    const { $schema, type, title: _title, ...rest } = schema;
    const kept = Object.fromEntries(
        ANNOTATIONS.filter((key) => typeof older[key] === 'string').map((key) => [key, older[key]]),
    );
    const merged: Dictionary = {
        ...($schema !== undefined && { $schema }),
        ...(type !== undefined && { type }),
        ...('title' in schema && { title: schema.title }),
        ...kept,
        ...rest,
    };
    for (const key of BELOW) if (isObject(merged[key])) merged[key] = keepAnnotations(merged[key], older[key]);
    if (isObject(merged.properties) && isObject(older.properties)) {
        const { properties } = older;
        merged.properties = Object.fromEntries(
            Object.entries(merged.properties as Dictionary).map(([key, value]) => [
                key,
                keepAnnotations(value, Object.hasOwn(properties, key) ? properties[key] : undefined),
            ]),
        );
    }
    return merged;
}
