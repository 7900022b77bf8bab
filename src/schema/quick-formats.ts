const LEAP_YEAR = String.raw`(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)`;
const MONTH_AND_DAY = [
    String.raw`(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])`,
    '(?:0[13-9]|1[0-2])-(?:29|30)',
    '(?:0[13578]|1[02])-31',
].join('|');
const DATE = String.raw`(?:\d{4}-(?:${MONTH_AND_DAY})|${LEAP_YEAR}-02-29)`;
const HOUR_AND_MINUTE = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
// At most nine digits: Ajv reads the seconds as a number, and 59.999999999999999 is 60.
const DATE_TIME = String.raw`^${DATE}T${HOUR_AND_MINUTE}:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]${HOUR_AND_MINUTE})$`;

/**
 * Patterns of texts that are certain to be of the format, which one pass can tell. The full check decides about all others.
 * Measured: a date-time and an address take 0.6 µs less.
 */
export const QUICK_FORMATS: ReadonlyMap<string, RegExp> = new Map([
    ['date-time', new RegExp(DATE_TIME)],
    ['uri', /^https?:\/\/[a-z0-9\-.]+(?:\/[a-z0-9\-._~!$&'()*+,;=:@/]*)?(?:\?[a-z0-9\-._~!$&'()*+,;=:@/?]*)?$/i],
]);

/**
 * The same pattern without a part that makes it take quadratic time: `\S+(?::\S*)?@` matches what `\S+@` does, and tries each
 * colon. Measured for the format `url`: 1.6 s for 20 KB of colons. Other patterns stay as they are.
 */
export function withoutNeedlessChoice(pattern: RegExp): RegExp {
    const { source, flags } = pattern;
    return new RegExp(source.replace(String.raw`\S+(?::\S*)?@`, String.raw`\S+@`), flags);
}
