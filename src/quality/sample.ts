import type { ItemError } from '../records.js';
import { escapeName, valueAt } from '../utils/json-pointer.js';
import type { SecretRemover } from '../utils/secrets.js';
import { removeFromNames } from '../utils/secrets.js';
import { shortJson } from '../utils/short-json.js';
import { copyText, shorten } from '../utils/text.js';

/** A value that failed, and the first item that had it. All texts are copies: no sample keeps an item alive. */
export interface ReasonSample {
    /** JSON of the value, redacted, at most 200 characters. Absent where no value can be shown, as for a missing property. */
    readonly value?: string;
    /** Items with this value, among the first 1,000 items with the reason. */
    readonly count: number;
    /** JSON Pointer into the item to what failed or is missing; shortened. */
    readonly path: string;
    /** The item's identity: its `url`, `id` or the like, redacted, without credentials. */
    readonly item?: string;
    /** The page that the item came from, without credentials, at most 500 characters; a longer address is left out. */
    readonly url?: string;
}

const MAX_VALUE_LENGTH = 200;
const MAX_PATH_LENGTH = 200;
const MAX_IDENTITY_LENGTH = 200;
const MAX_URL_LENGTH = 500;

/** Fields that name an item, in this order, where `identify` does not. */
const IDENTIFYING_FIELDS = ['url', 'link', 'id', 'sku', 'asin', 'name'] as const;

export type Identify = (item: Record<string, unknown>) => unknown;

export interface SampleSource {
    error: ItemError;
    /** The path to be shown where the item does not have what failed, because it was redacted. */
    maskedPath: string;
    /** Redacted; `undefined` where nothing of the item may be shown. */
    item: unknown;
    identity: string | undefined;
    url: string | undefined;
    removeSecrets: SecretRemover;
}

/** The part of an item that may be shown with a fault. */
export function sampleOf({ error, maskedPath, item, identity, url, removeSecrets }: SampleSource): ReasonSample {
    const pointer = failingPath(error);
    const value = jsonAt(item, pointer);
    const isShown = value !== undefined || isMissing(error);
    const shownUrl = url === undefined ? undefined : removeSecrets(url);
    return {
        ...(value !== undefined && { value: removeSecrets(value) }),
        count: 1,
        path: copyText(shorten(removeFromNames(isShown ? pointer : maskedPath, removeSecrets), MAX_PATH_LENGTH)),
        ...(identity !== undefined && { item: identity }),
        ...(shownUrl !== undefined && shownUrl.length <= MAX_URL_LENGTH && { url: copyText(shownUrl) }),
    };
}

/** The name of a redacted item: what `identify` returns, or the first of its fields that usually name one. Never throws. */
export function identityOf(
    item: unknown,
    identify: Identify | undefined,
    removeSecrets: SecretRemover,
): string | undefined {
    if (typeof item !== 'object' || item === null) return undefined;
    try {
        const fields = item as Record<string, unknown>;
        const name = identify === undefined ? usualName(fields) : identify(fields);
        if (!isName(name)) return undefined;
        return copyText(shorten(removeSecrets(String(name)), MAX_IDENTITY_LENGTH));
    } catch {
        return undefined;
    }
}

/** The path of what is missing or must not be there, not that of the object around it. */
export function failingPath({ instancePath, keyword, params }: ItemError): string {
    const name = isMissing({ keyword }) ? params?.missingProperty : NAMED_BY[keyword] && params?.[NAMED_BY[keyword]];
    return typeof name === 'string' ? `${instancePath}/${escapeName(name)}` : instancePath;
}

export function isMissing({ keyword }: Pick<ItemError, 'keyword'>): boolean {
    return keyword === 'required' || keyword === 'dependentRequired' || keyword === 'dependencies';
}

const NAMED_BY: Readonly<Record<string, string>> = {
    additionalProperties: 'additionalProperty',
    unevaluatedProperties: 'unevaluatedProperty',
    propertyNames: 'propertyName',
};

function usualName(fields: Record<string, unknown>): unknown {
    for (const field of IDENTIFYING_FIELDS) {
        if (Object.hasOwn(fields, field) && isName(fields[field])) return fields[field];
    }
    return undefined;
}

function isName(value: unknown): value is string | number {
    return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

/** JSON of the value at a JSON Pointer; `undefined` where there is none, and for the item as a whole. */
function jsonAt(item: unknown, pointer: string): string | undefined {
    if (pointer === '') return undefined;
    try {
        return shortJson(valueAt(item, pointer), MAX_VALUE_LENGTH);
    } catch {
        // The result of `redact` has no JSON.
        return undefined;
    }
}
