import type { Dictionary } from '../records.js';
import type { Dialect } from './dialect.js';
import { walkReferredSchemas } from './keywords.js';
import { mistakesIn, pointerInWords } from './mistakes.js';
import { validFlag } from './patterns.js';
import { isObject } from './place.js';

/**
 * Changes a schema, in place, where Ajv refuses what the platform accepts, and without another verdict: redundant `nullable`,
 * `$async`, `id`. Returns what its author should know, each a clause that names the place.
 */
export function tolerate(schema: Dictionary, dialect: Dialect): string[] {
    const notes: string[] = [];
    walkReferredSchemas(schema, (part, pointer) => {
        const note = (text: string) => {
            notes.push(`${text} ${pointerInWords(pointer)}`);
        };
        tolerateNullable(part, note);
        if (part.$async !== undefined) {
            delete part.$async;
            note('"$async" is ignored: it is for asynchronous validators alone. Remove it');
        }
        // Ajv refuses the keyword of draft-04, which has no meaning in later drafts.
        if (typeof part.id === 'string') delete part.id;
        notePatterns(part, note);
        for (const mistake of mistakesIn(part, pointer, dialect)) note(mistake);
    });
    return notes;
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
