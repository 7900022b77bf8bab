import type { Repair } from '../../pipeline/repair/repairs.js';
import type { ItemSchema } from '../../ports.js';
import type { Dictionary } from '../../records.js';
import { escapeKey } from '../json-patch.js';
import { schemaAt } from './locate.js';
import type { Need } from './need.js';
import type { PolicyRepair } from './policies.js';
import { POLICIES } from './policies.js';
import type { Reading, Wanted } from './readings.js';
import { READINGS } from './readings.js';
import { repairCode } from './repair-code.js';
import { valueAt, withValues } from './values.js';

/** A repair that would mend items instead of a change of the schema. */
export interface SuggestedRepair {
    /** The option to be written: `repair: { coerce: true }`, or one with a function. */
    readonly code: string;
    /** In words: "reading a bare domain as an address", "removing what fails". */
    readonly name: string;
    /** Items that need the change, and pass without it once they are repaired. */
    readonly mendedItems: number;
    /** Whether the value that was meant is stored; else something of the item is left out. */
    readonly keepsValue: boolean;
    /** Up to three values that came first. It is empty where samples are off. `undefined` means that the item had no value there. */
    readonly samples: readonly {
        /** The value as it came. */
        readonly before: unknown;
        /** The value after the repair. */
        readonly after: unknown;
    }[];
}

const MAX_SAMPLES = 3;
const MAX_SHOWN_LENGTH = 100;
/** Of two that mend as many items the one with the lower rank is suggested. */
const RANKS = new Map<Reading | PolicyRepair, number>([...POLICIES, ...READINGS].map((how, rank) => [how, rank]));

/** Finds out which repairs mend the items that need one change of the schema. */
export class Mending {
    readonly #wanted: Wanted;
    readonly #schema: ItemSchema;
    readonly #samples: boolean;
    readonly #mended = new Map<
        Reading | PolicyRepair,
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
        // A value that is missing, or must not be there, cannot be read in another way.
        if (need.kind === 'make-optional' || need.kind === 'allow-properties' || need.instancePaths.includes(''))
            return;
        for (const reading of READINGS) {
            // A function for all keys would convert the properties, too.
            if (this.#isBesideProperties) continue;
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

    /** Counts an item that a policy has mended by these repairs, where it may stand in for this change. */
    countPolicy(need: Need, policy: PolicyRepair, repairs: readonly Repair[]): void {
        if (!policy.kinds(need.kind)) return;
        const places = new Set(placesOf(need));
        const [first] = places;
        // A policy may remove the element around a value that fails.
        const repair =
            repairs.find(({ path }) => places.has(path)) ??
            repairs.find(({ path }) => first?.startsWith(`${path}/`)) ??
            repairs[0];
        this.#count(policy, repair && { before: shown(repair.before), after: shown(repair.after) });
    }

    /** Repairs that keep the value come before those that lose it; within each group, the repair that mends most items comes first. */
    suggestions(): SuggestedRepair[] {
        const all = [...this.#mended]
            .map(([how, { count, samples }]) => ({
                code: 'policy' in how ? how.code : repairCode(this.#path, how.code(this.#wanted)),
                name: 'policy' in how ? how.name : `reading ${how.name}`,
                mendedItems: count,
                keepsValue: 'policy' in how ? how.keepsValue : true,
                samples,
                rank: RANKS.get(how)!,
            }))
            .sort((one, other) => other.mendedItems - one.mendedItems || one.rank - other.rank)
            .map(({ rank: _, ...repair }): SuggestedRepair => repair);
        const [lossy] = all.filter(({ keepsValue }) => !keepsValue);
        return [...all.filter(({ keepsValue }) => keepsValue), ...(lossy === undefined ? [] : [lossy])];
    }

    #count(how: Reading | PolicyRepair, sample: SuggestedRepair['samples'][number] | undefined): void {
        let mended = this.#mended.get(how);
        if (mended === undefined) this.#mended.set(how, (mended = { count: 0, samples: [] }));
        mended.count++;
        if (this.#samples && sample && mended.samples.length < MAX_SAMPLES) mended.samples.push(sample);
    }
}

/** Pointers into the item to what fails, is missing or must not be there. */
function placesOf({ kind, instancePaths, names, detail }: Need): string[] {
    if (kind === 'make-optional') return instancePaths.map((path) => `${path}/${escapeKey(detail)}`);
    if (kind !== 'allow-properties') return [...instancePaths];
    return instancePaths.map((path, index) => `${path}/${escapeKey(names[index]!)}`);
}

/** Whether a schema is for the other keys of an object that also has properties. */
function isBesideProperties(root: Dictionary, pointer: string): boolean {
    return [...pointer.matchAll(/\/(?:additionalProperties|patternProperties)(?=\/|$)/g)].some(({ index }) => {
        const parent = schemaAt(root, pointer.slice(0, index));
        return typeof parent === 'object' && Object.keys(parent.properties ?? {}).length > 0;
    });
}

/** The value, or the beginning of its text or JSON where that is long. */
function shown(value: unknown): unknown {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH - 1)}…` : value;
}
