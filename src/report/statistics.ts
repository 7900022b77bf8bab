import type { SavedCounters } from '../quality/counters.js';
import { Counters } from '../quality/counters.js';
import { RepairCounts } from '../pipeline/repair/repair-counts.js';
import type { RepairSummary } from '../pipeline/repair/repair-counts.js';
import type { RepairedItem } from '../pipeline/repair/repairs.js';
import { DuplicateCounts } from '../pipeline/unique/duplicate-counts.js';
import { foldErrors } from '../quality/alternatives.js';
import type { FieldDetails, SavedFields } from '../quality/fields.js';
import { FieldCounts } from '../quality/fields.js';
import type { GuardReport } from '../quality/guard-report.js';
import type { DuplicateSummary } from '../records.js';
import { describeReason, ReasonCounts } from '../quality/reasons.js';
import type { CountedRejection, ReasonDetails, ReasonOptions, ReasonSummary } from '../quality/reasons.js';
import { SchemaNames } from '../quality/schema-names.js';
import type { TimelineFigures } from './page.js';
import type { Writable } from '../utils/writable.js';
import type { SavedTimeline } from './timeline.js';
import { Timeline } from './timeline.js';

/** The counts of a guard: a report without the facts of the run. */
export type CountedReport = Omit<GuardReport, 'datasetId' | 'runId' | 'schema' | 'finishedAt' | 'verdict'>;

/** The counters as another process of the run takes them over. */
export interface SavedStatistics extends SavedCounters {
    startedAt: string;
    quarantineId?: string | undefined;
    /** Items with a reason: with `mode: 'warn'` or `'fail'` others than those rejected. */
    reasonedItems: number;
    reasons: readonly ReasonDetails[];
    repairs: readonly RepairSummary[];
    duplicates: DuplicateSummary;
    fields: SavedFields;
    timeline: SavedTimeline;
}

export interface StatisticsOptions extends Omit<ReasonOptions, 'samples' | 'names'> {
    /** JSON Schema of an item, where it is known. */
    schema?: unknown;
    /** Further places whose values are counted. */
    paths?: readonly string[];
    /** Returns the part of an item that may be shown. */
    redact?: ((item: unknown) => unknown) | undefined;
}

/** Counters, reasons, fields and the timeline of a run: what the report is made of. */
export class Statistics {
    readonly counters = new Counters();
    readonly fields: FieldCounts;
    /** The names that the schema knows. */
    readonly names: SchemaNames;
    #startedAt: string;
    #quarantineId: string | undefined;
    readonly reasons: ReasonCounts;
    #isSchemaKnown: boolean;
    readonly #repairs: RepairCounts;
    readonly #duplicates: DuplicateCounts;
    readonly #timeline: Timeline;
    readonly #now: () => number;

    constructor(now: () => number, samples: boolean, { schema, paths, redact, ...options }: StatisticsOptions = {}) {
        this.#now = now;
        this.#startedAt = new Date(now()).toISOString();
        this.#timeline = new Timeline(now());
        this.names = new SchemaNames(schema);
        this.#isSchemaKnown = schema !== undefined;
        this.reasons = new ReasonCounts({ ...options, names: this.names, samples });
        const { removeSecrets } = options;
        const isRedacted = redact !== undefined;
        const names = () => (this.#isSchemaKnown || isRedacted ? this.names : undefined);
        this.#repairs = new RepairCounts({ samples, names, isRedacted, ...(removeSecrets && { removeSecrets }) });
        this.#duplicates = new DuplicateCounts({ samples, ...(removeSecrets && { removeSecrets }) });
        this.fields = new FieldCounts({ schema, paths, samples, redact, removeSecrets });
    }

    /** Counts the reasons of one item. Returns those that were never seen before. */
    countReasons(rejection: CountedRejection): ReasonSummary[] {
        const faults = foldErrors(rejection.errors);
        this.fields.fail(faults);
        return this.reasons.count(rejection, faults);
    }

    /**
     * Counts a repaired item that is stored. `shown` returns what of the item as it was pushed may be shown; left out, all of it.
     * Returns what was never repaired before.
     */
    countRepaired({ repairs }: RepairedItem, shown?: () => unknown): RepairSummary[] {
        this.counters.repaired(1);
        return this.#repairs.count(repairs, shown);
    }

    /** Counts an item that came after another one with its key. `shownKey` returns the key of what of the item may be shown. */
    countDuplicate(shownKey: () => string | undefined): void {
        this.#duplicates.count(shownKey);
    }

    /** Records of rejected items go to the dataset with this id. */
    quarantineOpened(id: string): void {
        this.#quarantineId = id;
    }

    /** Where the rejected items are: undefined until the first record, of this process or of an earlier one of the run, is written. */
    get quarantineId(): string | undefined {
        return this.#quarantineId;
    }

    /** Names of another schema's fields appear in reasons from now on. */
    useSchema(schema: unknown): void {
        (this as Writable<Statistics>).names = new SchemaNames(schema);
        this.#isSchemaKnown = schema !== undefined;
        this.reasons.useNames(this.names);
        this.fields.useSchema(schema);
    }

    /** The state with which another process of the run goes on counting. */
    save(): SavedStatistics {
        this.look();
        return {
            ...this.counters.save(),
            startedAt: this.#startedAt,
            quarantineId: this.#quarantineId,
            reasonedItems: this.reasons.rejectedItems,
            reasons: this.reasons.details(),
            repairs: this.#repairs.list(),
            duplicates: this.#duplicates.summary(),
            fields: this.fields.save(),
            timeline: this.#timeline.save(),
        };
    }

    /** Counts on from what `save` gave in one or several earlier processes. @throws TypeError for what is of another shape; then nothing is taken over */
    restore(saved: SavedStatistics): void {
        if (
            !Array.isArray(saved.reasons) ||
            !Array.isArray(saved.repairs) ||
            !Array.isArray(saved.duplicates?.samples) ||
            !Number.isSafeInteger(saved.duplicates.found) ||
            !Array.isArray(saved.fields?.rows) ||
            !Array.isArray(saved.timeline?.buckets) ||
            isNaN(Date.parse(saved.startedAt))
        ) {
            throw new TypeError('expected counters with reasons, repairs, duplicates, fields, timeline and startedAt');
        }
        this.counters.restore(saved);
        if (Date.parse(saved.startedAt) < Date.parse(this.#startedAt)) this.#startedAt = saved.startedAt;
        this.#quarantineId = saved.quarantineId ?? this.#quarantineId;
        this.reasons.restore(saved.reasonedItems, saved.reasons);
        this.#repairs.restore(saved.repairs);
        this.#duplicates.restore(saved.duplicates);
        this.fields.restore(saved.fields);
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
        return { rejectedItems: this.reasons.rejectedItems, reasons: this.reasons.details() };
    }

    /** The most frequent reasons in words, for an error message. */
    topReasons(count: number): string {
        return this.reasons
            .list()
            .filter(({ reason }) => reason !== 'duplicate')
            .slice(0, count)
            .map((reason) => `${reason.count} × ${describeReason(reason)}`)
            .join('; ');
    }

    /** The fields with all that a page shows. */
    fieldDetails(): readonly FieldDetails[] {
        return this.fields.details();
    }

    report(): CountedReport {
        return Object.freeze({
            ...this.counters.values(),
            startedAt: this.#startedAt,
            ...(this.#quarantineId !== undefined && { quarantineId: this.#quarantineId }),
            fields: this.fields.rows(),
            reasons: this.reasons.list(),
            repairs: this.#repairs.list(),
            duplicates: this.#duplicates.summary(),
        });
    }
}
