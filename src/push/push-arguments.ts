import {
    DatasetGuardError,
    DeliveryError,
    ItemsRejectedError,
    QuarantineError,
    ToleranceExceededError,
} from '../errors.js';
import type { RejectedItem } from '../errors.js';

/** How many rejected items an error's message names. */
const NAMED_ITEMS = 3;

/** The items of a push. @throws TypeError for what is neither an object nor an array */
export function toItems(data: unknown): readonly unknown[] {
    if (Array.isArray(data)) return data;
    checkItem(data);
    return [data];
}

/** @throws TypeError for what is no object */
export function checkItem(data: unknown): void {
    if (typeof data === 'object' && data !== null) return;
    throw new TypeError(
        `pushData() expects an object or an array of objects, but got: ${data === null ? 'null' : typeof data}.`,
    );
}

/** @throws TypeError for what is no event's name */
export function checkEventName(eventName: unknown): void {
    if (eventName === undefined) return;
    if (typeof eventName === 'string' && eventName.startsWith('apify-')) {
        throw new TypeError(
            `The platform charges the synthetic event '${eventName}' by itself; expected an event of the Actor's own.`,
        );
    }
    if (typeof eventName === 'string' && eventName !== '') return;
    throw new TypeError(
        `pushData() expects the name of an event as its second argument, but got: ${typeof eventName}.`,
    );
}

/** Names the first of the rejected items. */
export function itemsRejected(rejected: readonly RejectedItem[], count: number): ItemsRejectedError {
    const named = rejected.slice(0, NAMED_ITEMS).map(({ itemPosition, errors }) => {
        const [first] = errors;
        return `item ${itemPosition}: ${first?.instancePath || 'the item'} ${first?.message ?? 'is invalid'}`;
    });
    const more = rejected.length > NAMED_ITEMS ? ` and ${rejected.length - NAMED_ITEMS} more` : '';
    return new ItemsRejectedError(
        rejected.map(({ itemPosition, errors }) => ({ itemPosition, errors })),
        `${rejected.length} of ${count} items were rejected (mode: 'fail'): ${named.join('; ')}${more}. Mend them and push again.`,
    );
}

/** Says how much of an array was taken, so that the caller does not push that again. */
export function inPart(
    error: unknown,
    count: number,
    { acceptedItems, rejectedItems }: { acceptedItems: number; rejectedItems: number },
): unknown {
    const taken = acceptedItems + rejectedItems;
    if (taken === 0 || !(error instanceof DatasetGuardError)) return error;
    const message = `${error.message} Of this call the first ${taken} of ${count} items were taken.`;
    const options = { cause: error.cause };
    if (error instanceof DeliveryError) {
        return new DeliveryError(message, error.keptItems, error.permanent, options, taken);
    }
    if (error instanceof QuarantineError) return new QuarantineError(message, options, taken);
    if (error instanceof ToleranceExceededError) {
        return new ToleranceExceededError(error.quarantinedItems, error.receivedItems, message, taken);
    }
    return error;
}
