import { DeliveryError } from '../errors.js';
import { removeGenericSecrets } from '../utils/secrets.js';

/** The error for callers whose items could not be sent. `keptItems` are in the buffer still. */
export function deliveryError(
    cause: Error,
    permanent: boolean,
    keptItems: number,
    removeSecrets = removeGenericSecrets,
): DeliveryError {
    const message = [
        `Items could not be stored in the dataset: ${removeSecrets(cause.message).replace(/\.$/, '')}.`,
        ...(permanent ? ['Trying again does not help until that is mended.'] : []),
        keptItems > 0
            ? `${keptItems} buffered items are kept; flush() sends them.`
            : 'The items are given back to their callers, to be pushed again.',
    ];
    return new DeliveryError(message.join(' '), { keptItems, permanent, cause });
}
