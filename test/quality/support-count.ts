import { expect } from 'vitest';

import type { FieldSummary } from '../../src/quality/fields.js';
import { pointerNames } from '../../src/utils/json-pointer.js';

/** Names that the schema declares at a path: there, `*` stands for the others. */
export type Declared = Readonly<Record<string, readonly string[]>>;

/** The same figures, made by walking through all items for each path. */
export function countIndependently(path: string, items: readonly unknown[], declared: Declared): Partial<FieldSummary> {
    let parents: unknown[] = [...items];
    const names = pointerNames(path);
    for (const [depth, name] of names.entries()) {
        const isLast = depth === names.length - 1;
        const parentsThere = parents.filter((value) => value !== undefined && value !== null);
        const values = parentsThere.flatMap((parent): unknown[] => {
            if (typeof parent !== 'object') return name === '*' ? [] : [undefined];
            const known =
                declared[
                    names
                        .slice(0, depth)
                        .map((one) => `/${one}`)
                        .join('')
                ] ?? [];
            if (name === '*') {
                const members = Object.entries(parent as object);
                return members.filter(([key]) => Array.isArray(parent) || !known.includes(key)).map(([, one]) => one);
            }
            return [Object.hasOwn(parent as object, name) ? (parent as Record<string, unknown>)[name] : undefined];
        });
        if (isLast) return figuresOf(values);
        parents = values;
    }
    throw new Error('no path');
}

function figuresOf(values: readonly unknown[]) {
    const isEmpty = (value: unknown) =>
        value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
    const types: Record<string, number> = {};
    for (const value of values) {
        if (value === undefined || value === null) continue;
        const type = Array.isArray(value) ? 'array' : typeof value;
        types[type] = (types[type] ?? 0) + 1;
    }
    const emptyItems = values.filter(isEmpty).length;
    const nullItems = values.filter((value) => value === null).length;
    const missingItems = values.filter((value) => value === undefined).length;
    const filledItems = values.length - emptyItems - nullItems - missingItems;
    return { totalItems: values.length, filledItems, emptyItems, nullItems, missingItems, types };
}

/** Each row must have the figures of these items. */
export function expectRows(rows: readonly FieldSummary[], items: readonly unknown[], declared: Declared = {}): void {
    for (const { path, title: _title, failedItems: _failed, ...row } of rows) {
        expect({ path, ...row }).toEqual({ path, ...countIndependently(path, items, declared) });
    }
}
