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
 * Returns the text, or why there is none. `isPlain`: the item is known to be an object of plain JSON data, which needs no second look.
 */
export function snapshot(item: unknown, isPlain = false): string | SnapshotFailure {
    let text: string | undefined;
    try {
        text = JSON.stringify(item);
    } catch (error) {
        return { reason: 'not-serializable', message: `has no JSON: ${messageOf(error)}` };
    }
    // `toJSON` decides: a Date is typeof 'object', and its JSON is a string.
    if (text !== undefined && (isPlain || text.charCodeAt(0) === OPENING_BRACE)) return text;
    if (text === undefined && typeof item === 'object') {
        return { reason: 'not-serializable', message: 'has no JSON: its toJSON() returned nothing' };
    }
    return { reason: 'not-an-object', message: `must be an object, but is ${kindOf(item)}`, text };
}

const OPENING_BRACE = 0x7b;

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
