import type { Dictionary } from '../records.js';
import { isAnnotation, isBareMap, isKeyword, looksLikeSchema } from './bare-map.js';
import type { Dialect } from './dialect.js';
import { isKnownWord, itemPathOf, keywordLike, walkSchemas } from './keywords.js';
import { isObject } from './place.js';
import { isTypeWord, schemaText } from './property-text.js';

/** Finds parts of a schema that have no effect, though their author meant something by them. Returns clauses that name the place. */
export function mistakes(schema: Dictionary, dialect: Dialect): string[] {
    const found: string[] = [];
    walkSchemas(schema, (part, pointer) => {
        for (const mistake of mistakesIn(part, pointer, dialect)) found.push(`${mistake} ${pointerInWords(pointer)}`);
    });
    return found;
}

/** The same for one part of a schema, without its place. */
export function mistakesIn(part: Dictionary, pointer: string, dialect: Dialect): string[] {
    if (pointer !== '' && isMapOfProperties(part)) {
        return [`a bare map of properties validates nothing, write it as ${schemaText(part)}`];
    }
    const foreign = Object.keys(part).filter((word) => dialect.foreign.has(word));
    return [
        ...misspelt(part).map(
            ({ word, meant }) =>
                `${JSON.stringify(word)} is no keyword of JSON Schema and is ignored, did you mean "${meant}"?`,
        ),
        ...strayProperties(part).map(
            (name) =>
                `${JSON.stringify(name)} stands beside the keywords and is ignored, did you mean to put it into "properties"?`,
        ),
        ...foreign.map((word) => `"${word}" has no effect in ${dialect.name}: "$schema" must name a draft that has it`),
    ];
}

/** Words at the top of a schema that are no keywords, and the keywords that their author may have meant. */
export function misspelt(schema: Dictionary): { word: string; meant: string }[] {
    return Object.entries(schema).flatMap(([word, value]) => {
        const meant = isKnownWord(word) ? undefined : keywordLike(word);
        return meant !== undefined && couldBe(meant, value) ? [{ word, meant }] : [];
    });
}

/** Schemas under words that are no keywords, where at least one keyword stands beside them. */
function strayProperties(schema: Dictionary): string[] {
    const entries = Object.entries(schema);
    if (!entries.some(([word, value]) => isKeyword(word, value))) return [];
    const wrong = new Set(misspelt(schema).map(({ word }) => word));
    return entries
        .filter(([word, value]) => !isKnownWord(word) && !wrong.has(word) && looksLikeSchema(value))
        .map(([word]) => word);
}

/** A bare map of properties, in whatever words they are described. */
function isMapOfProperties(schema: Dictionary): boolean {
    if (isBareMap(schema)) return true;
    const entries = Object.entries(schema).filter(([word, value]) => !isAnnotation(word, value));
    return (
        entries.length > 0 &&
        entries.every(([word, value]) => !isKnownWord(word) && describesProperty(value)) &&
        entries.some(([, value]) => isObject(value))
    );
}

function describesProperty(value: unknown): boolean {
    return isTypeWord(value) || looksLikeSchema(value) || (isObject(value) && isMapOfProperties(value));
}

/** The schema of the item, or of one of its properties. */
export function pointerInWords(pointer: string): string {
    const path = itemPathOf(pointer);
    if (pointer === '') return '(at the top)';
    return path === '' ? `(at ${pointer})` : `(property ${path}, at ${pointer})`;
}

const NUMERIC = /^(?:min|max|exclusive|multiple)/i;

/** Whether a keyword could have such a value, so that a word like it is a mistake and not a word of somebody's own. */
function couldBe(keyword: string, value: unknown): boolean {
    if (NUMERIC.test(keyword)) return typeof value === 'number';
    if (keyword === 'required') return Array.isArray(value) || typeof value === 'boolean';
    if (['enum', 'allOf', 'anyOf', 'oneOf', 'prefixItems'].includes(keyword)) return Array.isArray(value);
    if (keyword === 'type') return typeof value === 'string' || Array.isArray(value);
    if (['pattern', 'format'].includes(keyword) || keyword.startsWith('$')) return typeof value === 'string';
    if (['const', 'nullable', 'uniqueItems'].includes(keyword)) return typeof value === 'boolean';
    if (keyword.endsWith('Properties')) return typeof value === 'boolean' || isObject(value);
    return isObject(value);
}
