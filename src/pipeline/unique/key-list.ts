import type { Key } from './key-set.js';

/** The keys of a batch's items, by index. Numbers instead of the objects, which would be one more to be kept for each item until it is sent. */
export class KeyList {
    /** Two for each item, which are 0 where it has no key; shorter where the last items have none. */
    readonly #numbers: number[] = [];

    set(index: number, key: Key | undefined): void {
        if (key === undefined && this.#numbers.length <= index * 2) return;
        while (this.#numbers.length < index * 2) this.#numbers.push(0, 0);
        this.#numbers[index * 2] = key?.high ?? 0;
        this.#numbers[index * 2 + 1] = key?.low ?? 0;
    }

    at(index: number): Key | undefined {
        const high = this.#numbers[index * 2] ?? 0;
        const low = this.#numbers[index * 2 + 1] ?? 0;
        return high === 0 && low === 0 ? undefined : { high, low };
    }
}
