import type { ResolvedOptions } from '../options.js';
import type { PushSource } from '../waiter.js';
import { Waiter } from '../waiter.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import type { Pipeline } from './pipeline.js';
import type { PreparedItem } from './prepare.js';
import { itemsRejected } from './push-arguments.js';

/** Items of one call on their way into the buffer. */
export interface Entry {
    count: number;
    items: readonly unknown[];
    /** The same items, where they were prepared before. Others are prepared when their turn comes. */
    prepared?: readonly PreparedItem[] | undefined;
    source: PushSource | undefined;
    /** Positions of the items in the call, where they are not all of it. */
    positions?: readonly number[];
    /** Valid items beyond this number are not taken. @default Infinity */
    budget?: number | undefined;
    /** The items are in memory and counted already: they wait neither for room nor for other calls. */
    isCollected?: boolean;
    /** The progress of the call, where somebody else watches it. */
    progress?: Progress;
    /** Called when all items have entered, or will not. */
    onEntered?: () => void;
}

/** Counts the outcomes of a call's items so far. */
export interface Progress {
    entered: number;
    rejected: number;
    repaired: number;
    /** Known to be duplicates, and left out. */
    duplicates: number;
    /** Valid items that take a place in the budget: no item with their key was stored or under way. */
    sent: number;
}

export const NO_PROGRESS: Readonly<Progress> = Object.freeze({
    entered: 0,
    rejected: 0,
    repaired: 0,
    duplicates: 0,
    sent: 0,
});

/** The number of valid items beyond the budget, and those of them that may still get a place. */
export interface Trimmed {
    items: { prepared: PreparedItem; position: number }[];
    count: number;
}

/** Takes the items of calls into the pipeline, one call after the other, as room for them appears. */
export class EntryQueue {
    readonly #pipeline: Pipeline;
    readonly #options: Pick<ResolvedOptions, 'mode' | 'duplicates'>;
    readonly #yielder = new EventLoopYielder();
    /** Settles when all calls that came before have entered; undefined where no call came before. */
    #entering: Promise<void> | undefined;

    constructor(pipeline: Pipeline, options: Pick<ResolvedOptions, 'mode' | 'duplicates'>) {
        this.#pipeline = pipeline;
        this.#options = options;
    }

    /** Resolves when the items of all calls that came before are in the buffer, or were rejected. */
    async entered(): Promise<void> {
        await this.#entering;
    }

    /** Takes a call's items behind those of the calls that came before. `progress` tells how far it got when it rejects. */
    async enter(entry: Entry, progress: Progress): Promise<Trimmed> {
        if (entry.isCollected) return this.#enqueueAll(entry, progress);
        if (this.#options.mode === 'fail') {
            if (entry.prepared !== undefined) this.#allOrNothing(entry.prepared);
            else entry = { ...entry, prepared: await this.prepareAll(entry.items) };
        }
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
        const trimmedKeys = new Set<string>();
        // Its caller waits for the platform anyhow; a pause would only take it out of the request that it shares with others.
        const isAwaitedAlone = count === 1 && source instanceof Waiter;
        if (count > 0 && !isCollected) pipeline.checkHealth();
        for (let index = 0; index < count; index++) {
            const prepared = entry.prepared?.[index] ?? pipeline.prepare(items[index], index);
            const position = entry.positions?.[index] ?? index;
            // Collected items enter in one go: their JSON is made, and the end of a process must not find them half way.
            if (!isCollected && !isAwaitedAlone && this.#yielder.shouldYield(prepared.text?.length ?? 0)) {
                await this.#yielder.yield();
                pipeline.checkHealth();
            }
            if (prepared.rejection !== undefined) {
                pipeline.reject(prepared, source, position, isCollected);
                progress.entered++;
                progress.rejected++;
                const room = isCollected ? undefined : pipeline.quarantine.waitForRoom();
                if (room !== undefined) await room;
                if (index + 1 < count && !isCollected) pipeline.checkHealth();
                continue;
            }
            let isBeyond = progress.sent >= budget && !pipeline.isKnown(prepared);
            const room =
                isCollected || isBeyond ? undefined : pipeline.buffer.waitForRoom(prepared.text!, prepared.repaired);
            if (room !== undefined) {
                await room;
                pipeline.checkHealth();
                // The item that had the same key may be gone meanwhile.
                isBeyond = progress.sent >= budget && !pipeline.isKnown(prepared);
            }
            if (isBeyond) {
                // At most `budget` places become free, and of several items with the same key only one takes a place.
                const key = prepared.key && `${prepared.key.high} ${prepared.key.low}`;
                if (trimmed.items.length < budget && (key === undefined || !trimmedKeys.has(key))) {
                    trimmed.items.push({ prepared, position });
                    if (key !== undefined && this.#options.duplicates !== 'count') trimmedKeys.add(key);
                }
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
                const quarantineRoom = isCollected ? undefined : pipeline.quarantine.waitForRoom();
                if (quarantineRoom !== undefined) await quarantineRoom;
            } else progress.duplicates++;
        }
        return trimmed;
    }

    /** Prepares the items of a call. @throws ItemsRejectedError */
    async prepareAll(items: readonly unknown[]): Promise<readonly PreparedItem[]> {
        const prepared: PreparedItem[] = [];
        for (const [index, item] of items.entries()) {
            prepared.push(this.#pipeline.prepare(item, index));
            if (this.#yielder.shouldYield(prepared[index]!.text?.length ?? 0)) await this.#yielder.yield();
        }
        if (this.#options.mode === 'fail') this.#allOrNothing(prepared);
        return prepared;
    }

    /** `mode: 'fail'`: no item is taken before all have passed. @throws ItemsRejectedError */
    #allOrNothing(all: readonly PreparedItem[]): void {
        const rejected = all.flatMap(({ rejection }) => rejection ?? []);
        if (rejected.length === 0) return;
        this.#pipeline.rejectedItems.countCall(all);
        throw itemsRejected(rejected, all.length, { unstored: all.map((_, position) => position) });
    }
}

/** Items that are stored, or will be. */
export function acceptedItems({ entered, rejected, duplicates }: Progress): number {
    return entered - rejected - duplicates;
}
