import type { ItemError } from '../../../../src/records.js';
import { escapeName, pointerNames } from '../../../../src/utils/json-pointer.js';

/** Errors of the rejected items of a request by their position; undefined where the request was stored. */
export type Push = (items: readonly unknown[]) => Map<number, readonly ItemError[]> | undefined;

interface Work {
    readonly original: unknown;
    item: unknown;
    errors: readonly ItemError[];
    /** Paths that were filled in. */
    readonly placeholders: Set<string>;
    /** Paths whose type nothing can be filled in for. */
    readonly hopeless: Set<string>;
}

const MAX_ATTEMPTS = 5;

/**
 * A plain rendering of the rules by which Apify's own Actors repair what the platform rejected: push, strip what the errors
 * name, fill what is missing with null and, after the next rejection, with an empty value of the type; at most five times, then
 * once more without the items that still fail.
 */
export function pushWithUtility(push: Push, items: readonly unknown[]): { stored: unknown[]; requests: number } {
    let works: Work[] = items.map((original) => ({
        original,
        item: structuredClone(original),
        errors: [],
        placeholders: new Set(),
        hopeless: new Set(),
    }));
    let requests = 0;
    const tryToPush = (): boolean => {
        requests++;
        const rejected = push(works.map(({ item }) => item));
        for (const [position, work] of works.entries()) work.errors = rejected?.get(position) ?? [];
        return rejected === undefined;
    };

    let isStored = tryToPush();
    while (!isStored && requests < MAX_ATTEMPTS) {
        works = works.filter((work) => work.errors.length === 0 || mend(work));
        if (works.length === 0) return { stored: [], requests };
        isStored = tryToPush();
    }
    if (!isStored) {
        works = works.filter(({ errors }) => errors.length === 0);
        if (works.length > 0) isStored = tryToPush();
    }
    return { stored: isStored ? works.map(({ item }) => item) : [], requests };
}

/** Returns false for an item that is to be dropped. */
function mend(work: Work): boolean {
    const { item, placeholders, hopeless } = work;
    const errors = [...work.errors].sort((one, other) => comparePaths(one.instancePath, other.instancePath));
    const fillings = fillingsOf(errors, placeholders);
    const filled = new Set<string>();
    let isBlocked = false;
    let isChanged = false;
    for (const { keyword, params, instancePath } of errors) {
        if (keyword === 'required' && typeof params.missingProperty === 'string') {
            const path = `${instancePath}/${escapeName(params.missingProperty)}`;
            if (hopeless.has(path)) isBlocked = true;
            else if (setAt(item, path, null)) {
                placeholders.add(path);
                isChanged = true;
            }
        } else if (keyword === 'additionalProperties' && typeof params.additionalProperty === 'string') {
            if (deleteAt(item, `${instancePath}/${escapeName(params.additionalProperty)}`)) isChanged = true;
        } else if (instancePath === '') {
            isBlocked = true;
        } else if (placeholders.has(instancePath)) {
            const filling = fillings.get(instancePath);
            if (filling === undefined) isBlocked = true;
            else if (!filled.has(instancePath)) {
                filled.add(instancePath);
                if (setAt(item, instancePath, filling.value)) isChanged = true;
            }
        } else {
            if (deleteAt(item, instancePath)) isChanged = true;
            if (keyword === 'type' && emptyOf(params.type) === undefined) hopeless.add(instancePath);
        }
    }
    return !isBlocked && isChanged;
}

function fillingsOf(errors: readonly ItemError[], placeholders: ReadonlySet<string>): Map<string, { value: unknown }> {
    const fillings = new Map<string, { value: unknown }>();
    for (const { keyword, params, instancePath } of errors) {
        if (keyword !== 'type' || !placeholders.has(instancePath)) continue;
        const filling = emptyOf(params.type);
        if (filling === undefined) continue;
        if (!fillings.has(instancePath) || filling.value === null) fillings.set(instancePath, filling);
    }
    return fillings;
}

function emptyOf(type: unknown): { value: unknown } | undefined {
    const types = [type].flat();
    if (types.includes('null')) return { value: null };
    if (types.includes('string') || types.includes('array') || types.includes('object')) {
        const first = types.find((name) => name === 'string' || name === 'array' || name === 'object');
        return { value: first === 'string' ? '' : first === 'array' ? [] : {} };
    }
    return undefined;
}

/** Deeper places first, and later elements of an array before earlier ones. */
function comparePaths(one: string, other: string): number {
    const [first, second] = [pointerNames(one), pointerNames(other)];
    for (let depth = 0; depth < Math.min(first.length, second.length); depth++) {
        if (first[depth] === second[depth]) continue;
        const [firstIndex, secondIndex] = [Number(first[depth]), Number(second[depth])];
        if (Number.isInteger(firstIndex) && Number.isInteger(secondIndex)) return secondIndex - firstIndex;
        return first[depth]! < second[depth]! ? -1 : 1;
    }
    return second.length - first.length;
}

function parentOf(item: unknown, path: string): { parent: Record<string, unknown> | undefined; key: string } {
    const tokens = pointerNames(path);
    const key = tokens.pop() ?? '';
    let parent: unknown = item;
    for (const token of tokens) {
        parent = typeof parent === 'object' && parent !== null ? (parent as Record<string, unknown>)[token] : undefined;
    }
    return {
        parent: typeof parent === 'object' && parent !== null ? (parent as Record<string, unknown>) : undefined,
        key,
    };
}

function setAt(item: unknown, path: string, value: unknown): boolean {
    const { parent, key } = parentOf(item, path);
    if (parent === undefined) return false;
    parent[key] = value;
    return true;
}

function deleteAt(item: unknown, path: string): boolean {
    const { parent, key } = parentOf(item, path);
    if (parent === undefined || !Object.hasOwn(parent, key)) return false;
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
    return true;
}
