import type { ItemSchema } from '../ports.js';
import type { ItemError } from '../records.js';

/** An item's data, and whether it is plain JSON data. */
export interface ItemData {
    readonly data: unknown;
    readonly isPlain: boolean;
}

/**
 * Validates what the platform will see: the item's JSON. Plain JSON data is its own JSON view and goes to the schema as it is;
 * anything else is parsed back from `text`, which is its JSON, first. Returns the failures, or `undefined` when the item is valid.
 */
export function validateItem({ data, isPlain }: ItemData, text: string, schema: ItemSchema): ItemError[] | undefined {
    return schema.validate(isPlain ? data : JSON.parse(text));
}
