import { ItemPreparer } from '../pipeline/prepare.js';
import type { RepairStep } from '../pipeline/repair/options.js';
import { RepairCounts } from '../pipeline/repair/repair-counts.js';
import type { RepairSummary } from '../pipeline/repair/repair-counts.js';
import { Repairer } from '../pipeline/repair/repairer.js';
import type { ItemSchema } from '../ports.js';
import { foldErrors } from '../quality/alternatives.js';
import { FieldCounts } from '../quality/fields.js';
import type { FieldDetails } from '../quality/fields.js';
import { ReasonCounts } from '../quality/reasons.js';
import type { ReasonDetails } from '../quality/reasons.js';
import { identityOf } from '../quality/sample.js';
import { SchemaNames } from '../quality/schema-names.js';
import type { Dictionary, ItemError, QuarantineReason } from '../records.js';
import { isQuarantineRecord } from '../records.js';
import { SeenRecords } from '../redrive/seen-records.js';
import type { Source } from '../sources/source.js';
import { removeGenericSecrets } from '../utils/secrets.js';

/** An item that a guard would put into quarantine. */
export interface FailingItem {
    /** Zero-based position in the source. */
    readonly position: number;
    /** A file, or `line 12`; absent where only the position tells. */
    readonly place?: string;
    /** The item's identity. */
    readonly item?: string;
    readonly reason: QuarantineReason;
    readonly errors: readonly ItemError[];
}

/** Checks items as a guard would, without storing them. */
export interface CheckResult {
    readonly checkedItems: number;
    readonly failedItems: number;
    /** Items that pass once they are repaired, and fail as they are. */
    readonly repairedItems: number;
    /** Quarantine records without an item that could be checked. */
    readonly skippedRecords: number;
    /** Quarantine records that a redrive has brought back; their items are not checked. */
    readonly redrivenRecords: number;
    readonly isQuarantine: boolean;
    /** The first ones. */
    readonly failing: readonly FailingItem[];
    /** Most frequent first; at most 100, then one `other`. */
    readonly reasons: readonly ReasonDetails[];
    readonly fields: readonly FieldDetails[];
    /** The repairs, most frequent first. */
    readonly repairs: readonly RepairSummary[];
}

export interface CheckRunOptions {
    schema: ItemSchema | undefined;
    samples: boolean;
    /** Items that fail are repaired so, as a guard would. */
    repair?: readonly RepairStep[] | undefined;
    /** Paths whose fields are counted, too. */
    paths: readonly string[];
    /** Tells which records, by position, a redrive has brought back. Called once, where the source is a quarantine. */
    openRedriven?: () => Promise<(position: number) => boolean>;
    /** Called with each failing item, as it was read. */
    onFailing?: (item: unknown) => Promise<void> | void;
    /** Called after each item. */
    onItem?: (counts: Pick<CheckResult, 'checkedItems' | 'failedItems'>) => void;
}

/** Failing items that a result names. */
const MAX_FAILING = 100;

/** Checks items as a guard does before it sends them. Records of a quarantine stand for the items in them. */
export async function runCheck(source: Source, options: CheckRunOptions): Promise<CheckResult> {
    const { schema, samples, paths, repair, onFailing, onItem } = options;
    const json = schema?.json;
    const preparer = new ItemPreparer('quarantine', schema, repair && (await openRepairer(repair, json)));
    const names = new SchemaNames(json);
    const repairs = new RepairCounts({ samples, names: () => names });
    const reasons = new ReasonCounts({ samples, names });
    const fields = new FieldCounts({ schema: json, samples, paths });
    const failing: FailingItem[] = [];
    const seen = new SeenRecords();
    let isRedriven = (_position: number): boolean => false;
    let redrivenRecords = 0;
    let [position, checkedItems, failedItems, repairedItems, skippedRecords, isQuarantine] = [0, 0, 0, 0, 0, false];
    for await (const read of source.items()) {
        if (position === 0) {
            isQuarantine = isQuarantineRecord(read);
            if (isQuarantine && options.openRedriven !== undefined) isRedriven = await options.openRedriven();
        }
        const at = position++;
        const record = isQuarantine && isQuarantineRecord(read) ? read : undefined;
        if (record !== undefined && seen.note(record, at) !== undefined) continue;
        if (record !== undefined && isRedriven(at)) {
            redrivenRecords++;
            continue;
        }
        if (record !== undefined && !('item' in record)) {
            skippedRecords++;
            continue;
        }
        const item: unknown = record === undefined ? read : record.item;
        checkedItems++;
        const { rejection, repaired, text } = preparer.prepare(item, at);
        if (rejection === undefined) {
            if (repaired !== undefined) repairedItems++;
            repairs.count(repaired?.repairs ?? []);
            fields.store(fields.tally(repaired === undefined ? (item as object) : (JSON.parse(text!) as object)));
        } else {
            failedItems++;
            const { reason, rejectedBy, errors } = rejection;
            const faults = foldErrors(errors);
            reasons.count({ reason, rejectedBy, errors, item: () => item }, faults);
            fields.fail(faults);
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
        repairedItems,
        skippedRecords,
        redrivenRecords,
        isQuarantine,
        failing,
        reasons: reasons.details(),
        fields: fields.details(),
        repairs: repairs.list(),
    });
}

async function openRepairer(steps: readonly RepairStep[], schema: Dictionary | undefined): Promise<Repairer> {
    // The steps are policies: there is no function that could throw, and a schema that does not compile here is not repaired by.
    const repairer = new Repairer(steps, () => undefined);
    await repairer.useSchema(schema);
    return repairer;
}
