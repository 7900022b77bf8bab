import type { Statistics } from '../report/statistics.js';
import type { Batch } from './batch.js';
import type { RepairedItem } from './repair/repairs.js';

export interface StoredItemsOptions {
    statistics: Statistics;
    countRepaired: (repaired: RepairedItem) => void;
    /** With `mode: 'warn'`: whether an item fails the schema. Undefined where all that fail are set aside. */
    isWarned: ((itemText: string) => boolean) | undefined;
}

/** Counts items once they are stored: how many, how their fields are filled, what was repaired, and what is against the schema. */
export class StoredItems {
    readonly #options: StoredItemsOptions;

    constructor(options: StoredItemsOptions) {
        this.#options = options;
    }

    /** The items of a batch whose index is meant are stored. */
    count(batch: Batch, isMeant: (index: number) => boolean): void {
        const { statistics, countRepaired } = this.#options;
        const { counters, fields } = statistics;
        const { itemCount } = batch.payload;
        let stored = 0;
        let warned = 0;
        for (let index = 0; index < itemCount; index++) {
            if (!isMeant(index)) continue;
            stored++;
            const tally = batch.tallyOf(index);
            if (tally === undefined) {
                if (this.#countText(batch.storedText(index))) warned++;
            } else {
                fields.store(tally);
                if (batch.isWarned(index)) warned++;
            }
        }
        counters.stored(stored);
        counters.warned(warned);
        for (const repaired of batch.repairedWhere(isMeant)) countRepaired(repaired);
    }

    /** What an earlier process left, or the platform's errors have repaired, is known as text alone. Returns whether it is against the schema. */
    #countText(itemText: string): boolean {
        const { fields } = this.#options.statistics;
        fields.store(fields.tally(JSON.parse(itemText)));
        return this.#options.isWarned?.(itemText) ?? false;
    }
}
