/** What a redrive came to: `readRecords = skippedRecords + failedRecords + storedItems + quarantinedItems`. */
export interface RedriveResult {
    /** Records that were looked at. Those that an earlier redrive is done with are not. */
    readonly readRecords: number;
    /** Records that were left as they are, and why. */
    readonly skippedRecords: number;
    readonly skipped: SkippedRecords;
    /** Records that were left because something went wrong with them alone; `problems` has the first of these. */
    readonly failedRecords: number;
    /** Items that are in the dataset now; in a dry run, that would be. */
    readonly storedItems: number;
    /** Items that failed again, and are in quarantine with `attempt + 1`; in a dry run, that would be. */
    readonly quarantinedItems: number;
    /** Whether the quarantine was read to its end. False after a stop by `signal`. */
    readonly isComplete: boolean;
    readonly problems: readonly string[];
}

export interface SkippedRecords {
    /** By `reason`, `run` or `since`. */
    readonly filtered: number;
    /** Returned by an earlier redrive with the same schema and transform. */
    readonly unchanged: number;
    /** `transform` returned `undefined`. */
    readonly byTransform: number;
    /** The item had no JSON, so there is nothing to bring back. */
    readonly withoutItem: number;
}

const MAX_PROBLEMS = 10;

/** Counts in, snapshot out. */
export class RedriveCounts {
    readonly skipped: { -readonly [Key in keyof SkippedRecords]: number } = {
        filtered: 0,
        unchanged: 0,
        byTransform: 0,
        withoutItem: 0,
    };
    failedRecords = 0;
    storedItems = 0;
    quarantinedItems = 0;
    isComplete = false;
    readonly #problems: string[] = [];

    fail(position: number, problem: string): void {
        this.failedRecords++;
        if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`Record ${position}: ${problem}`);
    }

    result(): RedriveResult {
        const { storedItems, quarantinedItems, failedRecords, isComplete } = this;
        const skippedRecords = Object.values(this.skipped).reduce((sum, count) => sum + count, 0);
        return Object.freeze({
            readRecords: skippedRecords + failedRecords + storedItems + quarantinedItems,
            skippedRecords,
            skipped: Object.freeze({ ...this.skipped }),
            failedRecords,
            storedItems,
            quarantinedItems,
            isComplete,
            problems: Object.freeze([...this.#problems]),
        });
    }
}
