import { createRandom } from '../random.js';
import type { Item } from '../shapes.js';

const SEED = 20_240_229;
const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';
/** A text has another alphabet than Latin-1 now and then, as on real pages. */
const CURRENCIES = ['EUR', 'USD', 'CZK'];

/** The schema of a product, as an Actor's dataset would have it. */
export const PRODUCT_FIELDS = {
    type: 'object',
    required: ['id', 'url', 'title', 'price', 'scrapedAt'],
    properties: {
        id: { type: 'integer', minimum: 0 },
        url: { type: 'string', format: 'uri' },
        title: { type: 'string', minLength: 1 },
        price: { type: ['number', 'null'], minimum: 0 },
        currency: { enum: CURRENCIES },
        inStock: { type: 'boolean' },
        scrapedAt: { type: 'string', format: 'date-time' },
        tags: { type: 'array', items: { type: 'string', minLength: 1 } },
        offers: {
            type: 'array',
            items: {
                type: 'object',
                required: ['seller', 'price'],
                properties: { seller: { type: 'string' }, price: { type: 'number' } },
            },
        },
        description: { type: 'string', minLength: 1 },
    },
};

/** Makes products whose JSON is about `bytes` bytes each. The first `distinct` are all different; then they come again. */
export function productMaker(bytes: number, distinct: number): (_: unknown, index: number) => Item {
    const random = createRandom(SEED);
    const words = createWords(random);
    const word = () => words[Math.floor(random() ** 2 * words.length)]!;
    const made: Item[] = [];
    return (_, index) => {
        while (made.length <= index % distinct)
            made.push(sized(product(made.length, random, word), bytes, random, word));
        return made[index % distinct]!;
    };
}

function sized(item: Item, bytes: number, random: () => number, word: () => string): Item {
    if (bytes > 500) {
        item.tags = Array.from({ length: 4 }, word);
        item.offers = Array.from({ length: 5 }, () => ({ seller: word(), price: cents(random) }));
    }
    const missing = bytes - JSON.stringify(item).length - '"description":"",'.length;
    if (missing > 0) item.description = text(missing, random, word);
    return item;
}

function product(id: number, random: () => number, word: () => string): Item {
    return {
        id,
        url: `https://example.com/products/${id}`,
        title: `${word()} ${word()}`,
        price: random() < 0.05 ? null : cents(random),
        currency: CURRENCIES[Math.floor(random() * CURRENCIES.length)],
        inStock: random() < 0.8,
        scrapedAt: new Date(1_709_164_800_000 + id * 137).toISOString(),
    };
}

function text(length: number, random: () => number, word: () => string): string {
    // One in eight leaves Latin-1, which makes its JSON another kind of string to the engine.
    const words = random() < 0.125 ? ['5 €'] : [];
    for (let missing = length; missing > 0; missing -= words.at(-1)!.length + 1) words.push(word());
    return words.join(' ');
}

function cents(random: () => number): number {
    return Math.round(random() * 100_000) / 100;
}

/** Two thousand words; the first of them are short and come often, so that a text compresses as a page's does. */
function createWords(random: () => number): string[] {
    return Array.from({ length: 2_000 }, (_, rank) => {
        const length = 2 + Math.floor(random() * (3 + Math.log2(rank + 1)));
        const letters = Array.from({ length }, () => LETTERS[Math.floor(random() ** 1.5 * LETTERS.length)]);
        return letters.join('') + (rank % 40 === 39 ? 'é' : '');
    });
}
