/** The unescaped tokens of a JSON Pointer (RFC 6901). */
export function parsePointer(pointer: string): string[] {
    if (pointer === '') return [];
    const tokens = pointer.slice(1).split('/');
    return pointer.includes('~') ? tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')) : tokens;
}

/** One token of a JSON Pointer, escaped, with the slash before it. */
export function pointerToken(key: string | number): string {
    return typeof key === 'number' ? `/${key}` : `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
