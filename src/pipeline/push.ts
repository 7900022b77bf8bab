import type { Charging } from '../apify/charging.js';
import { NO_CHARGE } from '../apify/charging.js';
import type { ResolvedOptions } from '../options.js';
import type { PushResult, QuarantineRecord, RequestInfo } from '../records.js';
import { PushSource, Waiter } from '../waiter.js';
import { Budget } from './budget.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import type { Pipeline } from './pipeline.js';
import type { PreparedItem } from './prepare.js';
import { checkEventName, itemsRejected, toItems, withProgress } from './push-arguments.js';

export interface PushOptions {
    /** Resolve when the items are stored or quarantined, whatever the option `ack` says. */
    ack?: 'stored';
    eventName?: string | undefined;
    /** The request whose handler pushes. */
    request?: RequestInfo | undefined;
    /** What the quarantine records of the call's items say instead. */
    record?: Partial<QuarantineRecord>;
}

/** Items of one call on their way into the buffer. */
interface Entry {
    count: number;
    items: readonly unknown[];
    /** The same items, where they were prepared before. Others are prepared when their turn comes. */
    prepared?: readonly PreparedItem[] | undefined;
    source: PushSource | undefined;
    /** Positions of the items in the call, where they are not all of it. */
    positions?: readonly number[];
    /** Valid items beyond so many are not taken. @default Infinity */
    budget?: number | undefined;
    /** The items are in memory and counted already: they wait neither for room nor for other calls. */
    isCollected?: boolean;
    /** How far the call has got, where somebody else watches it. */
    progress?: Progress;
    /** Called when all items have entered, or will not. */
    onEntered?: () => void;
}

/** What became of the items of a call so far. */
interface Progress {
    entered: number;
    rejected: number;
    repaired: number;
    /** Known to be duplicates, and left out. */
    duplicates: number;
    /** Valid items that take a place in the budget: no item with their key was stored or under way. */
    sent: number;
}

const NO_PROGRESS: Readonly<Progress> = Object.freeze({ entered: 0, rejected: 0, repaired: 0, duplicates: 0, sent: 0 });

/** Valid items beyond the budget: so many, and those that may get a place yet. */
interface Trimmed {
    items: { prepared: PreparedItem; position: number }[];
    count: number;
}

/** Takes pushes into the pipeline, in order, and answers them. */
export class Pusher {
    readonly #pipeline: Pipeline;
    readonly #options: Pick<ResolvedOptions, 'ack' | 'mode' | 'duplicates'>;
    readonly #charging: Charging;
    readonly #budget: Budget;
    readonly #yielder = new EventLoopYielder();
    /** Prepared items of calls that have not entered yet, and how many of each call have. */
    readonly #unentered = new Set<{ items: readonly PreparedItem[]; progress: { entered: number } }>();
    /** Settles when all calls that came before have entered; undefined where there is none. */
    #entering: Promise<void> | undefined;

