import type { Dictionary } from '../records.js';
import { isBareMap } from './bare-map.js';
import { itemPathOf, isKnownWord, keywordLike, walkSchemas } from './keywords.js';
import { validFlag } from './patterns.js';
import { isObject } from './place.js';
import { schemaText } from './property-text.js';

/**
 * Changes a schema, in place, where Ajv refuses what the platform accepts, and without another verdict: redundant `nullable`,
 * `$async`, `id`. Returns what its author should know, each a clause that names the place.
 */
export function tolerate(schema: Dictionary): string[] {
    const notes: string[] = [];
    walkSchemas(schema, (part, pointer) => {
        const note = (text: string) => {
            notes.push(`${text} ${inWords(pointer)}`);
        };
        tolerateNullable(part, note);
        if (part.$async !== undefined) {
            delete part.$async;
            note('"$async" is ignored: it is for asynchronous validators alone. Remove it');
        }
        // Ajv refuses the keyword of draft-04, which has no meaning in later drafts.
        if (typeof part.id === 'string') delete part.id;
        notePatterns(part, note);
        if (pointer !== '' && isBareMap(part)) {
            note(`a bare map of properties validates nothing, write it as ${schemaText(part)}`);
        }
        for (const { word, meant } of misspelt(part)) {
            note(`${JSON.stringify(word)} is no keyword of JSON Schema and is ignored, did you mean "${meant}"?`);
        }
    });
    return notes;
}

/** Words at the top of a schema that are no keywords, and the keywords that their author may have meant. */
export function misspelt(schema: Dictionary): { word: string; meant: string }[] {
    return Object.entries(schema).flatMap(([word, value]) => {
        const meant = isKnownWord(word) ? undefined : keywordLike(word);
        return meant !== undefined && couldBe(meant, value) ? [{ word, meant }] : [];
    });
}

/** The schema of the item, or of one of its properties. */
function inWords(pointer: string): string {
    const path = itemPathOf(pointer);
    if (pointer === '') return '(at the top)';
    return path === '' ? `(at ${pointer})` : `(property ${path}, at ${pointer})`;
}

type Note = (text: string) => void;

/** OpenAPI, where `nullable` comes from, gives it no effect without a type. Ajv refuses that, and extends lists in place. */
function tolerateNullable(schema: Dictionary, note: Note): void {
    const { nullable, type } = schema;
    if (nullable === undefined) return;
    if (typeof nullable !== 'boolean') {
        delete schema.nullable;
        note(`"nullable" is ignored: it must be true or false, but is ${JSON.stringify(nullable)}`);
    } else if (type === undefined || [type].flat().includes('null')) {
        delete schema.nullable;
    } else if (Array.isArray(type) && nullable) {
        schema.type = [...(type as unknown[]), 'null'];
    }
}

function notePatterns({ pattern, patternProperties }: Dictionary, note: Note): void {
    const patterns: unknown[] = isObject(patternProperties) ? Object.keys(patternProperties) : [];
    for (const regExp of [pattern, ...patterns]) {
        if (typeof regExp !== 'string') continue;
        const flag = validFlag(regExp);
        if (flag === '') {
            note(
                `the pattern ${JSON.stringify(regExp)} is only valid without the flag "u" and is used so; ` +
                    'write it without needless backslashes and with all brackets escaped',
            );
        } else if (flag === undefined) {
            note(`the pattern ${JSON.stringify(regExp)} is no regular expression, and nothing is checked against it`);
        }
    }
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
