import type { ItemError, QuarantineReason } from '../records.js';
import { shorten } from './sample.js';

type Params = Record<string, unknown>;

const MAX_RULE_LENGTH = 300;
const NAMED_VALUES = 8;

/**
 * What was demanded, in words to be read after the name of a field: "must be at least 0", "is missing". Holds nothing of the
 * item, only what the schema says. Where a keyword is unknown, or says less than it should, the validator's own message.
 */
export function ruleInWords(reason: QuarantineReason | 'other', { keyword, params, message }: ItemError): string {
    const said = message ?? `fails "${keyword}"`;
    const words = reason === 'rejected' ? `was rejected by the platform: ${said}` : said;
    return shorten(wordsOf(reason, keyword, params ?? {}) ?? words, MAX_RULE_LENGTH);
}

function wordsOf(reason: QuarantineReason | 'other', keyword: string, params: Params): string | undefined {
    if (reason === 'not-serializable') return 'has no JSON';
    if (reason !== 'schema') return undefined;
    return Object.hasOwn(RULES, keyword) ? RULES[keyword]!(params) : undefined;
}

const RULES: Record<string, (params: Params) => string | undefined> = {
    'type': ({ type }) => typesInWords(type),
    'required': () => 'is missing',
    'enum': ({ allowedValues }) => (Array.isArray(allowedValues) ? `must be ${oneOf(allowedValues)}` : undefined),
    'const': ({ allowedValue }) => (allowedValue === undefined ? undefined : `must be ${json(allowedValue)}`),
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
    'minLength': counted('at least', 'character'),
    'maxLength': counted('at most', 'character'),
    'minItems': counted('at least', 'element'),
    'maxItems': counted('at most', 'element'),
    'minProperties': counted('at least', 'property', 'properties'),
    'maxProperties': counted('at most', 'property', 'properties'),
    'pattern': ({ pattern }) => (typeof pattern === 'string' ? `must match the pattern ${pattern}` : undefined),
    'format': ({ format }) => (typeof format === 'string' ? `must be ${formatInWords(format)}` : undefined),
    'additionalProperties': () => 'has a property that the schema does not allow',
    'unevaluatedProperties': () => 'has a property that the schema does not allow',
    'propertyNames': () => 'has a property with a name that is not allowed',
    'uniqueItems': () => 'must not hold the same element twice',
    'contains': () => 'must hold an element that the schema asks for',
    'anyOf': () => 'must fit at least one of the alternatives in the schema',
    'oneOf': () => 'must fit exactly one of the alternatives in the schema',
    'not': () => 'has a value that the schema excludes',
    'false schema': () => 'must not be there',
};

const TYPES: Record<string, string> = {
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
    null: 'null',
};

const FORMATS: Record<string, string> = {
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

function typesInWords(type: unknown): string | undefined {
    const types = (Array.isArray(type) ? type : String(type ?? '').split(',')).map(String);
    const words = types.map((name) => (Object.hasOwn(TYPES, name) ? TYPES[name]! : undefined));
    if (words.length === 0 || words.includes(undefined)) return undefined;
    return `must be ${joined(words as string[], 'or')}`;
}

function formatInWords(format: string): string {
    return Object.hasOwn(FORMATS, format) ? FORMATS[format]! : `in the format "${format}"`;
}

function limited(words: (limit: string) => string) {
    return ({ limit }: Params) =>
        typeof limit === 'number' || typeof limit === 'string' ? words(String(limit)) : undefined;
}

function counted(bound: string, singular: string, plural = `${singular}s`) {
    return ({ limit }: Params) =>
        typeof limit === 'number' ? `must have ${bound} ${limit} ${limit === 1 ? singular : plural}` : undefined;
}

function oneOf(values: readonly unknown[]): string {
    const named = values.slice(0, NAMED_VALUES).map(json);
    const left = values.length - named.length;
    return `one of ${left > 0 ? `${named.join(', ')} and ${left} more` : joined(named, 'or')}`;
}

function joined(words: readonly string[], last: string): string {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

function json(value: unknown): string {
    return JSON.stringify(value) ?? 'nothing';
}
