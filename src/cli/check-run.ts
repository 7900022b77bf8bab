import { ItemPreparer } from '../pipeline/prepare.js';
import type { ItemSchema } from '../ports.js';
import { FieldCounts } from '../quality/fields.js';
import type { FieldDetails } from '../quality/fields.js';
import { ReasonCounts } from '../quality/reasons.js';
import type { ReasonDetails } from '../quality/reasons.js';
import { identityOf } from '../quality/sample.js';
import { SchemaNames } from '../quality/schema-names.js';
import type { ItemError, QuarantineReason, QuarantineRecord } from '../records.js';
import type { Source } from '../sources/source.js';
import { removeGenericSecrets } from '../utils/secrets.js';

/** An item that a guard would put into quarantine. */
export interface FailingItem {
    /** Zero-based position in the source. */
    readonly position: number;
    /** A file, or `line 12`; absent where only the position tells. */
    readonly place?: string;
    /** What the item is called. */
    readonly item?: string;
    readonly reason: QuarantineReason;
    readonly errors: readonly ItemError[];
}

/** What a guard would make of items. */
export interface CheckResult {
    readonly checkedItems: number;
    readonly failedItems: number;
    /** Quarantine records without an item that could be checked. */
    readonly skippedRecords: number;
    readonly isQuarantine: boolean;
    /** The first ones. */
    readonly failing: readonly FailingItem[];
    /** Most frequent first; at most 100, then one `other`. */
    readonly reasons: readonly ReasonDetails[];
    readonly fields: readonly FieldDetails[];
}

export interface CheckRunOptions {
    schema: ItemSchema | undefined;
    samples: boolean;
    /** Paths whose fields are counted, too. */
    paths: readonly string[];
    /** Called with each failing item, as it was read. */
    onFailing?: (item: unknown) => Promise<void> | void;
    /** Called after each item. */
    onItem?: (counts: Pick<CheckResult, 'checkedItems' | 'failedItems'>) => void;
}

/** Failing items that a result names. */
const MAX_FAILING = 100;

/** Checks items as a guard does before it sends them. Records of a quarantine stand for the items in them. */
export async function runCheck(source: Source, options: CheckRunOptions): Promise<CheckResult> {
    const { schema, samples, paths, onFailing, onItem } = options;
    const preparer = new ItemPreparer('quarantine', schema, undefined);
    const json = schema?.json;
    const reasons = new ReasonCounts({ samples, names: new SchemaNames(json) });
    const fields = new FieldCounts({ schema: json, samples, paths });
    const failing: FailingItem[] = [];
    let [position, checkedItems, failedItems, skippedRecords, isQuarantine] = [0, 0, 0, 0, false];
    for await (const read of source.items()) {
        if (position === 0) isQuarantine = isRecord(read);
        const at = position++;
        if (isQuarantine && isRecord(read) && !('item' in read)) {
            skippedRecords++;
            continue;
        }
        const item: unknown = isQuarantine && isRecord(read) ? read.item : read;
        checkedItems++;
        const { rejection } = preparer.prepare(item, at);
        if (rejection === undefined) {
            fields.store(fields.tally(item as object));
        } else {
            failedItems++;
            const { reason, rejectedBy, errors } = rejection;
            reasons.count({ reason, rejectedBy, errors, item: () => item });
            fields.fail(errors);
            if (failing.length < MAX_FAILING) {
                const name = samples ? identityOf(item, undefined, removeGenericSecrets) : undefined;
                const place = source.place?.();
                failing.push({ position: at, ...(place && { place }), ...(name && { item: name }), reason, errors });
            }
            await onFailing?.(item);
        }
        onItem?.({ checkedItems, failedItems });
    }
    return Object.freeze({
        checkedItems,
        failedItems,
        skippedRecords,
        isQuarantine,
        failing,
        reasons: reasons.details(),
        fields: fields.details(),
    });
}

function isRecord(value: unknown): value is QuarantineRecord {
    const { reason, errors, datasetId, quarantinedAt } = (value ?? {}) as Partial<QuarantineRecord>;
    const texts = [reason, datasetId, quarantinedAt];
    return texts.every((text) => typeof text === 'string') && Array.isArray(errors);
}
