import { coerce } from '../../../../src/pipeline/repair/coerce.js';
import { pointerNames } from '../../../../src/utils/json-pointer.js';
import type { Repair } from '../../../../src/pipeline/repair/repairs.js';

type Container = Record<string, unknown>;

/** `item` with nothing changed but what `repairs` say. Elements are removed at the end, because paths are those as pushed. */
export function applyRepairs(item: unknown, repairs: readonly Repair[]): unknown {
    const result: { item: unknown } = { item: structuredClone(item) };
    const removed = new Map<unknown[], Set<number>>();
    for (const { path, action, after } of repairs) {
        const tokens = pointerNames(`/item${path}`);
        const key = tokens.pop()!;
        const container = tokens.reduce((value: unknown, token) => (value as Container)[token], result);
        if (action !== 'removed') (container as Container)[key] = structuredClone(after);
        else if (!Array.isArray(container)) delete (container as Container)[key];
        else removed.set(container, (removed.get(container) ?? new Set()).add(Number(key)));
    }
    for (const [array, indexes] of removed) {
        const left = array.filter((_, index) => !indexes.has(index));
        array.splice(0, array.length, ...left);
    }
    return result.item;
}

/** Why a repair made something up; undefined where it did not. */
export function inventionOf({ action, before, after }: Repair): string | undefined {
    if (action === 'removed') return after === undefined ? undefined : 'left something';
    if (action === 'nulled') return after === null ? undefined : 'is not null';
    if (action === 'filled') return isEmpty(after) ? undefined : `filled in ${JSON.stringify(after)}`;
    if (action !== 'coerced') return `did ${action}`;
    const type = after === null ? 'null' : typeof after;
    const expected = coerce(before, [type]);
    return expected !== undefined && Object.is(expected.value, after) ? undefined : 'is not the same value';
}

function isEmpty(value: unknown): boolean {
    if (value === null || value === '') return true;
    return typeof value === 'object' && Object.values(value as object).every(isEmpty);
}
