import type { DeliveryCounters } from './delivery-counters.js';
import type { ItemCounts } from './read-back.js';
import { PatientPages } from './patient-pages.js';
import { countItems, indexesOf, mergeCounts, readBack, Search } from './read-back.js';
import type { OpenRequest } from './stored-history.js';
import { StoredHistory } from './stored-history.js';
import type { InternalOptions, ItemSink, Log, Payload, SendResult } from '../ports.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';

export interface RequestSenderOptions {
    sink: ItemSink;
    clock: Clock;
    internal: InternalOptions;
    /** Counts the requests. Undefined for those to the quarantine: the report counts only requests to the dataset. */
    counters?: DeliveryCounters;
    log: Log;
    /** Aborted when nothing is to be sent any more: waits end, and no further request begins. */
    signal: AbortSignal;
    /** Called when a request has been without an answer for `SLOW_REQUEST_MILLIS`. */
    onSlow?: () => void;
}

/** Where to look for the items of a request whose outcome is unknown, before they are sent again. */
export interface UnknownOutcome {
    /** Nothing of the request lies before this offset. */
    readonly from: number;
    /** The request was made before this time, on the monotonic clock. */
    readonly sentBefore: number;
    /** The items may have been sent in several requests, some of which were stored: a request of another process. */
    readonly isSplit?: boolean;
    /** The request, and how many of this guard's requests had been stored when its outcome became unknown. */
    readonly request?: OpenRequest;
    readonly storedRequests?: number;
}

export interface SendOptions {
    /** Asked before each retry: true once some of the items are to be given back rather than sent. */
    isAbandoned?: () => boolean;
}

/** The outcome of a request and its retries. */
export type SendOutcome = SendResult & {
    /** Set where the items may have been stored. */
    unknown?: UnknownOutcome;
    /** Indexes of the items that are stored, where a request that is not atomic failed. */
    storedIndexes?: ReadonlySet<number>;
};

/** The result of reading the dataset back for a payload. */
export interface FoundItems {
    /** Indexes of the items that are stored. */
    indexes: ReadonlySet<number>;
    /** Whether the others are known to be missing. Else the dataset could not be read. */
    isProven: boolean;
}

/** After so long without an answer a request counts as slow. */
export const SLOW_REQUEST_MILLIS = 2_000;
const FIRST_LOOK_MILLIS = 100;
const MAX_LOOK_MILLIS = 2_000;

/**
 * Sends one payload: tries again after what can pass, with exponential backoff and jitter, and never blindly. After an
 * unknown outcome the dataset is read back first. Where that proves nothing the items are sent again: a double is better
 * than a loss.
 */
export class RequestSender {
    readonly #options: RequestSenderOptions;
    readonly #history: StoredHistory;
    #retrying = 0;

    constructor(options: RequestSenderOptions) {
        this.#options = options;
        this.#history = new StoredHistory(options.sink.knownItemCount);
    }

    /** Where in the dataset the items of a request that begins now will lie, at the earliest. */
    get position(): number {
        return this.#history.position;
    }

    /** Whether a request has failed and is being tried again. */
    get isRetrying(): boolean {
        return this.#retrying > 0;
    }

