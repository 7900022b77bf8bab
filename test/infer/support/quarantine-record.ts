import type { QuarantineRecord } from '../../../src/index.js';

/** What marks a record of the quarantine as one; `item` is up to the test. */
export const RECORD_WITHOUT_ITEM = {
    reason: 'schema',
    rejectedBy: 'guard',
    quarantinedAt: '2025-01-31T12:00:00Z',
    datasetId: 'movies',
    errors: [],
} satisfies Partial<QuarantineRecord>;
