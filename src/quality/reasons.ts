import type { ItemError, QuarantineReason, QuarantineRecord } from '../records.js';
import { pointerNames, toPointer } from '../utils/json-pointer.js';
import type { SecretRemover } from '../utils/secrets.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import { escapeControls, shorten } from '../utils/text.js';
import type { Fault } from './alternatives.js';
import { foldErrors } from './alternatives.js';
import { describeFault } from './fault-words.js';
import type { ReasonDetails, ReasonSummary } from './reason-summary.js';
import { failingPath, identityOf, isMissing, sampleOf } from './sample.js';
import type { Identify, ReasonSample } from './sample.js';
import { SchemaNames } from './schema-names.js';
import { describeError } from './words.js';

export type { ReasonDetails, ReasonSample, ReasonSummary };

export interface CountedRejection {
    reason: QuarantineReason | 'duplicate';
    rejectedBy: 'guard' | 'platform';
    errors: readonly ItemError[];
    /** The item as it may be shown; asked for only while samples are wanted. */
    item: () => unknown;
    /** The page that it came from. */
    url?: string;
}

export interface ReasonOptions {
    samples: boolean;
    names?: SchemaNames;
    identify?: Identify;
    removeSecrets?: SecretRemover;
}

interface Counted extends Omit<ReasonDetails, 'count' | 'samples'> {
    count: number;
    /** By value; where there is none, by item. */
    samples: Map<string, ReasonSample>;
}

/** What of an item may be shown, and how it is named. */
interface ShownItem {
    item: unknown;
    identity: string | undefined;
}

const MAX_REASONS = 100;
/** So many values are told apart, so that those reported are the most frequent ones. */
const MAX_VALUES = 20;
const MAX_SAMPLES = 5;
/** Values of the items after that are not looked at: it would cost more than it tells. */
const SAMPLED_ITEMS = 1_000;
/** Further reasons are in the report only. */
const MAX_ANNOUNCED = 10;
const MAX_PATH_LENGTH = 200;
const MAX_SCHEMA_PATH_LENGTH = 400;
const OTHER = 'other';

/** Groups rejections by what went wrong where. */
export class ReasonCounts {
    readonly #byKey = new Map<string, Counted>();
    readonly #options: ReasonOptions;
    readonly #removeSecrets: SecretRemover;
    #names: SchemaNames;
    #rejectedItems = 0;
    #announced = 0;

    constructor(options: ReasonOptions) {
        this.#options = options;
        this.#names = options.names ?? new SchemaNames();
        this.#removeSecrets = options.removeSecrets ?? removeGenericSecrets;
    }

    /** Another schema counts from now on. */
    useNames(names: SchemaNames): void {
        this.#names = names;
    }

    /**
     * Counts the reasons of one item, each once. Returns those that the log should name: the first ten that are new. An item
     * without errors has its reason alone. `faults` are its errors, folded.
     */
    count(rejection: CountedRejection, faults = foldErrors(rejection.errors)): ReasonSummary[] {
        this.#rejectedItems++;
        const { reason, rejectedBy } = rejection;
        const seen = new Set<Counted>();
        const added: Counted[] = [];
        let shown: ShownItem | undefined;
        for (const fault of faults.length > 0 ? faults : [withoutError(reason)]) {
            const counted = this.#find(reason, rejectedBy, fault);
            if (seen.has(counted)) continue;
            seen.add(counted);
            if (counted.count++ === 0 && this.#announced < MAX_ANNOUNCED) {
                this.#announced++;
                added.push(counted);
            }
            if (this.#options.samples && counted.reason !== OTHER && counted.count <= SAMPLED_ITEMS) {
                shown ??= this.#shown(rejection);
                this.#addSample(counted, fault, shown, rejection.url);
            }
        }
        return added.map(toSummary);
    }

    /** Counts a record of the quarantine, as its item was counted when it was rejected. */
    countRecord({ reason, rejectedBy, errors, item, request }: QuarantineRecord): void {
        // A record's last error may stand for those that it had no room for.
        const named = errors.filter(({ keyword }) => keyword !== 'more');
        this.count({ reason, rejectedBy, errors: named, item: () => item, url: request?.url });
    }

    /** Whether there are more reasons than are announced one by one. */
    get hasFurther(): boolean {
        return this.#byKey.size > MAX_ANNOUNCED;
    }

    /** Items that were counted, each once. */
    get rejectedItems(): number {
        return this.#rejectedItems;
    }

    /** Counts on from what `details` gave in one or several earlier processes. */
    restore(rejectedItems: number, reasons: readonly ReasonDetails[]): void {
        this.#rejectedItems += rejectedItems;
        for (const { samples, count, ...reason } of reasons) {
            const hasRoom = this.#byKey.size < MAX_REASONS;
            const counted =
                this.#byKey.get(reason.key) ?? (hasRoom ? this.#add(reason) : this.#other(reason.rejectedBy));
            counted.count += count;
            if (counted.key === reason.key) for (const sample of samples) addSample(counted.samples, sample);
        }
        this.#announced = Math.min(this.#byKey.size, MAX_ANNOUNCED);
    }

