import type { RejectedItem } from './errors.js';
import type { ItemError, QuarantineRecord, RequestInfo } from './records.js';

/** Where the items of a push come from, for the quarantine records of those that are rejected. */
export class PushSource {
    /** The request whose handler pushed the items. */
    readonly request?: RequestInfo;
    /** Fields that replace those of a rejected item's record, for items that come from the quarantine. */
    readonly record?: Partial<QuarantineRecord>;

    constructor(request?: RequestInfo, record?: Partial<QuarantineRecord>) {
        if (request !== undefined) this.request = request;
        if (record !== undefined) this.record = record;
    }
}

/** A push whose caller waits until each of its items is stored, in quarantine, left out as a duplicate or given back. */
export class Waiter extends PushSource {
    readonly #isAbandoned: (() => boolean) | undefined;
    readonly #rejectedItems: RejectedItem[] = [];
    readonly #unstored: number[] = [];
    #expectedItems = 0;
    /** Items on their way. */
    #pendingItems = 0;
    #storedItems = 0;
    #repairedItems = 0;
    #quarantinedItems = 0;
    #duplicateItems = 0;
    #isSaved = false;
    #error: Error | undefined;
    #resolve: (() => void) | undefined;

    /** `isAbandoned`: nobody waits any more, so that items which no request carries yet are given back. */
    constructor(request?: RequestInfo, record?: Partial<QuarantineRecord>, isAbandoned?: () => boolean) {
        super(request, record);
        this.#isAbandoned = isAbandoned;
    }

    /** Whether its items are to be given back, unless they are saved. */
    get isAbandoned(): boolean {
        return !this.#isSaved && this.#isAbandoned?.() === true;
    }

    /** Whether the items on their way were acknowledged because they are saved with the run. Then the guard keeps them. */
    get isSaved(): boolean {
        return this.#isSaved;
    }

    get storedItems(): number {
        return this.#storedItems;
    }

    /** The stored items that `repair` changed. */
    get repairedItems(): number {
        return this.#repairedItems;
    }

    get quarantinedItems(): number {
        return this.#quarantinedItems;
    }

    /** Left out because items with their keys are stored. */
    get duplicateItems(): number {
        return this.#duplicateItems;
    }

    /** Stored, or saved with the run to be stored by its next process. */
    get acceptedItems(): number {
        return this.#isSaved ? this.#storedItems + this.#pendingItems : this.#storedItems;
    }

    /** Positions in the call of the items that were given back, ascending. */
    get unstored(): readonly number[] {
        return this.#unstored.sort((a, b) => a - b);
    }

    /** Items of the call that were rejected, here or by the platform. */
    get rejectedItems(): readonly RejectedItem[] {
        return this.#rejectedItems;
    }

    /** The first error for which items were given back. */
    get error(): Error | undefined {
        return this.#error;
    }

    /** Items of the call that have got on their way. */
    get expectedItems(): number {
        return this.#expectedItems;
    }

    /** One more item of the call is on its way. */
    expect(): void {
        this.#expectedItems++;
        this.#pendingItems++;
        this.#isSaved = false;
    }

    stored(itemCount: number, repairedItems = 0): void {
        this.#storedItems += itemCount;
        this.#repairedItems += repairedItems;
        this.#settle(itemCount);
    }

    rejected(itemPosition: number, errors: ItemError[]): void {
        this.#rejectedItems.push({ itemPosition, errors });
    }

    quarantined(): void {
        this.#quarantinedItems++;
        this.#settle(1);
    }

    duplicate(): void {
        this.#duplicateItems++;
        this.#settle(1);
    }

    /** The caller has to push the item at this position of the call again. */
    givenBack(position: number, error: Error): void {
        this.#unstored.push(position);
        this.#error ??= error;
        this.#settle(1);
    }

    /** The item at this position never got on its way. */
    notTaken(position: number, error: Error): void {
        this.#expectedItems++;
        this.#pendingItems++;
        this.givenBack(position, error);
    }

    /** So many of its items were on their way when what is pending was saved with the run. Later ones are not in what was saved. */
    saved(expectedItems: number): void {
        if (expectedItems !== this.#expectedItems) return;
        this.#isSaved = true;
        this.#resolve?.();
    }

    /** Resolves when no item of the call is on its way any more, or what is on its way is saved. */
    async settled(): Promise<void> {
        if (this.#isSaved || this.#pendingItems === 0) return;
        await new Promise<void>((resolve) => {
            this.#resolve = resolve;
        });
    }

    #settle(itemCount: number): void {
        this.#pendingItems -= itemCount;
        if (this.#pendingItems === 0) this.#resolve?.();
    }
}

/** Whether somebody waits for items of this source, and pushes them again when they are given back. */
export function isAwaited(source: PushSource | undefined): source is Waiter {
    return source instanceof Waiter && !source.isSaved;
}

/** Neighbours that came from one push. */
interface Run {
    source: PushSource | undefined;
    /** Position of the first of them in the push. */
    position: number;
    count: number;
}

/** The pushes that a row of items came from. */
export class ItemSources {
    readonly #runs: Run[] = [];

    /** The next item of the row came from this push, where it was at that position. */
    add(source: PushSource | undefined, position: number): void {
        const last = this.#runs[this.#runs.length - 1];
        const isNext =
            last !== undefined &&
            last.source === source &&
            (source === undefined || last.position + last.count === position);
        if (isNext) last.count++;
        else this.#runs.push({ source, position, count: 1 });
    }

    /** Items that nobody waits for. */
    get unawaitedItems(): number {
        return this.#runs.reduce((sum, { source, count }) => sum + (isAwaited(source) ? 0 : count), 0);
    }

    /** Whether there are items whose caller does not wait any more. */
    get haveAbandoned(): boolean {
        return this.#runs.some(({ source }) => source instanceof Waiter && source.isAbandoned);
    }

    /** The callers who wait for the items. */
    get waiters(): Waiter[] {
        return this.#runs.flatMap(({ source }) => (source instanceof Waiter ? source : []));
    }

    /** The source of each item, and the item's position in its push. */
    *items(): Generator<{ source: PushSource | undefined; position: number }> {
        for (const { source, position, count } of this.#runs) {
            for (let offset = 0; offset < count; offset++) yield { source, position: position + offset };
        }
    }

    /** Tells the callers of all items but the `others` that theirs are stored. */
    tellStored(others: ReadonlySet<number>, isRepaired: (index: number) => boolean): void {
        let index = 0;
        for (const { source, count } of this.#runs) {
            const end = index + count;
            let stored = 0;
            let repaired = 0;
            for (; index < end; index++) {
                if (others.has(index)) continue;
                stored++;
                if (isRepaired(index)) repaired++;
            }
            if (stored > 0 && source instanceof Waiter) source.stored(stored, repaired);
        }
    }
}
