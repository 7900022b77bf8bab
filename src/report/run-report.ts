import { AsyncResource } from 'node:async_hooks';

import type { Clock, Deadline, Log, RunStore } from '../ports.js';
import { renderReportPage } from './html/render.js';
import { MinuteLog } from './minute-log.js';
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
    clock: Clock;
    /** When the process will be gone. */
    deadline: Deadline;
    log: Log;
}

const JSON_KEY = 'DATASET-GUARD-REPORT';
const HTML_KEY = 'DATASET-GUARD-REPORT-HTML';

/** A run is not kept waiting for longer: its items are where they belong already. */
const MAX_WRITE_MILLIS = 10_000;

/** Writes the report, as JSON and as a page, into the run's default key-value store, and logs how things go meanwhile. */
export class RunReport {
    readonly #parts: RunReportParts;
    readonly #minuteLog: MinuteLog;
    readonly #saveInContext: (report: GuardReport, notice: string | undefined) => Promise<string>;
    /** One after another: an earlier report must not replace a later one. */
    #lastSaved: Promise<unknown> = Promise.resolve();
    #written: { text: string; place: string } | undefined;
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
        this.#saveInContext = AsyncResource.bind(async (report: GuardReport, notice: string | undefined) =>
            this.#save(report, notice),
        );
    }

    /**
     * Writes what is known now; `notice` says what must not be overlooked. Resolves to where it is, in words, or to
     * `undefined` where it could not be written in time. Never rejects, and warns once. After `close` nothing is written.
     */
    async write(notice?: string): Promise<string | undefined> {
        if (this.#isClosed) return this.#written?.place;
        const report = this.#parts.statistics.report();
        const text = JSON.stringify({ report, notice });
        if (text === this.#written?.text) return this.#written.place;
        try {
            const saved = this.#lastSaved.then(async () => this.#saveInContext(report, notice));
            this.#lastSaved = saved.catch(() => undefined);
            const place = await this.#inTime(saved);
            if (place === undefined) throw new Error('it took too long');
            this.#written = { text, place };
            return place;
        } catch (error) {
            this.#warn(error);
            return undefined;
        }
    }

    /** Writes the last one, and logs no line any more. Resolves as `write` does. */
    async close(): Promise<string | undefined> {
        this.#minuteLog.stop();
        const place = await this.write();
        this.#isClosed = true;
        return place;
    }

    async #save(report: GuardReport, notice: string | undefined): Promise<string> {
        const { store, keySuffix } = this.#parts;
        await Promise.all([
            store.save(
                `${JSON_KEY}${keySuffix}`,
                JSON.stringify(report, undefined, 4),
                'application/json; charset=utf-8',
            ),
            store.save(`${HTML_KEY}${keySuffix}`, this.#render(report, notice), 'text/html; charset=utf-8'),
        ]);
        return store.whereIs(`${HTML_KEY}${keySuffix}`, 'html');
    }

    #render(report: GuardReport, notice: string | undefined): string {
        const { statistics, clock, describe } = this.#parts;
        statistics.look();
        const { requests, rejectedRequests, retriedRequests, sentBytes, startedAt } = report;
        return renderReportPage({
            kind: 'run',
            items: report,
            ...statistics.reasonDetails(),
            traffic: { requests, rejectedRequests, retriedRequests, sentBytes },
            timeline: statistics.timeline(),
            ...describe(),
            startedAt,
            writtenAt: new Date(clock.now()).toISOString(),
            notice,
            version: libraryVersion(),
        });
    }

    async #inTime<T>(work: Promise<T>): Promise<T | undefined> {
        const { clock, deadline } = this.#parts;
        let cancelTimer: () => void = () => undefined;
        const timeIsUp = new Promise<undefined>((resolve) => {
            cancelTimer = clock.after(MAX_WRITE_MILLIS, () => resolve(undefined));
        });
        try {
            return await deadline.race(Promise.race([work, timeIsUp]));
        } finally {
            cancelTimer();
        }
    }

    #warn(error: unknown): void {
        if (this.#isReported) return;
        this.#isReported = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.log.warning(`The report could not be written: ${reason}. No item is lost for it.`);
    }
}
