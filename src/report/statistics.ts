import type { DeliveryCounters } from '../ports.js';
import type { QuarantineReason } from '../records.js';
import { ReasonCounts } from './reasons.js';
import type { TimelineFigures } from './page.js';
import type { CountedRejection, ReasonDetails, ReasonSummary } from './reasons.js';
import type { SavedTimeline } from './timeline.js';
import { Timeline } from './timeline.js';

/** The state of a guard. Units: items, requests to the dataset, bytes of uncompressed JSON. */
export interface GuardReport {
    /** Items that were pushed: `stored + quarantined + trimmed + discarded + pending + unsent`, at every moment. */
    readonly receivedItems: number;
    readonly storedItems: number;
    readonly quarantinedItems: number;
    /** Held back by the user's pay-per-event budget. */
    readonly trimmedItems: number;
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
}

export type { ReasonSummary };

/** The counters as another process of the run takes them over. */
export type SavedStatistics = Omit<GuardReport, 'pendingItems' | 'unsentItems' | 'reasons'> & {
    rejectedItems: number;
    /** Items with a reason: with `mode: 'warn'` or `'fail'` others than those rejected. */
    reasonedItems: number;
    reasons: readonly ReasonDetails[];
    timeline: SavedTimeline;
};

/** Counters in, snapshot out. */
export class Statistics implements DeliveryCounters {
    receivedItems = 0;
    storedItems = 0;
    quarantinedItems = 0;
    trimmedItems = 0;
    discardedItems = 0;
    unsentItems = 0;
    requests = 0;
    rejectedRequests = 0;
    retriedRequests = 0;
    sentBytes = 0;
    /** Items that were found to belong in quarantine, whether or not their record is stored yet. */
    rejectedItems = 0;
    #startedAt: string;
    readonly #reasons: ReasonCounts;
    readonly #timeline: Timeline;
    readonly #now: () => number;
    readonly #pendingItems: () => number;

    constructor(now: () => number, samples: boolean, pendingItems: () => number) {
        this.#now = now;
        this.#startedAt = new Date(now()).toISOString();
        this.#timeline = new Timeline(now());
        this.#reasons = new ReasonCounts(samples);
        this.#pendingItems = pendingItems;
    }

    /** Counts the reasons of one item. Returns those that were never seen before. */
    countReasons(rejection: CountedRejection): ReasonSummary[] {
        return this.#reasons.count(rejection);
    }

    /** What another process of the run needs to count on. Items under way are not in it: they are saved, or gone. */
    save(): SavedStatistics {
        this.look();
        const { pendingItems: _pending, unsentItems: _unsent, ...counted } = this.report();
        return {
            ...counted,
            rejectedItems: this.rejectedItems,
            reasonedItems: this.#reasons.rejectedItems,
            reasons: this.#reasons.details(),
            timeline: this.#timeline.save(),
        };
    }

    /** Counts on from what `save` gave. */
    restore(saved: SavedStatistics): void {
        this.storedItems = saved.storedItems;
        this.quarantinedItems = saved.quarantinedItems;
        this.trimmedItems = saved.trimmedItems;
        this.discardedItems = saved.discardedItems;
        this.receivedItems = saved.storedItems + saved.quarantinedItems + saved.trimmedItems + saved.discardedItems;
        this.requests = saved.requests;
        this.rejectedRequests = saved.rejectedRequests;
        this.retriedRequests = saved.retriedRequests;
        this.sentBytes = saved.sentBytes;
        this.rejectedItems = saved.rejectedItems;
        this.#startedAt = saved.startedAt;
        this.#reasons.restore(saved.reasonedItems, saved.reasons);
        this.#timeline.restore(saved.timeline, saved);
    }

    /** Items over time get what has come since the last look. To be called once a minute. */
    look(): void {
        this.#timeline.look(this.#now(), this);
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
            .slice(0, count)
            .map((reason) => `${reason.count} × ${describeReason(reason)}`)
            .join('; ');
    }

    report(): GuardReport {
        return Object.freeze({
            receivedItems: this.receivedItems,
            storedItems: this.storedItems,
            quarantinedItems: this.quarantinedItems,
            trimmedItems: this.trimmedItems,
            discardedItems: this.discardedItems,
            pendingItems: this.#pendingItems() - this.unsentItems,
            unsentItems: this.unsentItems,
            requests: this.requests,
            rejectedRequests: this.rejectedRequests,
            retriedRequests: this.retriedRequests,
            sentBytes: this.sentBytes,
            startedAt: this.#startedAt,
            reasons: this.#reasons.list(),
        });
    }
}

/** What became of the items, in one sentence. */
export function summarize(report: GuardReport): string {
    const counts: [number, string][] = [
        [report.quarantinedItems, 'in quarantine'],
        [report.trimmedItems, 'over the budget'],
        [report.unsentItems, 'not sent'],
    ];
    const others = counts.filter(([count]) => count > 0).map(([count, words]) => `, ${format(count)} ${words}`);
    return `Stored ${format(report.storedItems)} ${report.storedItems === 1 ? 'item' : 'items'}${others.join('')}`;
}

function format(count: number): string {
    return count.toLocaleString('en-US');
}

/** `"/price" must be number`. Holds no value of an item. */
export function describeReason({ reason, path, message }: Pick<ReasonSummary, 'reason' | 'path' | 'message'>): string {
    const words: Record<QuarantineReason | 'other', string> = {
        'schema': message,
        'too-large': 'too large',
        'not-an-object': message,
        'not-serializable': 'has no JSON',
        'rejected': `rejected by the platform: ${message}`,
        'other': message,
    };
    return path === '' ? `the item ${words[reason]}` : `"${path}" ${words[reason]}`;
}
