import type { ItemError } from '../records.js';

/** One item that failed: where, with what, and on which page it was found. */
export interface ReasonSample {
    /** JSON Pointer into the item to what failed or is missing; shortened. */
    readonly path: string;
    /** JSON of the value there, redacted, at most 200 characters. Absent where there is none to be shown. */
    readonly value?: string;
    /** The page that the item came from, at most 2,000 characters; a longer address is left out. */
    readonly url?: string;
}

const MAX_VALUE_LENGTH = 200;
const MAX_PATH_LENGTH = 300;
const MAX_URL_LENGTH = 2_000;

/** What of an item may be shown of a failure. `item` is redacted, and undefined where nothing may be. */
export function sampleOf(error: ItemError, item: unknown, url: string | undefined): ReasonSample {
    const pointer = failingPath(error);
    const value = jsonAt(item, pointer);
    return Object.freeze({
        path: shorten(pointer, MAX_PATH_LENGTH),
        ...(value !== undefined && { value: shorten(value, MAX_VALUE_LENGTH) }),
        ...(url !== undefined && url.length <= MAX_URL_LENGTH && { url }),
    });
}

/** The path of what is missing or must not be there, not that of the object around it. */
export function failingPath({ instancePath, keyword, params }: ItemError): string {
    const name = {
        required: params?.missingProperty,
        additionalProperties: params?.additionalProperty,
        unevaluatedProperties: params?.unevaluatedProperty,
    }[keyword as 'required'];
    if (typeof name !== 'string') return instancePath;
    return `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** At most `length` characters, with an ellipsis where something is cut off; no character is cut in half. */
export function shorten(text: string, length: number): string {
    if (text.length <= length) return text;
    return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** JSON of the value at a JSON Pointer; undefined where there is none (a missing property). */
function jsonAt(item: unknown, pointer: string): string | undefined {
    // The whole item is not "the failing value alone".
    if (pointer === '') return undefined;
    try {
        return JSON.stringify(valueAt(item, pointer)) as string | undefined;
    } catch {
        // What `redact` made of it has no JSON.
        return undefined;
    }
}

function valueAt(item: unknown, pointer: string): unknown {
    let value = item;
    for (const token of pointer.split('/').slice(1)) {
        const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
        value = (value as Record<string, unknown>)[key];
    }
    return value;
}