    /** Copies of these items that the last requests have stored. */
    copiesStored(items: ItemCounts): ItemCounts {
        const last = { from: 0, storedBefore: this.#history.storedRequests };
        return this.#history.otherCopies(last, items) ?? new Map();
    }

    async send(payload: Payload, { isAbandoned }: SendOptions = {}): Promise<SendOutcome> {
        const { sink, clock, internal, counters, log, signal, onSlow } = this.#options;
        const request = this.#history.begin();
        let unknown: UnknownOutcome | undefined;
        let isRetrying = false;
        try {
            for (let retries = 0; ; retries++) {
                if (signal.aborted) return { ...STOPPED, unknown: this.#closed(unknown) };
                counters?.requestSent(payload.byteLength);
                const cancelTimer = onSlow && clock.after(SLOW_REQUEST_MILLIS, onSlow);
                const result = await sink.send(payload);
                cancelTimer?.();
                if (result.kind === 'stored') this.#history.stored(request, payload);
                else if (result.kind !== 'unavailable' && result.kind !== 'refused') counters?.requestRejected();
                if (result.kind !== 'unavailable' || result.storedIndexes !== undefined) return result;
                if (!isRetrying) this.#retrying++;
                isRetrying = true;
                const failedAt = clock.monotonic();
                if (result.outcomeUnknown) {
                    unknown = { from: request.from, sentBefore: failedAt, request };
                    const { indexes: stored } = await this.#findStored(payload, unknown);
                    if (stored.size === payload.itemCount) {
                        this.#history.found(request, payload);
                        return { kind: 'stored' };
                    }
                    // Each of its items was looked for, and nothing is under way any more.
                    if (!sink.isAtomic) return { ...result, storedIndexes: stored };
                }
                if (!sink.retries || retries >= internal.maxRetries || signal.aborted) {
                    return { ...result, unknown: this.#closed(unknown) };
                }
                if (retries === 0) {
                    log.warning('A request to the dataset failed and is tried again.', {
                        reason: result.error.message,
                    });
                }
                await this.backOff(retries, clock.monotonic() - failedAt);
                if (signal.aborted) return { ...result, unknown: this.#closed(unknown) };
                // They were looked for, and are not there.
                if (isAbandoned?.()) return { ...result, outcomeUnknown: false };
                counters?.requestRetried();
            }
        } finally {
            if (isRetrying) this.#retrying--;
            this.#history.end(request);
        }
    }

    /** Waits before the next try; `elapsedMillis` of it have passed already. Ends at once when nothing is sent any more. */
    async backOff(retries: number, elapsedMillis = 0): Promise<void> {
        const { clock, internal, signal } = this.#options;
        // Jitter, so that many writers do not come back at once; like apify-client between once and twice the delay.
        const delayMillis = internal.firstRetryDelayMillis * 2 ** retries * (1 + Math.random());
        await clock.sleep(Math.max(0, delayMillis - elapsedMillis), signal);
    }

    /**
     * Finds the items of a payload that are stored although their outcome was unknown. Waits until they would show up in a listing.
     * Never rejects: where the dataset cannot be read, nothing is proven.
     */
    async findStored(payload: Payload, unknown: UnknownOutcome): Promise<FoundItems> {
        const request = this.#history.begin();
        try {
            return await this.#findStored(payload, unknown);
        } finally {
            this.#history.end(request);
        }
    }

    async #findStored(payload: Payload, unknown: UnknownOutcome): Promise<FoundItems> {
        const { clock, internal, signal, sink, log } = this.#options;
        const items = countItems(payload);
        const others = this.#otherCopies(unknown, items);
        if (others === undefined) return NOT_FOUND;
        const visibleAt = sink.isRemote ? unknown.sentBefore + internal.listingLagMillis : clock.monotonic();
        const pages = new PatientPages(this.#options);
        const isWhole = sink.isAtomic && !unknown.isSplit;
        // An item that was seen once stays stored, whatever a later look finds.
        const found: ItemCounts = new Map();
        for (let delayMillis = FIRST_LOOK_MILLIS; ; delayMillis = Math.min(delayMillis * 2, MAX_LOOK_MILLIS)) {
            const beganAt = clock.monotonic();
            const wanted = { items, others, from: unknown.from };
            const search = new Search(wanted);
            const result = await within(
                readBack(pages, wanted, search).catch(() => undefined),
                pages.until - beganAt,
            );
            mergeCounts(found, search.found());
            const isStored = search.isComplete;
            const indexes = isStored || !isWhole ? indexesOf(payload, found) : NOTHING;
            if (result !== undefined) this.#history.saw(result.total);
            if (isStored || (result !== undefined && beganAt >= visibleAt)) return { indexes, isProven: true };
            const now = clock.monotonic();
            if (now >= pages.giveUpAt || signal.aborted) {
                log.warning(
                    'It is not known whether a request was stored, and reading the dataset back did not tell. Its items are sent again: they may be in the dataset twice.',
                );
                return { indexes, isProven: false };
            }
            const waitMillis = now < visibleAt ? Math.min(delayMillis, visibleAt - now) : delayMillis;
            await clock.sleep(Math.max(1, waitMillis), signal);
        }
    }

    #otherCopies(unknown: UnknownOutcome, items: ItemCounts): ItemCounts | undefined {
        // The requests of another process are none of this one's.
        if (unknown.request === undefined) return new Map();
        const isOutdated =
            unknown.storedRequests !== undefined && unknown.storedRequests !== this.#history.storedRequests;
        return isOutdated ? undefined : this.#history.otherCopies(unknown.request, items);
    }

    /** The request is over; what other requests store from now on makes its outcome unprovable. */
    #closed(unknown: UnknownOutcome | undefined): UnknownOutcome | undefined {
        return unknown && { ...unknown, storedRequests: this.#history.storedRequests };
    }
}

const NOTHING: ReadonlySet<number> = new Set();
const NOT_FOUND: FoundItems = { indexes: NOTHING, isProven: true };

const STOPPED: SendResult = {
    kind: 'unavailable',
    outcomeUnknown: false,
    error: new Error('nothing is sent any more, because the guard was closed'),
};
