import { PLATFORM_MAX_PAYLOAD_BYTES } from '../options.js';
import type { QuarantineReason } from '../records.js';
import { isNestedTooDeeply, MAX_LEVELS } from '../utils/nesting.js';

/** An item's data as it was when it was copied. */
export interface ItemCopy {
    data: unknown;
    /** Whether reading `data` shows exactly what its JSON says, and it is an object. Otherwise only its JSON tells. */
    isPlain: boolean;
    /** Why it has no JSON, where that is known without making it. */
    failure?: SnapshotFailure;
}

/** A copy in the making. */
interface Copying extends ItemCopy {
    /** Values that may still be copied. */
    left: number;
}

/**
 * Copies an item's data, reading each property once: the item's JSON is made of the copy, and the copy is validated where it is
 * plain, so that both say the same, whatever a getter or a proxy would say next time. What is not plain JSON data stays as it is,
 * to be read once more for the JSON; then the JSON is validated.
 */
export function copyItem(item: unknown): ItemCopy {
    const copy: Copying = { data: item, isPlain: true, left: MAX_VALUES };
    try {
        // Somebody may have given every object data, which a loop over its members would list.
        // oxlint-disable-next-line guard-for-in -- what is inherited is what this asks for
        for (const _ in Object.prototype) return { data: item, isPlain: false };
        if (typeof item === 'object' && item !== null && !Array.isArray(item)) copy.data = copyObject(item, copy);
        else copy.isPlain = false;
    } catch {
        // It is nested too deeply to walk or larger than can be sent, or it throws when it is read.
        copy.isPlain = false;
        if (copy.left < 0 && isLongerThanText(item)) copy.failure = TOO_LONG;
    }
    return copy;
}

/** The longest text of V8, in characters. Each value takes one, and a comma. */
const MAX_TEXT_LENGTH = 2 ** 29 - 24;
/** Where there are more, none of them can be referred to often enough, and to remember them takes long. */
const MAX_COUNTED_OBJECTS = 100_000;

/**
 * Whether an item's JSON would be longer than a text can be, told without making it: each object is counted once, however often it is
 * referred to. Eight levels of ten references each to the same object would take half a minute, and ten levels an hour.
 */
function isLongerThanText(item: unknown): boolean {
    const counted = new Map<object, number>();
    const valuesIn = (value: unknown): number => {
        if (typeof value !== 'object' || value === null) return 1;
        if ('toJSON' in value || counted.size > MAX_COUNTED_OBJECTS) return 1;
        const known = counted.get(value);
        if (known !== undefined) return known;
        // An object within itself has no JSON: that is found out at once where it is made.
        counted.set(value, 0);
        const count = Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 1);
        counted.set(value, count);
        return count;
    };
    try {
        return valuesIn(item) * 2 > MAX_TEXT_LENGTH;
    } catch {
        return false;
    }
}

function copyObject(object: object & { toJSON?: unknown }, copy: Copying): unknown {
    // Objects that JSON.parse makes inherit from Object.prototype, and a schema may see inherited members.
    const isPlain = Object.getPrototypeOf(object) === Object.prototype && object.toJSON === undefined;
    if (!isPlain) return keep(object, copy);
    if (hasManyNames(object)) return copyMany(object as Record<string, unknown>, copy);
    const data: Record<string, unknown> = { ...object };
    // oxlint-disable-next-line guard-for-in -- nothing is inherited that this would list
    for (const name in data) {
        spend(copy, 1);
        const value = data[name];
        if (typeof value === 'string' || Number.isFinite(value)) continue;
        const copied = copyValue(value, copy);
        // Only what is nested has to be written again.
        if (copied !== value) data[name] = copied;
    }
    return data;
}

/** Above this number of properties V8 keeps an object as a hash table, and to spread one of a million takes longer than making its JSON twice. */
const MANY_NAMES = 1_000;

function hasManyNames(object: object): boolean {
    let count = 0;
    // oxlint-disable-next-line guard-for-in, no-unused-vars -- nothing is inherited that this would list, and only the number counts
    for (const _ in object) if (++count > MANY_NAMES) return true;
    return false;
}

function copyMany(object: Record<string, unknown>, copy: Copying): unknown {
    const data: Record<string, unknown> = {};
    // oxlint-disable-next-line guard-for-in -- nothing is inherited that this would list
    for (const name in object) {
        spend(copy, 1);
        const value = copyValue(object[name], copy);
        if (name === '__proto__')
            Object.defineProperty(data, name, { value, enumerable: true, configurable: true, writable: true });
        else data[name] = value;
    }
    return data;
}

