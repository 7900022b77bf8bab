import type { ItemSink, ListedPage, PageRange, Payload } from '../ports.js';
import { canonicalJson } from './canonical-json.js';

/** Items of the first page. Later ones grow fourfold while they stay under `MAX_PAGE_BYTES`. */
const FIRST_PAGE_ITEMS = 8;
const PAGE_GROWTH = 4;
const MAX_PAGE_BYTES = 2_000_000;
const MAX_PAGES = 50;

/** Items that tell themselves apart by their JSON: how often each occurs. */
export type ItemCounts = Map<string, number>;

export interface Wanted {
    /** The items to look for. */
    items: ItemCounts;
    /** Copies that other requests of this guard have stored at or after `from`. They do not count as what is looked for. */
    others?: ItemCounts;
    /** Nothing that is looked for lies before this offset. */
    from: number;
    /** Writes an item as it is written in `items`. @default its canonical JSON */
    toKey?: (item: unknown) => string;
}

/**
 * The result of reading a dataset back.
 * - `stored`: everything that is looked for is there
 * - `partial`: `found` is there, as often as counted; the rest is not
 * - `unbounded`: the limit on pages was reached, so that nothing is proven of what was not found
 */
export interface ReadBackResult {
    outcome: 'stored' | 'partial' | 'unbounded';
    found: ItemCounts;
    /** The dataset holds at least this many items. */
    total: number;
}

/** Adds the payload's items to `counts`. */
export function countItems(payload: Payload, counts: ItemCounts = new Map()): ItemCounts {
    for (let index = 0; index < payload.itemCount; index++) add(counts, keyOf(payload, index));
    return counts;
}

/** The key under which `countItems` counts the item at `index`. */
function keyOf(payload: Payload, index: number): string {
    return canonicalJson(JSON.parse(payload.itemText(index)));
}

/**
 * Looks for items in a dataset to which others may be writing. Begins at the known lower bound and, where more has been
 * written than one page holds, goes backwards from the end, in pages whose size follows that of the items. It never waits
 * for a writer to pause: what is looked for was sent before, so that it lies before the end as it is now. `search` holds what
 * was seen also where listing fails half way.
 * @throws what listing the dataset throws; `undefined` where the dataset can never be read
 */
export async function readBack(
    sink: Pick<ItemSink, 'list'>,
    wanted: Wanted,
    search = new Search(wanted),
): Promise<ReadBackResult | undefined> {
    const first = await sink.list(wanted.from, FIRST_PAGE_ITEMS);
    if (first === undefined) return undefined;
    search.see(first.items);
    const firstEnd = wanted.from + first.items.length;
    let limit = nextLimit(FIRST_PAGE_ITEMS, first.items);
    let pages = 1;
    // Items that a lagging total does not count lie behind it. A page that is not full shows that nothing more is visible.
    const end = Math.max(first.total, firstEnd);
    for (let offset = end; !search.isComplete && first.items.length === FIRST_PAGE_ITEMS && pages < MAX_PAGES / 2;) {
        const page = await sink.list(offset, limit);
        pages++;
        if (page === undefined || page.items.length === 0) break;
        search.see(page.items);
        offset += page.items.length;
        if (page.items.length < limit) break;
        limit = nextLimit(limit, page.items);
    }
    let before = end;
    while (!search.isComplete && before > firstEnd) {
        if (pages++ >= MAX_PAGES) return { outcome: 'unbounded', found: search.found(), total: end };
        const offset = Math.max(firstEnd, before - limit);
        const page = await sink.list(offset, before - offset);
        if (page === undefined) return undefined;
        search.see(page.items);
        before = offset;
        limit = nextLimit(limit, page.items);
    }
    return { outcome: search.isComplete ? 'stored' : 'partial', found: search.found(), total: end };
}

/**
 * Looks for items where nothing asynchronous happens any more, and each call of `list` costs a process: one for the first page,
 * which holds twice as many items as are looked for, and one for all that others may have written behind it. Returns false where
 * a page could not be read; `search` holds what was seen.
 */
