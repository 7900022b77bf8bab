import type { JsonPatchOperation } from './json-patch.js';
import { escapeKey, pointerKeys } from './json-patch.js';

/** An array of simple values is written on one line as far as it fits. */
const MAX_LINE_LENGTH = 120;
const DEFAULT_INDENT = '    ';

/** JSON as a person would write it: indented, and short arrays of simple values on one line. */
export function formatJson(value: unknown, indent = DEFAULT_INDENT, lineStart = ''): string {
    if (indent === '') return JSON.stringify(value);
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
    const inner = lineStart + indent;
    if (Array.isArray(value)) {
        const elements = value.map((element) => formatJson(element, indent, inner));
        const line = `[${elements.join(', ')}]`;
        const isSimple = value.every((element) => typeof element !== 'object' || element === null);
        if (isSimple && lineStart.length + line.length < MAX_LINE_LENGTH - 20) return line;
        return block('[', elements, ']', lineStart, inner);
    }
    const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => `${JSON.stringify(key)}: ${formatJson(member, indent, inner)}`);
    return members.length === 0 ? '{}' : block('{', members, '}', lineStart, inner);
}

function block(open: string, parts: readonly string[], close: string, lineStart: string, inner: string): string {
    return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${lineStart}${close}`;
}

/** Applies a patch to the text of a JSON document. What the patch does not touch stays to the letter. */
export function patchJsonText(text: string, patch: readonly JsonPatchOperation[]): string {
    return patch.reduce(applyOperation, text);
}

/** A value in the text, from `start` to before `end`. */
interface Node {
    start: number;
    end: number;
    /** Members of an object or elements of an array, each with the start of its key or text. */
    parts?: { key: string; start: number; value: Node }[];
}

function applyOperation(text: string, operation: JsonPatchOperation): string {
    const keys = pointerKeys(operation.path);
    const root = new Scanner(text).scan();
    if (keys.length === 0) return 'value' in operation ? replace(text, root, operation.value) : text;
    const last = keys.pop()!;
    const parent = keys.reduce((node, key) => find(node, key, operation.path).value, root);
    const isArray = text[parent.start] === '[';
    const part = parent.parts?.find(({ key }) => key === last);
    if (operation.op === 'add' && (part === undefined || isArray)) {
        return insert(text, parent, isArray ? undefined : last, part, operation.value);
    }
    const { value } = find(parent, last, operation.path);
    return 'value' in operation ? replace(text, value, operation.value) : remove(text, parent, last);
}

function find(node: Node, key: string, path: string) {
    const part = node.parts?.find((one) => one.key === key);
    if (part === undefined) throw new RangeError(`The document has no ${JSON.stringify(path)} (at ${escapeKey(key)}).`);
    return part;
}

function replace(text: string, { start, end }: Node, value: unknown): string {
    return text.slice(0, start) + written(text, value, lineIndent(text, start)) + text.slice(end);
}

/** Puts a member, or an element where `key` is undefined, before `before`, or at the end. */
function insert(
    text: string,
    parent: Node,
    key: string | undefined,
    before: { start: number } | undefined,
    value: unknown,
) {
    const parts = parent.parts ?? [];
    const outer = lineIndent(text, parent.start);
    const isOnOneLine = parts.length > 0 && !text.slice(parent.start, parts[0]!.start).includes('\n');
    const inner = isOnOneLine ? outer : parts.length > 0 ? lineIndent(text, parts[0]!.start) : outer + indentOf(text);
    const colon = indentOf(text) === '' ? ':' : ': ';
    const part = (key === undefined ? '' : JSON.stringify(key) + colon) + written(text, value, inner);
    const isCompact = indentOf(text) === '';
    const gap = isCompact ? '' : isOnOneLine ? ' ' : endOfLine(text) + inner;
    if (parts.length === 0) {
        const end = isCompact || key === undefined ? '' : endOfLine(text) + outer;
        const begin = end === '' ? '' : gap;
        return text.slice(0, parent.start + 1) + begin + part + end + text.slice(parent.end - 1);
    }
    if (before !== undefined) return `${text.slice(0, before.start)}${part},${gap}${text.slice(before.start)}`;
    const { end } = parts.at(-1)!.value;
    return `${text.slice(0, end)},${gap}${part}${text.slice(end)}`;
}

function remove(text: string, parent: Node, key: string): string {
    const parts = parent.parts!;
    const index = parts.findIndex((part) => part.key === key);
    if (parts.length === 1) return text.slice(0, parent.start + 1) + text.slice(parent.end - 1);
    // With the comma and the space on one of its sides.
    if (index === 0) return text.slice(0, parts[0]!.start) + text.slice(parts[1]!.start);
    return text.slice(0, parts[index - 1]!.value.end) + text.slice(parts[index]!.value.end);
}

function written(text: string, value: unknown, lineStart: string): string {
    return formatJson(value, indentOf(text), lineStart).replaceAll('\n', endOfLine(text));
}

function endOfLine(text: string): string {
    return text.includes('\r\n') ? '\r\n' : '\n';
}

/** The indentation of one level; empty where the text is on one line. */
function indentOf(text: string): string {
    const found = /\n([ \t]+)\S/.exec(text)?.[1];
    return found ?? (/\n\s*\S/.test(text) || text.trim().length <= 2 ? DEFAULT_INDENT : '');
}

/** The white space at the beginning of the line of `offset`. */
function lineIndent(text: string, offset: number): string {
    return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))![0];
}

const SCALAR = /"(?:[^"\\]|\\.)*"|[^\s,\]}]+/y;
const SPACE = /[\s,:\uFEFF]*/y;

/** Finds the places of values in text that is known to be JSON. */
class Scanner {
    readonly #text: string;
    #offset = 0;

    constructor(text: string) {
        this.#text = text;
    }

    scan(): Node {
        this.#skip(SPACE);
        const start = this.#offset;
        const open = this.#text[start];
        if (open !== '{' && open !== '[') {
            this.#skip(SCALAR);
            return { start, end: this.#offset };
        }
        this.#offset++;
        const parts: NonNullable<Node['parts']> = [];
        for (;;) {
            this.#skip(SPACE);
            const partStart = this.#offset;
            if (this.#text[partStart] === (open === '{' ? '}' : ']')) break;
            let key = String(parts.length);
            if (open === '{') {
                this.#skip(SCALAR);
                key = JSON.parse(this.#text.slice(partStart, this.#offset)) as string;
            }
            parts.push({ key, start: partStart, value: this.scan() });
        }
        return { start, end: ++this.#offset, parts };
    }

    #skip(pattern: RegExp): void {
        pattern.lastIndex = this.#offset;
        pattern.test(this.#text);
        this.#offset = Math.max(this.#offset, pattern.lastIndex);
    }
}
