import type { PreparedItem } from '../pipeline/prepare.js';
import type { RequestInfo } from '../records.js';

/** Handlers that the crawler runs for a page at one go. Most often that is one. */
interface Turn {
    readonly id: unknown;
    /** Those of a page count up. */
    readonly number: number;
    /** Counts the equal items that are about to be stored, by hash. */
    readonly copies: Map<string, number>;
}

/** The crawler's view of an attempt, which changes while the handler runs and afterwards. */
export interface AttemptState {
    /** Whether the crawler waits for this very run of the handler. */
    isCurrent(): boolean;
    /** Whether the request is marked as handled: no attempt of it follows. */
    isHandled(): boolean;
}

/** One run of a handler for a page, and what it has collected. */
export class Attempt {
    readonly page: Page;
    readonly request: RequestInfo;
    readonly #turn: Turn;
    readonly #state: AttemptState;
    #items: PreparedItem[] = [];
    #bytes = 0;
    /** The handler still runs, but the page was committed: what it pushes from now on is stored at once. */
    isCommittedEarly = false;
    /** The handler has thrown, or nobody waits for it any more. */
    isWaiting = false;

    constructor(page: Page, turn: Turn, request: RequestInfo, state: AttemptState) {
        this.page = page;
        this.#turn = turn;
        this.request = request;
        this.#state = state;
    }

    get number(): number {
        return this.#turn.number;
    }

    get isCurrent(): boolean {
        return this.#state.isCurrent();
    }

    get isHandled(): boolean {
        return this.#state.isHandled();
    }

    get hasItems(): boolean {
        return this.#items.length > 0;
    }

    get bytes(): number {
        return this.#bytes;
    }

    /** Counts an item that is about to be stored. Returns how many equal ones its turn has pushed with it. */
    countCopy(hash: string): number {
        return addCopy(this.#turn.copies, hash);
    }

    add(items: readonly PreparedItem[], bytes: number): void {
        this.#items.push(...items);
        this.#bytes += bytes;
    }

    take(): { items: PreparedItem[]; bytes: number } {
        const taken = { items: this.#items, bytes: this.#bytes };
        this.#items = [];
        this.#bytes = 0;
        return taken;
    }
}

/** A crawler's request, as long as an attempt may follow. */
export interface Page {
    attempts: Attempt[];
    /** The last one that has begun. */
    turn: Turn | undefined;
    /** The newest attempt that has collected something, or has returned: what earlier ones push later is left out. */
    newestNumber: number;
    /** Counts the stored copies of each item by its hash. A retry that pushes the same item to the letter leaves that number out. */
    readonly committed: Map<string, number>;
    /** Settles with the last commit. */
    committing: Promise<unknown>;
    /** Forgets the page. */
    forget: () => void;
}

/** The handlers of the last turn in which something was collected, as far as they hold any of it. */
export function newestWithItems({ attempts }: Page): Attempt[] {
    const withItems = attempts.filter(({ hasItems }) => hasItems);
    return withItems.filter(({ number }) => number === withItems.at(-1)!.number);
}

/** Counts one more item with this hash. Returns how many there are. */
export function addCopy(copies: Map<string, number>, hash: string): number {
    const count = (copies.get(hash) ?? 0) + 1;
    copies.set(hash, count);
    return count;
}
