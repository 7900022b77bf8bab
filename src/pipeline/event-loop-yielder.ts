import { afterThisTurn, monotonicMillis } from '../utils/clock.js';

/**
 * Work goes on for so long at most, in milliseconds, before requests, timers and handlers get their turn. Measured: with 8, a request,
 * whose answer takes several turns to be read, holds those behind it up; with 2, the turns themselves cost more than they gain.
 */
const MAX_BLOCKING_MILLIS = 4;
/** Checks the clock every 64 items; 4,096 characters of JSON count as one more item. */
const ITEMS_PER_CHECK = 64;
const CHARACTERS_PER_ITEM = 4_096;

/** Keeps the event loop turning: a loop of awaited pushes never leaves the microtasks by itself, and a large array blocks. */
export class EventLoopYielder {
    #itemsSinceCheck = 0;
    /** When the first item of this turn of the event loop came; undefined before it has come. */
    #turnBeganAt: number | undefined;

    /** Counts an item whose JSON has this many characters. */
    shouldYield(characters: number): boolean {
        if (this.#turnBeganAt === undefined) this.#beginTurn();
        this.#itemsSinceCheck += 1 + Math.floor(characters / CHARACTERS_PER_ITEM);
        if (this.#itemsSinceCheck < ITEMS_PER_CHECK) return false;
        this.#itemsSinceCheck = 0;
        return monotonicMillis() - this.#turnBeganAt! > MAX_BLOCKING_MILLIS;
    }

    /** Resolves when everything else has had its turn. */
    async yield(): Promise<void> {
        await new Promise<void>((resolve) => {
            afterThisTurn(resolve);
        });
    }

    /** Time in which nothing was pushed is no work: calls that come in after it are taken together. */
    #beginTurn(): void {
        this.#turnBeganAt = monotonicMillis();
        afterThisTurn(() => {
            this.#turnBeganAt = undefined;
        });
    }
}
