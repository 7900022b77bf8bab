import { randomInt } from 'node:crypto';
import { IS_LONG } from '../../support/mode.js';

/**
 * What everything random in the chaos suite begins with. `CHAOS_SEED` repeats a run; the long suite begins anew each time, the
 * short one with the seed of the table of docs/reliability.md, so that it does the same wherever it runs.
 */
export const SEED = Number(process.env.CHAOS_SEED ?? (IS_LONG ? randomInt(1_000_000_000) : 271_001_734));

/** Random numbers that are the same for the same seed. */
export class Random {
    #state: number;

    constructor(seed: number) {
        this.#state = seed >>> 0;
    }

    /** At least 0, less than 1. Mulberry32. */
    next(): number {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    /** A whole number from `min` to `max`, both included. */
    integer(min: number, max: number): number {
        return min + Math.floor(this.next() * (max - min + 1));
    }

    chance(probability: number): boolean {
        return this.next() < probability;
    }

    pick<T>(choices: readonly T[]): T {
        return choices[this.integer(0, choices.length - 1)]!;
    }

    /** One of the choices, each as likely as its weight. */
    weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
        let rest = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
        for (const [weight, choice] of choices) {
            rest -= weight;
            if (rest < 0) return choice;
        }
        return choices.at(-1)![1];
    }
}
