import type { Payload, ReadBack, SendManner, SendResult } from '../../ports.js';
import type { ItemError, QuarantineReason } from '../../records.js';
import type { Reading } from './positions.js';
import { errorsOfItem, readPositions } from './positions.js';

/** An item that the platform rejects, proven by a request of its own or by elimination. */
export interface PlatformRejection {
    /** Zero-based index in the delivered payload. */
    index: number;
    /** Zero-based position in the request that the platform rejected. */
    itemPosition: number;
    reason: Extract<QuarantineReason, 'schema' | 'too-large' | 'rejected'>;
    errors: ItemError[];
}

/** Items that one request will carry again. */
export interface UnsentPart {
    indexes: number[];
    /** Set when they may have been stored: to be looked for before they are sent. */
    readBack?: ReadBack;
}

/** An outcome in the making. */
type Progress = Outcome & Pick<SendManner, 'isStale'>;

/** So many items of a payload rejected one by one for an unknown reason, and none stored: it is not the items. */
const MAX_ALIKE = 100;

type RejectedResult = Extract<SendResult, { kind: 'invalid' | 'too-large' | 'bad-request' }>;

/** What became of a payload's items. Those that are neither rejected nor unsent are stored. */
export interface Outcome {
    rejected: PlatformRejection[];
    /** Whether any item was stored. */
    hasStored: boolean;
    /** The items that are still to be sent, because of `failure`, in order: those of a request whose outcome is unknown apart. */
    unsent: UnsentPart[];
    failure?: {
        error: Error;
        permanent: boolean;
        /** It may be the item: known once the platform accepts another one. */
        isSuspect?: boolean;
    };
}

export interface DelivererOptions {
    /** Makes one request, tried again as often as is sensible. */
    send: (payload: Payload, manner: SendManner) => Promise<SendResult>;
    /** The local verdict on an item: a second witness where positions can be read in two ways. */
    isInvalid?: (itemText: string) => boolean;
    /** The platform takes only payloads smaller than this many bytes: told after a 413. */
    onTooLarge: (byteLength: number) => void;
}

/**
 * Gets a payload's items into the dataset, in order, whatever the platform rejects.
 *
 * A rejected request stores nothing, so each further request is a question: without the items that were named, is the
 * rest accepted? If so, the named ones are the culprits, all of them, because the platform names all. If not, the
 * positions were read the wrong way; when no reading is left, halving isolates the culprits.
 */
export class Deliverer {
    readonly #options: DelivererOptions;
    /** The reading of `itemPosition` that was proven last; it is tried first. */
    #provenBase: 0 | 1 = 0;
    /** Whether the platform ever accepted an item of this guard: a 400 of an unknown kind is then about the item. */
    #hasAccepted = false;

    constructor(options: DelivererOptions) {
        this.#options = options;
    }

    /** Never rejects for what the platform does: an outage leaves the items `unsent`. */
    async deliver(payload: Payload, { readBack, isStale }: SendManner = {}): Promise<Outcome> {
        const outcome: Progress = { rejected: [], unsent: [], hasStored: false, isStale };
        const result = await this.#sendPart(payload, outcome, readBack);
        if (result.kind !== 'stored') {
            const all = Array.from({ length: payload.itemCount }, (_, index) => index);
            await this.#dealWith(result, payload, all, outcome);
        }
        this.#reconsiderUnknownRejections(payload, outcome);
        outcome.rejected.sort((a, b) => a.index - b.index);
        const { isStale: _, ...done } = outcome;
        return done;
    }

