import { QuarantineError } from '../errors.js';

/** The error for records that could not be written, and its reason alone. `keptItems` of them are tried again. */
export function quarantineError(
    cause: unknown,
    count: number,
    keptItems: number,
): { error: QuarantineError; reason: string } {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
    const those = keptItems < count ? `${keptItems} of them` : count === 1 ? 'It' : 'They';
    const remedy =
        keptItems > 0
            ? `${those} ${keptItems === 1 ? 'is' : 'are'} kept; flush() tries again.`
            : 'Their callers get them back, to push them again.';
    const items = `${count} rejected ${count === 1 ? 'item' : 'items'}`;
    const message = `${items} could not be written to the quarantine: ${reason}. ${remedy}`;
    return { error: new QuarantineError(message, { cause }), reason };
}
