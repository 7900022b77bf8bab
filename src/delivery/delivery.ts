import type { Payload, SendResult } from '../ports.js';
import type { PositionInterpretation } from './positions.js';
import { interpretPositions } from './positions.js';
import type { DeliverOptions, DeliveryOutcome, RejectedResult } from './progress.js';
import { Progress, saysNothingOfSize } from './progress.js';
import type { RequestSender, SendOutcome } from './retry.js';

export interface DeliveryOptions {
    sender: RequestSender;
    maxRetries: number;
    /** The local verdict on an item: evidence where positions can be interpreted in two ways. */
    isInvalid?: (itemText: string) => boolean;
    /** The platform takes only payloads smaller than this many bytes: told after a 413. */
    onTooLarge: (byteLength: number) => void;
}

/**
 * So many items refused alone in a row, with no accepted request between them, are an outage. Requests of several items do not
 * count: to find one item among a thousand takes ten refusals.
 */
const OUTAGE_REFUSALS = 12;

/**
 * Gets a payload's items into the dataset, in order, whatever the platform rejects.
 *
 * A rejected request stores nothing, so each further request is a question: without the items that were named, is the
 * rest accepted? If so, the named ones are at fault, all of them, because the platform names all. If not, the positions were
 * interpreted the wrong way; when no interpretation is left, bisection isolates the items at fault.
 */
export class Delivery {
    readonly #options: DeliveryOptions;
    /** The interpretation of `itemPosition` that was proven last; it is tried first. */
    #provenBase: 0 | 1 = 0;
    #acceptedRequests = 0;
    #refusalsInARow = 0;

    constructor(options: DeliveryOptions) {
        this.#options = options;
    }

    /** Requests that the platform has accepted. */
    get acceptedRequests(): number {
        return this.#acceptedRequests;
    }

    /** Whether a request was accepted after this number of accepted ones. */
    acceptedSince(acceptedBefore: number): boolean {
        return this.#acceptedRequests > acceptedBefore;
    }

    /** Never rejects for what the platform does: an outage leaves the items `unsent`. */
    async deliver(payload: Payload, options: DeliverOptions = {}): Promise<DeliveryOutcome> {
        const { sender, maxRetries } = this.#options;
        const progress = new Progress(payload, options);
        let indexes = Array.from({ length: payload.itemCount }, (_, index) => index);
        if (options.unknown !== undefined) {
            const found = await sender.findStored(payload, options.unknown);
            indexes = indexes.filter((index) => !found.indexes.has(index));
            progress.found(found, options.unknown);
        }
        for (let round = 0; indexes.length > 0; round++) {
            const result = await this.#send(indexes, progress);
            if (result.kind !== 'stored') await this.#settle(result, indexes, progress);
            if (!progress.isRefusedInARow || round >= maxRetries) break;
            // The refusals are the platform's. The items that were not tried yet may bring the contrast once that has passed.
            indexes = progress.takeUnsent();
            if (indexes.length > 0) await sender.backOff(round);
        }
        return progress.outcome();
    }

