import type { Charging } from '../apify/charging.js';

interface Reservation {
    itemCount: number;
    eventName: string | undefined;
    settled: Promise<unknown>;
}

/**
 * Hands the user's pay-per-event budget to calls: to many at once while it is enough for all of them, so that they share
 * requests, and to one at a time, in their order, once it gets tight.
 */
export class Budget {
    readonly #charging: Charging;
    readonly #reservations = new Set<Reservation>();
    /** Settles with the last call that waits for those before it. */
    #queue: Promise<unknown> | undefined;

    constructor(charging: Charging) {
        this.#charging = charging;
    }

    /** To be called where something is charged. Runs `push` with how many of `itemCount` items the budget lets through; it charges for what it has stored. */
    async spend<T>(itemCount: number, eventName: string | undefined, push: (budget: number) => Promise<T>): Promise<T> {
        if (this.#queue === undefined && this.#isAmple(itemCount, eventName)) {
            return this.#reserve(itemCount, eventName, push(itemCount));
        }
        const pushed = (this.#queue ?? Promise.resolve()).then(async () => {
            await Promise.all([...this.#reservations].map(async ({ settled }) => settled));
            return this.#reserve(itemCount, eventName, push(this.#charging.budget(itemCount, eventName)));
        });
        const queue = pushed.catch(() => undefined);
        this.#queue = queue;
        try {
            return await pushed;
        } finally {
            if (this.#queue === queue) this.#queue = undefined;
        }
    }

    async #reserve<T>(itemCount: number, eventName: string | undefined, pushed: Promise<T>): Promise<T> {
        const reservation = { itemCount, eventName, settled: pushed.catch(() => undefined) };
        this.#reservations.add(reservation);
        try {
            return await pushed;
        } finally {
            this.#reservations.delete(reservation);
        }
    }

    /** Whether the budget is enough for these items and all that are under way, each at the highest price among them. */
    #isAmple(itemCount: number, eventName: string | undefined): boolean {
        let total = itemCount;
        const eventNames = new Set([eventName]);
        for (const reservation of this.#reservations) {
            total += reservation.itemCount;
            eventNames.add(reservation.eventName);
        }
        return [...eventNames].every((name) => this.#charging.budget(total, name) === total);
    }
}
