import type { ItemError } from '../records.js';
import { firstErrors } from '../utils/first-errors.js';
import { shorten } from '../utils/text.js';
import type { Bounds } from './keyword-code.js';

/** Errors of one item that are kept. */
const MAX_ERRORS = 100;
/** Characters of `instancePath`, and of each text in `params`. */
const MAX_TEXT_LENGTH = 200;
/** A validator must find this much for the errors that are kept to be those of plain Ajv. */
export const BOUNDS: Bounds = { maxErrors: MAX_ERRORS, maxKeyLength: MAX_TEXT_LENGTH };
/** For repair, which follows the paths. */
export const VERBOSE_BOUNDS: Bounds = { maxErrors: 10_000, maxKeyLength: 2_000 };
/** Characters of `schemaPath` and `message`, which only the schema makes long. */
const MAX_SCHEMA_TEXT_LENGTH = 1_000;
/** Members of a list in `params`, such as `allowedValues`. */
const MAX_LIST_LENGTH = 20;
/** Levels of a value in `params`, such as `allowedValue` of a `const`. */
const MAX_DEPTH = 3;

/**
 * The first errors of an item, without the item's values, each cut to a bounded size: a page may hold a key of megabytes, a
 * schema an enum of thousands of values. Of a list that was cut, `<name>Total` says how long it was (`allowedValuesTotal`).
 */
export function toItemErrors(errors: readonly ItemError[]): ItemError[] {
    return firstErrors(errors, MAX_ERRORS).map(({ instancePath, schemaPath, keyword, params, message }) => ({
        instancePath: shorten(instancePath, MAX_TEXT_LENGTH),
        schemaPath: shorten(schemaPath, MAX_SCHEMA_TEXT_LENGTH),
        keyword,
        params: cutParams(params),
        message: message === undefined ? undefined : shorten(message, MAX_SCHEMA_TEXT_LENGTH),
    }));
}

function cutParams(params: Record<string, unknown>): Record<string, unknown> {
    if (Object.values(params).every(isShort)) return params;
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(params)) {
        result[name] = cutValue(value, MAX_DEPTH);
        if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) result[`${name}Total`] = value.length;
    }
    return result;
}

/** Nearly every value in `params` is a number, a short text or a short list of these. */
function isShort(value: unknown): boolean {
    return Array.isArray(value) ? value.length <= MAX_LIST_LENGTH && value.every(isShortText) : isShortText(value);
}

function isShortText(value: unknown): boolean {
    return typeof value === 'string' ? value.length <= MAX_TEXT_LENGTH : typeof value !== 'object' || value === null;
}

function cutValue(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return shorten(value, MAX_TEXT_LENGTH);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === 0) return Array.isArray(value) ? ['…'] : { '…': '…' };
    if (Array.isArray(value)) return value.slice(0, MAX_LIST_LENGTH).map((member) => cutValue(member, depth - 1));
    const members = Object.entries(value).slice(0, MAX_LIST_LENGTH);
    return Object.fromEntries(
        members.map(([name, member]) => [shorten(name, MAX_TEXT_LENGTH), cutValue(member, depth - 1)]),
    );
}
