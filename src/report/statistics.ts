import type { SavedCounters } from '../quality/counters.js';
import { Counters } from '../quality/counters.js';
import { RepairCounts } from '../pipeline/repair/repair-counts.js';
import type { RepairSummary } from '../pipeline/repair/repair-counts.js';
import type { RepairedItem } from '../pipeline/repair/repairs.js';
import { DuplicateCounts } from '../pipeline/unique/duplicate-counts.js';
import type { DuplicateSummary } from '../pipeline/unique/duplicate-counts.js';
import { describeReason, ReasonCounts } from '../quality/reasons.js';
import type { CountedRejection, ReasonDetails, ReasonOptions, ReasonSummary } from '../quality/reasons.js';
import { SchemaNames } from '../quality/schema-names.js';
import type { TimelineFigures } from './page.js';
import type { SavedTimeline } from './timeline.js';
import { Timeline } from './timeline.js';

/** The state of a guard. Units: items, requests to the dataset, bytes of uncompressed JSON. */
export interface GuardReport {
    /** Items that were pushed: `stored + quarantined + duplicate + trimmed + discarded + pending + unsent`, at every moment. */
    readonly receivedItems: number;
    readonly storedItems: number;
    readonly quarantinedItems: number;
    /** Not stored again, because an item with the same key is stored: see the option `unique`. */
    readonly duplicateItems: number;
    /** Held back by the user's pay-per-event budget. */
    readonly trimmedItems: number;
    /** Stored after `repair` changed them; a part of the stored items. */
    readonly repairedItems: number;
    /** Given back to the caller by a call that rejected. */
    readonly discardedItems: number;
    /** Waiting or under way. */
    readonly pendingItems: number;
    /** Could not be sent before the run ended. */
    readonly unsentItems: number;
    readonly requests: number;
    readonly rejectedRequests: number;
    readonly retriedRequests: number;
    readonly sentBytes: number;
    /** ISO 8601. */
    readonly startedAt: string;
    /** Why items were rejected, most frequent first; at most 100, then one `other`. */
    readonly reasons: readonly ReasonSummary[];
    /** What was repaired, most frequent first. */
    readonly repairs: readonly RepairSummary[];
    /** Items that came after another one with their key, whatever the option `duplicates` says. */
    readonly duplicates: DuplicateSummary;
}

export { describeReason };
export type { ReasonSummary };

/** The counters as another process of the run takes them over. */
export interface SavedStatistics extends SavedCounters {
    startedAt: string;
    /** Items with a reason: with `mode: 'warn'` or `'fail'` others than those rejected. */
    reasonedItems: number;
    reasons: readonly ReasonDetails[];
    repairs: readonly RepairSummary[];
    duplicates: DuplicateSummary;
    timeline: SavedTimeline;
}

/** Counters, reasons and the timeline of a run: what the report is made of. */
export class Statistics {
    readonly counters = new Counters();
    #startedAt: string;
    readonly #reasons: ReasonCounts;
    readonly #repairs: RepairCounts;
    readonly #duplicates: DuplicateCounts;
    readonly #timeline: Timeline;
    readonly #now: () => number;

