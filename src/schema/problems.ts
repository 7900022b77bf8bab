import type { ErrorObject } from 'ajv';

import { describeError } from '../quality/words.js';
import { valueAt } from '../utils/json-pointer.js';
import { itemPathOf } from './keywords.js';

/** Failures of the schema itself that one message shows. */
const MAX_SHOWN_PROBLEMS = 5;
const MAX_SHOWN_LENGTH = 60;

/**
 * The errors of a schema in words: which keyword of which property, what it may be and what it is. One for each place, because
 * a wrong `type` alone makes Ajv report three.
 */
export function problemsInWords(errors: readonly ErrorObject[] | null | undefined, schema: unknown): string {
    const byPath = new Map<string, ErrorObject>();
    for (const error of errors ?? []) {
        if (!byPath.has(error.instancePath)) byPath.set(error.instancePath, error);
    }
    const shown = [...byPath.values()].slice(0, MAX_SHOWN_PROBLEMS).map((error) => problemInWords(error, schema));
    if (byPath.size > shown.length) shown.push(`and ${byPath.size - shown.length} more`);
    return shown.join('; ');
}

function problemInWords(error: ErrorObject, schema: unknown): string {
    const { instancePath } = error;
    const rule = describeError('schema', error);
    if (instancePath === '') return `it ${rule}`;
    const value = JSON.stringify(valueAt(schema, instancePath)) ?? 'missing';
    const shown = value.length <= MAX_SHOWN_LENGTH ? value : `${value.slice(0, MAX_SHOWN_LENGTH)}…`;
    const cut = instancePath.lastIndexOf('/');
    const path = itemPathOf(instancePath.slice(0, cut));
    const subject = `"${instancePath.slice(cut + 1)}"${path === '' ? '' : ` of the property ${path}`}`;
    const isOfOldDraft = instancePath.endsWith('/required') && /^(?:true|false)$/.test(value);
    const remedy = isOfOldDraft ? '; name the property in "required" of the object around it' : '';
    return `${subject} ${rule}, but is ${shown} (at ${instancePath})${remedy}`;
}
