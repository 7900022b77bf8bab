import { OPEN_VERDICT } from '../../src/quality/verdict.js';
import type { ReasonSummary } from '../../src/quality/reasons.js';
import type { GuardReport } from '../../src/quality/guard-report.js';

/** A report of a run that went well, with changes. */
export function reportWith(changes: Partial<GuardReport> = {}): GuardReport {
    return {
        receivedItems: 0,
        storedItems: 0,
        quarantinedItems: 0,
        duplicateItems: 0,
        trimmedItems: 0,
        discardedItems: 0,
        pendingItems: 0,
        unsentItems: 0,
        repairedItems: 0,
        warnedItems: 0,
        requests: 1,
        rejectedRequests: 0,
        retriedRequests: 0,
        sentBytes: 100,
        startedAt: '2026-11-24T09:00:00.000Z',
        datasetId: 'DatasetDataset001',
        schema: { source: 'dataset DatasetDataset001', hash: 'c0ffee' },
        verdict: OPEN_VERDICT,
        fields: [],
        reasons: [],
        repairs: [],
        duplicates: { found: 0, samples: [] },
        ...changes,
    };
}

export function reasonWith(changes: Partial<ReasonSummary> = {}): ReasonSummary {
    return {
        reason: 'schema',
        keyword: 'type',
        path: '/price',
        message: 'must be a number',
        count: 1,
        rejectedBy: 'guard',
        samples: [],
        ...changes,
    };
}

export function fieldWith(path: string, filledItems: number, totalItems: number): GuardReport['fields'][number] {
    return {
        path,
        totalItems,
        filledItems,
        emptyItems: 0,
        nullItems: 0,
        missingItems: totalItems - filledItems,
        failedItems: 0,
        types: { string: filledItems },
    };
}
