/**
 * Work goes on for so long at most, in milliseconds, before requests, timers and handlers get their turn. Measured: with 8, a request,
 * whose answer takes several turns to be read, holds those behind it up; with 2, the turns themselves cost more than they gain.
 */
const MAX_BLOCKING_MILLIS = 4;
/** Items between two looks at the clock; an item counts as one more for each so many characters of its JSON. */
const ITEMS_PER_LOOK = 64;
const CHARACTERS_PER_ITEM = 4_096;

/** Keeps the event loop turning: a loop of awaited pushes never leaves the microtasks by itself, and a large array blocks. */
export class Pace {
    #itemsSinceLook = 0;
    /** When the first item of this turn of the event loop came; undefined before it has come. */
    #turnBeganAt: number | undefined;

    /** Counts an item whose JSON has so many characters. Returns whether a `pause` is due. */
    isPauseDue(characters: number): boolean {
        if (this.#turnBeganAt === undefined) this.#beginTurn();
        this.#itemsSinceLook += 1 + Math.floor(characters / CHARACTERS_PER_ITEM);
        if (this.#itemsSinceLook < ITEMS_PER_LOOK) return false;
        this.#itemsSinceLook = 0;
        return performance.now() - this.#turnBeganAt! > MAX_BLOCKING_MILLIS;
    }

    /** Resolves when everything else has had its turn. */
    async pause(): Promise<void> {
        await new Promise<void>((resolve) => {
            setImmediate(resolve);
        });
    }

    /** Time in which nothing was taken is no work: calls that come in after it are taken together. */
    #beginTurn(): void {
        this.#turnBeganAt = performance.now();
        setImmediate(() => {
            this.#turnBeganAt = undefined;
        });
    }
}