export function readBackSync(
    list: (pages: readonly PageRange[]) => (ListedPage | undefined)[],
    { items, from }: Wanted,
    search: Search,
): boolean {
    const limit = firstLimit(items);
    const [first] = list([{ offset: from, limit }]);
    if (first === undefined) return false;
    search.see(first.items);
    if (search.isComplete || first.items.length < limit) return true;
    const firstEnd = from + limit;
    const end = Math.max(first.total, firstEnd);
    const pageItems = Math.max(1, Math.floor((MAX_PAGE_BYTES * limit) / JSON.stringify(first.items).length));
    // Items that a lagging total does not count lie behind it.
    const ranges: PageRange[] = [{ offset: end, limit: pageItems }];
    for (let before = end; before > firstEnd && ranges.length < MAX_PAGES; before = ranges.at(-1)!.offset) {
        const offset = Math.max(firstEnd, before - pageItems);
        ranges.push({ offset, limit: before - offset });
    }
    const pages = list(ranges);
    for (const page of pages) if (page !== undefined) search.see(page.items);
    return search.isComplete || pages.every((page) => page !== undefined);
}

function firstLimit(items: ItemCounts): number {
    let bytes = 1;
    let count = 0;
    for (const [text, times] of items) {
        bytes += text.length * times;
        count += times;
    }
    return Math.max(FIRST_PAGE_ITEMS, Math.min(2 * count, Math.floor((MAX_PAGE_BYTES * count) / bytes)));
}

/** Counts what it sees of the items that are looked for. */
export class Search {
    readonly #wanted: ItemCounts;
    readonly #others: ItemCounts;
    readonly #toKey: (item: unknown) => string;
    readonly #seen: ItemCounts = new Map();
    /** Copies that have to be seen before everything is known to be stored. */
    #missing = 0;

    constructor({ items, others = new Map(), toKey = canonicalJson }: Wanted) {
        this.#wanted = items;
        this.#others = others;
        this.#toKey = toKey;
        for (const key of items.keys()) this.#missing += this.#needed(key);
    }

    get isComplete(): boolean {
        return this.#missing === 0;
    }

    see(items: readonly unknown[]): void {
        for (const item of items) {
            const key = this.#toKey(item);
            if (!this.#wanted.has(key)) continue;
            const seen = add(this.#seen, key);
            if (seen <= this.#needed(key)) this.#missing--;
        }
    }

    /** Counts the copies of each item, without those of other requests. */
    found(): ItemCounts {
        const found: ItemCounts = new Map();
        for (const [key, count] of this.#wanted) {
            const copies = (this.#seen.get(key) ?? 0) - (this.#others.get(key) ?? 0);
            if (copies > 0) found.set(key, Math.min(copies, count));
        }
        return found;
    }

    /** The indexes of the payload's items that were found, each copy counted once. */
    foundIn(payload: Payload): Set<number> {
        return indexesOf(payload, this.found());
    }

    #needed(key: string): number {
        return this.#wanted.get(key)! + (this.#others.get(key) ?? 0);
    }
}

/** The indexes of the payload's items that are among the `found`, each copy counted once. */
export function indexesOf(payload: Payload, found: ItemCounts): Set<number> {
    const left = new Map(found);
    const indexes = new Set<number>();
    for (let index = 0; index < payload.itemCount; index++) {
        const key = keyOf(payload, index);
        const count = left.get(key) ?? 0;
        if (count === 0) continue;
        left.set(key, count - 1);
        indexes.add(index);
    }
    return indexes;
}

/** Raises the counts to those of `others` where these are higher. */
export function mergeCounts(counts: ItemCounts, others: ItemCounts): void {
    for (const [key, count] of others) counts.set(key, Math.max(count, counts.get(key) ?? 0));
}

function add(counts: ItemCounts, key: string): number {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
}

function nextLimit(limit: number, items: readonly unknown[]): number {
    if (items.length === 0) return limit;
    const itemBytes = JSON.stringify(items).length / items.length;
    return Math.max(1, Math.min(limit * PAGE_GROWTH, Math.floor(MAX_PAGE_BYTES / itemBytes)));
}
