import { synchronous } from '../../ports.js';
import type { QuarantineStore } from '../../ports.js';
import type { Dictionary, QuarantineRecord } from '../../records.js';
import type { PendingRecord } from './pending-record.js';
import { idOf } from './pending-record.js';

export interface CompletionOptions {
    store: Pick<QuarantineStore, 'storeItem'>;
    /** A record that is larger has its item put into the key-value store. */
    maxRecordBytes: number;
    redact: ((item: Dictionary) => Dictionary) | undefined;
    /** Told when `redact` throws. */
    onCallbackError: (option: string, error: unknown) => void;
}

/** Puts the item into its record, or, where it is too large for that, into the store beside the quarantine. */
export async function complete(
    pending: PendingRecord,
    options: CompletionOptions,
): Promise<{ record: QuarantineRecord; recordText: string }> {
    if (pending.text !== undefined && pending.record.itemStoreId === undefined) {
        const itemText = redacted(pending.text, options);
        if (itemText !== undefined) {
            if (pending.record.reason !== 'too-large') {
                const record = { item: JSON.parse(itemText), ...pending.record };
                const recordText = JSON.stringify(record);
                if (Buffer.byteLength(recordText) + 2 <= options.maxRecordBytes) return { record, recordText };
            }
            Object.assign(pending.record, await options.store.storeItem(`item-${idOf(pending)}`, itemText));
        }
        // What is stored is not stored again when the record's own request fails.
        pending.text = undefined;
    }
    return { record: pending.record, recordText: JSON.stringify(pending.record) };
}

/** What of the item may be written; nothing when `redact` fails, because what it would have hidden is unknown. */
function redacted(text: string, { redact, onCallbackError }: CompletionOptions): string | undefined {
    if (redact === undefined) return text;
    try {
        return JSON.stringify(synchronous(redact(JSON.parse(text))));
    } catch (error) {
        onCallbackError('redact', error);
        return undefined;
    }
}
