import type { ItemError, QuarantineReason } from '../records.js';
import { count as counted, number } from '../utils/format.js';
import { escapeControls, shorten } from '../utils/text.js';

type Params = Readonly<Record<string, unknown>>;

const MAX_MESSAGE_LENGTH = 300;
const MAX_NAME_LENGTH = 80;
const NAMED_VALUES = 8;
const NAMED_ALTERNATIVES = 4;
/** What alternatives have in common is said once. The longest come first. */
const BEGINNINGS = ['must match the pattern ', 'must be ', 'must have ', 'must ', 'is missing '];
/** A longer one tells a reader nothing; the schema has it. */
const MAX_PATTERN_LENGTH = 60;

/**
 * The one vocabulary in which log, report, page, command line, status message and errors say what an item fails. Reads after the
 * path of what failed: "must be at least 0", `is missing "price"`. Holds nothing of the item, only what the schema says. The
 * validator's own message stands where a keyword is unknown or its parameters are not those of Ajv.
 */
export function describeError(reason: QuarantineReason | 'duplicate' | 'other', error: ItemError): string {
    return shorten(escapeControls(wordsOf(reason, error)), MAX_MESSAGE_LENGTH);
}

function wordsOf(reason: QuarantineReason | 'duplicate' | 'other', { keyword, params, message }: ItemError): string {
    const own = message ?? `fails "${keyword}"`;
    if (reason === 'schema') {
        return (Object.hasOwn(RULES, keyword) ? RULES[keyword]!(params ?? {}) : undefined) ?? own;
    }
    return Object.hasOwn(REASONS, reason) ? REASONS[reason]!(own) : own;
}

/** Words for the reasons that concern the item as a whole. */
const REASONS: Readonly<Record<string, (own: string) => string>> = {
    'too-large': () => 'is larger than one request can carry',
    // A thrown message may differ from item to item, and show its data.
    'not-serializable': () => 'has no JSON, or is nested too deeply',
    'rejected': (own) => `was rejected by the platform: ${own}`,
    'duplicate': () => 'is a duplicate',
    'other': () => 'failed for another reason',
};

const RULES: Readonly<Record<string, (params: Params) => string | undefined>> = {
    'type': ({ type }) => describeTypes(typeNames(type)),
    'required': ({ missingProperty }) => missing(missingProperty),
    'dependentRequired': ({ missingProperty }) => missing(missingProperty),
    'dependencies': ({ missingProperty }) => missing(missingProperty),
    // The total says how long a list was before it was cut.
    'enum': ({ allowedValues, allowedValuesTotal: total }) =>
        Array.isArray(allowedValues)
            ? `must be ${oneOf(allowedValues, typeof total === 'number' ? total : allowedValues.length)}`
            : undefined,
    'const': ({ allowedValue }) => (allowedValue === undefined ? undefined : `must be ${value(allowedValue)}`),
    'minimum': limited((limit) => `must be at least ${limit}`),
    'maximum': limited((limit) => `must be at most ${limit}`),
    'exclusiveMinimum': limited((limit) => `must be more than ${limit}`),
    'exclusiveMaximum': limited((limit) => `must be less than ${limit}`),
    'formatMinimum': limited((limit) => `must not be before ${limit}`),
    'formatMaximum': limited((limit) => `must not be after ${limit}`),
    'formatExclusiveMinimum': limited((limit) => `must be after ${limit}`),
    'formatExclusiveMaximum': limited((limit) => `must be before ${limit}`),
    'multipleOf': ({ multipleOf }) =>
        typeof multipleOf === 'number' ? `must be a multiple of ${multipleOf}` : undefined,
    'minLength': sized('at least', 'character'),
    'maxLength': sized('at most', 'character'),
    'minItems': sized('at least', 'element'),
    'maxItems': sized('at most', 'element'),
    'minProperties': sized('at least', 'property', 'properties'),
    'maxProperties': sized('at most', 'property', 'properties'),
    'pattern': ({ pattern }) =>
        typeof pattern === 'string' ? `must match the pattern ${patternOf(pattern)}` : undefined,
    'format': ({ format }) => (typeof format === 'string' ? `must be ${describeFormat(format)}` : undefined),
    'additionalProperties': () => 'has a property that is not allowed',
    'unevaluatedProperties': () => 'has a property that is not allowed',
    'propertyNames': () => 'has a property with a name that is not allowed',
    'additionalItems': ({ limit }) => (typeof limit === 'number' ? sizedAtMost(limit) : undefined),
    'items': ({ limit }) => (typeof limit === 'number' ? sizedAtMost(limit) : undefined),
    'unevaluatedItems': () => 'has an element that is not allowed',
    'uniqueItems': () => 'must not hold the same element twice',
    'contains': () => 'must hold an element that the schema asks for',
    'anyOf': () => 'fits none of the alternatives in the schema',
    'oneOf': ({ passingSchemas }) =>
        Array.isArray(passingSchemas)
            ? 'fits more than one of the alternatives in the schema'
            : 'fits none of the alternatives in the schema',
    'not': () => 'has a value that the schema excludes',
    'false schema': () => 'must not be there',
};

