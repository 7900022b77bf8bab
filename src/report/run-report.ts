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
import type { ReportRecord } from './report-writer.js';
import { ReportWriter } from './report-writer.js';
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

const MAX_SUGGEST_MILLIS = 2_000;

/** Says how the run goes and went: in the report, in the log once a minute, and as its outcome. */
export class RunReport {
    readonly #parts: RunReportParts;
    readonly #minuteLog: MinuteLog;
    readonly #writer: ReportWriter;
    /** The end of the run, once it has ended. */
    #end: { finishedAt: string; verdict: Verdict } | undefined;
    /** An end after which the process lived on. */
    #withdrawnEnd: { finishedAt: string; verdict: Verdict } | undefined;
    #suggestions: readonly FieldSuggestion[] | undefined;
    #isClosed = false;

    constructor(parts: RunReportParts) {
        const { statistics } = parts;
        this.#parts = parts;
        this.#writer = new ReportWriter({ ...parts, render: (report, notice) => this.#render(report, notice) });
        this.#minuteLog = new MinuteLog({
            ...parts,
            report: () => {
                statistics.look();
                return this.report();
            },
        });
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

    /** The process ends. Unless the run has ended before, and nothing has come since, its data is not judged. */
    processEnds(): void {
        if (this.#end !== undefined) return;
        this.#end = this.#withdrawnEnd;
        if (this.#end !== undefined && this.isUpToDate) return;
        this.#end = undefined;
        this.finish(false);
    }

    /** The run goes on after all. */
    reopen(): void {
        this.#withdrawnEnd = this.#end ?? this.#withdrawnEnd;
        this.#end = undefined;
    }

    /** The outcome of the run, for log and status message. */
    outcome(context: Pick<OutcomeContext, 'problem' | 'reportPlace'>): Outcome {
        const quarantine = this.#parts.describePage().quarantine?.name;
        const { givenBackItems } = this.#parts.statistics.counters;
        return describeOutcome(this.report(), { quarantine, givenBackItems, ...context });
    }

    /** Where the page is to be written. */
    get place(): string | undefined {
        return this.#writer.place;
    }

    /**
     * Writes what is known now; `notice` says what must not be overlooked. Resolves to where it is, in words, or to `undefined` where it could not be written in time. Never rejects, and warns once. After `close` nothing is written.
     */
    async write(notice?: string): Promise<string | undefined> {
        return this.#isClosed ? this.#writer.writtenPlace : this.#writer.write(this.report(), notice);
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
        return this.#writer.hasWritten(this.report());
    }

    /** Returns the records that `write` would write, for the end of a process that cannot wait. */
    records(notice?: string): ReportRecord[] {
        return this.#writer.recordsOf(this.report(), notice);
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
