import type { Log } from '../ports.js';
import type { GuardReport } from '../quality/guard-report.js';
import type { SummarizedReport } from '../quality/outcome.js';
import { summarize } from '../quality/outcome.js';
import { number } from '../utils/format.js';
import type { Clock } from '../utils/clock.js';

type MinuteReport = SummarizedReport & Pick<GuardReport, 'retriedRequests'>;

export interface MinuteLogParts {
    clock: Clock;
    log: Log;
    /** Asked once a minute. */
    report: () => MinuteReport;
}

const MINUTE_MILLIS = 60_000;

/** While a run goes on: one line for each minute in which something changed, never one for an item. */
export class MinuteLog {
    readonly #parts: MinuteLogParts;
    #last: MinuteReport;
    #cancelTimer: (() => void) | undefined;

    /** The first minute begins with the counts that the report has now. */
    constructor(parts: MinuteLogParts) {
        this.#parts = parts;
        this.#last = parts.report();
        this.#arm();
    }

    stop(): void {
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
    }

    #arm(): void {
        this.#cancelTimer = this.#parts.clock.after(MINUTE_MILLIS, () => {
            this.#arm();
            this.#say();
        });
    }

    #say(): void {
        const { log, report } = this.#parts;
        const before = this.#last;
        const now = report();
        this.#last = now;
        const changes = [
            change(now.receivedItems - before.receivedItems, 'received'),
            change(now.storedItems - before.storedItems, 'stored'),
            change(now.quarantinedItems - before.quarantinedItems, 'quarantined'),
            change(now.discardedItems - before.discardedItems, 'given back'),
            change(now.retriedRequests - before.retriedRequests, 'requests retried'),
        ].filter((words) => words !== undefined);
        if (changes.length === 0) return;
        log.info(`${summarize(now)}. In the last minute: ${changes.join(', ')}.`);
    }
}

function change(amount: number, words: string): string | undefined {
    return amount === 0 ? undefined : `${number(amount)} ${words}`;
}
