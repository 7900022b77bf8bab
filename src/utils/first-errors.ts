interface ErrorPlace {
    readonly instancePath: string;
    readonly schemaPath: string;
    readonly keyword: string;
}

/** Ajv reports these behind the errors of the schemas below them, which are no faults of their own. */
const CLOSING: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'propertyNames']);
/** Hardly any schema nests more of these in one another. */
const MAX_CLOSING = 20;

/**
 * The first `max` errors of an item. Where these end below an `anyOf`, its own error takes the place of the last one: without it
 * the errors of its branches would be told as faults.
 */
export function firstErrors<E extends ErrorPlace>(errors: readonly E[], max: number): readonly E[] {
    if (errors.length <= max) return errors;
    for (let end = max; ;) {
        const closing = closingErrors(errors, end).slice(-Math.min(MAX_CLOSING, max - 1));
        if (end + closing.length <= max) return [...errors.slice(0, end), ...closing];
        // What is left out now may have closed errors itself.
        end = max - closing.length;
    }
}

/**
 * The errors from `end` on that may be about an alternative to which the error before `end` belongs, innermost first. All that stands
 * between the two is about the same value or a part of it, and one alternative is not below itself.
 */
function closingErrors<E extends ErrorPlace>(errors: readonly E[], end: number): E[] {
    const closing: E[] = [];
    const seen = new Set<string>();
    let common: string | undefined;
    for (const [index, error] of errors.entries()) {
        if (index < end - 1) continue;
        const { keyword, instancePath, schemaPath } = error;
        const place = JSON.stringify([instancePath, schemaPath]);
        const isAround = common !== undefined && isWithin(common, instancePath);
        if (CLOSING.has(keyword) && isAround && !seen.has(place)) closing.push(error);
        seen.add(place);
        common = common === undefined ? instancePath : commonPath(common, instancePath);
    }
    return closing;
}

function isWithin(path: string, container: string): boolean {
    return path === container || path.startsWith(`${container}/`);
}

function commonPath(path: string, other: string): string {
    let common = path;
    while (!isWithin(other, common)) common = common.slice(0, common.lastIndexOf('/'));
    return common;
}
