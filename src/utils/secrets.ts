import { pointerNames, toPointer } from './json-pointer.js';

/** Removes credentials from text before it is written to a record, a report, the log or the saved state. */
export type SecretRemover = (text: string) => string;

const REMOVED = '***';
/** An error may be its own cause, by way of others. */
const MAX_CAUSES = 10;
/** A shorter value would be found by chance in other words. */
const MIN_SECRET_LENGTH = 6;

/** What `shorten` puts where it has cut a text off: what stands before it may be the beginning of a secret. */
const CUT = '…';

/** `https://joe:secret@host` and `proxy://:secret@host`. The length of a scheme is bounded so that long words cost no more than short ones. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"<>\\]*@/gi;
/** The same within the parameter of another address. */
const ENCODED_CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}%3A%2F%2F)(?:(?!%2F|%3F|%23)[^\s/?#&"<>\\])*%40/gi;
/** The same where the text was cut off before the `@`: what follows the colon is no port. */
const CUT_CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"<>\\@:…]*:(?!\d*…)[^\s/?#"<>\\@…]*(?=…)/gi;
/**
 * `?token=…`, also in a fragment, of an array or encoded. `signature` stays: Apify's public addresses of records need it, and it opens
 * nothing else.
 */
const URL_PARAMETER = new RegExp(
    String.raw`((?:[?&;#]|%3F|%26|%23)(?:` +
        String.raw`(?:[a-z0-9]{1,20}[-_.]){0,4}(?:token|secret|password|passwd|passphrase|pwd|jwt)` +
        String.raw`|(?:x[-_])?(?:(?:access|api|auth|client|id|private|refresh|secret|session|subscription)[-_]?)?(?:token|key)` +
        String.raw`|pass)(?:\[\]|%5B%5D)?(?:=|%3D))[^&\s"'<>#\\…]+`,
    'gi',
);
const AUTHORIZATION = /\b(bearer|basic)(\s+)(?:[a-z0-9._~+/=-]{8,}|[a-z0-9._~+/=-]+(?=…))/gi;
const APIFY_SECRET = /\bapify_(?:api|proxy)_(?:[a-z0-9]{16,}|[a-z0-9]*(?=…))/gi;

/** Removes credentials of URLs, secret parameters, authorization headers and, wherever they occur, the values in `ownSecrets`. */
export function createSecretRemover(ownSecrets: readonly string[] = []): SecretRemover {
    const values = ownSecrets
        .filter(({ length }) => length >= MIN_SECRET_LENGTH)
        .flatMap((value) => [value, encodeURIComponent(value)])
        // The longest first: one secret may be the beginning of another.
        .sort((a, b) => b.length - a.length);
    const beginnings = values.map(beginningOf);
    return (text) => {
        let cleaned = text;
        for (const value of values) cleaned = cleaned.replaceAll(value, REMOVED);
        if (cleaned.includes(CUT)) for (const cut of beginnings) cleaned = cleaned.replace(cut, REMOVED);
        return removeGenericSecrets(cleaned);
    };
}

/** Finds the value where it is cut off. */
function beginningOf(value: string): RegExp {
    const units = value.split('').map((unit) => unit.replace(/[\\^$.*+?()[\]{}|/-]/, String.raw`\$&`));
    const rest = units.slice(MIN_SECRET_LENGTH).reduceRight((after, unit) => `(?:${unit}${after})?`, '');
    return new RegExp(`${units.slice(0, MIN_SECRET_LENGTH).join('')}${rest}(?=${CUT})`, 'g');
}

/** The values of this process's environment that must not be shown. */
export function readOwnSecrets(env: Readonly<Record<string, string | undefined>>): string[] {
    return [env.APIFY_TOKEN, env.APIFY_PROXY_PASSWORD].filter(
        (value) => value !== undefined && value !== '',
    ) as string[];
}

/** Removes what is recognizable as a secret without knowing its value. */
export function removeGenericSecrets(text: string): string {
    return text
        .replace(URL_CREDENTIALS, '$1')
        .replace(ENCODED_CREDENTIALS, '$1')
        .replace(CUT_CREDENTIALS, `$1${REMOVED}`)
        .replace(URL_PARAMETER, `$1${REMOVED}`)
        .replace(AUTHORIZATION, `$1$2${REMOVED}`)
        .replace(APIFY_SECRET, REMOVED);
}

/** Removes secrets from the names in a JSON Pointer: an object may have addresses as its keys. */
export function removeFromNames(pointer: string, removeSecrets: SecretRemover): string {
    return toPointer(pointerNames(pointer).map(removeSecrets));
}

/**
 * Removes secrets from an error that somebody else has made, in place: whoever catches it tells it by its class and its fields, and
 * Node.js prints all of its text where nobody does.
 */
export function removeFromError(error: Error, removeSecrets: SecretRemover): void {
    for (let one: unknown = error, depth = 0; one instanceof Error && depth < MAX_CAUSES; one = one.cause, depth++) {
        for (const name of Object.getOwnPropertyNames(one)) removeFromProperty(one, name, removeSecrets);
    }
}

function removeFromProperty(error: Error, name: string, removeSecrets: SecretRemover): void {
    try {
        // The stack is a value in one version of V8 and a getter in another.
        const value = (error as unknown as Record<string, unknown>)[name];
        const cleaned = typeof value === 'string' ? removeSecrets(value) : value;
        if (cleaned === value) return;
        const { enumerable } = Object.getOwnPropertyDescriptor(error, name)!;
        Object.defineProperty(error, name, { value: cleaned, enumerable, configurable: true, writable: true });
    } catch {
        // It cannot be read or changed.
    }
}
