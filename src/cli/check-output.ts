import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { ItemSchema } from '../ports.js';
import { foldErrors } from '../quality/alternatives.js';
import { describeFaultOfItem } from '../quality/fault-words.js';
import { summarizeCheck } from '../quality/outcome.js';
import { describeReason } from '../quality/reasons.js';
import type { Verdict } from '../quality/verdict.js';
import { renderReportPage } from '../report/html/render.js';
import type { UsedSchema } from '../report/page.js';
import type { FieldSuggestion } from '../report/suggestion.js';
import { libraryVersion } from '../report/version.js';
import { number } from '../utils/format.js';
import type { CheckResult, FailingItem } from './check-run.js';
import { UsageError } from './exit-codes.js';
import { reasonsTable } from './reasons-table.js';
import { describeSaved } from './saved-items.js';
import { coloured, count, oneLine, print } from './terminal.js';

/** Failing items that are named on the screen. */
const SHOWN_ITEMS = 20;
const SHOWN_ERRORS = 3;

/** The result as `--json` prints it. */
export function toJson(source: string, schema: ItemSchema | undefined, result: CheckResult, verdict: Verdict): object {
    const { reasons, fields, ...rest } = result;
    return {
        source,
        schema: schema && { source: schema.source, hash: schema.hash },
        ...rest,
        reasons: reasons.map(({ field: _field, key: _key, ...reason }) => reason),
        fields: fields.map(({ description: _d, example: _e, isExpected: _i, ...row }) => row),
        verdict,
    };
}

/** The options that the printed result speaks of. */
export interface PrintedOptions {
    repair?: unknown;
    failed?: string;
    html?: string;
}

export function printResult(
    name: string,
    schema: ItemSchema | undefined,
    unchecked: string | undefined,
    result: CheckResult,
    verdict: Verdict,
    { repair, failed, html }: PrintedOptions,
): void {
    const { checkedItems, failedItems, skippedRecords, redrivenRecords, isQuarantine, reasons, failing } = result;
    const what = isQuarantine ? `${name}, a quarantine` : name;
    if (schema === undefined) {
        print(
            coloured('warning', `Items were not checked: ${oneLine(unchecked ?? 'there is no schema')}.`) +
                ` Only items that no dataset takes are found. Make a schema: npx apify-dataset-guard infer ${oneLine(name)} --write`,
        );
    }
    const isFine = failedItems === 0 && checkedItems > 0;
    const against =
        schema === undefined
            ? ''
            : `, with the schema of ${schema.source}${repair === undefined ? '' : ' and the repair'}`;
    if (schema !== undefined || failedItems > 0 || checkedItems === 0) {
        const words = coloured(isFine ? 'good' : 'bad', summarizeCheck(result));
        print(`${words} in ${oneLine(what)}${oneLine(against)}.`);
    }
    if (skippedRecords > 0) print(`${count(skippedRecords, 'record')} without an item in them skipped.`);
    if (redrivenRecords > 0) {
        const are = redrivenRecords === 1 ? 'is' : 'are';
        print(`${count(redrivenRecords, 'record')} that a redrive has brought back ${are} left out.`);
    }
    for (const { message } of verdict.unmet) {
        print(`${coloured(verdict.outcome === 'failed' ? 'bad' : 'warning', 'Unmet:')} ${message}.`);
    }
    if (repair !== undefined && schema !== undefined) print(describeSaved(result));
    if (reasons.length > 0) print(`\n${reasonsTable(reasons)}`);
    if (failing.length > 0) print(`\nFailing items:\n${failing.slice(0, SHOWN_ITEMS).map(describeItem).join('\n')}`);
    if (failedItems > SHOWN_ITEMS) {
        const hint = failed === undefined ? '; --failed <file> writes them all' : '';
        print(`    … and ${number(failedItems - SHOWN_ITEMS)} more${hint}`);
    }
    if (failed !== undefined && failedItems > 0) print(`\nThe failing items are in ${failed}.`);
    if (html !== undefined) print(`\nThe page is ${resolve(html)}`);
}

/** "line 12 (position 11): /price must be a number". */
function describeItem({ position, place, item, reason, errors }: FailingItem): string {
    const where =
        place === undefined
            ? `position ${position}`
            : place.startsWith('line')
              ? `${place} (position ${position})`
              : place;
    const faults = foldErrors(errors).map((fault) => describeReason(describeFaultOfItem(reason, fault)));
    const words = [...new Set(faults)];
    const more = words.length > SHOWN_ERRORS ? `, and ${words.length - SHOWN_ERRORS} more` : '';
    return oneLine(
        `    ${where}${item === undefined ? '' : ` ${item}`}: ${words.slice(0, SHOWN_ERRORS).join('; ')}${more}`,
    );
}

/** Writes the page of `--html`. @throws UsageError where the file cannot be written */
export async function writePage(
    file: string,
    subject: string,
    schema: UsedSchema,
    result: CheckResult,
    verdict: Verdict,
    suggestions: readonly FieldSuggestion[] | undefined,
): Promise<void> {
    const { checkedItems, failedItems, repairedItems, repairs, reasons, fields } = result;
    const page = renderReportPage({
        kind: 'check',
        subject,
        items: { receivedItems: checkedItems, storedItems: checkedItems - failedItems, quarantinedItems: failedItems },
        rejectedItems: failedItems,
        verdict: verdict.unmet.length > 0 ? verdict : undefined,
        fields,
        reasons,
        suggestions,
        repairedItems,
        repairs,
        schema,
        writtenAt: new Date().toISOString(),
        version: libraryVersion(),
    });
    await writeFile(resolve(file), page).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${file} cannot be written (${error.code}).`);
    });
}
