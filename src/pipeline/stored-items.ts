import type { Log } from '../ports.js';
import type { Redactor } from '../quality/redact.js';
import { describeRepair } from '../quality/repair-words.js';
import type { Statistics } from '../report/statistics.js';
import type { Batch } from './batch.js';
import type { ItemPreparer } from './prepare.js';
import type { RepairedItem } from './repair/repairs.js';

export interface StoredItemsOptions {
    statistics: Statistics;
    redactor: Redactor;
    preparer: ItemPreparer;
    log: Log;
}

/** Counts items once they are stored: how many, how their fields are filled, what was repaired, and what is against the schema. */
export class StoredItems {
    readonly #options: StoredItemsOptions;
    readonly #loggedRepairs = new Set<string>();

    constructor(options: StoredItemsOptions) {
        this.#options = options;
    }

    /** The items of a batch whose index is meant are stored. */
    count(batch: Batch, isMeant: (index: number) => boolean): void {
        const { counters, fields } = this.#options.statistics;
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
        for (const repaired of batch.repaired.where(isMeant)) this.#countRepaired(repaired);
    }

    /** An earlier process has left the item, and stored it. */
    countRestored({ text, repaired }: { text: string; repaired?: RepairedItem | undefined }): void {
        const { counters } = this.#options.statistics;
        counters.stored(1);
        if (this.#countText(text)) counters.warned(1);
        if (repaired !== undefined) this.#countRepaired(repaired);
    }

    /** Counts an item that an earlier process left, or that the platform's errors had repaired: only its text is known. Returns whether it counts as warned. */
    #countText(itemText: string): boolean {
        const { statistics, preparer } = this.#options;
        statistics.fields.store(statistics.fields.tally(JSON.parse(itemText)));
        return preparer.isWarned(itemText);
    }

    /** Logs each kind of repair when it is first seen. */
    #countRepaired(repaired: RepairedItem): void {
        const { statistics, redactor, log } = this.#options;
        const shown = redactor.isActive ? () => redactor.shown(repaired.asPushed) : undefined;
        for (const { path, action } of statistics.countRepaired(repaired, shown)) {
            const line = `Repaired: ${statistics.names.pathOf(path, '') || 'the item'} was ${describeRepair(action)}. Counted from now on.`;
            // Two names that only the data knows are one place in the log.
            if (this.#loggedRepairs.has(line)) continue;
            this.#loggedRepairs.add(line);
            log.info(line);
        }
    }
}
