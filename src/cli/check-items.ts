import { ItemPreparer } from '../pipeline/prepare.js';
import { resolveOptions } from '../options.js';
import type { ItemSchema, Log } from '../ports.js';
import { CallbackErrors } from '../report/callback-errors.js';
import type { ReasonSummary } from '../report/statistics.js';
import { Statistics } from '../report/statistics.js';

/** What a guard would make of items. */
export interface CheckResult {
    readonly checkedItems: number;
    /** Those that a guard would put into quarantine. */
    readonly failedItems: number;
    /** Most frequent first; at most 100, then one `other`. */
    readonly reasons: readonly ReasonSummary[];
}

const SILENT: Log = {
    debug: () => undefined,
    info: () => undefined,
    warning: () => undefined,
    error: () => undefined,
};

/** Examines items as a guard does before it sends them, and sends nothing. `onItem` is called after each. */
export async function checkItems(
    items: AsyncIterable<unknown>,
    schema: ItemSchema | undefined,
    { samples = true, onItem }: { samples?: boolean; onItem?: (result: Omit<CheckResult, 'reasons'>) => void } = {},
): Promise<CheckResult> {
    const options = resolveOptions({ samples });
    const statistics = new Statistics(Date.now, samples);
    const preparer = new ItemPreparer(options, schema, new CallbackErrors(SILENT));
    let checkedItems = 0;
    let failedItems = 0;
    for await (const item of items) {
        const { rejection, text } = preparer.prepare(item, checkedItems++);
        if (rejection !== undefined) {
            failedItems++;
            const { reason, rejectedBy, errors } = rejection;
            const shown = () => (text === undefined ? undefined : JSON.parse(text));
            statistics.countReasons({ reason, rejectedBy, errors, item: shown });
        }
        onItem?.({ checkedItems, failedItems });
    }
    return Object.freeze({ checkedItems, failedItems, reasons: statistics.report().reasons });
}
