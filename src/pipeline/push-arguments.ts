import { DeliveryError, ItemsRejectedError, QuarantineError, ToleranceExceededError } from '../errors.js';
import type { CallProgress, RejectedItem } from '../errors.js';
import { foldErrors } from '../quality/alternatives.js';
import { describeFaultOfItem } from '../quality/fault-words.js';

/** An error's message names this number of rejected items at most. */
const NAMED_ITEMS = 3;

/** @throws TypeError for what is no event's name */
export function checkEventName(eventName: unknown): void {
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
export function itemsRejected(
    rejected: readonly RejectedItem[],
    count: number,
    progress: CallProgress,
): ItemsRejectedError {
    const named = rejected.slice(0, NAMED_ITEMS).map((item) => `item ${item.itemPosition}: ${faultOf(item)}`);
    const more = rejected.length > NAMED_ITEMS ? ` and ${rejected.length - NAMED_ITEMS} more` : '';
    return new ItemsRejectedError(
        `${rejected.length} of ${count} items were rejected (mode: 'fail'): ${named.join('; ')}${more}. Mend them and push again.`,
        { ...progress, rejectedItems: rejected.map(({ itemPosition, errors }) => ({ itemPosition, errors })) },
    );
}

function faultOf({ errors }: RejectedItem): string {
    const [fault] = foldErrors(errors);
    if (fault === undefined) return 'the item is invalid';
    const { path, message } = describeFaultOfItem('schema', fault);
    return `${path || 'the item'} ${message}`;
}

/** The error of a call, with how far the call got. Errors of others' making stay as they are. */
export function withProgress(
    error: Error,
    { itemCount, storedItems, unstored }: { itemCount: number; storedItems: number; unstored: readonly number[] },
): Error {
    const progress = { storedItems, unstored, cause: error.cause };
    const doneItems = itemCount - unstored.length;
    const part = doneItems > 0 ? ` Of the ${itemCount} items of this call ${doneItems} need not be pushed again.` : '';
    const message = `${error.message}${part}`;
    if (error instanceof DeliveryError) {
        const { keptItems, permanent } = error;
        return new DeliveryError(message, { ...progress, keptItems, permanent });
    }
    if (error instanceof QuarantineError) return new QuarantineError(message, progress);
    if (error instanceof ToleranceExceededError) {
        const { quarantinedItems, receivedItems } = error;
        return new ToleranceExceededError(message, { ...progress, quarantinedItems, receivedItems });
    }
    return error;
}
