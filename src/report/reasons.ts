import type { ItemError, QuarantineReason, QuarantineRecord } from '../records.js';
import { ruleInWords } from './rule.js';
import type { ReasonSample } from './sample.js';
import { failingPath, sampleOf, shorten } from './sample.js';

export type { ReasonSample };

/** A reason for which items were rejected. */
export interface ReasonSummary {
    readonly reason: QuarantineReason | 'other';
    readonly keyword: string;
    /** JSON Pointer into the item, array indexes replaced by `*`. */
    readonly path: string;
    readonly message: string;
    /** Items. */
    readonly count: number;
    readonly rejectedBy: 'guard' | 'platform';
    /** The failing value alone, redacted, at most 200 characters; up to 3. */
    readonly samples: readonly string[];
}

/** The same with all that a page shows of it. */
export interface ReasonDetails extends ReasonSummary {
    /** What was demanded, in words to be read after `place`. */
    readonly rule: string;
    /** As `path`; of what is missing its own path, not that of the object around it. */
    readonly place: string;
    /** The first three items; none where samples are switched off. */
    readonly examples: readonly ReasonSample[];
}

export interface CountedRejection {
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: readonly ItemError[];
    /** The item as it may be shown; asked for only while samples are wanted. */
    item: () => unknown;
    /** The page that it came from. */
    url?: string;
}

type Counted = Omit<ReasonDetails, 'count' | 'samples'> & { count: number; examples: ReasonSample[] };

const MAX_REASONS = 100;
const MAX_SAMPLES = 3;
/** A key of an item, and with it a path, may be of any length. */
const MAX_PATH_LENGTH = 1_000;
const OTHER = 'other';

/** Groups rejections by what went wrong where. */
export class ReasonCounts {
    readonly #byKey = new Map<string, Counted>();
    readonly #samples: boolean;
    #rejectedItems = 0;

    constructor(samples: boolean) {
        this.#samples = samples;
    }

    /** An item counts once for each of its distinct reasons. Returns those that were never seen before. */
    count({ reason, rejectedBy, errors, item, url }: CountedRejection): ReasonSummary[] {
        this.#rejectedItems++;
        const seen = new Set<Counted>();
        const added: Counted[] = [];
        let shown: { item: unknown } | undefined;
        for (const error of errors) {
            const counted = this.#find(reason, rejectedBy, error);
            if (seen.has(counted)) continue;
            seen.add(counted);
            if (counted.count++ === 0) added.push(counted);
            if (this.#samples && counted.reason !== OTHER && counted.examples.length < MAX_SAMPLES) {
                // What fails as a whole has no value of its own that failed.
                if (reason === 'schema') shown ??= { item: item() };
                counted.examples.push(sampleOf(error, shown?.item, url));
            }
        }
        return added.map(summaryOf);
    }

    /** Counts a record of the quarantine, as its item was counted when it was rejected. */
    countRecord({ reason, rejectedBy, errors, item, request }: QuarantineRecord): void {
        // What stands for the errors that a record had no room for is no reason.
        const named = errors.filter(({ keyword }) => keyword !== 'more');
        this.count({ reason, rejectedBy, errors: named, item: () => item, url: request?.url });
    }

    /** Items that were counted, each once. */
    get rejectedItems(): number {
        return this.#rejectedItems;
    }

    /** Counts on from what `details` gave in an earlier process. */
    restore(rejectedItems: number, reasons: readonly ReasonDetails[]): void {
        this.#rejectedItems = rejectedItems;
        for (const { samples: _derived, ...details } of reasons) {
            const { reason, rejectedBy, keyword, path, message } = details;
            const key = reason === OTHER ? OTHER : keyOf(reason, rejectedBy, keyword, path, message);
            this.#byKey.set(key, { ...details, examples: [...details.examples] });
        }
    }

    /** Most frequent first; what is left, as one, last. */
    list(): readonly ReasonSummary[] {
        return Object.freeze(this.#sorted().map(summaryOf));
    }

    /** The same, with what a page shows. */
    details(): readonly ReasonDetails[] {
        return Object.freeze(this.#sorted().map(detailsOf));
    }

    #sorted(): Counted[] {
        return [...this.#byKey.values()].sort(
            (a, b) => Number(a.reason === OTHER) - Number(b.reason === OTHER) || b.count - a.count,
        );
    }

    #find(reason: QuarantineReason, rejectedBy: 'guard' | 'platform', error: ItemError): Counted {
        const { keyword } = error;
        const path = pathWithoutIndexes(error.instancePath);
        // What was thrown may differ from item to item.
        const message = reason === 'not-serializable' ? 'has no JSON' : (error.message ?? `fails "${keyword}"`);
        const key = keyOf(reason, rejectedBy, keyword, path, message);
        let counted = this.#byKey.get(key);
        if (counted !== undefined) return counted;
        if (this.#byKey.size < MAX_REASONS) {
            // Of what must not be there each item may have another.
            const place = keyword === 'required' ? pathWithoutIndexes(failingPath(error)) : path;
            const rule = ruleInWords(reason, error);
            counted = { reason, keyword, path, message, count: 0, rejectedBy, rule, place, examples: [] };
            this.#byKey.set(key, counted);
            return counted;
        }
        counted = this.#byKey.get(OTHER);
        if (counted === undefined) {
            const other = 'failed for another reason';
            counted = {
                reason: OTHER,
                keyword: '',
                path: '',
                message: other,
                count: 0,
                rejectedBy,
                rule: other,
                place: '',
                examples: [],
            };
            this.#byKey.set(OTHER, counted);
        }
        return counted;
    }
}

function keyOf(...parts: string[]): string {
    return JSON.stringify(parts);
}

function pathWithoutIndexes(pointer: string): string {
    return shorten(pointer.replace(/\/\d+(?=\/|$)/g, '/*'), MAX_PATH_LENGTH);
}

function summaryOf({ reason, keyword, path, message, count, rejectedBy, examples }: Counted): ReasonSummary {
    const samples = examples.flatMap(({ value }) => value ?? []);
    return Object.freeze({ reason, keyword, path, message, count, rejectedBy, samples: Object.freeze(samples) });
}

function detailsOf(counted: Counted): ReasonDetails {
    const { rule, place, examples } = counted;
    return Object.freeze({ ...summaryOf(counted), rule, place, examples: Object.freeze([...examples]) });
}
