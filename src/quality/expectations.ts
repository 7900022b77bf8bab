import { failOption, InvalidOptionsError } from '../errors.js';
import { isPointer, POINTER_IN_WORDS } from '../utils/json-pointer.js';
import { isRecord } from '../utils/is-record.js';
import { toFieldPath } from './field-tree.js';

/** Expectations of a run's data. They are judged when the run ends by itself. */
export interface Expectations {
    /** Stored items, at least. Tie it to the input: a run that is asked for 10 items cannot store 1,000. Not judged where items were trimmed to a customer's budget. */
    minItems?: number | undefined;
    /**
     * Share of the stored items, 0 to 1, in which a field has a value: `{ price: 0.95, '/tags/*': 1 }`. A bare name is a
     * top-level key, a leading `/` a JSON Pointer; with `*` it is the share of elements. `null`, `''`, `[]` and `{}` are no value.
     */
    filled?: Record<string, number> | undefined;
    /** Share of the received items in quarantine, 0 to 1, at most. Duplicates do not count. */
    maxQuarantined?: number | undefined;
    /** Share of the received items that were repaired, 0 to 1, at most. */
    maxRepaired?: number | undefined;
    /** Share of the received items that were duplicates, 0 to 1, at most. */
    maxDuplicates?: number | undefined;
    /**
     * The effect of unmet expectations: `'warn'` says so in log, status message and report; `'fail'` also makes the run fail, with
     * exit code 1. Apify runs Actors daily with their prefilled input and marks those that fail for three days.
     * @default 'warn'
     */
    otherwise?: 'warn' | 'fail' | undefined;
}

/** The option: expectations, or a function that is asked for them when the run ends. */
export type ExpectOption = Expectations | (() => Expectations);

export type ResolvedExpectations = Readonly<
    Omit<Expectations, 'filled' | 'otherwise'> & {
        /** By JSON Pointer. */
        filled: readonly { readonly name: string; readonly path: string; readonly share: number }[];
        otherwise: 'warn' | 'fail';
    }
>;

const SHARES = ['maxQuarantined', 'maxRepaired', 'maxDuplicates'] as const;
const KEYS: readonly string[] = ['minItems', 'filled', ...SHARES, 'otherwise'];

/** Checks the option. A function is checked once it is asked. @throws InvalidOptionsError */
export function resolveExpectOption(value: unknown): ExpectOption | undefined {
    if (value === undefined || typeof value === 'function') return value as ExpectOption | undefined;
    resolveExpectations(value);
    const { filled, ...others } = value as Expectations;
    return Object.freeze({ ...others, ...(filled && { filled: Object.freeze({ ...filled }) }) });
}

/** The paths that the option names, so far as they are known before the end: their fields are to be counted. */
export function expectedPaths(expect: ExpectOption | undefined): string[] {
    return expect === undefined || typeof expect === 'function'
        ? []
        : resolveExpectations(expect).filled.map(({ path }) => path);
}

/** Asks a function for its expectations, and checks them. @throws InvalidOptionsError, or what the function throws */
export function readExpectations(expect: ExpectOption): ResolvedExpectations {
    if (typeof expect !== 'function') return resolveExpectations(expect);
    const value: unknown = expect();
    if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
        Promise.resolve(value).catch(() => undefined);
        failOption('expect', 'a function that returns an object at once', value);
    }
    return resolveExpectations(value);
}

/** Checks expectations and fills in the defaults. The given object is not changed. @throws InvalidOptionsError */
export function resolveExpectations(value: unknown): ResolvedExpectations {
    if (!isRecord(value))
        return failOption('expect', 'an object such as { minItems: 1 }, or a function that returns one', value);
    for (const key of Object.keys(value)) {
        if (KEYS.includes(key)) continue;
        throw new InvalidOptionsError(
            `expect.${key}`,
            `Unknown option "expect.${key}". Expected one of: ${KEYS.join(', ')}.`,
        );
    }
    const { minItems, filled, otherwise } = value;
    if (minItems !== undefined && !(Number.isSafeInteger(minItems) && (minItems as number) >= 0)) {
        failOption('expect.minItems', 'an integer of 0 or more', minItems);
    }
    for (const key of SHARES)
        if (value[key] !== undefined && !isShare(value[key])) failShare(`expect.${key}`, value[key]);
    if (otherwise !== undefined && otherwise !== 'warn' && otherwise !== 'fail') {
        failOption('expect.otherwise', `'warn' or 'fail'`, otherwise);
    }
    return Object.freeze({
        ...(value as Expectations),
        filled: Object.freeze(resolveFilled(filled)),
        otherwise: (otherwise as 'warn' | 'fail' | undefined) ?? 'warn',
    });
}

function resolveFilled(filled: unknown): { name: string; path: string; share: number }[] {
    if (filled === undefined) return [];
    if (!isRecord(filled)) return failOption('expect.filled', 'an object such as { price: 0.95 }', filled);
    return Object.entries(filled).map(([name, share]) => {
        if (name === '' || name === '/') failOption('expect.filled', 'an object whose keys name fields', filled);
        if (name.startsWith('/') && !isPointer(name)) failOption(`expect.filled.${name}`, POINTER_IN_WORDS, name);
        if (!isShare(share)) failShare(`expect.filled.${name}`, share);
        return Object.freeze({ name, path: toFieldPath(name), share: share as number });
    });
}

function isShare(value: unknown): boolean {
    return typeof value === 'number' && value >= 0 && value <= 1;
}

function failShare(option: string, value: unknown): never {
    const hint = typeof value === 'number' && value > 1 && value <= 100 ? ` (${value / 100} for ${value} %)` : '';
    return failOption(option, `a share from 0 to 1${hint}`, value);
}
