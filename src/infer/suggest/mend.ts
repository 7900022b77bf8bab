import type { ItemSchema } from '../../ports.js';
import type { Dictionary } from '../../records.js';
import { schemaAt } from './locate.js';
import type { Need } from './need.js';
import type { Reading, Wanted } from './readings.js';
import { READINGS } from './readings.js';
import { repairCode } from './repair-code.js';
import { valueAt, withValues } from './values.js';

/** A `repair` of the guard that a project may use; `suggestChanges` says which items it would mend. */
export interface RepairCandidate {
    /** What is to be written: `repair: 'prune'`. */
    readonly code: string;
    /** In words: what it does. */
    readonly name: string;
    /** The item as it would be stored, or `undefined` where the repair leaves it invalid. Must not change the item. */
    repair(item: unknown): unknown;
}

/** What would mend items instead of a change of the schema. */
export interface SuggestedRepair {
    /** The option to be written: `repair: { coerce: true }`, or one with a function. */
    readonly code: string;
    /** In words: what is read as what. */
    readonly name: string;
    /** Items that fail here and pass once they are repaired. */
    readonly mendedItems: number;
    /** The first values, at most three; none where the repair is not about one value, or where samples are off. */
    readonly samples: readonly {
        /** The value as it came. */
        readonly before: unknown;
        /** The value after the repair. */
        readonly after: unknown;
    }[];
}

const MAX_SAMPLES = 3;
const MAX_SHOWN_LENGTH = 100;

/** Finds out which repairs mend the items that need one change of the schema. */
export class Mending {
    readonly #wanted: Wanted;
    readonly #schema: ItemSchema;
    readonly #samples: boolean;
    readonly #mended = new Map<
        Reading | RepairCandidate,
        { count: number; samples: SuggestedRepair['samples'][number][] }
    >();
    readonly #path: string;
    readonly #isBesideProperties: boolean;

    constructor(need: Need, root: Dictionary, schema: ItemSchema, samples: boolean) {
        const node = schemaAt(root, need.pointer);
        this.#wanted = typeof node === 'object' ? node : {};
        this.#path = need.path;
        this.#isBesideProperties = isBesideProperties(root, need.pointer);
        this.#schema = schema;
        this.#samples = samples;
    }

    /** Tries the readings of the values that fail. */
    tryReadings(need: Need, item: unknown): void {
        // What is missing, or must not be there, cannot be read in another way.
        if (need.kind === 'make-optional' || need.kind === 'allow-properties' || need.instancePaths.includes(''))
            return;
        for (const reading of READINGS) {
            // A function for all keys would convert the properties, too.
            if (reading.code !== undefined && this.#isBesideProperties) continue;
            const values = new Map<string, unknown>();
            for (const path of need.instancePaths) {
                const before = valueAt(item, path);
                const after = reading.read(before, this.#wanted);
                if (after === before || (typeof before === 'object' && before !== null)) break;
                values.set(path, after);
            }
            if (values.size < new Set(need.instancePaths).size) continue;
            if (this.#schema.validate(withValues(item, values)) !== undefined) continue;
            const [[path, after]] = [...values] as [[string, unknown]];
            this.#count(reading, { before: shown(valueAt(item, path)), after: shown(after) });
        }
    }

    /** Counts an item that a candidate has mended. */
    countCandidate(candidate: RepairCandidate): void {
        this.#count(candidate, undefined);
    }

    /** Those that mend most items come first. */
    suggestions(): SuggestedRepair[] {
        return [...this.#mended]
            .map(([how, { count, samples }]) => ({
                code: 'repair' in how ? how.code : this.#codeOf(how),
                name: how.name,
                mendedItems: count,
                samples,
            }))
            .sort((one, other) => other.mendedItems - one.mendedItems);
    }

    #codeOf(reading: Reading): string {
        return reading.code === undefined
            ? 'repair: { coerce: true }'
            : repairCode(this.#path, reading.code(this.#wanted));
    }

    #count(how: Reading | RepairCandidate, sample: SuggestedRepair['samples'][number] | undefined): void {
        let mended = this.#mended.get(how);
        if (mended === undefined) this.#mended.set(how, (mended = { count: 0, samples: [] }));
        mended.count++;
        if (this.#samples && sample && mended.samples.length < MAX_SAMPLES) mended.samples.push(sample);
    }
}

/** Whether a schema is for the other keys of an object that also has properties. */
function isBesideProperties(root: Dictionary, pointer: string): boolean {
    return [...pointer.matchAll(/\/(?:additionalProperties|patternProperties)(?=\/|$)/g)].some(({ index }) => {
        const parent = schemaAt(root, pointer.slice(0, index));
        return typeof parent === 'object' && Object.keys(parent.properties ?? {}).length > 0;
    });
}

function shown(value: unknown): unknown {
    return typeof value === 'string' && value.length > MAX_SHOWN_LENGTH
        ? `${value.slice(0, MAX_SHOWN_LENGTH - 1)}…`
        : value;
}
