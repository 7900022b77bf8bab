import { copyText, shorten } from './text.js';

/**
 * The first `maxLength` characters of a value's JSON, with an ellipsis where something is cut off. The time it takes depends on
 * `maxLength`, not on the value. `undefined` where the value has no JSON. @throws what a getter or `toJSON` throws
 */
export function shortJson(value: unknown, maxLength: number): string | undefined {
    const writer = new BoundedWriter(maxLength + 1);
    if (!writer.write(value)) return undefined;
    return copyText(shorten(writer.text, maxLength));
}

class BoundedWriter {
    text = '';
    readonly #limit: number;

    constructor(limit: number) {
        this.#limit = limit;
    }

    /** Returns false for what has no JSON: a function, a symbol, undefined. */
    write(given: unknown): boolean {
        const value = hasToJson(given) ? (given.toJSON() as unknown) : given;
        if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return false;
        if (typeof value === 'string') {
            // Each character is at least one character of JSON.
            this.text += JSON.stringify(value.slice(0, this.#limit));
        } else if (typeof value !== 'object' || value === null) {
            this.text += JSON.stringify(value);
        } else if (Array.isArray(value)) {
            this.#writeArray(value);
        } else {
            this.#writeObject(value);
        }
        return true;
    }

    get #isFull(): boolean {
        return this.text.length >= this.#limit;
    }

    #writeArray(array: readonly unknown[]): void {
        this.text += '[';
        for (let index = 0; index < array.length && !this.#isFull; index++) {
            if (index > 0) this.text += ',';
            if (!this.write(array[index])) this.text += 'null';
        }
        this.text += ']';
    }

    #writeObject(object: object): void {
        this.text += '{';
        let isFirst = true;
        for (const name of Object.keys(object)) {
            if (this.#isFull) break;
            const before = this.text;
            this.text += `${isFirst ? '' : ','}${JSON.stringify(name.slice(0, this.#limit))}:`;
            if (this.write((object as Record<string, unknown>)[name])) isFirst = false;
            else this.text = before;
        }
        this.text += '}';
    }
}

function hasToJson(value: unknown): value is { toJSON: () => unknown } {
    return typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
