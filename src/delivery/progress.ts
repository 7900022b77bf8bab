import type { Payload, SendResult } from '../ports.js';
import type { ItemError, QuarantineReason } from '../records.js';
import { errorsOfItem } from './positions.js';
import type { FoundItems, SendOptions, UnknownOutcome } from './retry.js';

/** An item that the platform rejects, proven by a request of its own or by elimination. */
export interface PlatformRejection {
    /** Zero-based index in the delivered payload. */
    index: number;
    /** Zero-based position in the request that the platform rejected. */
    itemPosition: number;
    reason: Extract<QuarantineReason, 'schema' | 'too-large' | 'rejected'>;
    errors: ItemError[];
}

/** An item that was refused alone, for a reason that may be the platform's. */
export interface DisputedItem {
    index: number;
    /** Requests that the platform had accepted when it first refused the item: another one since then is the contrast. */
    acceptedBefore: number;
    error: Error;
}

/** Items that one request will carry again. */
export interface UnsentPart {
    indexes: number[];
    /** Set when they may have been stored: to be looked for before they are sent. */
    unknown?: UnknownOutcome;
}

export interface DeliveryFailure {
    error: Error;
    /** Whether the reason cannot pass by itself: 401, 402, 403, 404. */
    permanent: boolean;
}

/** The outcome of a delivery. Items that are neither rejected, disputed nor unsent are stored. */
export interface DeliveryOutcome {
    rejected: PlatformRejection[];
    disputed: DisputedItem[];
    /** The items that are still to be sent, because of `failure`, in order. */
    unsent: UnsentPart[];
    failure?: DeliveryFailure;
}

export interface DeliverOptions extends SendOptions {
    /** The items may be in the dataset: they are looked for before they are sent. */
    unknown?: UnknownOutcome;
    /** The payload is a single item that was refused before: see `DisputedItem`. */
    acceptedBefore?: number;
    /** The run ends: a disputed item is rejected if anything was ever accepted. */
    isLastTry?: boolean;
    /** Called as soon as the items at those indexes are known to be stored, while others are still to be sent. */
    onStored?: (indexes: Iterable<number>) => void;
}

/** No limit that is known to anybody is lower. */
const MIN_TOO_LARGE_BYTES = 500_000;

/**
 * Whether a 413 for an item of this size, alone in its request, is about something else than the size, such as an incident that answers
 * all requests so. Then it is a refusal without a reason.
 */
export function saysNothingOfSize(bytes: number): boolean {
    return bytes < MIN_TOO_LARGE_BYTES;
}

export type RejectedResult = Extract<SendResult, { kind: 'invalid' | 'too-large' | 'bad-request' }>;

/** The progress of a delivery: the items that are rejected, disputed or still to be sent. The others are stored. */
export class Progress {
    readonly payload: Payload;
    readonly options: DeliverOptions;
    readonly #rejected: PlatformRejection[] = [];
    readonly #disputed: DisputedItem[] = [];
    #unsent: UnsentPart[] = [];
    #failure: DeliveryFailure | undefined;
    #isRefusedInARow = false;
    /** Set where nobody knows whether an earlier request has stored the items: to be found out before they are sent again. */
    #unproven: UnknownOutcome | undefined;

    constructor(payload: Payload, options: DeliverOptions) {
        this.payload = payload;
        this.options = options;
    }

    get failure(): DeliveryFailure | undefined {
        return this.#failure;
    }

    /** Whether the number of items that were refused one by one shows that the platform is at fault. */
    get isRefusedInARow(): boolean {
        return this.#isRefusedInARow;
    }

    bytesOf(indexes: readonly number[]): number {
        return indexes.reduce((bytes, index) => bytes + this.payload.itemBytes(index) + 1, 1);
    }

    /** Notes the items that a look has found stored by an earlier request. */
    found({ indexes, isProven }: FoundItems, unknown: UnknownOutcome): void {
        if (indexes.size > 0) this.options.onStored?.(indexes);
        if (!isProven) this.#unproven = unknown;
    }

    reject(index: number, reason: PlatformRejection['reason'], result: RejectedResult): void {
        const errors = result.kind === 'invalid' ? errorsOfItem(result.invalidItems) : [];
        this.#add(index, 0, reason, errors, result.error);
    }

    /** The item at `position` of a request was named by the platform. */
    rejectNamed(index: number, position: number, errors: ItemError[], error: Error): void {
        this.#add(index, position, 'schema', errors, error);
    }

    dispute(item: DisputedItem): void {
        this.#disputed.push(item);
    }

    refuseInARow(error: Error): void {
        this.#isRefusedInARow = true;
        this.#failure = { error, permanent: false };
    }

    fail(failure: DeliveryFailure, indexes: number[], unknown?: UnknownOutcome): void {
        this.#failure = failure;
        this.leaveUnsent(indexes, unknown);
    }

    leaveUnsent(indexes: number[], sent?: UnknownOutcome): void {
        // Where an earlier request is in question, too, its items lie before those of this one.
        const unknown = this.#unproven ?? sent;
        if (indexes.length > 0) this.#unsent.push({ indexes, ...(unknown && { unknown }) });
    }

    /** The unsent items are tried again. */
    takeUnsent(): number[] {
        const indexes = this.#unsent.flatMap((part) => part.indexes).sort((a, b) => a - b);
        this.#unsent = [];
        this.#failure = undefined;
        this.#isRefusedInARow = false;
        return indexes;
    }

    outcome(): DeliveryOutcome {
        const rejected = this.#rejected.sort((a, b) => a.index - b.index);
        const outcome = { rejected, disputed: this.#disputed, unsent: inOrder(this.#unsent) };
        // Where nothing is left to be sent, nothing has failed: the refused items wait for the contrast.
        return this.#failure === undefined || this.#unsent.length === 0
            ? outcome
            : { ...outcome, failure: this.#failure };
    }

    #add(
        index: number,
        itemPosition: number,
        reason: PlatformRejection['reason'],
        errors: ItemError[],
        error: Error,
    ): void {
        this.#rejected.push({
            index,
            itemPosition,
            reason,
            errors: errors.length > 0 ? errors : [platformError(error)],
        });
    }
}

/** Makes one part of all items that need not be looked for: they lay in one request, and no order among them was given up. */
function inOrder(parts: readonly UnsentPart[]): UnsentPart[] {
    const known = parts.filter(({ unknown }) => unknown === undefined).flatMap(({ indexes }) => indexes);
    const merged = known.length === 0 ? [] : [{ indexes: known.sort((a, b) => a - b) }];
    const unknown = parts.filter((part) => part.unknown !== undefined);
    return [...merged, ...unknown].sort((a, b) => a.indexes[0]! - b.indexes[0]!);
}

/** The platform's message, for an item about which it says nothing else. */
function platformError(error: Error): ItemError {
    return { instancePath: '', schemaPath: '', keyword: 'platform', params: {}, message: error.message };
}
