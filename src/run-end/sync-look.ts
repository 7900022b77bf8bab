import type { SyncStorage } from '../apify/sync-storages.js';
import type { ItemCounts, Wanted } from '../delivery/read-back.js';
import { countItems, indexesOf, mergeCounts, readBackSync, Search } from '../delivery/read-back.js';
import type { RequestSender } from '../delivery/retry.js';
import type { Batch } from '../pipeline/batch.js';
import type { ListedPage, PageRange } from '../ports.js';
import { monotonicMillis } from '../utils/clock.js';
import type { FirstRequests } from '../utils/request-sync.js';
import { sleepSync } from './sleep-sync.js';

/** Looking for requests that were under way takes no more than this share of the time. */
const LOOK_SHARE = 0.5;
/** The process that looks first also saves, and on a machine that is busy takes long to start. */
const SAVE_AND_LOOK_SHARE = 0.75;
const LOOK_PAUSE_MILLIS = 100;

export interface SyncLookOptions {
    /** Undefined where it cannot be opened. */
    storage: SyncStorage | undefined;
    sender: RequestSender;
    /** Milliseconds until the process must be gone. */
    left: () => number;
    /** To be made before it is looked. */
    first: FirstRequests | undefined;
}

/** Looks in the dataset, without the event loop, for items that may be stored. */
export class SyncLook {
    readonly #options: SyncLookOptions;

    constructor(options: SyncLookOptions) {
        this.#options = options;
    }

    /** Which items are stored of requests that were under way, here or in an earlier process. */
    findStored(
        batches: readonly Batch[],
        storedHere: ItemCounts,
        mayYetShowUp: boolean,
    ): { stored: Map<Batch, Set<number>>; isProven: boolean } {
        const items: ItemCounts = new Map();
        const ownParts: ItemCounts = new Map();
        for (const batch of batches) {
            countItems(batch.payloadOf(indexesBut(batch, batch.storedIndexes)), items);
            countItems(batch.payloadOf([...batch.storedIndexes]), ownParts);
        }
        if (items.size === 0) return { stored: new Map(), isProven: true };
        const others = this.#options.sender.copiesStored(items);
        for (const [key, count] of [...ownParts, ...storedHere]) {
            if (items.has(key)) others.set(key, (others.get(key) ?? 0) + count);
        }
        const wanted = { items, others, from: Math.min(...batches.map(({ savedFrom }) => savedFrom!)) };
        const isUnderWay = mayYetShowUp || batches.some(({ isSending }) => isSending);
        const { found, isProven } = this.#look(wanted, isUnderWay);
        return { stored: new Map(batches.map((batch) => [batch, takeFound(batch, found)])), isProven };
    }

    /** `mayYetShowUp`: some of it was under way in this process. */
    #look(wanted: Wanted, mayYetShowUp: boolean): { found: ItemCounts; isProven: boolean } {
        const lookUntil = monotonicMillis() + this.#options.left() * LOOK_SHARE;
        const found: ItemCounts = new Map();
        for (let isProven = false; ;) {
            const search = new Search(wanted);
            const isRead = readBackSync((pages) => this.#list(pages, lookUntil), wanted, search);
            mergeCounts(found, search.found());
            // What was under way may be stored and not be listed yet.
            isProven ||= isRead && (search.isComplete || !mayYetShowUp);
            const isLast = monotonicMillis() + LOOK_PAUSE_MILLIS >= lookUntil;
            if (search.isComplete || isLast || (isRead && !mayYetShowUp)) return { found, isProven };
            sleepSync(LOOK_PAUSE_MILLIS);
        }
    }

    #list(pages: readonly PageRange[], lookUntil: number): (ListedPage | undefined)[] {
        const { storage, first } = this.#options;
        const lookMillis = Math.max(0, lookUntil - monotonicMillis());
        const maxMillis = first?.isPending ? this.#options.left() * SAVE_AND_LOOK_SHARE : lookMillis;
        return storage?.list(pages, maxMillis, first) ?? pages.map(() => undefined);
    }
}

export function indexesBut({ payload }: Batch, known: ReadonlySet<number>): number[] {
    return Array.from({ length: payload.itemCount }, (_, index) => index).filter((index) => !known.has(index));
}

/** The indexes of the batch's items that are found. Those copies are found for no other batch. */
function takeFound(batch: Batch, found: ItemCounts): Set<number> {
    const indexes = indexesBut(batch, batch.storedIndexes);
    const part = batch.payloadOf(indexes);
    const positions = indexesOf(part, found);
    for (const [key, count] of countItems(part)) found.set(key, Math.max(0, (found.get(key) ?? 0) - count));
    return new Set([...positions].map((position) => indexes[position]!));
}
