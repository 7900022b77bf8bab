/**
 * Equality of JSON values as Ajv decides it, in time that grows with the size of the values alone, and without its exceptions:
 * Ajv throws where an object has a key `valueOf` or `toString`. There the values' JSON decides.
 */

/** Called with a value to be walked through, or a text that was written, and the cost of one of its parts in steps. It may throw. */
export type OnWalk = (value: unknown, cost: number) => void;

/** Positions of two equal elements. */
export interface Duplicate {
    i: number;
    j: number;
}

/** Characters of JSON that tell most elements of an array apart. */
const FIRST_LENGTH = 100;
const GROWTH = 8;

const STEPS_PER_CHARACTER = 2;
/** Keys are read, and put into order. */
const STEPS_PER_KEY = 10;

interface Element {
    readonly index: number;
    readonly value: object;
}

/**
 * Finds the last element that equals an earlier one, and the nearest such earlier one, as Ajv does. Ajv compares each element
 * with each other one, which takes half a minute for 20,000 objects; here each is looked up once.
 */
export function findDuplicate(elements: readonly unknown[], onWalk?: OnWalk): Duplicate | undefined {
    const scalars = new Map<unknown, number>();
    const composites: Element[] = [];
    let found: Duplicate | undefined;
    for (let index = 0; index < elements.length; index++) {
        const value = elements[index];
        if (isComposite(value)) {
            composites.push({ index, value });
            continue;
        }
        const earlier = scalars.get(value);
        if (earlier !== undefined) found = { i: index, j: earlier };
        scalars.set(value, index);
    }
    return findEqual(composites, found, onWalk);
}

/**
 * The same for objects and arrays. Only as much of each is read as tells it from the others: below a schema that refers to itself
 * the same value is a part of an element at each of a thousand levels.
 */
function findEqual(
    elements: readonly Element[],
    found: Duplicate | undefined,
    onWalk: OnWalk | undefined,
): Duplicate | undefined {
    let alike = elements;
    for (let maxLength = FIRST_LENGTH; alike.length > 1; maxLength *= GROWTH) {
        const longer: Element[] = [];
        for (const [text, group] of groupByText(alike, maxLength, onWalk)) {
            if (group.length === 1) continue;
            if (text.length > maxLength) {
                for (const element of group) longer.push(element);
                continue;
            }
            const i = group.at(-1)!.index;
            if (found === undefined || i > found.i) found = { i, j: group.at(-2)!.index };
        }
        alike = longer;
    }
    return found;
}

function groupByText(
    elements: readonly Element[],
    maxLength: number,
    onWalk: OnWalk | undefined,
): Map<string, Element[]> {
    const groups = new Map<string, Element[]>();
    for (const element of elements) {
        const text = canonicalJson(element.value, maxLength, onWalk);
        if (text === undefined) continue;
        const group = groups.get(text);
        if (group === undefined) groups.set(text, [element]);
        else group.push(element);
    }
    return groups;
}

function isComposite(value: unknown): value is object {
    return typeof value === 'object' && value !== null;
}

/**
 * JSON with the keys in order: the same text for equal values. A text that is longer than `maxLength` is a beginning of it.
 * `undefined` for a value that equals no other one: Ajv compares what `constructor` holds by identity, so that a key of that name
 * with an object makes an object unequal to all others.
 */
export function canonicalJson(value: unknown, maxLength = Infinity, onWalk?: OnWalk): string | undefined {
    const writing = new CanonicalText(maxLength, onWalk);
    if (!writing.write(value)) return undefined;
    const text = writing.toString();
    onWalk?.(text, STEPS_PER_CHARACTER);
    return text;
}

/** Whether the value may equal the other one, as far as can be seen without its JSON. It reads no more of it than the other one has. */
export function looksLike(value: unknown, other: unknown): boolean {
    if (!isComposite(other)) return value === other;
    if (!isComposite(value)) return false;
    if (Array.isArray(other)) {
        if (!Array.isArray(value) || value.length !== other.length) return false;
        return other.every((each, index) => looksLike(value[index], each));
    }
    if (Array.isArray(value)) return false;
    const [members, others] = [value, other] as Record<string, unknown>[];
    return Object.keys(others!).every((key) => Object.hasOwn(members!, key) && looksLike(members![key], others![key]));
}

class CanonicalText {
    readonly #maxLength: number;
    readonly #onWalk: OnWalk | undefined;
    readonly #parts: string[] = [];
    #length = 0;

    constructor(maxLength: number, onWalk: OnWalk | undefined) {
        this.#maxLength = maxLength;
        this.#onWalk = onWalk;
    }

    toString(): string {
        return this.#parts.join('');
    }

    /** Returns `false` for a value that equals no other one. */
    write(value: unknown): boolean {
        if (this.#isFull) return true;
        // Ajv takes what an object inherits, such as `toString`, for a property: a function equals no value.
        if (typeof value === 'function') return false;
        if (!isComposite(value)) {
            this.#writeScalar(value);
            return true;
        }
        return Array.isArray(value) ? this.#writeArray(value) : this.#writeObject(value as Record<string, unknown>);
    }

    #writeArray(elements: readonly unknown[]): boolean {
        this.#add('[');
        for (const element of elements) {
            if (this.#isFull) return true;
            if (!this.write(element)) return false;
            this.#add(',');
        }
        this.#add(']');
        return true;
    }

    #writeObject(object: Record<string, unknown>): boolean {
        this.#add('{');
        const keys = Object.keys(object);
        this.#onWalk?.(keys, STEPS_PER_KEY);
        for (const key of keys.sort()) {
            if (this.#isFull) return true;
            const member = object[key];
            if (key === 'constructor' && isComposite(member)) return false;
            this.#writeScalar(key);
            this.#add(':');
            if (!this.write(member)) return false;
            this.#add(',');
        }
        this.#add('}');
        return true;
    }

    #writeScalar(value: unknown): void {
        const left = this.#maxLength - this.#length;
        const isLong = typeof value === 'string' && value.length > left;
        // The quotes alone make the text longer than it may be.
        this.#add(JSON.stringify(isLong ? value.slice(0, left) : value));
    }

    get #isFull(): boolean {
        return this.#length > this.#maxLength;
    }

    #add(part: string): void {
        this.#parts.push(part);
        this.#length += part.length;
    }
}
