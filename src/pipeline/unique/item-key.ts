import type { Dictionary } from '../../records.js';
import { valueBelow } from '../../utils/json-pointer.js';
import { messageOf } from '../../utils/text.js';
import { placeInUserCode } from '../../utils/user-code.js';
import type { ResolvedUnique, UniqueFunction } from './options.js';

/**
 * The prefix of a key that is not text itself, so that no text is taken for it: `1` and `'1'` are different keys. Text
 * that begins with it gets one of its own.
 */
const MARK = '\u0000';
const MARK_CODE = 0;

/** Makes the keys of items. Two items are duplicates where their keys are the same text. */
export class ItemKeys {
    readonly #keyOf: UniqueFunction | undefined;
    /** Of the parts of the key. */
    readonly #paths: readonly (readonly string[])[];
    readonly #onProblem: (message: string) => void;
    #isReported = false;

    constructor(unique: ResolvedUnique, onProblem: (message: string) => void) {
        this.#keyOf = 'keyOf' in unique ? unique.keyOf : undefined;
        this.#paths = 'paths' in unique ? unique.paths : [];
        this.#onProblem = onProblem;
    }

    /**
     * The key of an item, which must be what its JSON will be when it is parsed; `undefined` where it has none: a part is
     * missing, null, `''`, an object or an array, or the function threw. A function gets `item` itself.
     */
    keyOf(item: unknown): string | undefined {
        const paths = this.#paths;
        if (paths.length === 1) return textOf(valueBelow(item, paths[0]!));
        if (this.#keyOf !== undefined) return this.#call(this.#keyOf, item);
        const parts: string[] = [];
        for (const path of paths) {
            const part = textOf(valueBelow(item, path));
            if (part === undefined) return undefined;
            parts.push(part);
        }
        return `${MARK}l${JSON.stringify(parts)}`;
    }

    #call(keyOf: UniqueFunction, item: unknown): string | undefined {
        try {
            const key: unknown = keyOf(item as Dictionary);
            if (key === undefined || key === null) return undefined;
            if (typeof key === 'string' || typeof key === 'number') return textOf(key);
            if (typeof (key as { then?: unknown }).then === 'function') {
                // Nobody else handles its rejection.
                Promise.resolve(key).catch(() => undefined);
                this.#report('returned a promise, whose value comes too late');
            } else {
                this.#report(`returned ${Array.isArray(key) ? 'an array' : `a value of type ${typeof key}`}`);
            }
        } catch (error) {
            const place = placeInUserCode(error);
            const where = place === undefined ? '' : ` at ${place}`;
            this.#report(`threw: ${messageOf(error)}${where}`);
        }
        return undefined;
    }

    #report(problem: string): void {
        if (this.#isReported) return;
        this.#isReported = true;
        this.#onProblem(
            `The function in option "unique" ${problem}. Expected the key as text, or undefined for an item without one; ` +
                'the item is kept, whether it is a duplicate or not. This is said once.',
        );
    }
}

/** A key as it is shown to people: text as it is, the parts of a list with commas between them. */
export function keyInWords(key: string): string {
    if (!key.startsWith(MARK)) return key;
    const rest = key.slice(2);
    if (key[1] !== 'l') return rest;
    return (JSON.parse(rest) as string[]).map(keyInWords).join(', ');
}

function textOf(value: unknown): string | undefined {
    switch (typeof value) {
        case 'string':
            if (value === '') return undefined;
            return value.charCodeAt(0) === MARK_CODE ? `${MARK}s${value}` : value;
        case 'number':
            // JSON writes what is no finite number as null.
            return Number.isFinite(value) ? `${MARK}n${value}` : undefined;
        case 'boolean':
            return `${MARK}b${value}`;
        default:
            return undefined;
    }
}
