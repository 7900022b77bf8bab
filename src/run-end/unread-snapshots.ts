import type { Log } from '../ports.js';
import { messageOf } from '../utils/text.js';

/** Counts what earlier processes of the run have saved and this one cannot read. It stays where it is, and the run does not look like success. */
export class UnreadSnapshots {
    readonly #log: Log;
    #items = 0;
    #heads = 0;

    constructor(log: Log) {
        this.#log = log;
    }

    /** Items in the heads that could be read. */
    get items(): number {
        return this.#items;
    }

    /** Why items of earlier processes may be unsent; `undefined` where everything could be read. */
    get reason(): string | undefined {
        if (this.#heads > 0) {
            const processes =
                this.#heads === 1
                    ? 'an earlier process of this run has'
                    : `${this.#heads} earlier processes of this run have`;
            return `what ${processes} saved could not be read`;
        }
        return this.#items === 0 ? undefined : `${this.#items} items that an earlier process saved could not be read`;
    }

    /** Nobody knows how many items the head names. */
    headNotRead(key: string, error: Error): void {
        this.#heads++;
        this.#log.error(
            `What an earlier process of this run has saved cannot be read: ${messageOf(error)}. It stays in the run's key-value store.`,
            { key },
        );
    }

    /** Counts the items of a head whose pieces are missing or damaged. */
    itemsNotRead(key: string, itemCount: number, error: Error): void {
        this.#items += itemCount;
        this.#log.error(
            `${itemCount} items that an earlier process saved cannot be read and were not sent: ${messageOf(error)}. They stay in the run's key-value store.`,
            { key },
        );
    }
}
