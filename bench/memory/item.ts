/** The schema of the items: what is pushed is validated, as in an Actor. */
export const FIELDS = {
    type: 'object',
    required: ['number', 'url', 'title', 'text'],
    properties: {
        number: { type: 'integer', minimum: 0 },
        url: { type: 'string', format: 'uri' },
        title: { type: 'string', minLength: 1 },
        price: { type: ['number', 'null'] },
        tags: { type: 'array', items: { type: 'string' } },
        text: { type: 'string' },
    },
};

/** Words enough that no two items are alike, and that the text compresses about as well as a page's. */
const WORDS = Array.from({ length: 1_024 }, (_, index) =>
    (index * 2_654_435_761).toString(36).slice(0, 4 + (index % 7)),
);

/** Makes item `number`, whose JSON is exactly `bytes` bytes of ASCII. */
export function createItem(number: number, bytes: number): Record<string, unknown> {
    const item = {
        number,
        url: `https://example.com/items/${number}`,
        title: `Item ${number}`,
        price: number % 10 === 0 ? null : number / 100,
        tags: [WORDS[number % 1_024]!, WORDS[(number * 31) % 1_024]!],
        text: '',
    };
    const missing = bytes - JSON.stringify(item).length;
    if (missing < 0) throw new RangeError(`An item has at least ${bytes - missing} bytes, but got: ${bytes}.`);
    for (let step = 0; item.text.length < missing; step++) {
        item.text += `${WORDS[(number * 7 + step * step * 13) % 1_024]} `;
    }
    item.text = item.text.slice(0, missing);
    return item;
}