const TYPES: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
    null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
    'date-time': 'a date and time such as 2025-01-31T12:00:00Z',
    'date': 'a date such as 2025-01-31',
    'time': 'a time such as 12:00:00Z',
    'email': 'an e-mail address',
    'uri': 'a complete web address',
    'url': 'a complete web address',
    'hostname': 'a host name',
    'ipv4': 'an IPv4 address',
    'ipv6': 'an IPv6 address',
    'uuid': 'a UUID',
};

/** The types that an error of keyword `type` allows. */
export function typeNames(type: unknown): string[] {
    return (Array.isArray(type) ? type : String(type ?? '').split(',')).map(String);
}

/** "must be a number or null"; `undefined` where a name is no type of JSON Schema. */
export function describeTypes(types: readonly string[]): string | undefined {
    const words = types.map((name) => (Object.hasOwn(TYPES, name) ? TYPES[name]! : undefined));
    if (words.length === 0 || words.includes(undefined)) return undefined;
    return `must be ${joined(words as string[], 'or')}`;
}

/**
 * What several alternatives ask of one value, each told by one error: "must be one of x, y, null", "must match the pattern ^a or be
 * a number". `undefined` where there are too many to be read, or one says something else than what the value must be.
 */
export function describeAlternatives(errors: readonly ItemError[]): string | undefined {
    const allowed = errors.map(allowedValues);
    if (allowed.every((values) => values !== undefined)) {
        const values = [...new Set(allowed.flat())];
        return shorten(escapeControls(`must be ${oneOf(values, values.length)}`), MAX_MESSAGE_LENGTH);
    }
    const words = [...new Set(errors.map((error) => describeError('schema', error)))];
    const beginning = BEGINNINGS.find((text) => words.every((one) => one.startsWith(text)));
    if (words.length > NAMED_ALTERNATIVES || beginning === undefined) return undefined;
    return shorten(
        beginning +
            joined(
                words.map((one) => one.slice(beginning.length)),
                'or',
            ),
        MAX_MESSAGE_LENGTH,
    );
}

/** All values that pass, where the error tells them. */
function allowedValues({ keyword, params }: ItemError): readonly unknown[] | undefined {
    if (keyword === 'const') return [params?.allowedValue];
    if (keyword === 'type') return params?.type === 'null' ? [null] : undefined;
    const { allowedValues: values, allowedValuesTotal: total } = params ?? {};
    return keyword === 'enum' && Array.isArray(values) && total === undefined ? values : undefined;
}

function describeFormat(format: string): string {
    return Object.hasOwn(FORMATS, format) ? FORMATS[format]! : `in the format "${format}"`;
}

function patternOf(pattern: string): string {
    return pattern.length > MAX_PATTERN_LENGTH ? 'in the schema' : pattern;
}

function missing(name: unknown): string {
    return typeof name === 'string' ? `is missing ${JSON.stringify(shorten(name, MAX_NAME_LENGTH))}` : 'is missing';
}

function limited(words: (limit: string) => string) {
    return ({ limit }: Params) =>
        typeof limit === 'number' || typeof limit === 'string' ? words(String(limit)) : undefined;
}

function sized(bound: string, singular: string, plural = `${singular}s`) {
    return ({ limit }: Params) =>
        typeof limit === 'number' ? `must have ${bound} ${counted(limit, singular, plural)}` : undefined;
}

function sizedAtMost(limit: number): string {
    return `must have at most ${number(limit)} ${limit === 1 ? 'element' : 'elements'}`;
}

function oneOf(values: readonly unknown[], total: number): string {
    if (total === 1) return value(values[0]);
    const named = values.slice(0, NAMED_VALUES).map(value);
    const left = total - named.length;
    return `one of ${named.join(', ')}${left > 0 ? ` and ${number(left)} more` : ''}`;
}

function joined(words: readonly string[], last: string): string {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** Plain words and codes as they are, all else as JSON, so that `1` and `"1"`, `null` and `"null"` can be told apart. */
function value(allowed: unknown): string {
    if (typeof allowed === 'string' && /^(?!(?:true|false|null)$)\p{L}[\p{L}\p{N} ._-]*$/u.test(allowed)) {
        return shorten(allowed, MAX_NAME_LENGTH);
    }
    return shorten(JSON.stringify(allowed) ?? 'nothing', MAX_NAME_LENGTH);
}
