import { ObservedObject } from './observed-object.js';
import { ObservedText } from './observed-text.js';
import type { PlaceBudget } from './place-budget.js';

/** The types of JSON, with whole numbers as one of their own. */
export type Kind = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

/** One value of a kind, and in which item it was. */
export interface Sighting {
    /** Zero-based. */
    readonly itemPosition: number;
    /** The value, shortened. */
    readonly value: unknown;
}

/** Values of one kind: their number, and the first of them. */
export interface KindCount {
    count: number;
    readonly first: Sighting[];
}

const MAX_SIGHTINGS = 3;
const MAX_EXAMPLE_LENGTH = 80;
const MAX_SHOWN_LENGTH = 100;

/** All that was seen at one place of the items. The memory that it takes does not grow with the number of items. */
export class ObservedValue {
    /** Values, `null` included. */
    total = 0;
    readonly kinds = new Map<Kind, KindCount>();
    text: ObservedText | undefined;
    /** Absent below the deepest level that is looked at. */
    object: ObservedObject | undefined;
    /** Elements of arrays, as above. */
    elements: ObservedValue | undefined;
    /** The smallest and the largest number. */
    range: { min: number; max: number } | undefined;
    /** An example for each type, as a person would show it. */
    readonly examples: { string?: string; number?: number; boolean?: boolean } = {};

    readonly #budget: PlaceBudget;
    readonly #depth: number;
    readonly #createBelow = () => new ObservedValue(this.#budget, this.#depth + 1);

    constructor(budget: PlaceBudget, depth: number) {
        this.#budget = budget;
        this.#depth = depth;
        budget.claim();
    }

    add(value: unknown, itemPosition: number): void {
        this.total++;
        const kind = kindOf(value);
        this.#count(kind, kind === 'null' ? null : value, itemPosition);
        switch (kind) {
            case 'string':
                (this.text ??= new ObservedText()).add(value as string);
                if (this.examples.string === undefined && isGoodExample(value as string)) {
                    this.examples.string = value as string;
                }
                break;
            case 'integer':
            case 'number':
                this.#addNumber(value as number);
                break;
            case 'boolean':
                this.examples.boolean ??= value as boolean;
                break;
            case 'array':
                if (!this.#budget.isTooDeep(this.#depth) && (value as unknown[]).length > 0) {
                    this.elements ??= this.#createBelow();
                    for (const element of value as unknown[]) this.elements.add(element, itemPosition);
                }
                break;
            case 'object':
                if (!this.#budget.isTooDeep(this.#depth)) {
                    this.object ??= new ObservedObject(this.#budget, this.#createBelow);
                    this.object.add(value as Record<string, unknown>, itemPosition);
                }
                break;
            case 'null':
                break;
        }
    }

    /** Adds what another one has seen. */
    merge(other: ObservedValue): void {
        this.total += other.total;
        for (const [kind, { count, first }] of other.kinds) {
            const own = this.kinds.get(kind);
            if (own === undefined) {
                this.kinds.set(kind, { count, first: [...first] });
                continue;
            }
            own.count += count;
            own.first.push(...first.slice(0, MAX_SIGHTINGS - own.first.length));
        }
        if (other.text) (this.text ??= new ObservedText()).merge(other.text);
        if (other.object) (this.object ??= new ObservedObject(this.#budget, this.#createBelow)).merge(other.object);
        if (other.elements) {
            (this.elements ??= this.#createBelow()).merge(other.elements);
        }
        if (other.range) {
            this.examples.number ??= other.examples.number!;
            this.#addNumber(other.range.min);
            this.#addNumber(other.range.max);
        }
        const { string = other.examples.string, boolean = other.examples.boolean } = this.examples;
        if (string !== undefined) this.examples.string = string;
        if (boolean !== undefined) this.examples.boolean = boolean;
    }

    countOf(kind: Kind): number {
        return this.kinds.get(kind)?.count ?? 0;
    }

    /** This place and those below it. */
    countPlaces(): number {
        return 1 + (this.object?.countPlaces() ?? 0) + (this.elements?.countPlaces() ?? 0);
    }

    /** Folds maps, here and below. */
    compact(): void {
        this.elements?.compact();
        this.object?.compact();
    }

    #addNumber(value: number): void {
        this.examples.number ??= value;
        if (this.range === undefined) this.range = { min: value, max: value };
        else if (value < this.range.min) this.range.min = value;
        else if (value > this.range.max) this.range.max = value;
    }

    #count(kind: Kind, value: unknown, itemPosition: number): void {
        let counted = this.kinds.get(kind);
        if (counted === undefined) this.kinds.set(kind, (counted = { count: 0, first: [] }));
        counted.count++;
        if (counted.first.length < MAX_SIGHTINGS) counted.first.push({ itemPosition, value: shown(value) });
    }
}

/** The kind of a value's JSON: what no JSON can hold is written as null. */
export function kindOf(value: unknown): Kind {
    switch (typeof value) {
        case 'string':
            return 'string';
        case 'number':
            if (Number.isInteger(value)) return 'integer';
            return Number.isFinite(value) ? 'number' : 'null';
        case 'boolean':
            return 'boolean';
        case 'undefined':
        case 'function':
        case 'symbol':
            return 'null';
        default:
            if (value === null) return 'null';
            return Array.isArray(value) ? 'array' : 'object';
    }
}

/** A value as it may be kept: objects, arrays and long texts would hold memory. */
function shown(value: unknown): unknown {
    if (typeof value === 'string') {
        return value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH - 1)}…` : value;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? '[…]' : '{…}';
}

/** Short, not blank, on one line, and without the user name or password that an address may hold. */
function isGoodExample(text: string): boolean {
    return text.length <= MAX_EXAMPLE_LENGTH && /\S/.test(text) && !/[\p{Cc}\u2028\u2029]|\/\/[^/]*@/u.test(text);
}
