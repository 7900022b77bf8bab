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
    const copy = { root: structuredClone(item) };
    for (const [pointer, value] of values) {
        const keys = ['root', ...pointerKeys(pointer)];
        const last = keys.pop()!;
        const parent = keys.reduce((node: any, key) => node[key], copy);
        parent[last] = value;
    }
    return copy.root;
}
