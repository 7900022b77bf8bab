import type { InvalidItem, SendResult } from '../ports.js';
import type { ItemError } from '../records.js';

/**
 * The types under which the platform reports that items fail the dataset's schema.
 * Sources: the endpoint's page, the dataset schema guide, and Actors that handle the error.
 */
const SCHEMA_ERROR_TYPES: ReadonlySet<unknown> = new Set([
    'schema-validation-error',
    'schema-validation-failed',
    'schema-validation',
]);

/** Errors of connections that never came about: nothing was sent. */
const NOT_CONNECTED: ReadonlySet<unknown> = new Set([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
]);

/** Reads from the error of a request to store items what it says about the items. */
export function toSendResult(thrown: unknown): SendResult {
    const error = thrown instanceof Error ? thrown : new Error(inWords(thrown));
    const { statusCode, type, data, code } = error as Error & Record<'statusCode' | 'type' | 'data' | 'code', unknown>;
    if (typeof statusCode !== 'number') {
        return { kind: 'unavailable', outcomeUnknown: !NOT_CONNECTED.has(code), error };
    }
    if (statusCode === 413 || type === 'request-too-large') return { kind: 'too-large', error };
    if (statusCode === 400 && SCHEMA_ERROR_TYPES.has(type)) {
        return { kind: 'invalid', invalidItems: readInvalidItems(data), error };
    }
    if (statusCode === 400 || statusCode === 422) {
        // Something on the way has answered, not the API, whose errors have a type: it says nothing about an item.
        const isFromApi = typeof type === 'string' && type !== '';
        return isFromApi ? { kind: 'bad-request', error } : { kind: 'unavailable', outcomeUnknown: false, error };
    }
    // A request that was limited in rate, or that timed out before it was read whole, stored nothing.
    if (statusCode === 429 || statusCode === 408) return { kind: 'unavailable', outcomeUnknown: false, error };
    if (statusCode >= 500) return { kind: 'unavailable', outcomeUnknown: true, error };
    return { kind: 'refused', error };
}

/**
 * The items that `error.data.invalidItems` names, in whichever of its shapes on record: a list of
 * `{ itemPosition, validationErrors }`, or a map from position to messages. Empty when it cannot be read.
 */
function readInvalidItems(data: unknown): InvalidItem[] {
    const invalidItems = isRecord(data) ? data.invalidItems : undefined;
    if (Array.isArray(invalidItems)) {
        const items = invalidItems.map((entry) =>
            isRecord(entry) ? toInvalidItem(entry.itemPosition, entry.validationErrors) : undefined,
        );
        return whole(items);
    }
    if (!isRecord(invalidItems)) return [];
    return whole(
        Object.entries(invalidItems).map(([position, errors]) =>
            toInvalidItem(/^\d+$/.test(position) ? Number(position) : undefined, errors),
        ),
    );
}

/** One entry that cannot be read makes the list useless: an item that it should name would be sent again as good. */
function whole(items: (InvalidItem | undefined)[]): InvalidItem[] {
    return items.every((item) => item !== undefined) ? items : [];
}

function toInvalidItem(itemPosition: unknown, errors: unknown): InvalidItem | undefined {
    if (!Number.isInteger(itemPosition)) return undefined;
    return {
        itemPosition: itemPosition as number,
        errors: (Array.isArray(errors) ? errors : [errors]).map(toItemError),
    };
}

function toItemError(error: unknown): ItemError {
    if (!isRecord(error)) {
        return {
            instancePath: '',
            schemaPath: '',
            keyword: 'platform',
            params: {},
            message: String(error ?? 'invalid'),
        };
    }
    return {
        instancePath: text(error.instancePath ?? error.dataPath),
        schemaPath: text(error.schemaPath),
        keyword: text(error.keyword),
        params: isRecord(error.params) ? error.params : {},
        ...(typeof error.message === 'string' && { message: error.message }),
    };
}

/** The thrown value may have no text either. */
function inWords(thrown: unknown): string {
    try {
        return String(thrown);
    } catch {
        return 'It threw what cannot be shown.';
    }
}

function text(value: unknown): string {
    return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
