/** The kinds of values that the counts of a field tell apart. */
export const KIND = {
    missing: 0,
    null: 1,
    emptyString: 2,
    string: 3,
    number: 4,
    boolean: 5,
    emptyArray: 6,
    array: 7,
    emptyObject: 8,
    object: 9,
} as const;

export const KINDS = 10;

/** The kind of a JSON value, or of `undefined`. */
export function kindOf(value: unknown): number {
    switch (typeof value) {
        case 'string':
            return value === '' ? KIND.emptyString : KIND.string;
        case 'number':
            return KIND.number;
        case 'boolean':
            return KIND.boolean;
        case 'object':
            if (value === null) return KIND.null;
            if (Array.isArray(value)) return value.length === 0 ? KIND.emptyArray : KIND.array;
            return isEmpty(value) ? KIND.emptyObject : KIND.object;
        default:
            return KIND.missing;
    }
}

function isEmpty(object: object): boolean {
    // oxlint-disable-next-line guard-for-in -- JSON data inherits nothing that a loop would list
    for (const _ in object) return false;
    return true;
}