    constructor(pipeline: Pipeline, options: Pick<ResolvedOptions, 'ack' | 'mode' | 'duplicates'>, charging: Charging) {
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
            else this.#pipeline.reject(prepared, source, position, true)?.catch(ignore);
        }
    }

    /**
     * Makes items ready for `pushPrepared`: what the caller does to them afterwards changes nothing.
     * @throws TypeError, ItemsRejectedError, ToleranceExceededError, DeliveryError
     */
    async prepareAll(data: unknown): Promise<readonly PreparedItem[]> {
        const items = toItems(data);
        this.#pipeline.checkHealth();
        const prepared = await this.#prepareEach(items);
        if (this.#options.mode === 'fail') this.#allOrNothing(prepared);
        return prepared;
    }

    /** Resolves when the items of all calls that came before are in the buffer, or were rejected. */
    async entered(): Promise<void> {
        await this.#entering;
    }

    async #pushBuffered(entry: Entry): Promise<PushResult> {
        const progress = { ...NO_PROGRESS };
        try {
            await this.#enter(entry, progress);
        } catch (error) {
            const unstored = Array.from({ length: entry.count - progress.entered }, (_, i) => progress.entered + i);
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
        // What the platform rejected left its place in the budget to those behind.
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
        await this.#pipeline.handover.countsSaved();
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

    /** Never rejects: what went wrong is kept by the waiter. Resolves to what is beyond the budget. */
    async #enterAndWait(entry: Entry, waiter: Waiter): Promise<Trimmed> {
        const { count, positions, progress = { ...NO_PROGRESS } } = entry;
        let trimmed: Trimmed = { items: [], count: 0 };
        try {
            trimmed = await this.#enter(entry, progress);
        } catch (error) {
            // The caller pushes everything again that is not on its way to the platform.
            this.#pipeline.settler.giveBack(error as Error, waiter);
            if (entry.isCollected) this.#pipeline.counters.discarded(count - progress.entered);
            for (let index = progress.entered; index < count; index++) {
                waiter.notTaken(positions?.[index] ?? index, error as Error);
            }
        }
        entry.onEntered?.();
        await waiter.settled();
        return trimmed;
    }

    /** Takes a call's items behind those of the calls that came before. `progress` tells how far it got when it rejects. */
    async #enter(entry: Entry, progress: Progress): Promise<Trimmed> {
        if (entry.isCollected) return this.#enqueueAll(entry, progress);
        if (this.#options.mode === 'fail') entry = { ...entry, prepared: await this.#prepareAllOrNothing(entry) };
        const before = this.#entering;
        let leave = (): void => undefined;
        const entering = new Promise<void>((resolve) => {
            leave = resolve;
        });
        this.#entering = entering;
        try {
            if (before !== undefined) await before;
            return await this.#enqueueAll(entry, progress);
        } finally {
            leave();
            if (this.#entering === entering) this.#entering = undefined;
        }
    }

    async #enqueueAll(entry: Entry, progress: Progress): Promise<Trimmed> {
        const { count, items, source, budget = Infinity, isCollected = false } = entry;
        const pipeline = this.#pipeline;
        const trimmed: Trimmed = { items: [], count: 0 };
        // Its caller waits for the platform anyhow; a pause would only take it out of the request that it shares with others.
        const isAwaitedAlone = count === 1 && source instanceof Waiter;
        if (count > 0 && !isCollected) pipeline.checkHealth();
        for (let index = 0; index < count; index++) {
            const prepared = entry.prepared?.[index] ?? pipeline.prepare(items[index], index);
            const position = entry.positions?.[index] ?? index;
            // What was collected enters in one go: its JSON is made, and the end of a process must not find it half way.
            if (!isCollected && !isAwaitedAlone && this.#yielder.shouldYield(prepared.text?.length ?? 0)) {
                await this.#yielder.yield();
                pipeline.checkHealth();
            }
            if (prepared.rejection !== undefined) {
                const room = pipeline.reject(prepared, source, position, isCollected);
                progress.entered++;
                progress.rejected++;
                if (room !== undefined && !isCollected) await room;
                if (index + 1 < count && !isCollected) pipeline.checkHealth();
                continue;
            }
            let isBeyond = progress.sent >= budget && !pipeline.isKnown(prepared);
            const room =
                isCollected || isBeyond ? undefined : pipeline.buffer.waitForRoom(prepared.text!, prepared.repaired);
            if (room !== undefined) {
                await room;
                pipeline.checkHealth();
                // What its key was known by may be gone meanwhile.
                isBeyond = progress.sent >= budget && !pipeline.isKnown(prepared);
            }
            if (isBeyond) {
                // No more than were taken can leave their place.
                if (trimmed.items.length < budget) trimmed.items.push({ prepared, position });
                trimmed.count++;
                continue;
            }
            const admission = pipeline.enqueue(prepared, source, position, isCollected);
            progress.entered++;
            if (admission === 'send') progress.sent++;
            if (admission !== 'duplicate') {
                if (prepared.repaired !== undefined) progress.repaired++;
            } else if (this.#options.duplicates === 'quarantine') {
                progress.rejected++;
                const quarantineRoom = pipeline.quarantine.waitForRoom();
                if (quarantineRoom !== undefined && !isCollected) await quarantineRoom;
            } else progress.duplicates++;
        }
        return trimmed;
    }

    async #prepareEach(items: readonly unknown[]): Promise<PreparedItem[]> {
        const prepared: PreparedItem[] = [];
        for (const [index, item] of items.entries()) {
            prepared.push(this.#pipeline.prepare(item, index));
            if (this.#yielder.shouldYield(prepared[index]!.text?.length ?? 0)) await this.#yielder.yield();
        }
        return prepared;
    }

    /** @throws ItemsRejectedError */
    async #prepareAllOrNothing({ items, prepared }: Entry): Promise<readonly PreparedItem[]> {
        const all = prepared ?? (await this.#prepareEach(items));
        this.#allOrNothing(all);
        return all;
    }

    /** `mode: 'fail'`: no item is taken before all have passed. @throws ItemsRejectedError */
    #allOrNothing(all: readonly PreparedItem[]): void {
        const rejected = all.flatMap(({ rejection }) => rejection ?? []);
        if (rejected.length === 0) return;
        this.#pipeline.rejectedItems.countCall(all);
        throw itemsRejected(rejected, all.length, { unstored: all.map((_, position) => position) });
    }
}

function acceptedItems({ entered, rejected, duplicates }: Progress): number {
    return entered - rejected - duplicates;
}

function ignore(): void {
    // The caller handles the rejection.
}
