import { escapeName, indexFrom, pointerNames, valueAt } from '../../utils/json-pointer.js';
import { removeFromNames, removeGenericSecrets, type SecretRemover } from '../../utils/secrets.js';
import { shortJson } from '../../utils/short-json.js';
import { shorten } from '../../utils/text.js';
import type { Repair, RepairAction } from './repairs.js';

/** JSON of a value before and after a repair, at most 200 characters each; absent where no value was or is there. */
export interface RepairSample {
    /** JSON of the value as it was pushed. */
    readonly before?: string;
    /** JSON of the value as it is stored. */
    readonly after?: string;
}

/** Counts the repairs of one kind at one path. */
export interface RepairSummary {
    /**
     * JSON Pointer into the item. Indexes are `*`, and so are names that the schema does not know, but for the last one where few
     * different names stand in that place and `redact` hides nothing. `other` for what exceeds the number of rows.
     */
    readonly path: string;
    /** The kind of repair. */
    readonly action: RepairAction;
    /** Items. */
    readonly count: number;
    /** Different ones, up to 3. */
    readonly samples: readonly RepairSample[];
}

/** The names that a schema knows. */
export interface KnownNames {
    has(name: string): boolean;
    /** A path in which indexes and all other names are `*`. */
    pathOf(instancePath: string, schemaPath: string): string;
}

export interface RepairCountsOptions {
    /** Whether samples are kept. */
    samples: boolean;
    /** The names that the schema knows, as they are now; undefined where the schema is not known, and any name may be shown. */
    names?: () => KnownNames | undefined;
    /** Whether names that only the data knows are hidden. @default false */
    isRedacted?: boolean;
    /** @default what is recognizable as a secret is removed */
    removeSecrets?: SecretRemover;
}

const MAX_ROWS = 100;
/** A place in which more different names stand is a map, whose names tell nothing of the rest. */
const MAX_NAMES_IN_DATA = 10;
const MAX_SAMPLES = 3;
const MAX_VALUE_LENGTH = 200;
const MAX_PATH_LENGTH = 300;
const OTHER = 'other';

/** Counts repairs by path and action, for the report. */
export class RepairCounts {
    readonly #rows = new Map<string, { path: string; action: RepairAction; count: number; samples: RepairSample[] }>();
    readonly #samples: boolean;
    readonly #names: () => KnownNames | undefined;
    readonly #isRedacted: boolean;
    /** Names that only the data knows and that have rows of their own, by the place in which they stand. */
    readonly #namesInData = new Map<string, Set<string>>();
    readonly #removeSecrets: SecretRemover;

    constructor({
        samples,
        names = () => undefined,
        isRedacted = false,
        removeSecrets = removeGenericSecrets,
    }: RepairCountsOptions) {
        this.#removeSecrets = removeSecrets;
        this.#samples = samples;
        this.#names = names;
        this.#isRedacted = isRedacted;
    }

    /**
     * Counts the repairs of one item, each path and action once. `shown` returns what `redact` leaves of the item as it was
     * pushed: a value that it changes gives no sample. Left out, all is shown. Returns the rows that were never seen before.
     */
    count(repairs: readonly Repair[], shown?: () => unknown): RepairSummary[] {
        const counted = new Set<object>();
        const added: { path: string; action: RepairAction; count: number; samples: RepairSample[] }[] = [];
        let visible: { item: unknown } | undefined;
        for (const repair of repairs) {
            const row = this.#row(repair);
            if (this.#samples && row.path !== OTHER && row.samples.length < MAX_SAMPLES) {
                if (shown !== undefined) visible ??= { item: shown() };
                if (visible === undefined || isVisible(repair, visible.item)) this.#addSample(row.samples, repair);
            }
            if (counted.has(row)) continue;
            counted.add(row);
            if (row.count++ === 0) added.push(row);
        }
        return added.map(summaryOf);
    }

    #addSample(samples: RepairSample[], repair: Repair): void {
        const [before, after] = [this.#shown(repair.before), this.#shown(repair.after)];
        const sample: RepairSample = Object.freeze({
            ...(before !== undefined && { before }),
            ...(after !== undefined && { after }),
        });
        addSample(samples, sample);
    }

    /** A copy, which does not keep the item alive. */
    #shown(value: unknown): string | undefined {
        const json = shortJson(value, MAX_VALUE_LENGTH);
        return json === undefined ? undefined : this.#removeSecrets(json);
    }

    /** Most frequent first. */
    list(): readonly RepairSummary[] {
        return Object.freeze([...this.#rows.values()].sort((one, other) => other.count - one.count).map(summaryOf));
    }

    /** Counts on from what `list` gave in one or several earlier processes. */
    restore(summaries: readonly RepairSummary[]): void {
        for (const { path, action, count, samples } of summaries) {
            const row = this.#rowOf(path, action);
            row.count += count;
            if (row.path === path) for (const sample of samples) addSample(row.samples, sample);
        }
    }

    #row({ path, action }: Repair) {
        const general = this.#placeOf(path);
        // A path with a secret is never the path of a row.
        return (
            this.#rows.get(keyOf(general, action)) ??
            this.#rowOf(shorten(removeFromNames(general, this.#removeSecrets), MAX_PATH_LENGTH), action)
        );
    }

    /**
     * The path under which a repair is counted: indexes and names that only the data knows are `*`, but for the last name, which tells
     * what was removed, where few different ones stand in that place.
     */
    #placeOf(path: string): string {
        const names = this.#names();
        if (names === undefined) return withoutIndexes(path);
        const place = names.pathOf(path, '');
        const [last] = pointerNames(path).slice(-1);
        if (this.#isRedacted || last === undefined || names.has(last) || indexFrom(last) !== -1) return place;
        const parent = names.pathOf(path.slice(0, path.lastIndexOf('/')), '');
        const known = this.#namesInData.get(parent) ?? new Set();
        this.#namesInData.set(parent, known);
        if (known.size < MAX_NAMES_IN_DATA && last.length <= MAX_PATH_LENGTH) known.add(last);
        return known.has(last) ? `${parent}/${escapeName(last)}` : place;
    }

    #rowOf(general: string, action: RepairAction) {
        const known = this.#rows.get(keyOf(general, action));
        if (known !== undefined) return known;
        const path = this.#rows.size < MAX_ROWS ? general : OTHER;
        const key = keyOf(path, action);
        let row = this.#rows.get(key);
        if (row === undefined) {
            row = { path, action, count: 0, samples: [] };
            this.#rows.set(key, row);
        }
        return row;
    }
}

function addSample(samples: RepairSample[], sample: RepairSample): void {
    const isKnown = samples.some(({ before, after }) => before === sample.before && after === sample.after);
    if (!isKnown && samples.length < MAX_SAMPLES) samples.push(sample);
}

function keyOf(path: string, action: RepairAction): string {
    return `${action} ${path}`;
}

function withoutIndexes(path: string): string {
    return path.replace(/\/\d+(?=\/|$)/g, '/*');
}

/** A missing value shows nothing of the item; any other value must be the same in the redacted item. */
function isVisible({ path, action, before }: Repair, item: unknown): boolean {
    // The result of a repair function was never redacted.
    if (action === 'custom') return false;
    if (before === undefined) return item !== undefined;
    return jsonOf(valueAt(item, path)) === jsonOf(before);
}

function jsonOf(value: unknown): string | undefined {
    try {
        return JSON.stringify(value);
    } catch {
        return undefined; // what `redact` returned has no JSON
    }
}

function summaryOf({ path, action, count, samples }: RepairSummary): RepairSummary {
    return Object.freeze({ path, action, count, samples: Object.freeze([...samples]) });
}
