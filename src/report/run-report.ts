import { AsyncResource } from 'node:async_hooks';

import type { Log, RunStore } from '../ports.js';
import type { ExpectOption } from '../quality/expectations.js';
import { readExpectations } from '../quality/expectations.js';
import type { GuardReport } from '../quality/guard-report.js';
import type { Outcome, OutcomeContext } from '../quality/outcome.js';
import { describeOutcome } from '../quality/outcome.js';
import type { ReasonDetails } from '../quality/reasons.js';
import type { JudgeOptions, Verdict } from '../quality/verdict.js';
import { judge, OPEN_VERDICT } from '../quality/verdict.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import { renderReportPage } from './html/render.js';
import { MinuteLog } from './minute-log.js';
import type { PageContext } from './report-page.js';
import { toReportPage } from './report-page.js';
import type { Statistics } from './statistics.js';
import type { FieldSuggestion } from './suggestion.js';
import { libraryVersion } from './version.js';

export interface RunReportParts {
    statistics: Statistics;
    store: RunStore;
    /** Suffix that tells this guard's records from those of others in the run; empty for the default dataset's. */
    keySuffix: string;
    /** The expectations of the run's data. */
    expectations: JudgeOptions;
    /** Returns what the report says of the run. */
    describe: () => Pick<GuardReport, 'datasetId' | 'runId' | 'schema'>;
    /** Returns what only the page says. */
    describePage: () => Pick<PageContext, 'subject' | 'quarantine' | 'facts'>;
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
    readonly #saveInContext: (report: GuardReport, notice: string | undefined) => Promise<string>;
    /** One after another: an earlier report must not replace a later one. */
    #lastSaved: Promise<unknown> = Promise.resolve();
    #written: { text: string; place: string } | undefined;
    #writtenCounts: string | undefined;
    /** The end of the run, once it has ended. */
    #end: { finishedAt: string; verdict: Verdict } | undefined;
    /** Where the page is to be written; known a moment after the guard was opened. */
    #place: string | undefined;
    #suggestions: readonly FieldSuggestion[] | undefined;
    #isReported = false;
    #isClosed = false;

    constructor(parts: RunReportParts) {
        const { statistics, store, keySuffix } = parts;
        this.#parts = parts;
        store.whereIs(`${HTML_KEY}${keySuffix}`, 'html').then(
            (place) => {
                this.#place = place;
            },
            () => undefined,
        );
        this.#minuteLog = new MinuteLog({
            ...parts,
            report: () => {
                statistics.look();
                return this.report();
            },
        });
        // The store is opened in the async context in which the guard was opened, whoever closes it.
        this.#saveInContext = AsyncResource.bind(async (report: GuardReport, notice: string | undefined) =>
            this.#save(report, notice),
        );
    }

    /** Reports the outcome of the items until now, as a frozen snapshot. */
    report(): GuardReport {
        const { statistics, describe } = this.#parts;
        const { startedAt, fields, reasons, repairs, duplicates, ...counted } = statistics.report();
        return Object.freeze({
            ...counted,
            startedAt,
            ...(this.#end && { finishedAt: this.#end.finishedAt }),
            ...describe(),
            verdict: this.#end?.verdict ?? OPEN_VERDICT,
            fields,
            reasons,
            repairs,
            duplicates,
        });
    }

    /** The run has ended. `isJudged`: it ended by itself, so that its data is judged. */
    finish(isJudged: boolean): void {
        const { statistics, expectations, clock } = this.#parts;
        const expect = askOnce(expectations.expect);
        if (isJudged) statistics.fields.usePaths(pathsOf(expect));
        const judged = () => ({ ...statistics.report(), fields: statistics.fields.judgedRows() });
        this.#end = {
            finishedAt: this.#end?.finishedAt ?? new Date(clock.now()).toISOString(),
            verdict: isJudged ? judge(judged(), { ...expectations, expect }) : OPEN_VERDICT,
        };
    }

    /** The process ends. Unless the run has ended before, its data is not judged. */
    processEnds(): void {
        if (this.#end === undefined) this.finish(false);
    }

    /** The run goes on after all. */
    reopen(): void {
        this.#end = undefined;
    }

    /** The outcome of the run, for log and status message. */
    outcome(context: Pick<OutcomeContext, 'problem' | 'reportPlace'>): Outcome {
        const quarantine = this.#parts.describePage().quarantine?.name;
        return describeOutcome(this.report(), { quarantine, ...context });
    }

    /** Where the page is to be written. */
    get place(): string | undefined {
        return this.#place;
    }

    /**
     * Writes what is known now; `notice` says what must not be overlooked. Resolves to where it is, in words, or to `undefined` where it could not be written in time. Never rejects, and warns once. After `close` nothing is written.
     */
    async write(notice?: string): Promise<string | undefined> {
        if (this.#isClosed) return this.#written?.place;
        const report = this.report();
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
        return countsOf(this.report()) === this.#writtenCounts;
    }

    /** Returns the records that `write` would write, for the end of a process that cannot wait. */
    records(notice?: string): { key: string; text: string; contentType: string }[] {
        return this.#recordsOf(this.report(), notice);
    }

    async #save(report: GuardReport, notice: string | undefined): Promise<string> {
        const { store, keySuffix } = this.#parts;
        const records = this.#recordsOf(report, notice);
        await Promise.all(records.map(async ({ key, text, contentType }) => store.save(key, text, contentType)));
        this.#writtenCounts = countsOf(report);
        return store.whereIs(`${HTML_KEY}${keySuffix}`, 'html');
    }

    #recordsOf(report: GuardReport, notice: string | undefined) {
        const { keySuffix } = this.#parts;
        return [
            {
                key: `${JSON_KEY}${keySuffix}`,
                text: JSON.stringify(report, undefined, 4),
                contentType: 'application/json; charset=utf-8',
            },
            {
                key: `${HTML_KEY}${keySuffix}`,
                text: this.#render(report, notice),
                contentType: 'text/html; charset=utf-8',
            },
        ];
    }

    #render(report: GuardReport, notice: string | undefined): string {
        const { statistics, clock, describePage } = this.#parts;
        statistics.look();
        return renderReportPage(
            toReportPage(report, {
                ...describePage(),
                ...statistics.reasonDetails(),
                suggestions: this.#suggestions,
                fields: statistics.fieldDetails(),
                timeline: statistics.timeline(),
                notice,
                writtenAt: new Date(clock.now()).toISOString(),
                version: libraryVersion(),
            }),
        );
    }

    #warn(error: unknown): void {
        if (this.#isReported) return;
        this.#isReported = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.log.warning(`The report could not be written: ${reason}. No item is lost for it.`);
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

/** A function is asked now, and only now: what it returns or throws is what whoever reads it gets. */
function askOnce(expect: ExpectOption | undefined): ExpectOption | undefined {
    if (typeof expect !== 'function') return expect;
    try {
        const asked = expect();
        return () => asked;
    } catch (error) {
        return () => {
            throw error;
        };
    }
}

/** The places that the expectations name; none where they cannot be read: the verdict says so. */
function pathsOf(expect: ExpectOption | undefined): readonly string[] {
    try {
        return expect === undefined ? [] : readExpectations(expect).filled.map(({ path }) => path);
    } catch {
        return [];
    }
}
