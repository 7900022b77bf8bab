/** An item's data as it was when it was copied. */
export interface ItemCopy {
    data: unknown;
    /** Whether reading `data` shows exactly what its JSON says, and it is an object. Otherwise only its JSON tells. */
    isPlain: boolean;
}

/** For what is no plain JSON data: it stays what it is. */
export function asItIs<Value>(value: Value, copy: ItemCopy): Value {
    copy.isPlain = false;
    return value;
}
