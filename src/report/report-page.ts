import type { FieldDetails } from '../quality/fields.js';
import type { GuardReport } from '../quality/guard-report.js';
import type { ReasonDetails } from '../quality/reasons.js';
import type { Fact, ReportPage, TimelineFigures } from './page.js';
import type { FieldSuggestion } from './suggestion.js';

/** Contents of a page that a report does not have. */
export interface PageContext {
    /** The Actor's title or name. */
    readonly subject?: string | undefined;
    /** The report's reasons and fields, with the details that only the page shows. */
    readonly reasons: readonly ReasonDetails[];
    readonly fields: readonly FieldDetails[];
    /** Items with a reason. */
    readonly rejectedItems: number;
    readonly suggestions?: readonly FieldSuggestion[] | undefined;
    readonly quarantine?: { readonly name: string; readonly url?: string | undefined };
    readonly timeline?: TimelineFigures;
    readonly facts?: readonly Fact[];
    readonly notice?: string | undefined;
    /** ISO 8601. */
    readonly writtenAt: string;
    readonly version?: string;
}

/** The page of a guard's run. Without a `finishedAt`, it says that the run goes on. */
export function toReportPage(report: GuardReport, context: PageContext): ReportPage {
    const { requests, rejectedRequests, retriedRequests, sentBytes, schema, verdict, startedAt, finishedAt } = report;
    const { quarantine, ...others } = context;
    return {
        ...others,
        ...(report.quarantinedItems > 0 && { quarantine }),
        kind: 'run',
        items: report,
        warnedItems: report.warnedItems,
        verdict,
        repairedItems: report.repairedItems,
        repairs: report.repairs,
        duplicates: report.duplicates,
        traffic: { requests, rejectedRequests, retriedRequests, sentBytes },
        schema: 'none' in schema ? { reason: schema.none } : schema,
        startedAt,
        isOpen: finishedAt === undefined,
    };
}
