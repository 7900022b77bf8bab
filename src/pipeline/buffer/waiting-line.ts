import type { Owner } from '../../ports.js';

interface Waiter {
    itemText: string;
    owner: Owner | undefined;
    resolve: () => void;
    reject: (error: Error) => void;
}

/** Items that wait for room in the buffer, first come, first served. */
export class WaitingLine {
    #waiters: Waiter[] = [];

    get first(): Waiter | undefined {
        return this.#waiters[0];
    }

    /** Resolves once the item was taken. */
    async join(itemText: string, owner: Owner | undefined): Promise<void> {
        return new Promise((resolve, reject) => {
            this.#waiters.push({ itemText, owner, resolve, reject });
        });
    }

    /** The first one leaves the line, because its item is being taken. */
    leave(): Waiter {
        return this.#waiters.shift()!;
    }

    /** The items of those in line are not taken. */
    sendAway(error: Error): void {
        const waiters = this.#waiters;
        this.#waiters = [];
        for (const { owner, reject } of waiters) {
            owner?.settle({ takenBack: 1, error });
            reject(error);
        }
    }
}
