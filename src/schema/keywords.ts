import type { Dictionary } from '../records.js';
import { ONE_SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS, subschemas } from '../utils/subschemas.js';
import { valueAt } from '../utils/json-pointer.js';
import { isObject } from './place.js';

/** All other keywords that validate something, or that others refer to. */
const FURTHER_KEYWORDS = [
    ...['type', 'enum', 'const', 'required', 'dependentRequired', 'minProperties', 'maxProperties'],
    ...['minLength', 'maxLength', 'pattern', 'format', 'formatMinimum', 'formatMaximum'],
    ...['formatExclusiveMinimum', 'formatExclusiveMaximum', 'minimum', 'maximum', 'exclusiveMinimum'],
    ...['exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'minContains', 'maxContains'],
    ...['$ref', '$dynamicRef', '$recursiveRef', '$id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', '$vocabulary'],
    ...['contentEncoding', 'contentMediaType', 'nullable', 'discriminator'],
];

/** Words that say something to people or to other tools, and nothing to a validator. */
const ANNOTATIONS = [
    ...['$schema', '$comment', 'title', 'description', 'default', 'example', 'examples', 'deprecated'],
    ...['readOnly', 'writeOnly', 'unit', 'label', 'enumTitles', 'editor', 'xml', 'externalDocs'],
];

/** Every word that has a meaning in a schema, in some draft or in OpenAPI. */
const KNOWN_WORDS: ReadonlySet<string> = new Set([
    ...ONE_SCHEMA_KEYWORDS,
    ...SCHEMA_LIST_KEYWORDS,
    ...SCHEMA_MAP_KEYWORDS,
    ...FURTHER_KEYWORDS,
    ...ANNOTATIONS,
]);

/** Whether an object is a fit value for the keyword, so that it cannot be told from a property of that name. */
export function isSchemaKeyword(word: string): boolean {
    return ONE_SCHEMA_KEYWORDS.includes(word) || SCHEMA_MAP_KEYWORDS.includes(word);
}

export function isKnownWord(word: string): boolean {
    return KNOWN_WORDS.has(word) || word.startsWith('x-');
}

/** Words that people write for a keyword that is spelt quite differently. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
    ['regex', 'pattern'],
    ['regexp', 'pattern'],
    ['mandatory', 'required'],
    ['optional', 'required'],
    ['values', 'enum'],
    ['options', 'enum'],
    ['fields', 'properties'],
    ['min', 'minimum'],
    ['max', 'maximum'],
    ['elements', 'items'],
    ['allowed', 'enum'],
    ['allowedValues', 'enum'],
]);

/** The keyword that somebody may have meant who wrote `word`. */
export function keywordLike(word: string): string | undefined {
    const other = OTHER_NAMES.get(word);
    if (other !== undefined) return other;
    const mostEdits = Math.floor(word.length * 0.4);
    let best: { keyword: string; edits: number } | undefined;
    for (const keyword of KNOWN_WORDS) {
        if (ANNOTATIONS.includes(keyword)) continue;
        const edits = editDistance(word.toLowerCase(), keyword.toLowerCase());
        if (edits <= mostEdits && edits < (best?.edits ?? Infinity)) best = { keyword, edits };
    }
    return best?.keyword;
}

/** Letters to change, add or leave out, or two neighbours to swap (Damerau and Levenshtein). */
function editDistance(one: string, other: string): number {
    let before: number[] = [];
    let row = Array.from({ length: other.length + 1 }, (_, index) => index);
    for (let i = 1; i <= one.length; i++) {
        const next = [i];
        for (let j = 1; j <= other.length; j++) {
            const replaced = row[j - 1]! + Number(one[i - 1] !== other[j - 1]);
            const isSwapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
            const swapped = isSwapped ? before[j - 2]! + 1 : Infinity;
            next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, swapped));
        }
        before = row;
        row = next;
    }
    return row.at(-1)!;
}

/** Calls `visit` for the schema and each schema in it that is an object, with its JSON Pointer. */
export function walkSchemas(schema: unknown, visit: (schema: Dictionary, pointer: string) => void, pointer = ''): void {
    if (!isObject(schema)) return;
    visit(schema, pointer);
    for (const part of subschemas(schema)) walkSchemas(part.value, visit, pointer + part.pointer);
}

/** The same for those, too, to which a `$ref` leads at a place where no keyword has a schema. Each is visited once. */
export function walkReferredSchemas(root: Dictionary, visit: (schema: Dictionary, pointer: string) => void): void {
    const visited = new Set<Dictionary>();
    // A reference to `#/properties` leads to names, not to keywords.
    const maps = new Set<unknown>();
    const targets: [schema: Dictionary, pointer: string][] = [[root, '']];
    const walk = (schema: unknown, pointer: string): void => {
        if (!isObject(schema) || visited.has(schema) || maps.has(schema)) return;
        visited.add(schema);
        visit(schema, pointer);
        for (const keyword of SCHEMA_MAP_KEYWORDS) maps.add(schema[keyword]);
        const target = localTarget(root, schema.$ref);
        if (target !== undefined) targets.push([target, (schema.$ref as string).slice(1)]);
        for (const part of subschemas(schema)) walk(part.value, pointer + part.pointer);
    };
    for (const [schema, pointer] of targets) walk(schema, pointer);
}

/** The schema of the same document to which a `$ref` leads by its place. */
export function localTarget(root: Dictionary, $ref: unknown): Dictionary | undefined {
    if (typeof $ref !== 'string' || !$ref.startsWith('#/')) return undefined;
    const target = valueAt(root, decoded($ref.slice(1)));
    return isObject(target) ? target : undefined;
}

function decoded(fragment: string): string {
    try {
        return decodeURIComponent(fragment);
    } catch {
        return fragment;
    }
}

// The place of an item that the schema at a pointer is about, as reports name it: `/offers/*/price` for
// `/properties/offers/items/properties/price`. Empty for the item itself.
export function itemPathOf(pointer: string): string {
    const tokens = pointer.split('/').slice(1);
    let path = '';
    for (let index = 0; index < tokens.length; index++) {
        const token = tokens[index]!;
        if (token === 'properties' && index + 1 < tokens.length) path += `/${tokens[++index]!}`;
        else if (token === 'patternProperties' && index + 1 < tokens.length) {
            index++;
            path += '/*';
        } else if (['items', 'contains', 'additionalProperties'].includes(token)) path += '/*';
        else if (SCHEMA_MAP_KEYWORDS.includes(token)) index++;
    }
    return path;
}
