import { type Fault, isAlternatives } from './fault.js';

const VALUE_KEYWORDS: ReadonlySet<string> = new Set(['type', 'const', 'enum', 'false schema']);
const DISCRIMINATOR_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum']);

/**
 * The branch of a failing `anyOf` or `oneOf` that is worth repairing: one that fits the value by `type`, `const` and `enum`,
 * then by those of its properties, which tell the branches of a discriminated union, then the one with the fewest errors,
 * then the first. `undefined` where none fits.
 */
export function chooseBranch(fault: Fault): number | undefined {
    const path = fault.error.instancePath;
    const candidates = (fault.below ?? [])
        .map((faults, index) => ({ faults, index, mismatches: mismatchedProperties(faults, path) }))
        .filter(({ faults }) => fits(faults, path));
    // Each alternative wants another value of the same property: the value is none of the things that the schema knows.
    if (candidates.length > 1 && isDiscriminated(candidates.map(({ mismatches }) => mismatches))) return undefined;
    candidates.sort(
        (one, other) => one.mismatches.size - other.mismatches.size || countOf(one.faults) - countOf(other.faults) || 0,
    );
    return candidates[0]?.index;
}

/** The faults that are to be repaired: of alternatives those of the chosen branch. */
export function selectFaults(
    faults: readonly Fault[],
    branchOf: (alternatives: Fault) => number | undefined,
): readonly Fault[] {
    const selected = faults.flatMap((fault) => {
        // The errors of `then` and `else` say what `if` asks for.
        if (fault.error.keyword === 'if') return [];
        const branch = isAlternatives(fault) ? branchOf(fault) : undefined;
        const below = branch === undefined ? [] : selectFaults(fault.below?.[branch] ?? [], branchOf);
        return below.length === 0 ? [fault] : below;
    });
    return withoutUnevaluated(selected);
}

/** While anything else fails, Ajv calls properties unevaluated that a repair of the rest would make evaluated. */
function withoutUnevaluated(faults: readonly Fault[]): readonly Fault[] {
    const definite = faults.filter((fault) => !isUnevaluated(fault));
    return definite.length > 0 ? definite : faults;
}

function isUnevaluated({ error: { schemaPath } }: Fault): boolean {
    return /\/unevaluated(?:Properties|Items)(?:\/|$)/.test(schemaPath);
}

function fits(faults: readonly Fault[], path: string): boolean {
    return faults.every((fault) => {
        if (fault.error.instancePath !== path) return true;
        if (isAlternatives(fault)) return fault.below!.some((branch) => fits(branch, path));
        return !VALUE_KEYWORDS.has(fault.error.keyword);
    });
}

/** The values that `const` and `enum` want of the value's own properties, as JSON, where they differ. */
function mismatchedProperties(faults: readonly Fault[], path: string): ReadonlyMap<string, string> {
    return new Map(
        faults
            .map(({ error }) => error)
            .filter(({ keyword, instancePath }) => {
                return DISCRIMINATOR_KEYWORDS.has(keyword) && instancePath.lastIndexOf('/') === path.length;
            })
            .map(({ instancePath, params }) => [instancePath, JSON.stringify(params)]),
    );
}

/** Whether all want something of the same property, and the values that they want differ. */
function isDiscriminated(mismatches: readonly ReadonlyMap<string, string>[]): boolean {
    return [...mismatches[0]!.keys()].some((property) => {
        const wanted = mismatches.map((mismatch) => mismatch.get(property));
        return !wanted.includes(undefined) && new Set(wanted).size > 1;
    });
}

function countOf(faults: readonly Fault[]): number {
    return withoutUnevaluated(faults.filter(({ error }) => error.keyword !== 'if')).length;
}