    async #send(payload: Payload, indexes: number[], outcome: Progress): Promise<SendResult> {
        return this.#sendPart(indexes.length === payload.itemCount ? payload : payload.pick(indexes), outcome);
    }

    async #sendPart(part: Payload, outcome: Progress, readBack?: ReadBack): Promise<SendResult> {
        const result = await this.#options.send(part, { readBack, isStale: outcome.isStale });
        if (result.kind === 'stored') {
            this.#hasAccepted = true;
            outcome.hasStored = true;
        }
        return result;
    }

    /**
     * Where the platform rejects every item of a payload alike, for a reason of its own, it is not the items. One item
     * alone is such a payload, too, unless the platform has accepted others.
     */
    #reconsiderUnknownRejections(payload: Payload, outcome: Progress): void {
        const { rejected, hasStored } = outcome;
        const message = rejected[0]?.errors[0]?.message;
        const areAlike = rejected.every(
            ({ reason, errors }) => reason === 'rejected' && errors[0]?.message === message,
        );
        const isOneOfMany = payload.itemCount === 1 && this.#hasAccepted;
        if (rejected.length === 0 || hasStored || !areAlike || isOneOfMany) return;
        const indexes = rejected.map(({ index }) => index);
        outcome.unsent.unshift({ indexes });
        outcome.rejected = [];
        outcome.failure ??= { error: new Error(message), permanent: false, isSuspect: payload.itemCount === 1 };
    }

    async #dealWith(result: SendResult, payload: Payload, indexes: number[], outcome: Progress): Promise<void> {
        switch (result.kind) {
            case 'stored':
                return;
            case 'unavailable':
                outcome.unsent.push({ indexes, readBack: result.readBack });
                outcome.failure = { error: result.error, permanent: false };
                return;
            case 'refused':
                outcome.unsent.push({ indexes });
                outcome.failure = { error: result.error, permanent: true };
                return;
            case 'too-large':
                if (indexes.length > 1) {
                    this.#options.onTooLarge(bytesOf(payload, indexes));
                    await this.#isolate(result, payload, indexes, outcome);
                } else {
                    reject(outcome, indexes, 'too-large', result);
                }
                return;
            case 'bad-request':
                if (indexes.length > 1) await this.#isolate(result, payload, indexes, outcome);
                else reject(outcome, indexes, 'rejected', result);
                return;
            case 'invalid':
                if (indexes.length > 1) await this.#setAsideNamed(result, payload, indexes, outcome);
                else reject(outcome, indexes, 'schema', result);
        }
    }

    /** Takes the named items out and sends the rest, under one reading of the positions after the other. */
    async #setAsideNamed(
        result: Extract<SendResult, { kind: 'invalid' }>,
        payload: Payload,
        indexes: number[],
        outcome: Progress,
    ): Promise<void> {
        for (const reading of this.#readings(result, payload, indexes)) {
            const rest = indexes.filter((_, position) => !reading.errors.has(position));
            const restResult = rest.length === 0 ? undefined : await this.#send(payload, rest, outcome);
            if (restResult === undefined || restResult.kind === 'stored') {
                this.#provenBase = reading.base;
                for (const [position, errors] of reading.errors) {
                    outcome.rejected.push({
                        index: indexes[position]!,
                        itemPosition: position,
                        reason: 'schema',
                        errors: errors.length > 0 ? errors : [platformError(result.error)],
                    });
                }
                return;
            }
            if (restResult.kind === 'unavailable' || restResult.kind === 'refused') {
                // What may have been stored is looked for as it was sent: without the named items.
                const isOpen = restResult.kind === 'unavailable' && restResult.readBack !== undefined;
                await this.#dealWith(restResult, payload, isOpen ? rest : indexes, outcome);
                const named = indexes.filter((_, position) => reading.errors.has(position));
                if (isOpen) outcome.unsent.push({ indexes: named });
                return;
            }
        }
        await this.#isolate(result, payload, indexes, outcome);
    }

    /** The ways to read the positions, likeliest first: the local validator may know the items that fail. */
    #readings(result: Extract<SendResult, { kind: 'invalid' }>, payload: Payload, indexes: number[]): Reading[] {
        const { isInvalid } = this.#options;
        const readings = readPositions(result.invalidItems, indexes.length, this.#provenBase);
        if (isInvalid === undefined || readings.length < 2) return readings;
        const confirmed = ({ errors }: Reading) =>
            [...errors.keys()].filter((position) => isInvalid(payload.itemText(indexes[position]!))).length;
        const counts = new Map(readings.map((reading) => [reading, confirmed(reading)]));
        return readings.sort((a, b) => counts.get(b)! - counts.get(a)!);
    }

    /** Halves a rejected request until each culprit stands alone. The order of the stored items is kept. */
    async #isolate(result: RejectedResult, payload: Payload, indexes: number[], outcome: Progress): Promise<void> {
        if (result.kind === 'bad-request' && !outcome.hasStored && outcome.rejected.length >= MAX_ALIKE) {
            outcome.unsent.push({ indexes });
            outcome.failure = { error: result.error, permanent: false };
            return;
        }
        // The left half costs a question more than the right one.
        const middle = Math.floor(indexes.length / 2);
        const left = indexes.slice(0, middle);
        const right = indexes.slice(middle);
        const leftResult = await this.#settleHalf(result, payload, left, outcome);
        if (outcome.failure !== undefined) {
            outcome.unsent.push({ indexes: right });
            return;
        }
        // The whole was rejected and the left half is in order: the right half holds a culprit, no need to ask.
        // Not so for its size: each half of what is too large may be small enough.
        if (leftResult.kind === 'stored' && result.kind !== 'too-large') {
            if (right.length > 1) await this.#isolate(result, payload, right, outcome);
            else await this.#dealWith(await this.#send(payload, right, outcome), payload, right, outcome);
            return;
        }
        await this.#settleHalf(result, payload, right, outcome);
    }

    async #settleHalf(
        whole: RejectedResult,
        payload: Payload,
        indexes: number[],
        outcome: Progress,
    ): Promise<SendResult> {
        const result = await this.#send(payload, indexes, outcome);
        // No reading of the positions was left in the whole, so none is tried in its parts.
        const isUnreadable = result.kind === 'invalid' && whole.kind === 'invalid';
        if (isUnreadable && indexes.length > 1) await this.#isolate(result, payload, indexes, outcome);
        else await this.#dealWith(result, payload, indexes, outcome);
        return result;
    }
}

function reject(
    outcome: Outcome,
    [index]: number[],
    reason: PlatformRejection['reason'],
    result: Extract<SendResult, { error: Error }>,
): void {
    const errors = result.kind === 'invalid' ? errorsOfItem(result.invalidItems) : [];
    outcome.rejected.push({
        index: index!,
        itemPosition: 0,
        reason,
        errors: errors.length > 0 ? errors : [platformError(result.error)],
    });
}

/** The platform's message, for an item about which it says nothing else. */
function platformError(error: Error): ItemError {
    return { instancePath: '', schemaPath: '', keyword: 'platform', params: {}, message: error.message };
}

function bytesOf(payload: Payload, indexes: number[]): number {
    return indexes.reduce((bytes, index) => bytes + payload.itemBytes(index) + 1, 1);
}
