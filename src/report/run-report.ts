import { AsyncResource } from 'node:async_hooks';

import type { Log, RunStore } from '../ports.js';
import type { ReasonDetails } from '../quality/reasons.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import { renderReportPage } from './html/render.js';
import { MinuteLog } from './minute-log.js';
import type { FieldSuggestion } from './suggestion.js';
import type { ReportPage } from './page.js';
import type { GuardReport, Statistics } from './statistics.js';
import { libraryVersion } from './version.js';

export interface RunReportParts {
    statistics: Statistics;
    store: RunStore;
    /** What tells this guard's records from those of others in the run; empty for the default dataset's. */
    keySuffix: string;
    /** What the page says besides. */
    describe: () => Pick<ReportPage, 'subject' | 'schema' | 'facts'>;
    /** Finds what would let in or mend the items that failed, from what is known of the reasons. */
    suggest: (reasons: readonly ReasonDetails[]) => Promise<readonly FieldSuggestion[]>;
    clock: Clock;
    log: Log;
}

const JSON_KEY = 'DATASET-GUARD-REPORT';
const HTML_KEY = 'DATASET-GUARD-REPORT-HTML';

/** A run is not kept waiting for longer: its items are where they belong already. */
const MAX_WRITE_MILLIS = 10_000;
const MAX_SUGGEST_MILLIS = 2_000;

/** Writes the report, as JSON and as a page, into the run's default key-value store, and logs how things go meanwhile. */
export class RunReport {
    readonly #parts: RunReportParts;
    readonly #minuteLog: MinuteLog;
    readonly #saveInContext: (report: GuardReport, notice: string | undefined, isOpen: boolean) => Promise<string>;
    /** One after another: an earlier report must not replace a later one. */
    #lastSaved: Promise<unknown> = Promise.resolve();
    #written: { text: string; place: string } | undefined;
    #writtenCounts: string | undefined;
    #suggestions: readonly FieldSuggestion[] | undefined;
    #isReported = false;
    #isClosed = false;

    constructor(parts: RunReportParts) {
        const { statistics } = parts;
        this.#parts = parts;
        this.#minuteLog = new MinuteLog({
            ...parts,
            report: () => {
                statistics.look();
                return statistics.report();
            },
        });
        // Whoever closes the guard, the store is opened in the async context of whoever opened it.
        this.#saveInContext = AsyncResource.bind(
            async (report: GuardReport, notice: string | undefined, isOpen: boolean) =>
                this.#save(report, notice, isOpen),
        );
    }

    /**
     * Writes what is known now; `notice` says what must not be overlooked, `isOpen` that the run goes on. Resolves to where it is, in words, or to
     * `undefined` where it could not be written in time. Never rejects, and warns once. After `close` nothing is written.
     */
    async write(notice?: string, isOpen = false): Promise<string | undefined> {
        if (this.#isClosed) return this.#written?.place;
        const report = this.#parts.statistics.report();
        const text = JSON.stringify({ report, notice, isOpen });
        if (text === this.#written?.text) return this.#written.place;
        try {
            const saved = this.#lastSaved.then(async () => this.#saveInContext(report, notice, isOpen));
            this.#lastSaved = saved.catch(() => undefined);
            const place = await within(saved, MAX_WRITE_MILLIS);
            if (place === undefined) throw new Error('it took too long');
            this.#written = { text, place };
            return place;
        } catch (error) {
            this.#warn(error);
            return undefined;
        }
    }

    /**
     * Finds out what the page suggests from now on. For the end of a run, because it takes some hundred milliseconds where items
     * failed. Never rejects.
     */
    async suggest(): Promise<void> {
        const { reasons } = this.#parts.statistics.reasonDetails();
        if (reasons.length === 0) return;
        const suggesting = this.#parts.suggest(reasons).catch(() => undefined);
        this.#suggestions = await within(suggesting, MAX_SUGGEST_MILLIS);
    }

    /** Writes the last one, and logs no line any more. Resolves as `write` does. */
    async close(): Promise<string | undefined> {
        this.#minuteLog.stop();
        const place = await this.write();
        this.#isClosed = true;
        return place;
    }

    /** Whether the last report that was written says what is known now. */
    get isUpToDate(): boolean {
        const { receivedItems, storedItems, quarantinedItems, pendingItems, unsentItems } =
            this.#parts.statistics.report();
        const counts = JSON.stringify([receivedItems, storedItems, quarantinedItems, pendingItems, unsentItems]);
        return counts === this.#writtenCounts;
    }

    /** What `write` would write, for the end of a process that cannot wait. */
    records(notice?: string, isOpen = false): { key: string; text: string; contentType: string }[] {
        return this.#recordsOf(this.#parts.statistics.report(), notice, isOpen);
    }

    async #save(report: GuardReport, notice: string | undefined, isOpen: boolean): Promise<string> {
        const { store, keySuffix } = this.#parts;
        const records = this.#recordsOf(report, notice, isOpen);
        await Promise.all(records.map(async ({ key, text, contentType }) => store.save(key, text, contentType)));
        const { receivedItems, storedItems, quarantinedItems, pendingItems, unsentItems } = report;
        this.#writtenCounts = JSON.stringify([receivedItems, storedItems, quarantinedItems, pendingItems, unsentItems]);
        return store.whereIs(`${HTML_KEY}${keySuffix}`, 'html');
    }

    #recordsOf(report: GuardReport, notice: string | undefined, isOpen: boolean) {
        const { keySuffix } = this.#parts;
        return [
            {
                key: `${JSON_KEY}${keySuffix}`,
                text: JSON.stringify(report, undefined, 4),
                contentType: 'application/json; charset=utf-8',
            },
            {
                key: `${HTML_KEY}${keySuffix}`,
                text: this.#render(report, notice, isOpen),
                contentType: 'text/html; charset=utf-8',
            },
        ];
    }

    #render(report: GuardReport, notice: string | undefined, isOpen: boolean): string {
        const { statistics, clock, describe } = this.#parts;
        statistics.look();
        const { requests, rejectedRequests, retriedRequests, sentBytes, startedAt } = report;
        return renderReportPage({
            kind: 'run',
            items: report,
            ...statistics.reasonDetails(),
            suggestions: this.#suggestions,
            repairedItems: report.repairedItems,
            repairs: report.repairs,
            traffic: { requests, rejectedRequests, retriedRequests, sentBytes },
            timeline: statistics.timeline(),
            ...describe(),
            startedAt,
            writtenAt: new Date(clock.now()).toISOString(),
            isOpen,
            notice,
            version: libraryVersion(),
        });
    }

    #warn(error: unknown): void {
        if (this.#isReported) return;
        this.#isReported = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.log.warning(`The report could not be written: ${reason}. No item is lost for it.`);
    }
}
