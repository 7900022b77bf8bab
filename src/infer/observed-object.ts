import { keysOfData } from './keys-of-data.js';
import type { ObservedValue } from './observed-value.js';
import type { PlaceBudget } from './place-budget.js';

/** Keys of one object that are told apart; with more, those that only the data knows become one place. */
const MAX_KEYS = 500;

/** Collects what the objects at one place have in common: their properties, and keys that only the data knows. */
export class ObservedObject {
    /** Objects. */
    count = 0;
    /** In the order of the items: a key that comes later stands behind the key that it follows there. */
    readonly properties = new Map<string, ObservedValue>();
    /** The values of all keys that are not told apart. */
    others: ObservedValue | undefined;
    /** New keys, and the key before each, since the order was made. */
    readonly #insertions: [key: string, after: string | undefined][] = [];
    readonly #budget: PlaceBudget;
    readonly #createPlace: () => ObservedValue;

    constructor(budget: PlaceBudget, createPlace: () => ObservedValue) {
        this.#budget = budget;
        this.#createPlace = createPlace;
    }

    add(object: Record<string, unknown>, itemPosition: number): void {
        this.count++;
        let previous: string | undefined;
        for (const key of Object.keys(object)) {
            const value = object[key];
            // Members that JSON leaves out are not there. No validator looks at a property called `__proto__`.
            if (isLeftOut(value) || key === '__proto__') continue;
            this.#placeOf(key, previous).add(value, itemPosition);
            previous = key;
        }
    }

    /** Adds what another one has seen. */
    merge(other: ObservedObject): void {
        this.count += other.count;
        let previous: string | undefined;
        for (const [key, value] of other.properties) {
            this.#placeOf(key, previous).merge(value);
            previous = key;
        }
        if (other.others === undefined) return;
        // Values of our properties may be among the values that the other one no longer tells apart.
        this.fold([...this.properties.keys()].filter((key) => !other.properties.has(key)));
        this.#others().merge(other.others);
    }

    /** Folds maps, here and below. */
    compact(): void {
        this.others?.compact();
        for (const place of this.properties.values()) place.compact();
        this.fold(keysOfData(this));
    }

    /** Puts the values of these keys into one place. */
    fold(keys: Iterable<string>): void {
        for (const key of keys) {
            const place = this.properties.get(key)!;
            this.#others().merge(place);
            this.#budget.release(place.countPlaces());
            this.properties.delete(key);
        }
    }

    /** Tells these keys apart no longer, and makes no map of the object. */
    unlist(keys: Iterable<string>): void {
        if (this.others !== undefined) this.fold(keys);
        else for (const key of keys) this.properties.delete(key);
    }

    /** Places in the properties and in the values of other keys. */
    countPlaces(): number {
        let places = this.others?.countPlaces() ?? 0;
        for (const place of this.properties.values()) places += place.countPlaces();
        return places;
    }

    /** The keys in the order in which a person would write them. */
    orderedKeys(): string[] {
        const followers = new Map<string | undefined, string[]>();
        for (const [key, after] of this.#insertions) {
            const siblings = followers.get(after);
            if (siblings === undefined) followers.set(after, [key]);
            else siblings.push(key);
        }
        const keys: string[] = [];
        // The newest follower is the nearest; each key is followed by its own followers.
        const waiting = [...(followers.get(undefined) ?? [])];
        while (waiting.length > 0) {
            const key = waiting.pop()!;
            if (this.properties.has(key)) keys.push(key);
            waiting.push(...(followers.get(key) ?? []));
        }
        return keys;
    }

    #placeOf(key: string, previous: string | undefined): ObservedValue {
        const known = this.properties.get(key);
        if (known !== undefined) return known;
        if (this.properties.size >= MAX_KEYS) this.#foldDataKeys();
        // A key that was folded must not come back: what its earlier values were would be forgotten.
        if (this.others !== undefined || this.#budget.isSpent) return this.#others();
        const place = this.#createPlace();
        this.properties.set(key, place);
        this.#insertions.push([key, previous]);
        return place;
    }

    #foldDataKeys(): void {
        const found = keysOfData(this);
        const keys = [...this.properties.keys()];
        const steady = keys.filter((key) => this.properties.get(key)!.total >= this.count * 0.9);
        // With one object nothing is told by how often a key comes.
        const rare =
            this.count < 10 || steady.length > MAX_KEYS / 2 ? keys : keys.filter((key) => !steady.includes(key));
        this.fold(found.length > 0 ? found : rare);
    }

    #others(): ObservedValue {
        return (this.others ??= this.#createPlace());
    }
}

function isLeftOut(value: unknown): boolean {
    return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}
