/** The result of a redrive: `readRecords = skippedRecords + failedRecords + storedItems + quarantinedItems`. */
export interface RedriveResult {
    /** Records that were read, without those that an earlier redrive is done with and those written since this one began. */
    readonly readRecords: number;
    /** Records that were left as they are; `skipped` says why. */
    readonly skippedRecords: number;
    /** Why records were left as they are. */
    readonly skipped: SkippedRecords;
    /** Records that were left because something went wrong with them alone; `problems` has the first of these. */
    readonly failedRecords: number;
    /** Items that are in the dataset now; in a dry run, that would be. */
    readonly storedItems: number;
    /** Stored items that were repaired. */
    readonly repairedItems: number;
    /** Items that failed again, and are in quarantine with `attempt + 1`; in a dry run, that would be. */
    readonly quarantinedItems: number;
    /** Whether the quarantine was read to its end, as it was when the redrive began. False after a stop by `signal`. */
    readonly isComplete: boolean;
    /** The first of what went wrong, in words. */
    readonly problems: readonly string[];
}

/** Records that a redrive left as they are, by reason. */
export interface SkippedRecords {
    /** By `reason`, `run` or `since`. */
    readonly filtered: number;
    /** Returned by an earlier redrive with the same schema, transform and repair. */
    readonly unchanged: number;
    /** `transform` returned `undefined`. */
    readonly byTransform: number;
    /** The item had no JSON, so there is nothing to bring back. */
    readonly withoutItem: number;
    /**
     * Repeats of another record, with the same `id`: a guard that is not told whether a record was written writes it again.
     * The item is brought back once, with the first of them.
     */
    readonly repeated: number;
}

const MAX_PROBLEMS = 10;

/** Counts what becomes of the records. */
export class RedriveCounts {
    readonly skipped: { -readonly [Key in keyof SkippedRecords]: number } = {
        filtered: 0,
        unchanged: 0,
        byTransform: 0,
        withoutItem: 0,
        repeated: 0,
    };
    failedRecords = 0;
    storedItems = 0;
    repairedItems = 0;
    quarantinedItems = 0;
    isComplete = false;
    readonly #problems: string[] = [];

    fail(position: number, problem: string): void {
        this.failedRecords++;
        if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`Record ${position}: ${problem}`);
    }

    result(): RedriveResult {
        const { storedItems, repairedItems, quarantinedItems, failedRecords, isComplete } = this;
        const skippedRecords = Object.values(this.skipped).reduce((sum, count) => sum + count, 0);
        return Object.freeze({
            readRecords: skippedRecords + failedRecords + storedItems + quarantinedItems,
            skippedRecords,
            skipped: Object.freeze({ ...this.skipped }),
            failedRecords,
            storedItems,
            repairedItems,
            quarantinedItems,
            isComplete,
            problems: Object.freeze([...this.#problems]),
        });
    }
}
