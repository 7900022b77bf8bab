const SPACE = /[ \t\n\r]*/y;
// All from the blank on but the quote and the backslash: JSON forbids control characters in strings.
const STRING_UP_TO_QUOTE = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Offset of the first character that cannot stand there in JSON; the text's length where it ends too early; `undefined`
 * for valid JSON. Needed because `JSON.parse` of Node 20 names a position for some errors only.
 */
export function findSyntaxError(text: string): number | undefined {
    const open: ('{' | '[')[] = [];
    let offset = 0;
    let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'comma or end' = 'value';

    const skip = (token: RegExp): boolean => {
        token.lastIndex = offset;
        if (!token.test(text)) return false;
        offset = token.lastIndex;
        return true;
    };
    const skipString = (): boolean => skip(STRING_UP_TO_QUOTE) && text[offset++] === '"';

    for (;;) {
        skip(SPACE);
        const character = text[offset];
        const container = open.at(-1);
        const closes =
            (character === ']' && container === '[' && (expected === 'value or ]' || expected === 'comma or end')) ||
            (character === '}' && container === '{' && (expected === 'key or }' || expected === 'comma or end'));

        if (closes) {
            open.pop();
            offset += 1;
            expected = 'comma or end';
        } else if (expected === 'comma or end') {
            if (!container) return offset === text.length ? undefined : offset;
            if (character !== ',') return offset;
            offset += 1;
            expected = container === '{' ? 'key' : 'value';
        } else if (expected === 'key' || expected === 'key or }') {
            if (character !== '"') return offset;
            if (!skipString()) return offset - 1;
            skip(SPACE);
            if (text[offset] !== ':') return offset;
            offset += 1;
            expected = 'value';
        } else if (character === '{' || character === '[') {
            open.push(character);
            offset += 1;
            expected = character === '{' ? 'key or }' : 'value or ]';
        } else if (character === '"') {
            if (!skipString()) return offset - 1;
            expected = 'comma or end';
        } else {
            if (!skip(SCALAR)) return offset;
            expected = 'comma or end';
        }
    }
}

/** The error in words, with line and column counted from 1: `unexpected "}" at line 3, column 5`. */
export function describeSyntaxError(text: string): string {
    const offset = findSyntaxError(text) ?? 0;
    const before = text.slice(0, offset).split(/\r\n|\n|\r/);
    const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
    if (offset >= text.length) return `unexpected end of the text at ${place}`;
    return `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset)!))} at ${place}`;
}
