import { SchemaLoadError } from '../errors.js';
import type { Dictionary } from '../records.js';

/** Where a JSON Schema stands, for messages. */
export interface SchemaPlace {
    /** The holder in words: `dataset abc123`, `build 1.0.3`, a file's path, `options.schema`. */
    source: string;
    /** Property path within the holder: `fields`, `storages.dataset.fields`. Absent where the holder is the schema. */
    place?: string;
    /** The schema was written in code: what cannot validate anything is then an error, not a warning. */
    isCode?: boolean;
}

/** Why a schema validates nothing, and what to do about it: two sentences without their full stops. */
export interface Unvalidated {
    readonly schema?: undefined;
    readonly reason: string;
    readonly remedy: string;
}

/** The place as the subject of a sentence: `"fields" of .actor/dataset_schema.json`. */
export function placeInWords({ source, place }: SchemaPlace): string {
    return place === undefined ? source : `"${place}" of ${source}`;
}

/** @throws SchemaLoadError always: source, place, then `problem`, which says what was expected, what came and what to do. */
export function failAt({ source, place }: SchemaPlace, problem: string, cause?: unknown): never {
    const options = cause === undefined ? undefined : { cause };
    throw new SchemaLoadError(source, `${place ? `"${place}"` : 'the schema'} ${problem}`, options);
}

export function isObject(value: unknown): value is Dictionary {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names the kind of a JSON value. Never repeats the value. */
export function kindOf(value: unknown): string {
    if (value === null) return 'null';
    if (Array.isArray(value)) return 'an array';
    if (typeof value === 'object') return 'an object';
    return `a ${typeof value}`;
}
