import type { Candidate } from './candidates.js';
import { recordOfReturn } from './candidates.js';
import { hashOfItem } from './fingerprint.js';
import type { Intent } from './journal.js';
import type { Fate, ReturningItem, Target } from './target.js';

/** Items of a batch, unless told otherwise. */
export const BATCH_ITEMS = 1_000;
const MAX_BYTES = 4_000_000;

interface PreparedItem extends ReturningItem {
    position: number;
    text: string;
}

/** Items that are sent together, and whose fate is written down together. */
export class Batch {
    readonly target: Target;
    readonly #items: PreparedItem[] = [];
    readonly #maxItems: number;
    #bytes = 0;

    constructor(target: Target, maxItems: number) {
        this.target = target;
        this.#maxItems = maxItems;
    }

    get isEmpty(): boolean {
        return this.#items.length === 0;
    }

    get isFull(): boolean {
        return this.#items.length >= this.#maxItems || this.#bytes >= MAX_BYTES;
    }

    /** `text` is the item's JSON. */
    add(candidate: Candidate, item: unknown, text: string): void {
        const record = recordOfReturn(candidate, this.target.fingerprint);
        this.#items.push({ position: candidate.position, item, text, record });
        this.#bytes += Buffer.byteLength(text);
    }

    /** What is to be written down before the items are sent. `withTexts`: see `Intent.itemTexts`. */
    intent(from: Pick<Intent, 'datasetFrom' | 'quarantineFrom'>, withTexts: boolean): Intent {
        const { dataset, fingerprint } = this.target;
        return {
            positions: this.#items.map(({ position }) => position),
            itemHashes: this.#items.map(({ text }) => hashOfItem(JSON.parse(text))),
            ...(withTexts && {
                itemTexts: this.#items.map(({ item, text }) => (this.target.passes(item) ? text : null)),
            }),
            dataset: { id: dataset.id, ...(dataset.name && { name: dataset.name }) },
            ...from,
            fingerprint,
        };
    }

    /** How many items would be stored, and how many not. */
    preview(): { storedItems: number; quarantinedItems: number } {
        const storedItems = this.#items.filter(({ item }) => this.target.passes(item)).length;
        return { storedItems, quarantinedItems: this.#items.length - storedItems };
    }

    /** Resolves to the positions of the records by what became of their items. */
    async send(): Promise<Record<Fate, number[]>> {
        const outcome: Record<Fate, number[]> = { stored: [], returned: [], trimmed: [] };
        const fates = await this.target.pushAll(this.#items);
        for (const [index, fate] of fates.entries()) outcome[fate].push(this.#items[index]!.position);
        return outcome;
    }
}