    constructor(now: () => number, samples: boolean, options: Omit<ReasonOptions, 'samples'> = {}) {
        this.#now = now;
        this.#startedAt = new Date(now()).toISOString();
        this.#timeline = new Timeline(now());
        this.#reasons = new ReasonCounts({ ...options, samples });
        this.#repairs = new RepairCounts({ samples });
        this.#duplicates = new DuplicateCounts({
            samples,
            ...(options.removeSecrets && { removeSecrets: options.removeSecrets }),
        });
    }

    /** Counts the reasons of one item. Returns those that were never seen before. */
    countReasons(rejection: CountedRejection): ReasonSummary[] {
        return this.#reasons.count(rejection);
    }

    /**
     * Counts a repaired item that is stored. `shown` returns what of the item as it was pushed may be shown. Returns what was never
     * repaired before.
     */
    countRepaired({ repairs }: RepairedItem, shown: () => unknown): RepairSummary[] {
        this.counters.repaired(1);
        return this.#repairs.count(repairs, shown);
    }

    /** Counts an item that came after another one with its key. `shownKey` returns the key of what of the item may be shown. */
    countDuplicate(shownKey: () => string | undefined): void {
        this.#duplicates.count(shownKey);
    }

    /** Whether there are reasons that the log does not name one by one. */
    get hasFurtherReasons(): boolean {
        return this.#reasons.hasFurther;
    }

    /** Names of another schema's fields appear in reasons from now on. */
    useSchema(schema: unknown): void {
        this.#reasons.useNames(new SchemaNames(schema));
    }

    /** What another process of the run needs to count on. */
    save(): SavedStatistics {
        this.look();
        return {
            ...this.counters.save(),
            startedAt: this.#startedAt,
            reasonedItems: this.#reasons.rejectedItems,
            reasons: this.#reasons.details(),
            repairs: this.#repairs.list(),
            duplicates: this.#duplicates.summary(),
            timeline: this.#timeline.save(),
        };
    }

    /** Counts on from what `save` gave. @throws TypeError for what is of another shape; then nothing is taken over */
    restore(saved: SavedStatistics): void {
        if (
            !Array.isArray(saved.reasons) ||
            !Array.isArray(saved.repairs) ||
            !Array.isArray(saved.duplicates?.samples) ||
            !Number.isSafeInteger(saved.duplicates.found) ||
            !Array.isArray(saved.timeline?.buckets) ||
            isNaN(Date.parse(saved.startedAt))
        ) {
            throw new TypeError('expected counters with reasons, repairs, duplicates, timeline and startedAt');
        }
        this.counters.restore(saved);
        this.#startedAt = saved.startedAt;
        this.#reasons.restore(saved.reasonedItems, saved.reasons);
        this.#repairs.restore(saved.repairs);
        this.#duplicates.restore(saved.duplicates);
        this.#timeline.restore(saved.timeline, saved);
    }

    /** Items over time get what has come since the last look. To be called once a minute. */
    look(): void {
        this.#timeline.look(this.#now(), this.counters.values());
    }

    /** Items over time, as of the last look. */
    timeline(): TimelineFigures {
        return this.#timeline.figures();
    }

    /** The reasons with all that a page shows, and of how many items they are. */
    reasonDetails(): { rejectedItems: number; reasons: readonly ReasonDetails[] } {
        return { rejectedItems: this.#reasons.rejectedItems, reasons: this.#reasons.details() };
    }

    /** The most frequent reasons in words, for an error message. */
    topReasons(count: number): string {
        return this.#reasons
            .list()
            .filter(({ reason }) => reason !== 'duplicate')
            .slice(0, count)
            .map((reason) => `${reason.count} × ${describeReason(reason)}`)
            .join('; ');
    }

    report(): GuardReport {
        return Object.freeze({
            ...this.counters.values(),
            startedAt: this.#startedAt,
            reasons: this.#reasons.list(),
            repairs: this.#repairs.list(),
            duplicates: this.#duplicates.summary(),
        });
    }
}

/** What became of the items, in one sentence. */
export function summarize(report: GuardReport): string {
    const counts: [number, string][] = [
        [report.quarantinedItems, 'in quarantine'],
        [report.duplicateItems, report.duplicateItems === 1 ? 'duplicate left out' : 'duplicates left out'],
        [report.trimmedItems, 'over the budget'],
        [report.unsentItems, 'not sent'],
    ];
    const others = counts.filter(([count]) => count > 0).map(([count, words]) => `, ${format(count)} ${words}`);
    return `Stored ${format(report.storedItems)} ${report.storedItems === 1 ? 'item' : 'items'}${others.join('')}`;
}

function format(count: number): string {
    return count.toLocaleString('en-US');
}
