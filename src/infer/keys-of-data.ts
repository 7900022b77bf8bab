import type { ObservedObject } from './observed-object.js';
import type { Kind, ObservedValue } from './observed-value.js';

/** Numbers, versions, dates, addresses, paths, identifiers: no programmer gives such a name to a property. */
const DATA_NAME =
    /^-?\d+(?:[._:-]\d+)*$|^\d{4}-\d\d|^https?:\/\/|^\/|@.+\.|^[\da-f]{8}-[\da-f]{4}-|^(?=.*\d)[\da-f]{16,}$/i;
const MIN_DATA_NAMES = 5;
/** So many neighbours of the same structure are a map, even where each is always there. */
const MIN_EQUAL_OBJECTS = 8;
/** So many keys, of which an object has less than half. */
const MIN_RARE_KEYS = 20;
/** So many keys of one type, none of them always there. */
const MIN_OPTIONAL_KEYS = 30;
/** So many keys of one type in so few objects that nothing is told by how often each comes. */
const MIN_KEYS_OF_FEW_OBJECTS = 50;
const MIN_KEYS_OF_ONE_OBJECT = 100;
const FEW_OBJECTS = 10;
/** A person lists no more properties that are mostly absent. */
const MAX_LISTED_KEYS = 200;
/** A map may have some keys that a programmer gave. */
const MIN_GROUP_SHARE = 0.8;

type Entry = readonly [key: string, value: ObservedValue];

/** The keys of a map: those that only the data knows, so that a schema must not list them. Often there are none. */
export function keysOfData(object: ObservedObject): string[] {
    return entriesOfData(object).map(([key]) => key);
}

function entriesOfData(object: ObservedObject): readonly Entry[] {
    const { count, others } = object;
    const entries: readonly Entry[] = [...object.properties];
    const share = ([, { total }]: Entry) => total / count;
    const alike = (some: readonly Entry[], minimum: number) => {
        const group = some.length < minimum ? [] : largestGroup(some);
        return group.length >= minimum ? group : [];
    };

    const named = alike(
        entries.filter(([key]) => DATA_NAME.test(key)),
        MIN_DATA_NAMES,
    );
    if (named.length > 0) return named;
    const objects = alike(
        entries.filter(([, value]) => value.countOf('object') > 0),
        MIN_EQUAL_OBJECTS,
    );
    if (objects.length > 0) return objects;
    if (count === 1) return alike(entries, MIN_KEYS_OF_ONE_OBJECT);
    if (count < FEW_OBJECTS) {
        return alike(
            entries.filter((entry) => share(entry) < 1),
            MIN_KEYS_OF_FEW_OBJECTS,
        );
    }

    const rare = entries.filter((entry) => share(entry) < 0.5);
    if (others !== undefined) return rare.filter(([, value]) => isLike(value, others));
    const isClosed = entries.some((entry) => share(entry) >= 0.95);
    const optional = isClosed ? [] : alike(entries, MIN_OPTIONAL_KEYS);
    if (optional.length > 0) return optional;
    const once = rare.filter(([, { total }]) => total === 1);
    const isOpen = once.length >= rare.length / 10 || rare.length > MAX_LISTED_KEYS / 2;
    const open = isOpen ? alike(rare, MIN_RARE_KEYS) : [];
    if (open.length > 0) return open;
    return entries.length > MAX_LISTED_KEYS ? rare : [];
}

/** Returns the values of the same type, and of objects those that share a property; none where these are not most of the values. */
function largestGroup(entries: readonly Entry[]): readonly Entry[] {
    const withObjects = entries.filter(([, { object }]) => object !== undefined);
    const group =
        withObjects.length > entries.length / 2
            ? withObjects.filter(([, { object }]) => sharesWith(object!, mostSharedProperty(withObjects)))
            : ofMostCommonType(entries);
    return group.length >= entries.length * MIN_GROUP_SHARE ? group : [];
}

function ofMostCommonType(entries: readonly Entry[]): readonly Entry[] {
    const groups = new Map<string, Entry[]>();
    for (const entry of entries) {
        const types = [...typesOf(entry[1])].sort().join();
        const group = groups.get(types);
        if (group === undefined) groups.set(types, [entry]);
        else group.push(entry);
    }
    const onlyNull = groups.get('') ?? [];
    groups.delete('');
    const largest = [...groups.values()].reduce<Entry[]>((a, b) => (b.length > a.length ? b : a), []);
    return [...largest, ...onlyNull];
}

function isLike(value: ObservedValue, others: ObservedValue): boolean {
    const types = typesOf(others);
    return [...typesOf(value)].every((type) => types.has(type));
}

/** The types of a value; null says nothing of what else it is, and whole numbers are numbers. */
function typesOf(value: ObservedValue): Set<Kind> {
    const types = new Set<Kind>();
    for (const kind of value.kinds.keys()) {
        if (kind !== 'null') types.add(kind === 'integer' ? 'number' : kind);
    }
    return types;
}

function mostSharedProperty(entries: readonly Entry[]): string | undefined {
    const counts = new Map<string, number>();
    for (const [, { object }] of entries) {
        for (const key of object!.properties.keys()) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    let most: string | undefined;
    for (const [key, count] of counts) if (count > (counts.get(most ?? '') ?? 0)) most = key;
    return most;
}

/** Maps and empty objects are like any others. */
function sharesWith(object: ObservedObject, property: string | undefined): boolean {
    const { properties, others } = object;
    return others !== undefined || properties.size === 0 || (property !== undefined && properties.has(property));
}
