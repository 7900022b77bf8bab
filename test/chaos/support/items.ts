import type { Random } from './random.js';

export interface ChaosItem {
    /** Unique, and the writer and the place in the order of its pushes: `a-17`. */
    id: string;
    /** Not a number: the shown schema rejects the item. */
    price: unknown;
    /** Negative: only the enforced schema rejects the item. */
    stock: number;
    /** The platform rejects any request with this item, and says no more than 400. */
    poison?: true;
    text: string;
}

/** What the dataset object shows, and the guard validates with. */
export const SHOWN_FIELDS = {
    type: 'object',
    required: ['id', 'price'],
    properties: { id: { type: 'string' }, price: { type: 'number' } },
};

/** What the platform enforces: more than it shows. */
export const ENFORCED_FIELDS = {
    ...SHOWN_FIELDS,
    properties: { ...SHOWN_FIELDS.properties, stock: { type: 'integer', minimum: 0 } },
};

/** The number in a thousand items that only the platform rejects; each costs requests. */
const REJECTED_PER_THOUSAND = 0.5;
const POISONS_PER_THOUSAND = 0.1;
/** Items at the start of a run that are good: an unknown 400 means an item once another was accepted. */
const GOOD_START = 20;

export function makeItems(random: Random, writer: string, count: number): ChaosItem[] {
    return Array.from({ length: count }, (_, n): ChaosItem => {
        const item: ChaosItem = {
            id: `${writer}-${n}`,
            price: random.integer(1, 9_999) / 100,
            stock: random.integer(0, 50),
            text: random.pick(['plain ', 'ünïcode ', '日本 ', '😀 ']).repeat(random.integer(1, 8)),
        };
        if (n < GOOD_START) return item;
        if (random.chance(0.002)) item.price = 'free';
        else if (random.chance(REJECTED_PER_THOUSAND / 1_000)) item.stock = -1;
        else if (random.chance(POISONS_PER_THOUSAND / 1_000)) item.poison = true;
        return item;
    });
}

/** Whether the platform stores the item. */
export function isGood({ price, stock, poison }: ChaosItem): boolean {
    return typeof price === 'number' && stock >= 0 && poison === undefined;
}

/** The items as an Actor pushes them: now one, now many. */
export function makeCalls(random: Random, items: readonly ChaosItem[], maxCallItems: number): ChaosItem[][] {
    const calls: ChaosItem[][] = [];
    for (let start = 0; start < items.length;) {
        const size = random.chance(0.3) ? 1 : random.integer(2, maxCallItems);
        calls.push(items.slice(start, start + size));
        start += size;
    }
    return calls;
}
