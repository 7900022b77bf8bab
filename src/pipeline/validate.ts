import type { ItemSchema } from '../ports.js';
import type { ItemError } from '../records.js';

/** An item's data, and whether it is plain JSON data. */
export interface ItemData {
    readonly data: unknown;
    readonly isPlain: boolean;
}

/** A UTF-16 code unit takes at most so many bytes in UTF-8. */
const MAX_BYTES_PER_CODE_UNIT = 3;
/** Bytes are counted exactly only for items that may be large. */
const UNCOUNTED_BYTES = 1_000_000;

/**
 * Validates what the platform will see: the item's JSON. Plain JSON data is its own JSON view and goes to the schema as it is;
 * anything else is parsed back from `text`, which is its JSON, first. Returns the failures, or `undefined` when the item is valid.
 */
export function validateItem({ data, isPlain }: ItemData, text: string, schema: ItemSchema): ItemError[] | undefined {
    const maxBytes = text.length * MAX_BYTES_PER_CODE_UNIT;
    const byteLength = maxBytes > UNCOUNTED_BYTES ? Buffer.byteLength(text) : maxBytes;
    return schema.validate(isPlain ? data : JSON.parse(text), byteLength);
}
