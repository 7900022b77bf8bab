import { chooseBranch, selectFaults } from './alternatives.js';
import { canonicalJson } from './canonical-json.js';
import { coerce } from './coerce.js';
import type { Draft, Place } from './draft.js';
import { type Fault, MAX_REPAIRED_ERRORS } from './fault.js';
import type { ResolvedPolicy } from './options.js';
import { excludesNull, typesIn, typesOfProperty } from './schema-hints.js';
import { findTargets, type Target } from './targets.js';

type EmptyType = 'null' | 'string' | 'array' | 'object';

const EMPTY_TYPES: readonly EmptyType[] = ['string', 'array', 'object'];
const EMPTY_VALUES: Readonly<Record<EmptyType, () => unknown>> = {
    null: () => null,
    string: () => '',
    array: () => [],
    object: () => ({}),
};

/** Shared by all places of which nothing is known yet: there may be very many. */
const NO_TYPES: readonly string[] = [];
const NO_FILLINGS: ReadonlySet<string> = new Set();

/** Records the attempts at a place. Each is made at most once, in this order, so that a repair comes to an end. */
interface Progress {
    coerced: boolean;
    nulled: boolean;
    removed: boolean;
    /** The last filling; undefined before the first one. */
    filled: Set<EmptyType> | undefined;
    /** Nothing is left to try: the place is as pushed again, and the object around it fails. */
    isExhausted: boolean;
    /** In which round something was done last. */
    round: number;
    /** The types that the schema wants here, as far as errors have told. */
    types: readonly string[];
    /** The branch that is repaired, for each `anyOf` and `oneOf` by its path. */
    branches: Map<string, number | undefined> | undefined;
    /** The missing properties, by their schema, that led to the filling of this object and of the objects around it. */
    fillings: ReadonlySet<string>;
}

/** Applies one policy to a draft, round by round. */
export class PolicyRun {
    readonly #draft: Draft;
    readonly #policy: ResolvedPolicy;
    readonly #isFixedLength: (array: object) => boolean;
    readonly #progress = new Map<Place, Progress>();
    #round = 0;
    #changed = false;

    constructor(draft: Draft, policy: ResolvedPolicy, isFixedLength: (array: object) => boolean) {
        this.#draft = draft;
        this.#policy = policy;
        this.#isFixedLength = isFixedLength;
    }

