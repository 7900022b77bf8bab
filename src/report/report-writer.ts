import { AsyncResource } from 'node:async_hooks';

import type { Log, RunStore } from '../ports.js';
import type { GuardReport } from '../quality/guard-report.js';
import { within } from '../utils/clock.js';

export interface ReportWriterOptions {
    store: RunStore;
    /** Suffix that tells this guard's records from those of others in the run; empty for the default dataset's. */
    keySuffix: string;
    /** Returns the page that shows a report. */
    render: (report: GuardReport, notice: string | undefined) => string;
    log: Log;
}

/** A report as the run's key-value store has it: JSON or the page. */
export interface ReportRecord {
    key: string;
    text: string;
    contentType: string;
}

/** A run is not kept waiting for longer: its items are where they belong already. */
const MAX_WRITE_MILLIS = 10_000;

/** Writes reports, as JSON and as a page, into the run's default key-value store. */
export class ReportWriter {
    readonly #options: ReportWriterOptions;
    readonly #jsonKey: string;
    readonly #htmlKey: string;
    readonly #saveInContext: (report: GuardReport, notice: string | undefined) => Promise<string>;
    /** One after another: an earlier report must not replace a later one. */
    #lastSaved: Promise<unknown> = Promise.resolve();
    #written: { text: string; place: string } | undefined;
    #writtenCounts: string | undefined;
    /** Where the page is to be written; known a moment after the guard was opened. */
    #place: string | undefined;
    #isReported = false;

    constructor(options: ReportWriterOptions) {
        const { store, keySuffix } = options;
        this.#options = options;
        this.#jsonKey = `DATASET-GUARD-REPORT${keySuffix}`;
        this.#htmlKey = `DATASET-GUARD-REPORT-HTML${keySuffix}`;
        store.whereIs(this.#htmlKey, 'html').then(
            (place) => {
                this.#place = place;
            },
            () => undefined,
        );
        // The store is opened in the async context in which the guard was opened, whoever closes it.
        this.#saveInContext = AsyncResource.bind(async (report: GuardReport, notice: string | undefined) =>
            this.#save(report, notice),
        );
    }

    /** Where the page is to be written. */
    get place(): string | undefined {
        return this.#place;
    }

    /** Where the page was written last. */
    get writtenPlace(): string | undefined {
        return this.#written?.place;
    }

    /** Whether the last report that was written says what this one says. */
    hasWritten(report: GuardReport): boolean {
        return countsOf(report) === this.#writtenCounts;
    }

    /** Resolves to where the page is, in words, or to `undefined` where it could not be written in time. Never rejects, and warns once. */
    async write(report: GuardReport, notice: string | undefined): Promise<string | undefined> {
        const text = JSON.stringify({ report, notice });
        if (text === this.#written?.text) return this.#written.place;
        try {
            const saved = this.#lastSaved.then(async () => this.#saveInContext(report, notice));
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

    /** Returns the records that `write` would write. */
    recordsOf(report: GuardReport, notice: string | undefined): ReportRecord[] {
        return [
            {
                key: this.#jsonKey,
                text: JSON.stringify(report, undefined, 4),
                contentType: 'application/json; charset=utf-8',
            },
            {
                key: this.#htmlKey,
                text: this.#options.render(report, notice),
                contentType: 'text/html; charset=utf-8',
            },
        ];
    }

    async #save(report: GuardReport, notice: string | undefined): Promise<string> {
        const { store } = this.#options;
        const records = this.recordsOf(report, notice);
        await Promise.all(records.map(async ({ key, text, contentType }) => store.save(key, text, contentType)));
        this.#writtenCounts = countsOf(report);
        return store.whereIs(this.#htmlKey, 'html');
    }

    #warn(error: unknown): void {
        if (this.#isReported) return;
        this.#isReported = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.warning(`The report could not be written: ${reason}. No item is lost for it.`);
    }
}

/** A text that changes when another report is worth writing. */
function countsOf({
    receivedItems,
    storedItems,
    quarantinedItems,
    pendingItems,
    unsentItems,
    finishedAt,
}: GuardReport): string {
    return JSON.stringify([receivedItems, storedItems, quarantinedItems, pendingItems, unsentItems, finishedAt]);
}
