import { escapeName } from '../../utils/json-pointer.js';

export type RepairAction = 'removed' | 'nulled' | 'filled' | 'coerced' | 'custom';

/** One change of an item that made it valid. */
export interface Repair {
    /** JSON Pointer into the item as it was pushed. */
    readonly path: string;
    readonly action: RepairAction;
    /** The value as pushed; undefined where there was none. */
    readonly before: unknown;
    /** The value now; undefined where it was removed. */
    readonly after: unknown;
}

/** Keeps a repaired item as it was pushed, with its repairs, until it is stored. */
export interface RepairedItem {
    /** JSON of the item as it was pushed. */
    readonly asPushed: string;
    readonly repairs: readonly Repair[];
}

/** What is held of an item until it is stored, in characters: its JSON, and what a repaired one has besides. */
export function heldLength({
    text = '',
    repaired,
}: {
    text?: string | undefined;
    repaired?: RepairedItem | undefined;
}) {
    return text.length + repairedLength(repaired);
}

/** What is held of a repaired item besides its JSON, in characters: the item as pushed, and the values that the repairs replaced. */
export function repairedLength(repaired: RepairedItem | undefined): number {
    // All of its values may have been replaced.
    return repaired === undefined ? 0 : 2 * repaired.asPushed.length;
}

/** The changes of two steps as one list: where the second changed the same place again, one change from first to last. */
export function mergeRepairs(first: readonly Repair[], second: readonly Repair[]): Repair[] {
    const earlier = new Map(first.map((repair) => [repair.path, repair]));
    const merged = second.map((repair) => {
        const before = earlier.get(repair.path);
        return before === undefined ? repair : { ...repair, before: before.before };
    });
    const changedAgain = new Set(second.map(({ path }) => path));
    return [...first.filter(({ path }) => !isBelowAny(path, changedAgain)), ...merged];
}

function isBelowAny(path: string, paths: ReadonlySet<string>): boolean {
    if (paths.has(path)) return true;
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
        if (paths.has(path.slice(0, end))) return true;
        if (end === 0) break;
    }
    return false;
}

/** Where two JSON values differ: each differing property, and arrays as a whole. */
export function differences(before: unknown, after: unknown, path = ''): Repair[] {
    if (!isPlainObject(before) || !isPlainObject(after)) {
        return sameJson(before, after) ? [] : [{ path, action: 'custom', before, after }];
    }
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
        differences(ownValue(before, key), ownValue(after, key), `${path}/${escapeName(key)}`),
    );
}

function sameJson(one: unknown, other: unknown): boolean {
    return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownValue(object: Record<string, unknown>, key: string): unknown {
    return Object.hasOwn(object, key) ? object[key] : undefined;
}
