import { failOption, InvalidOptionsError } from '../errors.js';
import { isRecord } from '../utils/is-record.js';

/** What each key of an object must be. The checks get what a caller in plain JavaScript may have passed. */
export type Checks<Key extends string> = Readonly<
    Record<Key, { readonly expected: string; readonly isValid: (value: unknown) => boolean }>
>;

/** Checks each key of an object. Messages call the object `name`, and write `prefix` before its keys. @throws InvalidOptionsError */
export function checkKeys(value: unknown, checks: Checks<string>, name: string, prefix = `${name}.`): void {
    if (!isRecord(value)) failOption(name, 'an object', value);
    for (const [key, entry] of Object.entries(value)) {
        const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
        if (check === undefined) {
            const names = Object.keys(checks).join(', ');
            throw new InvalidOptionsError(prefix + key, `Unknown option "${prefix}${key}". Expected one of: ${names}.`);
        }
        if (entry !== undefined && !check.isValid(entry)) failOption(prefix + key, check.expected, entry);
    }
}

export function isText(value: unknown): boolean {
    return typeof value === 'string' && value !== '';
}

/** Whether it is an integer from `min` to the greatest that a timer takes. */
export function isIntegerFrom(min: number): (value: unknown) => boolean {
    return (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= 2_147_483_647;
}
