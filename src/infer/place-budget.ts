/** Places are told apart only so far: more belong to data, not to a schema. */
const MAX_PLACES = 50_000;
/** Values that lie deeper are counted, but not looked into. */
const MAX_DEPTH = 40;

/** Bounds what an inference remembers, whatever the items hold. */
export class PlaceBudget {
    #places = 0;

    claim(): void {
        this.#places++;
    }

    /** Gives back the places below objects that were folded into one. */
    release(places: number): void {
        this.#places -= places;
    }

    get isSpent(): boolean {
        return this.#places >= MAX_PLACES;
    }

    isTooDeep(depth: number): boolean {
        return depth >= MAX_DEPTH;
    }
}
