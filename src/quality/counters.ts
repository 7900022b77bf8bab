import type { DeliveryCounters } from '../delivery/delivery-counters.js';

/** Counts of a run. Units: items, requests to the dataset, bytes of uncompressed JSON. */
export interface CounterValues {
    /** Items that were pushed: stored, quarantined, duplicate, trimmed, discarded, pending and unsent ones, at every moment. */
    receivedItems: number;
    storedItems: number;
    quarantinedItems: number;
    /** Not stored again, because an item with the same key is stored. */
    duplicateItems: number;
    /** Held back by the user's pay-per-event budget. */
    trimmedItems: number;
    /** Stored after `repair` changed them; a part of the stored items. */
    repairedItems: number;
    /** Stored although they fail the schema, with `mode: 'warn'`; a part of the stored items. */
    warnedItems: number;
    /** Given back to a caller whose call rejected, or left out because a retry pushed them again. */
    discardedItems: number;
    /** Waiting or under way. */
    pendingItems: number;
    /** Could not be sent before the run ended. */
    unsentItems: number;
    requests: number;
    rejectedRequests: number;
    retriedRequests: number;
    sentBytes: number;
}

/** The counters that another process of the run goes on with. */
export type SavedCounters = Omit<CounterValues, 'receivedItems' | 'pendingItems' | 'unsentItems'> & {
    rejectedItems: number;
};

const SAVED_KEYS = [
    'storedItems',
    'quarantinedItems',
    'duplicateItems',
    'trimmedItems',
    'discardedItems',
    'repairedItems',
    'warnedItems',
    'requests',
    'rejectedRequests',
    'retriedRequests',
    'sentBytes',
    'rejectedItems',
] as const satisfies (keyof SavedCounters)[];

/** Each method says what happened. What is pending is what has been received and not accounted for, so the sum always holds. */
export class Counters implements DeliveryCounters {
    #received = 0;
    #stored = 0;
    #quarantined = 0;
    #duplicates = 0;
    #trimmed = 0;
    #discarded = 0;
    #givenBack = 0;
    #repaired = 0;
    #warned = 0;
    #rejected = 0;
    #requests = 0;
    #rejectedRequests = 0;
    #retriedRequests = 0;
    #sentBytes = 0;
    #isEnded = false;

    received(items: number): void {
        this.#received += items;
    }

    stored(items: number): void {
        this.#stored += items;
    }

    /** Counts rejected items whose records were written. */
    quarantined(items: number): void {
        this.#quarantined += items;
    }

    /** So many items are left out, because items with their keys are stored. */
    duplicates(items: number): void {
        this.#duplicates += items;
    }

    trimmed(items: number): void {
        this.#trimmed += items;
    }

    discarded(items: number): void {
        this.#discarded += items;
    }

    /** So many items, which were received, are their callers' again: their calls reject. They count as discarded. */
    givenBack(items: number): void {
        this.#givenBack += items;
        this.#discarded += items;
    }

    /** So many items of a call that rejects were not taken at all, and are no received ones. */
    refused(items: number): void {
        this.#givenBack += items;
    }

    /** So many of the stored items were changed by `repair`. */
    repaired(items: number): void {
        this.#repaired += items;
    }

    /** So many of the stored items fail the schema. */
    warned(items: number): void {
        this.#warned += items;
    }

    /** So many items were found to belong in quarantine for another reason than that they are duplicates. */
    rejected(items: number): void {
        this.#rejected += items;
    }

    /** So many rejected items were given back before their records were written. */
    rejectedGivenBack(items: number): void {
        this.#rejected -= items;
        this.givenBack(items);
    }

    requestSent(bytes: number): void {
        this.#requests++;
        this.#sentBytes += bytes;
    }

    requestRejected(): void {
        this.#rejectedRequests++;
    }

    requestRetried(): void {
        this.#retriedRequests++;
    }

    /** The run has ended: what is pending now could not be sent. `false`: it goes on after all. */
    ended(isEnded: boolean): void {
        this.#isEnded = isEnded;
    }

    /** Items that were found to belong in quarantine, whether or not their records are written. */
    get rejectedItems(): number {
        return this.#rejected;
    }

    /** Items that their callers got back with an error, in this process. Those that were pushed again are counted once more. */
    get givenBackItems(): number {
        return this.#givenBack;
    }

    /** Items that were pushed, those left out that were given back and may be pushed again. */
    get keptItems(): number {
        return this.#received - this.#discarded;
    }

    get unaccountedItems(): number {
        const settled = this.#stored + this.#quarantined + this.#duplicates + this.#trimmed + this.#discarded;
        return this.#received - settled;
    }

    values(): CounterValues {
        return {
            receivedItems: this.#received,
            storedItems: this.#stored,
            quarantinedItems: this.#quarantined,
            duplicateItems: this.#duplicates,
            trimmedItems: this.#trimmed,
            discardedItems: this.#discarded,
            repairedItems: this.#repaired,
            warnedItems: this.#warned,
            pendingItems: this.#isEnded ? 0 : this.unaccountedItems,
            unsentItems: this.#isEnded ? this.unaccountedItems : 0,
            requests: this.#requests,
            rejectedRequests: this.#rejectedRequests,
            retriedRequests: this.#retriedRequests,
            sentBytes: this.#sentBytes,
        };
    }

    /** Items under way are not in it: they are saved as items, or given back. */
    save(): SavedCounters {
        const { receivedItems: _r, pendingItems: _p, unsentItems: _u, ...counted } = this.values();
        return { ...counted, rejectedItems: this.#rejected };
    }

    /** Counts on from what `save` gave, of one or several processes. @throws TypeError for what is of another shape */
    restore(saved: SavedCounters): void {
        for (const key of SAVED_KEYS) {
            if (!Number.isSafeInteger(saved[key]) || saved[key] < 0) {
                throw new TypeError(`expected a count as ${key}, but got: ${typeof saved[key]}`);
            }
        }
        this.#stored += saved.storedItems;
        this.#quarantined += saved.quarantinedItems;
        this.#duplicates += saved.duplicateItems;
        this.#trimmed += saved.trimmedItems;
        this.#discarded += saved.discardedItems;
        this.#repaired += saved.repairedItems;
        this.#warned += saved.warnedItems;
        this.#received +=
            saved.storedItems +
            saved.quarantinedItems +
            saved.duplicateItems +
            saved.trimmedItems +
            saved.discardedItems;
        this.#rejected += saved.rejectedItems;
        this.#requests += saved.requests;
        this.#rejectedRequests += saved.rejectedRequests;
        this.#retriedRequests += saved.retriedRequests;
        this.#sentBytes += saved.sentBytes;
    }
}
