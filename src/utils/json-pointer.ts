/** What text must be that begins with `/`. */
export const POINTER_IN_WORDS = 'a JSON Pointer in which "~" is written "~0" and "/" in a name "~1"';

export function isPointer(text: string): boolean {
    return text.startsWith('/') && !/~(?![01])/.test(text);
}

/** Names of a JSON Pointer, unescaped: `/a~1b/0` is `['a/b', '0']`. */
export function pointerNames(pointer: string): string[] {
    const tokens = pointer.split('/').slice(1);
    return pointer.includes('~') ? tokens.map(unescapeName) : tokens;
}

export function toPointer(names: readonly string[]): string {
    return names.map((name) => `/${escapeName(name)}`).join('');
}

export function escapeName(name: string): string {
    return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescapeName(token: string): string {
    return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Returns the value at a JSON Pointer, or `undefined` where the pointer leads nowhere. Inherited members do not count. */
export function valueAt(value: unknown, pointer: string): unknown {
    return valueBelow(value, pointerNames(pointer));
}

/** As `valueAt`, for a pointer that is taken apart already. */
export function valueBelow(value: unknown, names: readonly string[]): unknown {
    let found = value;
    for (const name of names) {
        if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
        // The only own property of an array that is no element of it.
        if (name === 'length' && Array.isArray(found)) return undefined;
        found = (found as Record<string, unknown>)[name];
    }
    return found;
}

/** The index of an array that a name of a JSON Pointer is; -1 for a name that is written in another way than indexes are. */
export function indexFrom(name: string): number {
    return /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : -1;
}
