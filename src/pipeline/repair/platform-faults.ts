import type { ItemError } from '../../records.js';
import type { Fault } from './fault.js';

const WITH_ERRORS_BELOW: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'propertyNames']);

/**
 * The tree of a list of errors whose schema is not at hand. An error stands below the next `anyOf`, `oneOf`, `contains` or
 * `propertyNames` at its place or around it if its schema path says so, or if it leads into a definition, where a `$ref` of
 * a branch may have led. What is taken wrongly for a branch is not lost: the platform names it again.
 */
export function faultsOf(errors: readonly ItemError[]): Fault[] {
    const faults: Fault[] = [];
    for (const error of errors) {
        if (!WITH_ERRORS_BELOW.has(error.keyword)) {
            faults.push({ error });
            continue;
        }
        let start = faults.length;
        while (start > 0 && isBelow(faults[start - 1]!.error, error)) start--;
        faults.push({ error, below: branches(faults.splice(start), error.schemaPath) });
    }
    return faults;
}

function isBelow(inner: ItemError, outer: ItemError): boolean {
    const isInside =
        inner.instancePath === outer.instancePath || inner.instancePath.startsWith(`${outer.instancePath}/`);
    if (!isInside) return false;
    if (inner.schemaPath.startsWith(`${outer.schemaPath}/`)) return true;
    const definition = definitionOf(inner.schemaPath);
    return definition !== undefined && definition !== definitionOf(outer.schemaPath);
}

/** Where a schema path begins that a `$ref` led to. */
function definitionOf(schemaPath: string): string | undefined {
    return /^[^#]*#\/(?:definitions|\$defs)\/[^/]+/.exec(schemaPath)?.[0];
}

/** In the order of the list, which is that of the branches; errors of one branch stand together. */
function branches(faults: readonly Fault[], schemaPath: string): Fault[][] {
    const groups: { name: string | undefined; faults: Fault[] }[] = [];
    for (const fault of faults) {
        const path = fault.error.schemaPath;
        const name = path.startsWith(`${schemaPath}/`)
            ? path.slice(schemaPath.length + 1).split('/')[0]
            : definitionOf(path);
        const last = groups.at(-1);
        if (last?.name === name) last!.faults.push(fault);
        else groups.push({ name, faults: [fault] });
    }
    return groups.map((group) => group.faults);
}
