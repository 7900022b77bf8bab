import type { ItemSink, Payload } from '../../ports.js';
import { canonicalJson } from './canonical-json.js';

/** Items that one look at the dataset asks for, at least. */
const MIN_PAGE_ITEMS = 1_000;

/**
 * What reading the dataset back says of a payload whose request had an unknown outcome.
 * - `landed`: its items are there, next to each other, and could not have come from elsewhere
 * - `absent`: they are not there (yet)
 * - `unclear`: like items are there that may be others; or the dataset cannot be read
 */
export type Sighting = 'landed' | 'absent' | 'unclear';

/**
 * Knows how far into the dataset the items of a request must at least lie, without asking: behind all that was there
 * when the guard was opened, and behind all that it has stored since. Other writers only add to that.
 */
export class Ledger {
    readonly #sink: ItemSink;
    #position: number;
    /** Requests whose outcome is open. */
    #open = 0;

    constructor(sink: ItemSink) {
        this.#sink = sink;
        this.#position = sink.knownItemCount;
    }

    /** The offset from which on the items of a request that begins now will lie. */
    get position(): number {
        return this.#position;
    }

    /** A request begins. Returns `position`. */
    begin(): number {
        this.#open++;
        return this.#position;
    }

    /** A request has ended; so many items were stored by it, by the platform's word. */
    end(storedItems: number): void {
        this.#open--;
        this.#position += storedItems;
    }

    /**
     * Looks for the payload's items from offset `from` on. Compares items, not counts: others may be writing too.
     * So many `attempts` to store them had an unknown outcome: each may have stored them, the first ones later than
     * expected, so that they are there more than once and yet do not come from elsewhere.
     */
    async look(payload: Payload, from: number, attempts = 1): Promise<Sighting> {
        const { run, seen, distinct } = await this.#compare(payload, from);
        if (seen === undefined) return 'unclear';
        const copies = countRuns(seen, run);
        if (copies === 0) return 'absent';
        // Nothing but the same item again and again: another writer's may look just like it.
        if (run.length > 1 && distinct === 1) return 'unclear';
        const likeItems = seen.reduce((count, id) => (id === OTHER ? count : count + 1), 0);
        return copies <= attempts && likeItems === copies * run.length ? 'landed' : 'unclear';
    }

    /**
     * Looks for the payload's items from offset `from` on, one by one: several requests may have carried them. Resolves to the
     * indexes of those that are there, each of them once in the payload and once in the dataset, so that it can be no other.
     */
    async find(payload: Payload, from: number): Promise<ReadonlySet<number>> {
        const { run, seen = [] } = await this.#compare(payload, from);
        if (countRuns(seen, run) === 1) return new Set(run.keys());
        const [wanted, found] = [countsOf(run), countsOf(seen)];
        const isThere = (id: number) => wanted.get(id) === 1 && found.get(id) === 1;
        return new Set(run.flatMap((id, index) => (isThere(id) ? [index] : [])));
    }

    /** The payload's items and those from offset `from` on as numbers, like items alike; `seen` is undefined where it cannot be read. */
    async #compare(payload: Payload, from: number): Promise<{ run: number[]; seen?: number[]; distinct: number }> {
        const wanted = new Map<string, number>();
        const run = Array.from({ length: payload.itemCount }, (_, index) => {
            const json = canonicalJson(JSON.parse(payload.itemText(index)));
            const id = wanted.get(json) ?? wanted.size;
            wanted.set(json, id);
            return id;
        });
        const pageItems = Math.max(MIN_PAGE_ITEMS, run.length);
        const seen: number[] = [];
        for (;;) {
            const items = await this.#sink.list(from + seen.length, pageItems);
            if (items === undefined) return { run, distinct: wanted.size };
            if (items.length === 0) break;
            for (const item of items) seen.push(wanted.get(canonicalJson(item)) ?? OTHER);
        }
        // All that is seen now lies before whatever is sent later; another open request may lie within it, though.
        if (this.#open <= 1) this.#position = Math.max(this.#position, from + seen.length);
        return { run, seen, distinct: wanted.size };
    }
}

/** An item that is none of the payload's. */
const OTHER = -1;

/** How often `run` is found in `seen`, one behind the other. */
function countRuns(seen: readonly number[], run: readonly number[]): number {
    let count = 0;
    for (let start = 0; start + run.length <= seen.length; start++) {
        if (!run.every((id, index) => seen[start + index] === id)) continue;
        count++;
        start += run.length - 1;
    }
    return count;
}

function countsOf(ids: readonly number[]): Map<number, number> {
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
}
