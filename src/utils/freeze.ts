/** Freezes a JSON value and all that is in it. */
export function freezeAll(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    Object.values(value).forEach(freezeAll);
    Object.freeze(value);
}
