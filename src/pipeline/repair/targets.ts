import type { Draft, Place } from './draft.js';
import type { Fault } from './fault.js';

/**
 * The fault to repair at a place.
 * - `unknown`: a property or element that must not be there
 * - `missing`: a property that must be there
 * - `repeated`: an array that holds an element twice
 * - `invalid`: a value that fails
 */
export type TargetKind = 'unknown' | 'missing' | 'repeated' | 'invalid';

export interface Target {
    readonly place: Place;
    readonly kind: TargetKind;
    readonly faults: Fault[];
}

/** The keywords that name a property of the object at their path, with the param that has the name. */
const NAMED_PROPERTY: Readonly<Record<string, { kind: TargetKind; param: string }>> = {
    required: { kind: 'missing', param: 'missingProperty' },
    dependentRequired: { kind: 'missing', param: 'missingProperty' },
    dependencies: { kind: 'missing', param: 'missingProperty' },
    additionalProperties: { kind: 'unknown', param: 'additionalProperty' },
    unevaluatedProperties: { kind: 'unknown', param: 'unevaluatedProperty' },
    propertyNames: { kind: 'unknown', param: 'propertyName' },
};

const ORDER: readonly TargetKind[] = ['unknown', 'missing', 'invalid', 'repeated'];

/**
 * The places at which the faults are to be repaired, outer places first, one target for each place.
 * Errors that lead to no place are in `lost`.
 */
export function findTargets(faults: readonly Fault[], draft: Draft): { targets: Target[]; lost: Fault[] } {
    const lost: Fault[] = [];
    const byPlace = new Map<Place, Target>();
    for (const fault of faults) {
        const found = find(fault, draft);
        if (found === undefined) {
            lost.push(fault);
            continue;
        }
        const { place, kind } = found;
        const known = byPlace.get(place);
        if (known === undefined) byPlace.set(place, { place, kind, faults: [fault] });
        else if (known.kind === kind) known.faults.push(fault);
        else if (ORDER.indexOf(kind) < ORDER.indexOf(known.kind)) byPlace.set(place, { place, kind, faults: [fault] });
    }
    return { targets: [...byPlace.values()].sort((one, other) => one.place.depth - other.place.depth), lost };
}

function find({ error }: Fault, draft: Draft): { place: Place; kind: TargetKind } | undefined {
    const { keyword, instancePath } = error;
    const base = draft.resolve(instancePath);
    if (base === undefined) return undefined;
    const named = Object.hasOwn(NAMED_PROPERTY, keyword) ? NAMED_PROPERTY[keyword]! : undefined;
    if (named === undefined) return { place: base, kind: kindOf(keyword) };
    const name = error.params?.[named.param];
    const place = typeof name === 'string' ? draft.property(base, name) : undefined;
    if (place === undefined || draft.has(place) !== (named.kind === 'unknown')) return undefined;
    return { place, kind: named.kind };
}

function kindOf(keyword: string): TargetKind {
    if (keyword === 'false schema') return 'unknown';
    return keyword === 'uniqueItems' ? 'repeated' : 'invalid';
}