    /**
     * Does one thing at each place that fails; elements are gone with the draft's next `removeElements`. `changed` says whether
     * anything was done, `stuck` are the faults about which the policy can do nothing.
     */
    round(faults: readonly Fault[]): { changed: boolean; stuck: readonly Fault[] } {
        this.#round++;
        this.#changed = false;
        const selected = selectFaults(faults, (alternatives) => this.#branchOf(alternatives));
        const { targets, lost } = findTargets(selected, this.#draft);
        const stuck = lost;
        for (const target of targets) {
            if (!this.#wasChangedAround(target.place) && !this.#repair(target)) stuck.push(...target.faults);
        }
        return { changed: this.#changed, stuck };
    }

    #branchOf(alternatives: Fault): number | undefined {
        const { instancePath, schemaPath } = alternatives.error;
        const place = this.#draft.resolve(instancePath);
        if (place === undefined) return undefined;
        const progress = this.#progressOf(place);
        // The values that the other branches want may be filled in where the chosen one fails.
        this.#learnTypes(place, [alternatives]);
        // An empty value that was filled in fits a branch by chance only: each branch may name a better one.
        if (progress.filled !== undefined && !isObject(this.#draft.value(place))) return undefined;
        const branches = (progress.branches ??= new Map<string, number | undefined>());
        if (!branches.has(schemaPath)) branches.set(schemaPath, chooseBranch(alternatives));
        return branches.get(schemaPath);
    }

    #wasChangedAround(place: Place): boolean {
        for (let outer: Place | undefined = place; outer !== undefined; outer = outer.parent) {
            if (this.#progress.get(outer)?.round === this.#round) return true;
        }
        return false;
    }

    #repair({ place, kind, faults }: Target): boolean {
        const exhausted = this.#exhaustedAround(place);
        if (exhausted !== undefined) return this.#failAround(exhausted);
        if (kind === 'missing') return this.#fillMissing(place, faults[0]!);
        if (kind === 'unknown') return this.#policy.unknown !== undefined && this.#removeUnknown(place);
        if (kind === 'repeated') return this.#removeRepeated(place);
        return this.#fail(place, faults);
    }

    #exhaustedAround(place: Place): Place | undefined {
        for (let outer: Place | undefined = place; outer !== undefined; outer = outer.parent) {
            if (this.#progress.get(outer)?.isExhausted) return outer;
        }
        return undefined;
    }

    /** A value fails: what is left to try of coercing, nulling and removing it, or of filling it with something else. */
    #fail(place: Place, faults: readonly Fault[] = []): boolean {
        if (place.parent === undefined) return false;
        const progress = this.#progressOf(place);
        if (progress.round === this.#round) return true;
        const { invalid } = this.#policy;
        const types = this.#learnTypes(place, faults);

        if (this.#policy.coerce && !progress.coerced && !progress.nulled && !progress.filled) {
            const coerced = coerce(this.#draft.value(place), types);
            if (coerced !== undefined) {
                progress.coerced = true;
                return this.#set(place, coerced.value, 'coerced');
            }
        }
        if (progress.filled) return this.#fillNext(place);
        if (invalid === 'null' && !progress.nulled && this.#mayBecomeNull(place, faults)) {
            progress.nulled = true;
            return this.#set(place, null, 'nulled');
        }
        return (invalid !== undefined && this.#remove(place)) || this.#exhaust(place);
    }

    /** Returns the types that these faults, all of this place, want. */
    #learnTypes(place: Place, faults: readonly Fault[]): readonly string[] {
        const types = typesIn(faults, faults[0]?.error.instancePath ?? '');
        const progress = this.#progressOf(place);
        if (progress.types.length === 0) progress.types = types;
        else if (types.length > 0) progress.types = [...new Set([...progress.types, ...types])];
        return types;
    }

    #mayBecomeNull(place: Place, faults: readonly Fault[]): boolean {
        return this.#draft.value(place) !== null && !faults.some(excludesNull);
    }

    #removeUnknown(place: Place): boolean {
        return this.#remove(place) || this.#exhaust(place);
    }

    /** Every element that equals an earlier one goes: Ajv names only one pair. */
    #removeRepeated(place: Place): boolean {
        if (this.#policy.invalid === undefined) return false;
        const seen = new Set<string>();
        const indexes: number[] = [];
        for (const [index, element] of (this.#draft.value(place) as unknown[]).entries()) {
            const text = canonicalJson(element);
            if (seen.has(text)) indexes.push(index);
            else seen.add(text);
            if (indexes.length >= MAX_REPAIRED_ERRORS) return false;
        }
        if (indexes.length === 0) return this.#fail(place);
        const repeated = this.#draft.elements(place, indexes);
        return repeated.every((element) => this.#remove(element)) || this.#fail(place);
    }

    #remove(place: Place): boolean {
        const { parent, container } = place;
        const progress = this.#progressOf(place);
        if (parent === undefined || progress.removed || progress.filled) return false;
        if (Array.isArray(container) && this.#isFixedLength(container)) return false;
        progress.removed = true;
        progress.round = this.#round;
        this.#changed = true;
        this.#draft.remove(place);
        return true;
    }

    #fillMissing(place: Place, fault: Fault): boolean {
        const progress = this.#progressOf(place);
        if (progress.round === this.#round) return true;
        if (this.#policy.missing === undefined) {
            // A value that this policy removed turns out to be required. What was missing from the start is not touched.
            return progress.removed && this.#exhaust(place);
        }
        if (progress.filled === undefined) {
            progress.filled = new Set();
            if (progress.types.length === 0) progress.types = typesOfProperty(fault.parentSchema, String(place.key));
            const around = place.parent === undefined ? [] : this.#progressOf(place.parent).fillings;
            const filling = `${fault.error.schemaPath} ${place.key}`;
            // `{}` for the same missing property inside of itself would need another `{}`, without end.
            if ([...around].includes(filling)) progress.filled.add('object');
            progress.fillings = new Set([...around, filling]);
        }
        return this.#fillNext(place);
    }

    #fillNext(place: Place): boolean {
        const { types, filled } = this.#progressOf(place);
        const isUntried = (type: EmptyType): boolean => !filled!.has(type);
        const mayBeNull = types.length === 0 || types.includes('null');
        const named = types.filter((type): type is EmptyType => EMPTY_TYPES.includes(type as EmptyType));
        const next = mayBeNull && isUntried('null') ? 'null' : named.find(isUntried);
        if (next === undefined) return this.#exhaust(place);
        filled!.add(next);
        return this.#set(place, EMPTY_VALUES[next](), 'filled');
    }

    #set(place: Place, value: unknown, action: 'coerced' | 'nulled' | 'filled'): boolean {
        const progress = this.#progressOf(place);
        progress.round = this.#round;
        progress.branches = undefined;
        this.#changed = true;
        this.#draft.set(place, value, action);
        return true;
    }

    /** Nothing is left to try here: the place becomes as it was pushed, and what is around it fails in its place. */
    #exhaust(place: Place): boolean {
        const progress = this.#progressOf(place);
        if (place.parent === undefined) return false;
        if (!progress.isExhausted) {
            progress.isExhausted = true;
            this.#changed = true;
            this.#draft.reset(place);
        }
        return this.#failAround(place);
    }

    #failAround({ parent }: Place): boolean {
        return this.#policy.invalid !== undefined && parent !== undefined && this.#fail(parent);
    }

    #progressOf(place: Place): Progress {
        let progress = this.#progress.get(place);
        if (progress === undefined) {
            progress = {
                coerced: false,
                nulled: false,
                removed: false,
                filled: undefined,
                isExhausted: false,
                round: 0,
                types: NO_TYPES,
                branches: undefined,
                fillings: place.parent === undefined ? NO_FILLINGS : this.#progressOf(place.parent).fillings,
            };
            this.#progress.set(place, progress);
        }
        return progress;
    }
}

function isObject(value: unknown): boolean {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