    async #send(indexes: readonly number[], { payload, options }: Progress): Promise<SendOutcome> {
        const part = indexes.length === payload.itemCount ? payload : payload.pick(indexes);
        const result = await this.#options.sender.send(part, options);
        if (result.kind === 'stored') {
            this.#acceptedRequests++;
            this.#refusalsInARow = 0;
            options.onStored?.(indexes);
        }
        return result;
    }

    async #settle(result: SendOutcome, indexes: number[], progress: Progress): Promise<void> {
        switch (result.kind) {
            case 'stored':
                return;
            case 'unavailable': {
                const { storedIndexes, unknown } = result;
                const unsent = indexes.filter((_, position) => !storedIndexes?.has(position));
                progress.fail({ error: result.error, permanent: false }, unsent, unknown);
                return;
            }
            case 'refused':
                progress.fail({ error: result.error, permanent: true }, indexes);
                return;
            case 'too-large':
                if (indexes.length > 1) {
                    this.#options.onTooLarge(progress.bytesOf(indexes));
                    await this.#bisect(result, indexes, progress);
                } else if (saysNothingOfSize(progress.bytesOf(indexes))) {
                    this.#settleRefusal(result, indexes[0]!, progress, false);
                } else progress.reject(indexes[0]!, 'too-large', result);
                return;
            case 'bad-request':
                if (indexes.length > 1) await this.#bisect(result, indexes, progress);
                else this.#settleRefusal(result, indexes[0]!, progress, false);
                return;
            case 'invalid':
                if (indexes.length > 1) await this.#setAsideNamed(result, indexes, progress);
                else progress.reject(indexes[0]!, 'schema', result);
        }
    }

    /**
     * An item is at fault only by contrast: another request was accepted after its first refusal, and it is refused again.
     * `isLeft`: it was refused with others before, and all of those have been accepted since.
     */
    #settleRefusal(result: RejectedResult, index: number, progress: Progress, isLeft: boolean): void {
        const { acceptedBefore, isLastTry } = progress.options;
        const hasContrast = isLeft || (acceptedBefore !== undefined && this.acceptedSince(acceptedBefore));
        if (hasContrast || (isLastTry && this.#acceptedRequests > 0)) {
            progress.reject(index, 'rejected', result);
            return;
        }
        this.#refusalsInARow++;
        progress.dispute({ index, acceptedBefore: acceptedBefore ?? this.#acceptedRequests, error: result.error });
        if (this.#refusalsInARow >= OUTAGE_REFUSALS) progress.refuseInARow(result.error);
    }

    /** Takes the named items out and sends the rest, under one interpretation of the positions after the other. */
    async #setAsideNamed(
        result: Extract<SendResult, { kind: 'invalid' }>,
        indexes: number[],
        progress: Progress,
    ): Promise<void> {
        for (const interpretation of this.#interpretations(result, indexes, progress)) {
            const { errors: errorsByPosition, indexBase } = interpretation;
            const rest = indexes.filter((_, position) => !errorsByPosition.has(position));
            const restResult = rest.length === 0 ? undefined : await this.#send(rest, progress);
            if (restResult === undefined || restResult.kind === 'stored') {
                this.#provenBase = indexBase;
                for (const [position, errors] of errorsByPosition) {
                    progress.rejectNamed(indexes[position]!, position, errors, result.error);
                }
                return;
            }
            if (restResult.kind === 'unavailable' || restResult.kind === 'refused') {
                if (restResult.kind === 'refused' || restResult.unknown === undefined) {
                    await this.#settle(restResult, indexes, progress);
                    return;
                }
                // Items that may be stored are looked for as they were sent: without the named ones.
                await this.#settle(restResult, rest, progress);
                progress.leaveUnsent(indexes.filter((_, position) => errorsByPosition.has(position)));
                return;
            }
        }
        await this.#bisect(result, indexes, progress);
    }

    /** The ways to interpret the positions, likeliest first: the local validator may know the items that fail. */
    #interpretations(
        result: Extract<SendResult, { kind: 'invalid' }>,
        indexes: number[],
        { payload }: Progress,
    ): PositionInterpretation[] {
        const { isInvalid } = this.#options;
        const interpretations = interpretPositions(result.invalidItems, indexes.length, this.#provenBase);
        if (isInvalid === undefined || interpretations.length < 2) return interpretations;
        const confirmed = ({ errors }: PositionInterpretation) =>
            [...errors.keys()].filter((position) => isInvalid(payload.itemText(indexes[position]!))).length;
        const counts = new Map(interpretations.map((each) => [each, confirmed(each)]));
        return interpretations.sort((a, b) => counts.get(b)! - counts.get(a)!);
    }

    /** Halves a rejected request until each item at fault stands alone. The order of the stored items is kept. */
    async #bisect(result: RejectedResult, indexes: number[], progress: Progress): Promise<void> {
        const middle = Math.floor(indexes.length / 2);
        const left = indexes.slice(0, middle);
        const right = indexes.slice(middle);
        const leftResult = await this.#send(left, progress);
        await this.#settleHalf(leftResult, result, left, progress);
        if (progress.failure !== undefined) {
            progress.leaveUnsent(right);
            return;
        }
        // The whole was rejected and the left half is in order: the right half holds an item at fault, no need to ask.
        // Not so for its size: each half of what is too large may be small enough.
        const isLeft = leftResult.kind === 'stored' && result.kind !== 'too-large';
        if (isLeft && right.length > 1) {
            await this.#bisect(result, right, progress);
            return;
        }
        const rightResult = await this.#send(right, progress);
        if (isLeft && rightResult.kind === 'bad-request') this.#settleRefusal(rightResult, right[0]!, progress, true);
        else await this.#settleHalf(rightResult, result, right, progress);
    }

    async #settleHalf(
        result: SendOutcome,
        whole: RejectedResult,
        indexes: number[],
        progress: Progress,
    ): Promise<void> {
        // No interpretation of the positions was left in the whole, so none is tried in its parts.
        const isUnreadable = result.kind === 'invalid' && whole.kind === 'invalid';
        if (isUnreadable && indexes.length > 1) await this.#bisect(result, indexes, progress);
        else await this.#settle(result, indexes, progress);
    }
}
