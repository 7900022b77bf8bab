/** An item's data as it was when it was copied. */
export interface ItemCopy {
    data: unknown;
    /** Whether reading `data` shows exactly what its JSON says, and it is an object. Otherwise only its JSON tells. */
    isPlain: boolean;
}

/**
 * Copies an item's data, reading each property once: the item's JSON is made of the copy, and the copy is validated where it is
 * plain, so that both say the same, whatever a getter or a proxy would say next time. What is not plain JSON data stays as it is,
 * to be read once more for the JSON; then the JSON is validated.
 */
export function copyItem(item: unknown): ItemCopy {
    const copy: ItemCopy = { data: item, isPlain: true };
    try {
        const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
        if (isObject && !inheritsData()) copy.data = copyObject(item, copy);
        else copy.isPlain = false;
    } catch {
        // It is nested too deeply to walk, or it throws when it is read.
        copy.isPlain = false;
    }
    return copy;
}

function copyObject(object: object, copy: ItemCopy): unknown {
    // What JSON.parse makes inherits from Object.prototype, and a schema may see what is inherited.
    if (Object.getPrototypeOf(object) !== Object.prototype || hasToJson(object)) return keep(object, copy);
    const data: Record<string, unknown> = { ...object };
    // oxlint-disable-next-line guard-for-in -- nothing is inherited that this would list
    for (const name in data) {
        const value = data[name];
        if (typeof value === 'string') continue;
        const copied = copyValue(value, copy);
        // Only what is nested has to be written again.
        if (copied !== value) data[name] = copied;
    }
    return data;
}

function copyArray(array: unknown[], copy: ItemCopy): unknown {
    if (Object.getPrototypeOf(array) !== Array.prototype || hasToJson(array)) return keep(array, copy);
    const data: unknown[] = [];
    for (let index = 0; index < array.length; index++) {
        const value = array[index];
        // A hole reads as undefined, too, and there may be more holes than could be copied.
        if (value === undefined) return keep(array, copy);
        data.push(typeof value === 'string' ? value : copyValue(value, copy));
    }
    return data;
}

function copyValue(value: unknown, copy: ItemCopy): unknown {
    if (typeof value === 'object' && value !== null) {
        return Array.isArray(value) ? copyArray(value, copy) : copyObject(value, copy);
    }
    if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null && !Number.isFinite(value)) {
        copy.isPlain = false;
    }
    return value;
}

/** For what is not plain JSON data. */
function keep<Value>(value: Value, copy: ItemCopy): Value {
    copy.isPlain = false;
    return value;
}

function hasToJson(value: object): boolean {
    return (value as { toJSON?: unknown }).toJSON !== undefined;
}

/** Whether somebody has given every object data that a loop over its members would list. */
function inheritsData(): boolean {
    // oxlint-disable-next-line guard-for-in -- what is inherited is what this asks for
    for (const _ in Object.prototype) return true;
    return false;
}
