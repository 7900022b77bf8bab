import type { ItemError, QuarantineReason } from '../ports.js';

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

export interface CountedRejection {
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: readonly ItemError[];
    /** The item as it may be shown; asked for only while samples are wanted. */
    item: () => unknown;
}

type Counted = { -readonly [Key in keyof ReasonSummary]: ReasonSummary[Key] } & { samples: string[] };

const MAX_REASONS = 100;
const MAX_SAMPLES = 3;
const MAX_SAMPLE_LENGTH = 200;
const OTHER = 'other';

/** Groups rejections by what went wrong where. */
export class ReasonCounts {
    readonly #byKey = new Map<string, Counted>();
    readonly #samples: boolean;

    constructor(samples: boolean) {
        this.#samples = samples;
    }

    /** An item counts once for each of its distinct reasons. Returns those that were never seen before. */
    count({ reason, rejectedBy, errors, item }: CountedRejection): ReasonSummary[] {
        const seen = new Set<Counted>();
        const added: Counted[] = [];
        let shown: { item: unknown } | undefined;
        for (const error of errors) {
            const counted = this.#find(reason, rejectedBy, error);
            if (seen.has(counted)) continue;
            seen.add(counted);
            if (counted.count++ === 0) added.push(counted);
            if (this.#samples && reason === 'schema' && counted.samples.length < MAX_SAMPLES) {
                shown ??= { item: item() };
                const sample = sampleAt(shown.item, error.instancePath);
                if (sample !== undefined) counted.samples.push(sample);
            }
        }
        return added.map(snapshotOf);
    }

    /** Counts on from what `list` gave in an earlier process. */
    restore(reasons: readonly ReasonSummary[]): void {
        for (const summary of reasons) {
            const { reason, rejectedBy, keyword, path, message } = summary;
            const key = reason === OTHER ? OTHER : keyOf(reason, rejectedBy, keyword, path, message);
            this.#byKey.set(key, { ...summary, samples: [...summary.samples] });
        }
    }

    list(): readonly ReasonSummary[] {
        const reasons = [...this.#byKey.values()].sort(
            (a, b) => Number(a.reason === OTHER) - Number(b.reason === OTHER) || b.count - a.count,
        );
        return Object.freeze(reasons.map(snapshotOf));
    }

    #find(
        reason: QuarantineReason,
        rejectedBy: 'guard' | 'platform',
        { keyword, instancePath, message }: ItemError,
    ): Counted {
        const path = instancePath.replace(/\/\d+(?=\/|$)/g, '/*');
        // What was thrown may differ from item to item.
        const text = reason === 'not-serializable' ? 'has no JSON' : (message ?? `fails "${keyword}"`);
        const key = keyOf(reason, rejectedBy, keyword, path, text);
        let counted = this.#byKey.get(key);
        if (counted !== undefined) return counted;
        if (this.#byKey.size < MAX_REASONS) {
            counted = { reason, keyword, path, message: text, count: 0, rejectedBy, samples: [] };
            this.#byKey.set(key, counted);
            return counted;
        }
        counted = this.#byKey.get(OTHER);
        if (counted === undefined) {
            counted = {
                reason: OTHER,
                keyword: '',
                path: '',
                message: 'failed for another reason',
                count: 0,
                rejectedBy,
                samples: [],
            };
            this.#byKey.set(OTHER, counted);
        }
        return counted;
    }
}

function keyOf(...parts: string[]): string {
    return JSON.stringify(parts);
}

function snapshotOf(counted: Counted): ReasonSummary {
    return Object.freeze({ ...counted, samples: Object.freeze([...counted.samples]) });
}

/** JSON of the value at a JSON Pointer, shortened; undefined where there is none (a missing property). */
function sampleAt(item: unknown, pointer: string): string | undefined {
    // The whole item is not "the failing value alone".
    if (pointer === '') return undefined;
    try {
        const text = JSON.stringify(valueAt(item, pointer)) as string | undefined;
        if (text === undefined || text.length <= MAX_SAMPLE_LENGTH) return text;
        return `${text.slice(0, MAX_SAMPLE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
    } catch {
        // What `redact` made of it has no JSON.
        return undefined;
    }
}

function valueAt(item: unknown, pointer: string): unknown {
    let value = item;
    for (const token of pointer.split('/').slice(1)) {
        const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
        value = (value as Record<string, unknown>)[key];
    }
    return value;
}
