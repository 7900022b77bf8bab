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
    const kept = [...errors];
    keepFirstErrors(kept, 0, max);
    return kept;
}

/** Removes those of the errors from `from` on that are not among the first `max`, as `firstErrors` tells them. */
export function keepFirstErrors<E extends ErrorPlace>(errors: E[], from: number, max: number): void {
    if (errors.length - from <= max) return;
    if (max === 1) {
        const first = closingErrors(errors, from + 1).at(-1) ?? errors[from]!;
        errors.length = from;
        errors.push(first);
        return;
    }
    const maxClosing = Math.min(MAX_CLOSING, max - 1);
    for (let end = max; ;) {
        const closing = closingErrors(errors, from + end).slice(-maxClosing);
        if (end + closing.length <= max) {
            errors.length = from + end;
            errors.push(...closing);
            return;
        }
        // The errors that are left out now may have closed others themselves, so that more of them are needed.
        end = max - Math.min(maxClosing, Math.max(closing.length, 2 * (max - end)));
    }
}

/**
 * The errors from `end` on that may be about an alternative to which the error before `end` belongs, innermost first: they are about its
 * value or what is around that, and one alternative is not below itself. Few paths are read, because Ajv joins each from many parts.
 */
function closingErrors<E extends ErrorPlace>(errors: readonly E[], end: number): E[] {
    const { instancePath: path } = errors[end - 1]!;
    const closing: E[] = [];
    let seen: Set<string> | undefined;
    for (let index = end; index < errors.length; index++) {
        const error = errors[index]!;
        if (!CLOSING.has(error.keyword)) continue;
        const { instancePath, schemaPath } = error;
        // All of these are around one value, so that the length tells the path.
        const place = `${instancePath.length} ${schemaPath}`;
        if (seen?.has(place) || !isWithin(path, instancePath)) continue;
        seen ??= new Set();
        seen.add(place);
        closing.push(error);
    }
    return closing;
}

function isWithin(path: string, container: string): boolean {
    return path.startsWith(container) && (path.length === container.length || path[container.length] === '/');
}
