/** Whether it is an object whose keys say something: no list, no `Map`, and no promise that nobody has awaited. */
export function isRecord(value: unknown): value is Record<string, any> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    if (value instanceof Map || value instanceof Set || value instanceof Date) return false;
    // A JSON Schema may have a key of this name.
    return typeof (value as PromiseLike<unknown>).then !== 'function';
}