function copyArray(array: unknown[] & { toJSON?: unknown }, copy: Copying): unknown {
    const isPlain = Object.getPrototypeOf(array) === Array.prototype && array.toJSON === undefined;
    if (!isPlain) return keep(array, copy);
    spend(copy, array.length);
    const data: unknown[] = [];
    for (let index = 0; index < array.length; index++) {
        const value = array[index];
        // A hole reads as undefined, too, and there may be more holes than could be copied.
        if (value === undefined) return keep(array, copy);
        data.push(typeof value === 'string' ? value : copyValue(value, copy));
    }
    return data;
}

function copyValue(value: unknown, copy: Copying): unknown {
    if (typeof value === 'object' && value !== null) {
        return Array.isArray(value) ? copyArray(value, copy) : copyObject(value, copy);
    }
    if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null && !Number.isFinite(value)) {
        copy.isPlain = false;
    }
    return value;
}

/** @throws RangeError where the item has more values than can be sent */
function spend(copy: Copying, values: number): void {
    copy.left -= values;
    if (copy.left < 0) throw new RangeError('The item has more values than can be sent.');
}

/** For what is not plain JSON data. */
function keep<Value>(value: Value, copy: Copying): Value {
    copy.isPlain = false;
    return value;
}

/** Why an item has no JSON that a dataset could take. */
export interface SnapshotFailure {
    reason: Extract<QuarantineReason, 'not-an-object' | 'not-serializable'>;
    message: string;
    /** The JSON of what is no object, where it has one. */
    text?: string;
}

/**
 * Makes the JSON text of an item, once: what the platform will see, whatever the caller does to the object afterwards.
 * Returns the text, or why there is none; an item that is nested too deeply counts as one without. `isPlain`: the item is known to be an object of plain JSON data, which needs no second look.
 */
export function snapshot(item: unknown, isPlain = false): string | SnapshotFailure {
    let text: string | undefined;
    try {
        text = JSON.stringify(item);
    } catch (error) {
        const isStackOverflow = error instanceof RangeError && error.message.includes('call stack');
        const message = isStackOverflow ? TOO_DEEP : `has no JSON: ${messageOf(error)}`;
        return { reason: 'not-serializable', message };
    }
    // Each level opens and closes.
    if (text !== undefined && text.length > 2 * MAX_LEVELS && isNestedTooDeeply(text)) {
        return { reason: 'not-serializable', message: TOO_DEEP };
    }
    // `toJSON` decides: a Date is typeof 'object', and its JSON is a string.
    if (text !== undefined && (isPlain || text.startsWith('{'))) return text;
    if (text === undefined && typeof item === 'object') {
        return { reason: 'not-serializable', message: 'has no JSON: its toJSON() returned nothing' };
    }
    return { reason: 'not-an-object', message: `must be an object, but is ${kindOf(item)}`, text };
}

const TOO_LONG: SnapshotFailure = Object.freeze({
    reason: 'not-serializable',
    message: 'has no JSON: it would be longer than a text can be',
});

/** The brackets of its array are two bytes more. */
export const MAX_ITEM_BYTES = PLATFORM_MAX_PAYLOAD_BYTES - 2;

/**
 * An item with more values is too large, because each takes a character and a comma. Where parts of it refer to the same object
 * again and again, there may be more than memory holds: eight levels of ten references each are a hundred million.
 */
const MAX_VALUES = MAX_ITEM_BYTES / 2;

/** The JSON text of an item as it was repaired; `undefined` for what is nested too deeply or too large to be sent. */
export function snapshotOfRepaired(item: object): string | undefined {
    const text = snapshot(item, true);
    return typeof text === 'string' && Buffer.byteLength(text) <= MAX_ITEM_BYTES ? text : undefined;
}

const TOO_DEEP = `is nested more than ${MAX_LEVELS} levels deep`;

/** The first line only: V8 draws a cycle over several, naming keys and classes. */
function messageOf(error: unknown): string {
    let message = '';
    try {
        message = String(error instanceof Error ? error.message : error);
    } catch {
        // The thrown value cannot be shown either.
    }
    return (message.split('\n', 1)[0] ?? '').slice(0, 200) || 'it throws when it is read';
}

function kindOf(item: unknown): string {
    if (item === null) return 'null';
    if (Array.isArray(item)) return 'an array';
    if (typeof item === 'object') return 'an object whose JSON is none';
    return item === undefined ? 'undefined' : `a ${typeof item}`;
}
