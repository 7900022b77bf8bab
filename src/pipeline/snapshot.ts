import type { QuarantineReason } from '../records.js';

/** Why an item has no JSON that a dataset could take. */
export interface SnapshotFailure {
    reason: Extract<QuarantineReason, 'not-an-object' | 'not-serializable'>;
    message: string;
    /** The JSON of what is no object, where it has one. */
    text?: string;
}

/**
 * Makes the JSON text of an item, once: what the platform will see, whatever the caller does to the object afterwards.
 * Returns the text, or why there is none; an item that is nested too deeply counts as one without. `isPlain`: the item is known to be an object of plain JSON data, which needs no second look.
 */
export function snapshot(item: unknown, isPlain = false): string | SnapshotFailure {
    let text: string | undefined;
    try {
        text = JSON.stringify(item);
    } catch (error) {
        const isStackOverflow = error instanceof RangeError && error.message.includes('call stack');
        const message = isStackOverflow ? TOO_DEEP : `has no JSON: ${messageOf(error)}`;
        return { reason: 'not-serializable', message };
    }
    if (text !== undefined && isNestedTooDeeply(text)) {
        return { reason: 'not-serializable', message: TOO_DEEP };
    }
    // `toJSON` decides: a Date is typeof 'object', and its JSON is a string.
    if (text !== undefined && (isPlain || text.charCodeAt(0) === OPENING_BRACE)) return text;
    if (text === undefined && typeof item === 'object') {
        return { reason: 'not-serializable', message: 'has no JSON: its toJSON() returned nothing' };
    }
    return { reason: 'not-an-object', message: `must be an object, but is ${kindOf(item)}`, text };
}

/** Objects and arrays in one another, the item itself counted. Deeper ones overflow the stack of whoever reads them back. */
export const MAX_LEVELS = 1_000;
const TOO_DEEP = `is nested more than ${MAX_LEVELS} levels deep`;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** The one bit in which a brace differs from a bracket: with it set, `[` is `{` and `]` is `}`, and no other character is. */
const BRACE_BIT = 0x20;

/**
 * Whether JSON text is nested more than `MAX_LEVELS` deep. It needs no stack, so that the answer is the same wherever it is
 * asked. Most items are too short for it, or have too few brackets, which one comparison a character tells.
 */
export function isNestedTooDeeply(text: string): boolean {
    // Each level opens and closes.
    if (text.length <= 2 * MAX_LEVELS || countClosers(text) <= MAX_LEVELS) return false;
    let level = 0;
    let isInString = false;
    for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code === QUOTE) isInString = !isInString;
        else if (isInString) {
            // The character after a backslash is no quote.
            if (code === BACKSLASH) index++;
        } else if ((code | BRACE_BIT) === OPENING_BRACE) {
            if (++level > MAX_LEVELS) return true;
        } else if ((code | BRACE_BIT) === CLOSING_BRACE) level--;
    }
    return false;
}

/** Closing brackets and braces, those in strings included; counted no further than needed. */
function countClosers(text: string): number {
    let count = 0;
    for (let index = 0; index < text.length && count <= MAX_LEVELS; index++) {
        if ((text.charCodeAt(index) | BRACE_BIT) === CLOSING_BRACE) count++;
    }
    return count;
}

/** The first line only: V8 draws a cycle over several, naming keys and classes. */
function messageOf(error: unknown): string {
    let message = '';
    try {
        message = String(error instanceof Error ? error.message : error);
    } catch {
        // What was thrown cannot be shown either.
    }
    return (message.split('\n', 1)[0] ?? '').slice(0, 200) || 'it throws when it is read';
}

function kindOf(item: unknown): string {
    if (item === null) return 'null';
    if (Array.isArray(item)) return 'an array';
    if (typeof item === 'object') return 'an object whose JSON is none';
    return item === undefined ? 'undefined' : `a ${typeof item}`;
}
