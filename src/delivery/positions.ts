import type { InvalidItem } from '../ports.js';
import type { ItemError } from '../records.js';

/** One way to interpret the positions that the platform named. */
export interface PositionInterpretation {
    /** The base of `itemPosition`: 0 or 1. */
    indexBase: 0 | 1;
    /** Errors by zero-based position in the request, with paths of the item itself. */
    errors: Map<number, ItemError[]>;
}

/**
 * The possible interpretations of a list of invalid items in a request of `itemCount`, most likely first. Whether `itemPosition`
 * counts from 0 or from 1 is not settled by the platform's texts: its guide says "array index", the endpoint's page
 * shows `itemPosition: 2` beside `instancePath: "/1/stringField"`. A path that begins with an index is better evidence,
 * because JSON Pointers count from 0.
 */
export function interpretPositions(
    invalidItems: readonly InvalidItem[],
    itemCount: number,
    likelyBase: 0 | 1,
): PositionInterpretation[] {
    if (invalidItems.length === 0) return [];
    const indexBases: (0 | 1)[] = likelyBase === 0 ? [0, 1] : [1, 0];
    const evidence = baseByPaths(invalidItems);
    if (evidence !== undefined && evidence !== indexBases[0]) indexBases.reverse();
    return indexBases
        .map((indexBase) => interpretFrom(invalidItems, indexBase))
        .filter(({ errors }) => isWithin(errors, itemCount));
}

/** The errors of the one item of a request. */
export function errorsOfItem(invalidItems: readonly InvalidItem[]): ItemError[] {
    return invalidItems.flatMap(({ errors }) => errors.map((error) => toItemPaths(error, 0)));
}

function interpretFrom(invalidItems: readonly InvalidItem[], indexBase: 0 | 1): PositionInterpretation {
    const errors = new Map<number, ItemError[]>();
    for (const item of invalidItems) {
        const position = item.itemPosition - indexBase;
        const itemErrors = item.errors.map((error) => toItemPaths(error, position));
        errors.set(position, [...(errors.get(position) ?? []), ...itemErrors]);
    }
    return { indexBase, errors };
}

function isWithin(errors: Map<number, ItemError[]>, itemCount: number): boolean {
    for (const position of errors.keys()) {
        if (!Number.isInteger(position) || position < 0 || position >= itemCount) return false;
    }
    return true;
}

/** What `itemPosition` counts from, if every error that is of the array's shape says the same. */
function baseByPaths(invalidItems: readonly InvalidItem[]): 0 | 1 | undefined {
    const differences = new Set<number>();
    for (const { itemPosition, errors } of invalidItems) {
        for (const error of errors) {
            const index = isOfArray(error) ? /^\/(\d+)(?:\/|$)/.exec(error.instancePath)?.[1] : undefined;
            if (index !== undefined) differences.add(itemPosition - Number(index));
        }
    }
    const [difference, ...others] = differences;
    return others.length === 0 && (difference === 0 || difference === 1) ? difference : undefined;
}

/** The platform may validate the request's array; then both paths begin outside the item. */
function isOfArray(error: ItemError): boolean {
    return /^#?\/items\//.test(error.schemaPath) && /^\/\d+(\/|$)/.test(error.instancePath);
}

/** Behind a `$ref` the schema's path begins anew; the instance's still begins with the item's position. */
function isBehindReference({ instancePath, schemaPath }: ItemError, position: number): boolean {
    const isWithinItem = /^#\/(definitions|\$defs)\//.test(schemaPath);
    return isWithinItem && (instancePath === `/${position}` || instancePath.startsWith(`/${position}/`));
}

function toItemPaths(error: ItemError, position: number): ItemError {
    if (!isOfArray(error) && !isBehindReference(error, position)) return error;
    return {
        ...error,
        instancePath: error.instancePath.replace(/^\/\d+/, ''),
        schemaPath: error.schemaPath.replace(/^#?\/items\//, '#/'),
    };
}