    /** Most frequent first; the rest, as one, last. */
    list(): readonly ReasonSummary[] {
        return Object.freeze(this.#sorted().map(toSummary));
    }

    /** The same, with what a page shows. */
    details(): readonly ReasonDetails[] {
        return Object.freeze(this.#sorted().map(toDetails));
    }

    #sorted(): Counted[] {
        return [...this.#byKey.values()].sort(
            (a, b) => Number(a.reason === OTHER) - Number(b.reason === OTHER) || b.count - a.count,
        );
    }

    #find(reason: CountedRejection['reason'], rejectedBy: 'guard' | 'platform', fault: Fault): Counted {
        const { keyword, instancePath, schemaPath } = fault.error;
        const path = shorten(this.#names.pathOf(instancePath, schemaPath), MAX_PATH_LENGTH);
        const field = isMissing(fault.error) ? this.#fieldOf(fault.error) : path;
        // Without a place in the schema the words are all that tells reasons apart.
        const isUnplaced = schemaPath === '' && (reason === 'not-an-object' || rejectedBy === 'platform');
        const place = shorten(schemaPath, MAX_SCHEMA_PATH_LENGTH);
        const key = JSON.stringify([
            reason,
            rejectedBy,
            keyword,
            place,
            path,
            field,
            isUnplaced ? this.#words(reason, fault) : '',
        ]);
        const known = this.#byKey.get(key);
        if (known !== undefined) return known;
        if (this.#byKey.size >= MAX_REASONS) return this.#other(rejectedBy);
        return this.#add({ reason, keyword, path, message: this.#words(reason, fault), rejectedBy, field, key });
    }

    /** Stands for all reasons that are too many. */
    #other(rejectedBy: Counted['rejectedBy']): Counted {
        const message = describeError(OTHER, withoutError(OTHER).error);
        const other = { reason: OTHER, keyword: '', path: '', message, rejectedBy, field: '', key: OTHER } as const;
        return this.#byKey.get(OTHER) ?? this.#add(other);
    }

    #add(reason: Omit<Counted, 'count' | 'samples'>): Counted {
        const counted = { ...reason, count: 0, samples: new Map() };
        this.#byKey.set(reason.key, counted);
        return counted;
    }

    #words(reason: CountedRejection['reason'], fault: Fault): string {
        return this.#removeSecrets(describeFault(reason, fault, (...paths) => this.#names.pathOf(...paths)));
    }

    #fieldOf(error: ItemError): string {
        const names = pointerNames(failingPath(error));
        const path = this.#names.pathOf(error.instancePath, error.schemaPath);
        return shorten(`${path}${toPointer(names.slice(-1))}`, MAX_PATH_LENGTH);
    }

    #shown({ reason, item }: CountedRejection): ShownItem {
        // A larger item would cost more to read than its name tells.
        const shown = reason === 'too-large' || reason === 'not-serializable' ? undefined : item();
        return { item: shown, identity: identityOf(shown, this.#options.identify, this.#removeSecrets) };
    }

    #addSample(counted: Counted, { error, best }: Fault, { item, identity }: ShownItem, url: string | undefined): void {
        const sample = sampleOf({
            error: best[0] ?? error,
            maskedPath: counted.field,
            // An item that fails as a whole has no single value that failed.
            item: counted.reason === 'schema' ? item : undefined,
            identity,
            url,
            removeSecrets: this.#removeSecrets,
        });
        addSample(counted.samples, sample);
    }
}

function addSample(samples: Counted['samples'], sample: ReasonSample): void {
    const key = sampleKey(sample);
    const known = samples.get(key);
    if (known !== undefined) samples.set(key, { ...known, count: known.count + sample.count });
    else if (samples.size < MAX_VALUES) samples.set(key, sample);
}

/** Where in the schema the fault is, as the validator said it. */
export function schemaPathOf({ reason, key }: ReasonDetails): string {
    return reason === OTHER ? '' : String((JSON.parse(key) as unknown[])[3]);
}

/** `/price must be a number`. Holds no value of an item. */
export function describeReason({ path, message }: Pick<ReasonSummary, 'path' | 'message'>): string {
    return `${path === '' ? 'the item' : escapeControls(path)} ${message}`;
}

function withoutError(reason: Counted['reason']): Fault {
    return { error: { instancePath: '', schemaPath: '', keyword: reason, params: {} }, best: [] };
}

function sampleKey({ value, item, url, path }: ReasonSample): string {
    return value ?? `\n${item ?? url ?? path}`;
}

function toSummary(counted: Counted): ReasonSummary {
    const { reason, keyword, path, message, count, rejectedBy } = counted;
    const samples = [...counted.samples.values()].sort((a, b) => b.count - a.count).slice(0, MAX_SAMPLES);
    return Object.freeze({
        reason,
        keyword,
        path,
        message,
        count,
        rejectedBy,
        samples: Object.freeze(samples.map((sample) => Object.freeze({ ...sample }))),
    });
}

function toDetails(counted: Counted): ReasonDetails {
    return Object.freeze({ ...toSummary(counted), field: counted.field, key: counted.key });
}
