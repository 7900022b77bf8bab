/** An item's data as it was when it was copied. */
export interface ItemCopy {
    data: unknown;
    /** Whether reading `data` shows exactly what its JSON says, and it is an object. Otherwise only its JSON tells. */
    isPlain: boolean;
}

/**
 * Copies an item's data, reading each property once: its JSON is made of the copy, and the copy is validated where it is plain,
 * so that both say the same, whatever a getter or a proxy would say next time. What is no plain JSON data stays what it is, to
 * be read once more for the JSON; then that is what is validated.
 *
 * Measured: cheaper than looking for what plain data must not have, because that takes a descriptor for each property.
 */
export function copyItem(item: unknown): ItemCopy {
    const copy: ItemCopy = { data: item, isPlain: true };
    try {
        const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
        if (isObject && !inheritsData()) copy.data = copyObject(item, copy);
        else copy.isPlain = false;
    } catch {
        // Nested too deeply to walk, or something throws when it is read.
        copy.isPlain = false;
    }
    return copy;
}

function copyObject(object: object, copy: ItemCopy): unknown {
    // What JSON.parse makes inherits from Object.prototype, and a schema may see what is inherited.
    if (Object.getPrototypeOf(object) !== Object.prototype || hasToJson(object)) return asItIs(object, copy);
    const data: Record<string, unknown> = { ...object };
    // oxlint-disable-next-line guard-for-in -- nothing is inherited that this would list
    for (const name in data) {
        const value = data[name];
        // Only what is nested has to be written again; strings are most values of most items.
        if (typeof value === 'string') continue;
        if (typeof value === 'object' && value !== null) data[name] = copyNested(value, copy);
        else checkPrimitive(value, copy);
    }
    return data;
}

function copyArray(array: unknown[], copy: ItemCopy): unknown {
    if (Object.getPrototypeOf(array) !== Array.prototype || hasToJson(array)) return asItIs(array, copy);
    const data: unknown[] = [];
    for (let index = 0; index < array.length; index++) {
        const value = array[index];
        // A hole, too; there may be more of them than could be copied.
        if (value === undefined) return asItIs(array, copy);
        if (typeof value === 'object' && value !== null) data.push(copyNested(value, copy));
        else {
            checkPrimitive(value, copy);
            data.push(value);
        }
    }
    return data;
}

function copyNested(value: object, copy: ItemCopy): unknown {
    return Array.isArray(value) ? copyArray(value, copy) : copyObject(value, copy);
}

function checkPrimitive(value: unknown, copy: ItemCopy): void {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value)) return;
    copy.isPlain = false;
}

function asItIs(value: object, copy: ItemCopy): object {
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
