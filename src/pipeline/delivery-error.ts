import { DeliveryError } from '../errors.js';

/** The error for callers whose items could not be sent. `keptItems` are in the buffer still. */
export function deliveryError(cause: Error, permanent: boolean, keptItems: number): DeliveryError {
    const message = [
        `Items could not be stored in the dataset: ${cause.message.replace(/\.$/, '')}.`,
        ...(permanent ? ['Trying again does not help until that is mended.'] : []),
        keptItems > 0
            ? `${keptItems} buffered items are kept; flush() sends them.`
            : 'The items are given back to their callers, to be pushed again.',
    ];
    return new DeliveryError(message.join(' '), { keptItems, permanent, cause });
}
