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
    let found = value;
    for (const name of pointerNames(pointer)) {
        if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
        found = (found as Record<string, unknown>)[name];
    }
    return found;
}
