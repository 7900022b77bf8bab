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

    /** `text` is the item's JSON. */
    add(candidate: Candidate, item: unknown, text: string): void {
        const { position } = candidate;
        this.#items.push({ position, item, text, record: recordOfReturn(candidate, this.target.fingerprint) });
        this.#repeats.set(position, []);
        this.#bytes += Buffer.byteLength(text);
    }

    /** Notes that the record at `position` repeats the one at `original`, where that is in the batch. */
    addRepeat(original: number, position: number): void {
        this.#repeats.get(original)?.push(position);
    }

    /** What is written to the journal before the items are sent. `withTexts`: see `Intent.itemTexts`. */
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

    /** Resolves to the positions of the records by the outcome of their items. */
    async send(): Promise<Record<RedriveOutcome, number[]>> {
        const positions: Record<RedriveOutcome, number[]> = { stored: [], returned: [], trimmed: [] };
        const outcomes = await this.target.pushAll(this.#items);
        for (const [index, outcome] of outcomes.entries()) positions[outcome].push(this.#items[index]!.position);
        return positions;
    }

    /** The records at `positions` and their repeats. */
    withRepeats(positions: readonly number[]): number[] {
        return positions.flatMap((position) => [position, ...(this.#repeats.get(position) ?? [])]);
    }
}
