import { pointerKeys } from '../json-patch.js';

/** The value at a JSON Pointer into an item; `undefined` where there is none. */
export function valueAt(item: unknown, pointer: string): unknown {
    let value = item;
    for (const key of pointerKeys(pointer)) {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
        value = (value as Record<string, unknown>)[key];
    }
    return value;
}

/** A copy of an item with other values at these pointers, each of which leads somewhere. */
export function withValues(item: unknown, values: ReadonlyMap<string, unknown>): unknown {
    const copy = structuredClone(item);
    for (const [pointer, value] of values) {
        const parent = valueAt(copy, pointer.slice(0, pointer.lastIndexOf('/'))) as Record<string, unknown>;
        parent[pointerKeys(pointer).at(-1)!] = value;
    }
    return copy;
}
