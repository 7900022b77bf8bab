import { failOption } from '../../errors.js';
import type { Dictionary } from '../../records.js';
import { isPointer, POINTER_IN_WORDS, pointerNames } from '../../utils/json-pointer.js';

/** Returns the key of an item as text, or `undefined` for an item without a key. It must not return a promise. */
export type UniqueFunction<Item extends object = Dictionary> = (item: Item) => string | undefined;

/** Option `unique`: a top-level field, a JSON Pointer (it begins with `/`), a list of them, or a function. */
export type UniqueOption<Item extends object = Dictionary> = string | readonly string[] | UniqueFunction<Item>;

/** The treatment of an item whose key is stored already. */
export type DuplicatesOption = 'drop' | 'quarantine' | 'count';

/** The tokens of the way to each part of the key, or the function that makes it. */
export type ResolvedUnique = { readonly paths: readonly (readonly string[])[] } | { readonly keyOf: UniqueFunction };

/** The same text for options that make the same keys. A function is told by its code. */
export function definitionOf(unique: ResolvedUnique): string {
    return 'paths' in unique ? JSON.stringify(unique.paths) : Function.prototype.toString.call(unique.keyOf);
}

const EXPECTED =
    "a field such as 'url', a JSON Pointer such as '/product/id', a list of these, or a function (item) => string | undefined";

/** Checks the option `unique`; `undefined` where items have no key. @throws InvalidOptionsError */
export function resolveUnique(value: unknown): ResolvedUnique | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'function') return Object.freeze({ keyOf: value as UniqueFunction });
    if (typeof value === 'string') return Object.freeze({ paths: Object.freeze([path(value, 'unique')]) });
    if (!Array.isArray(value) || value.length === 0) return failOption('unique', EXPECTED, value);
    return Object.freeze({
        paths: Object.freeze(value.map((entry: unknown, index) => path(entry, `unique[${index}]`))),
    });
}

function path(value: unknown, option: string): readonly string[] {
    if (typeof value !== 'string' || value === '') {
        const isEntry = option !== 'unique';
        return failOption(
            option,
            isEntry ? "a field such as 'url' or a JSON Pointer such as '/product/id'" : EXPECTED,
            value,
        );
    }
    if (!value.startsWith('/')) return Object.freeze([value]);
    if (!isPointer(value)) return failOption(option, POINTER_IN_WORDS, value);
    return Object.freeze(pointerNames(value));
}
