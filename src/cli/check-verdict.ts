import { readFile } from 'node:fs/promises';

import type { Expectations } from '../quality/expectations.js';
import { resolveExpectations } from '../quality/expectations.js';
import type { Verdict } from '../quality/verdict.js';
import { judge } from '../quality/verdict.js';
import { describeSyntaxError } from '../schema/json-syntax.js';
import type { CheckResult } from './check-run.js';
import { UsageError } from './exit-codes.js';

/** Reads expectations from a file, as the option `expect` has them. @throws UsageError, InvalidOptionsError */
export async function readExpectFile(path: string): Promise<Expectations> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${path} cannot be read (${error.code}).`);
    });
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw new UsageError(`${path} is not JSON: ${describeSyntaxError(text)}.`);
    }
    resolveExpectations(value);
    return value as Expectations;
}

/** Judges items that nobody has stored: those that pass count as stored, the others as in quarantine. */
export function judgeCheck(result: CheckResult, expect: Expectations | undefined): Verdict {
    const { checkedItems, failedItems, repairedItems, reasons, fields } = result;
    const report = {
        receivedItems: checkedItems,
        storedItems: checkedItems - failedItems,
        quarantinedItems: failedItems,
        duplicateItems: 0,
        trimmedItems: 0,
        discardedItems: 0,
        unsentItems: 0,
        repairedItems,
        reasons,
        fields,
        duplicates: { found: 0, samples: [] },
    };
    // --max-failed and --min-items judge where the user gave no expectations.
    const defaults = { minItems: 0, maxQuarantined: 1 };
    return judge(report, { expect: { ...defaults, ...expect }, isDefaultDataset: false });
}
