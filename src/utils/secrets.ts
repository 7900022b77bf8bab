import { pointerNames, toPointer } from './json-pointer.js';

/** Removes credentials from text before it is written to a record, a report, the log or the saved state. */
export type SecretRemover = (text: string) => string;

const REMOVED = '***';
/** A shorter value would be found by chance in other words. */
const MIN_SECRET_LENGTH = 6;

/** `https://joe:secret@host` and `proxy://:secret@host`. The length of a scheme is bounded so that long words cost no more than short ones. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>\\]*@/gi;
/** `?token=…`, also in a fragment. `signature` stays: Apify's public addresses of records need it, and it opens nothing else. */
const URL_PARAMETER =
    /([?&;#](?:(?:access|api|auth|id|refresh|session)[-_]?)?(?:token|key|secret|password|passwd|client[-_]secret)=)[^&\s"'<>#\\]+/gi;
const AUTHORIZATION = /\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{8,}/gi;
const APIFY_SECRET = /\bapify_(api|proxy)_[a-z0-9]{16,}/gi;

/** Removes credentials of URLs, secret parameters, authorization headers and, wherever they occur, the values in `ownSecrets`. */
export function createSecretRemover(ownSecrets: readonly string[] = []): SecretRemover {
    const values = ownSecrets
        .filter(({ length }) => length >= MIN_SECRET_LENGTH)
        .flatMap((value) => [value, encodeURIComponent(value)])
        // The longest first: one secret may be the beginning of another.
        .sort((a, b) => b.length - a.length);
    return (text) => {
        let cleaned = text;
        for (const value of values) cleaned = cleaned.replaceAll(value, REMOVED);
        return removeGenericSecrets(cleaned);
    };
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
        .replace(URL_PARAMETER, `$1${REMOVED}`)
        .replace(AUTHORIZATION, `$1$2${REMOVED}`)
        .replace(APIFY_SECRET, REMOVED);
}

/** Removes secrets from the names in a JSON Pointer: an object may have addresses as its keys. */
export function removeFromNames(pointer: string, removeSecrets: SecretRemover): string {
    return toPointer(pointerNames(pointer).map(removeSecrets));
}
