import type { Payload } from '../ports.js';
import type { ItemCounts } from './read-back.js';
import { countItems } from './read-back.js';
import type { Writable } from '../utils/writable.js';

/** Copies of payloads that are kept while a request that began before them has no answer. */
const MAX_HISTORY_BYTES = 32 * 1024 * 1024;

/** A request whose outcome is not known yet. */
export interface OpenRequest {
    /** Where in the dataset its items lie, at the earliest. */
    readonly from: number;
    /** Requests that had been stored when it began. */
    readonly storedBefore: number;
}

interface StoredPayload {
    readonly payload: Payload;
    readonly number: number;
}

/**
 * Remembers the items that this guard has stored lately, so that reading back does not take an item of another request for one of the request in
 * question. One payload is kept in any case: of a request that runs alone, only the one before it can be meant.
 */
export class StoredHistory {
    /** The dataset holds at least this many items: those of a request that begins now lie here or behind it. */
    readonly position: number;
    #storedRequests = 0;
    readonly #open = new Set<OpenRequest>();
    /** Open requests whose items may be counted in `position` already, because the dataset was read after they were sent. */
    readonly #counted = new WeakSet<OpenRequest>();
    #kept: StoredPayload[] = [];
    #keptBytes = 0;
    /** The number of the newest payload that had to be dropped. */
    #droppedNumber = 0;

    constructor(position: number) {
        this.position = position;
    }

    get storedRequests(): number {
        return this.#storedRequests;
    }

    begin(): OpenRequest {
        const request = { from: this.position, storedBefore: this.#storedRequests };
        this.#open.add(request);
        return request;
    }

    /** The request ended without having stored anything, or nothing more is known of it. */
    end(request: OpenRequest): void {
        this.#open.delete(request);
    }

    /** The platform said that it has stored the payload for the request. */
    stored(request: OpenRequest, payload: Payload): void {
        this.#moveTo(this.position + payload.itemCount);
        this.#keep(request, payload);
    }

    /** The payload was found in the dataset, where the request without an answer has stored it. */
    found(request: OpenRequest, payload: Payload): void {
        const end = (this.#counted.has(request) ? request.from : this.position) + payload.itemCount;
        this.#moveTo(end);
        this.#keep(request, payload);
    }

    /** The dataset was seen to hold this many items. Counts only while no other request could be among them. */
    saw(total: number): void {
        if (this.#open.size > 1) return;
        this.#moveTo(total);
        for (const request of this.#open) this.#counted.add(request);
    }

    /**
     * The items of `wanted` that other requests have stored since the one before `request`. `undefined` where that is not
     * known any more, so that a match proves nothing.
     */
    otherCopies({ storedBefore }: OpenRequest, wanted: ItemCounts): ItemCounts | undefined {
        const isIncomplete = this.#droppedNumber > 0 && this.#droppedNumber >= storedBefore;
        const first = this.#kept[0]?.number ?? this.#storedRequests + 1;
        if (isIncomplete || first > Math.max(1, storedBefore))
            return this.#storedRequests === 0 ? new Map() : undefined;
        const copies: ItemCounts = new Map();
        for (const { payload, number } of this.#kept) {
            if (number < storedBefore) continue;
            for (const [key, count] of countItems(payload)) {
                if (wanted.has(key)) copies.set(key, (copies.get(key) ?? 0) + count);
            }
        }
        return copies;
    }

    #moveTo(position: number): void {
        (this as Writable<StoredHistory>).position = Math.max(this.position, position);
    }

    #keep(request: OpenRequest, payload: Payload): void {
        this.#open.delete(request);
        this.#storedRequests++;
        const reusable = this.#open.size === 0 ? this.#kept.pop()?.payload : undefined;
        if (this.#open.size === 0) this.#kept = [];
        this.#kept.push({ payload: payload.copy(reusable), number: this.#storedRequests });
        this.#keptBytes = this.#kept.reduce((bytes, kept) => bytes + kept.payload.byteLength, 0);
        while (this.#kept.length > 1 && this.#keptBytes > MAX_HISTORY_BYTES) {
            const [oldest] = this.#kept.splice(0, 1);
            this.#keptBytes -= oldest!.payload.byteLength;
            this.#droppedNumber = oldest!.number;
        }
    }
}
