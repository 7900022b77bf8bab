/** JSON in which the order of keys makes no difference. */
export function canonicalJson(value: unknown): string {
    return JSON.stringify(value, (_key, entry: unknown) => {
        if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
        return Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)));
    });
}
