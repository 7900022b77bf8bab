import type { Charging } from '../apify/charging.js';
import { NO_CHARGE } from '../apify/charging.js';
import type { ResolvedOptions } from '../options.js';
import { ItemsRejectedError } from '../errors.js';
import type { PushResult, QuarantineRecord, RequestInfo } from '../records.js';
import { PushSource, Waiter } from '../waiter.js';
import { Budget } from './budget.js';
import type { Entry, Trimmed } from './entry-queue.js';
import { acceptedItems, EntryQueue, NO_PROGRESS } from './entry-queue.js';
import type { Pipeline } from './pipeline.js';
import type { PreparedItem } from './prepare.js';
import { checkEventName, itemsRejected, withProgress } from './push-arguments.js';

export interface PushOptions {
    /** Resolve when the items are stored or quarantined, whatever the option `ack` says. */
    ack?: 'stored';
    eventName?: string | undefined;
    /** The request whose handler pushes. */
    request?: RequestInfo | undefined;
    /** Replaces the same fields in the quarantine records of the call's items. */
    record?: Partial<QuarantineRecord>;
}

/** Answers pushes: each promise resolves or rejects with what became of the items of its call. */
export class Pusher {
    readonly entries: EntryQueue;
    readonly #pipeline: Pipeline;
    readonly #options: Pick<ResolvedOptions, 'ack' | 'mode' | 'duplicates'>;
    readonly #charging: Charging;
    readonly #budget: Budget;
    /** Prepared items of calls that have not entered yet, and how many of each call have. */
    readonly #unentered = new Set<{ items: readonly PreparedItem[]; progress: { entered: number } }>();

    constructor(pipeline: Pipeline, options: Pick<ResolvedOptions, 'ack' | 'mode' | 'duplicates'>, charging: Charging) {
        this.entries = new EntryQueue(pipeline, options);
        this.#pipeline = pipeline;
        this.#options = options;
        this.#charging = charging;
        this.#budget = new Budget(charging);
    }

