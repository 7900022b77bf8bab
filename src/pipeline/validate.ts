import { types } from 'node:util';

import type { ItemSchema } from '../ports.js';
import type { ItemError } from '../records.js';

/**
 * Validates what the platform will see: the item's JSON. Plain JSON data is its own JSON view and goes to the schema
 * as it is; anything else is parsed back from `text` first.
 * Returns the failures, or `undefined` when the item is valid.
 */
export function validateItem(
    item: unknown,
    text: string,
    schema: ItemSchema,
    isPlain = isPlainJson(item),
): ItemError[] | undefined {
    return schema.validate(isPlain ? item : JSON.parse(text));
}

/** Whether `value` is plain JSON data, and an object. */
export function isPlainItem(value: unknown): boolean {
    return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainJson(value);
}

/**
 * Whether reading `value` shows exactly what its JSON says: no `toJSON`, no getter, nothing undefined, nothing hidden,
 * no number that JSON lacks. Costs a third of parsing the text back. Calls no getter, but that of an array's element,
 * which to look for would cost more than parsing.
 */
export function isPlainJson(value: unknown): boolean {
    try {
        return isPlain(value);
    } catch {
        // Nested too deeply to walk, or a proxy that throws.
        return false;
    }
}

function isPlain(value: unknown): boolean {
    if (typeof value !== 'object') {
        return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
    }
    if (value === null) return true;
    if (types.isProxy(value)) return false;
    return Array.isArray(value) ? isPlainArray(value) : isPlainObject(value);
}

function isPlainArray(value: unknown[]): boolean {
    if (Object.getPrototypeOf(value) !== Array.prototype || 'toJSON' in value) return false;
    for (let index = 0; index < value.length; index++) {
        // A hole reads as undefined, which is not plain.
        if (!isPlain(value[index])) return false;
    }
    return true;
}

function isPlainObject(value: object): boolean {
    // What JSON.parse makes inherits from Object.prototype, and a schema may see what is inherited.
    if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in Object.prototype) return false;
    const names = Object.getOwnPropertyNames(value);
    for (let index = 0; index < names.length; index++) {
        const name = names[index]!;
        const property = Object.getOwnPropertyDescriptor(value, name);
        if (property === undefined || !property.enumerable || !('value' in property) || name === 'toJSON') return false;
        if (!isPlain(property.value)) return false;
    }
    return true;
}
