import type { RejectedItem } from './errors.js';
import type { ItemError, QuarantineRecord, RequestInfo } from './records.js';
import type { Writable } from './utils/writable.js';

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
    readonly storedItems: number = 0;
    /** The stored items that `repair` changed. */
    readonly repairedItems: number = 0;
    readonly quarantinedItems: number = 0;
    /** Left out because items with their keys are stored. */
    readonly duplicateItems: number = 0;
    /** Items of the call that have got on their way. */
    readonly expectedItems: number = 0;
    /** Whether the items on their way were acknowledged because they are saved with the run. Then the guard keeps them. */
    readonly isSaved: boolean = false;
    /** The first error for which items were given back. */
    readonly error: Error | undefined;
    readonly #rejectedItems: RejectedItem[] = [];
    /** Items of the call that were rejected, here or by the platform. */
    readonly rejectedItems: readonly RejectedItem[] = this.#rejectedItems;
    readonly #isAbandoned: (() => boolean) | undefined;
    readonly #unstored: number[] = [];
    /** Items on their way. */
    #pendingItems = 0;
    #resolve: (() => void) | undefined;

    /** `isAbandoned`: nobody waits any more, so that items which no request carries yet are given back. */
    constructor(request?: RequestInfo, record?: Partial<QuarantineRecord>, isAbandoned?: () => boolean) {
        super(request, record);
        this.#isAbandoned = isAbandoned;
    }

    /** Whether its items are to be given back, unless they are saved. */
    get isAbandoned(): boolean {
        return !this.isSaved && this.#isAbandoned?.() === true;
    }

    /** Stored, or saved with the run to be stored by its next process. */
    get acceptedItems(): number {
        return this.isSaved ? this.storedItems + this.#pendingItems : this.storedItems;
    }

    /** Positions in the call of the items that were given back, ascending. */
    get unstored(): readonly number[] {
        return this.#unstored.sort((a, b) => a - b);
    }

    /** One more item of the call is on its way. */
    expect(): void {
        (this as Writable<Waiter>).expectedItems++;
        this.#pendingItems++;
        (this as Writable<Waiter>).isSaved = false;
    }

    stored(itemCount: number, repairedItems = 0): void {
        (this as Writable<Waiter>).storedItems += itemCount;
        (this as Writable<Waiter>).repairedItems += repairedItems;
        this.#settle(itemCount);
    }

    rejected(itemPosition: number, errors: ItemError[]): void {
        this.#rejectedItems.push({ itemPosition, errors });
    }

    quarantined(): void {
        (this as Writable<Waiter>).quarantinedItems++;
        this.#settle(1);
    }

    duplicate(): void {
        (this as Writable<Waiter>).duplicateItems++;
        this.#settle(1);
    }

    /** The caller has to push the item at this position of the call again. */
    givenBack(position: number, error: Error): void {
        this.#unstored.push(position);
        (this as Writable<Waiter>).error ??= error;
        this.#settle(1);
    }

    /** The item at this position never got on its way. */
    notTaken(position: number, error: Error): void {
        (this as Writable<Waiter>).expectedItems++;
        this.#pendingItems++;
        this.givenBack(position, error);
    }

    /** So many of its items were on their way when what is pending was saved with the run. Later ones are not in what was saved. */
    saved(expectedItems: number): void {
        if (expectedItems !== this.expectedItems) return;
        (this as Writable<Waiter>).isSaved = true;
        this.#resolve?.();
    }

    /** Resolves when no item of the call is on its way any more, or what is on its way is saved. */
    async settled(): Promise<void> {
        if (this.isSaved || this.#pendingItems === 0) return;
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
