import type { Candidate } from './candidates.js';
import { recordOfReturn } from './candidates.js';
import { hashOfItem } from './fingerprint.js';
import type { Intent } from './journal.js';
import type { RedriveOutcome, ReturningItem, Target } from './target.js';

/** Items of a batch by default. */
export const BATCH_ITEMS = 1_000;
const MAX_BYTES = 4_000_000;

interface BatchItem extends ReturningItem {
    position: number;
    text: string;
    isRepaired: boolean;
}

/** Positions of records by the outcome of their items. */
export interface BatchOutcome extends Record<RedriveOutcome, number[]> {
    /** Stored items that were repaired. */
    repairedItems: number;
}

/** Items that are sent together, with one entry of the journal. */
export class Batch {
    readonly target: Target;
    readonly #items: BatchItem[] = [];
    readonly #maxItems: number;
    /** Repeats of the batch's records, by the position of the record. */
    readonly #repeats = new Map<number, number[]>();
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

    add(candidate: Candidate, { item, text, isRepaired }: Pick<BatchItem, 'item' | 'text' | 'isRepaired'>): void {
        const { position } = candidate;
        const record = recordOfReturn(candidate, this.target.fingerprint);
        this.#items.push({ position, item, text, isRepaired, record });
        this.#repeats.set(position, []);
        this.#bytes += Buffer.byteLength(text);
    }

    /** Notes that the record at `position` repeats the one at `original`, where that is in the batch. */
    addRepeat(original: number, position: number): void {
        this.#repeats.get(original)?.push(position);
    }

    /** Makes the entry that the journal gets before the items are sent. `withTexts`: see `Intent.itemTexts`. */
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

    /** How many items would be stored, how many of them repaired, and how many would not. */
    preview(): { storedItems: number; repairedItems: number; quarantinedItems: number } {
        const passing = this.#items.filter(({ item }) => this.target.passes(item));
        return {
            storedItems: passing.length,
            repairedItems: passing.filter(({ isRepaired }) => isRepaired).length,
            quarantinedItems: this.#items.length - passing.length,
        };
    }

    async send(): Promise<BatchOutcome> {
        const sent: BatchOutcome = { stored: [], returned: [], trimmed: [], repairedItems: 0 };
        const outcomes = await this.target.pushAll(this.#items);
        for (const [index, { outcome, isRepaired }] of outcomes.entries()) {
            const item = this.#items[index]!;
            sent[outcome].push(item.position);
            if (outcome === 'stored' && (isRepaired || item.isRepaired)) sent.repairedItems++;
        }
        return sent;
    }

    /** The records at `positions` and their repeats. */
    withRepeats(positions: readonly number[]): number[] {
        return positions.flatMap((position) => [position, ...(this.#repeats.get(position) ?? [])]);
    }
}