    /**
     * Resolves as the option `ack` says, and from the moment an end of the run is announced when the items are stored.
     * One item is prepared at once; an array must not be changed while the push is under way.
     * @throws TypeError for what is neither an object nor an array
     * @throws ItemsRejectedError, ToleranceExceededError, DeliveryError, QuarantineError
     */
    async push(data: unknown, { ack, eventName, request, record }: PushOptions = {}): Promise<PushResult> {
        const items = toItems(data);
        if (eventName !== undefined) checkEventName(eventName);
        const prepared = items.length === 1 ? [this.#pipeline.prepare(items[0], 0)] : undefined;
        const waits =
            ack === 'stored' ||
            this.#options.ack === 'stored' ||
            this.#charging.isActive ||
            this.#pipeline.isEndAnnounced;
        if (!waits) {
            const source = request && new PushSource(request);
            return this.#pushBuffered({ count: items.length, items, prepared, source });
        }
        const source = new Waiter(request, record);
        const chargedEvent = this.#charging.isActive ? eventName : undefined;
        return this.#pushWaiting({ count: items.length, items, prepared, source }, source, chargedEvent);
    }

    /** Resolves when items that were prepared before are stored or quarantined. They do not wait for room in the buffer. */
    async pushPrepared(items: readonly PreparedItem[], source: Waiter): Promise<PushResult> {
        const progress = { ...NO_PROGRESS };
        const unentered = { items, progress };
        this.#unentered.add(unentered);
        const entry: Entry = {
            count: items.length,
            items,
            prepared: items,
            source,
            isCollected: true,
            onEntered: () => this.#unentered.delete(unentered),
            progress,
        };
        return this.#pushWaiting(entry, source, undefined);
    }

    /** Prepared items that have not entered the pipeline, for the end of a process. */
    takeUnentered(): PreparedItem[] {
        const left = [...this.#unentered].flatMap(({ items, progress }) => items.slice(progress.entered));
        this.#unentered.clear();
        return left;
    }

    /** Puts items that were prepared before on their way. They are kept whatever happens, and nobody waits for them. */
    enqueuePrepared(items: readonly PreparedItem[], source: PushSource): void {
        for (const [position, prepared] of items.entries()) {
            if (prepared.rejection === undefined) this.#pipeline.enqueue(prepared, source, position, true);
            else this.#pipeline.reject(prepared, source, position, true);
        }
    }

    /**
     * Makes items ready for `pushPrepared`: what the caller does to them afterwards changes nothing.
     * @throws TypeError, ItemsRejectedError, ToleranceExceededError, DeliveryError
     */
    async prepareAll(data: unknown): Promise<readonly PreparedItem[]> {
        const items = toItems(data);
        try {
            this.#pipeline.checkHealth();
        } catch (error) {
            this.#pipeline.counters.refused(items.length);
            throw error;
        }
        return this.entries.prepareAll(items);
    }

    async #pushBuffered(entry: Entry): Promise<PushResult> {
        const progress = { ...NO_PROGRESS };
        try {
            await this.entries.enter(entry, progress);
        } catch (error) {
            const unstored = Array.from({ length: entry.count - progress.entered }, (_, i) => progress.entered + i);
            this.#countNotTaken(entry, unstored.length, error);
            throw withProgress(error as Error, {
                itemCount: entry.count,
                storedItems: acceptedItems(progress),
                unstored,
            });
        }
        // The end of the run was announced while the call waited for room.
        const pipeline = this.#pipeline;
        if (pipeline.isEndAnnounced && pipeline.pendingItems > 0) await pipeline.handover.sentOrSaved(pipeline.flush());
        return {
            ...NO_CHARGE,
            acceptedItems: acceptedItems(progress),
            quarantinedItems: progress.rejected,
            repairedItems: progress.repaired,
            duplicateItems: progress.duplicates,
            trimmedItems: 0,
        };
    }

    /** `budget`: where items are charged, how many of them the user's budget lets through. */
    async #pushWaiting(
        entry: Entry,
        waiter: Waiter,
        eventName: string | undefined,
        budget?: number,
    ): Promise<PushResult> {
        const itemCount = entry.count;
        if (this.#charging.isActive && budget === undefined) {
            return this.#budget.spend(itemCount, eventName, async (granted) =>
                this.#pushWaiting(entry, waiter, eventName, granted),
            );
        }
        const trimmed = await this.#enterAndWait({ ...entry, budget }, waiter);
        // Items that the platform rejected leave their place in the budget to those behind.
        while (trimmed.items.length > 0 && waiter.error === undefined && waiter.storedItems < budget!) {
            const next = trimmed.items.splice(0, budget! - waiter.storedItems);
            trimmed.count -= next.length;
            const prepared = next.map((each) => each.prepared);
            const positions = next.map(({ position }) => position);
            await this.#enterAndWait({ ...entry, count: next.length, items: prepared, prepared, positions }, waiter);
        }
        const { counters } = this.#pipeline;
        if (!entry.isCollected) counters.received(trimmed.count);
        counters.trimmed(trimmed.count);
        await this.#pipeline.handover.saveCounts?.();
        const charged = await this.#charging.charge(waiter.storedItems, trimmed.count, eventName);
        if (waiter.error !== undefined) {
            const { storedItems, unstored } = waiter;
            throw withProgress(waiter.error, { itemCount, storedItems, unstored });
        }
        if (this.#options.mode === 'fail' && waiter.rejectedItems.length > 0) {
            throw itemsRejected(waiter.rejectedItems, itemCount, { storedItems: waiter.storedItems });
        }
        return {
            ...charged,
            acceptedItems: waiter.acceptedItems,
            quarantinedItems: waiter.quarantinedItems,
            repairedItems: waiter.repairedItems,
            duplicateItems: waiter.duplicateItems,
            trimmedItems: trimmed.count,
        };
    }

    /** Items of a call that rejects before they entered. */
    #countNotTaken({ isCollected = false }: Entry, items: number, error: unknown): void {
        const { counters } = this.#pipeline;
        if (isCollected) counters.givenBack(items);
        // Those of `mode: 'fail'` are counted where they are rejected.
        else if (!(error instanceof ItemsRejectedError)) counters.refused(items);
    }

    /** Never rejects: what went wrong is kept by the waiter. Resolves to what is beyond the budget. */
    async #enterAndWait(entry: Entry, waiter: Waiter): Promise<Trimmed> {
        const { count, positions, progress = { ...NO_PROGRESS } } = entry;
        let trimmed: Trimmed = { items: [], count: 0 };
        try {
            trimmed = await this.entries.enter(entry, progress);
        } catch (error) {
            // The caller pushes everything again that is not on its way to the platform.
            this.#pipeline.settler.giveBack(error as Error, waiter);
            this.#countNotTaken(entry, count - progress.entered, error);
            for (let index = progress.entered; index < count; index++) {
                waiter.notTaken(positions?.[index] ?? index, error as Error);
            }
        }
        entry.onEntered?.();
        await waiter.settled();
        return trimmed;
    }
}

/** The items of a push. @throws TypeError for what is neither an object nor an array */
function toItems(data: unknown): readonly unknown[] {
    if (Array.isArray(data)) return data;
    if (typeof data === 'object' && data !== null) return [data];
    throw new TypeError(
        `pushData() expects an object or an array of objects, but got: ${data === null ? 'null' : typeof data}.`,
    );
}
