import type { ItemError } from '../records.js';
import { firstErrors } from '../utils/first-errors.js';
import { pointerNames } from '../utils/json-pointer.js';

/** One fault of an item. The errors of a failing `anyOf` or `oneOf` are one fault with them. */
export interface Fault {
    readonly error: ItemError;
    /** Errors of the branch that fits best; none where the fault is no choice between branches. */
    readonly best: readonly ItemError[];
    /** Where each branch fails by its type alone: the types that the branches ask for. */
    readonly types?: readonly unknown[];
    /** The first error of each branch that fits as well as the best, where all of them fail for the value itself and not for something in it. */
    readonly alternatives?: readonly ItemError[];
}

/** Errors of one item that are looked at. Its faults are known long before. */
const MAX_ERRORS = 1_000;

const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf']);
const WITH_ERRORS_BELOW: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'propertyNames']);
/** What says that a tuple has no further elements, in older and in newer drafts. */
const AFTER_TUPLE: ReadonlySet<string> = new Set(['additionalItems', 'items']);
const IDENTIFYING: ReadonlySet<string> = new Set(['type', 'const', 'enum']);

/** Ajv evaluates these before `anyOf` and `oneOf` of the same schema, so that their errors can stand before those of the branches. */
const EVALUATED_BEFORE: ReadonlySet<string> = new Set(
    (
        '$ref type nullable enum const not anyOf oneOf allOf if then else minimum maximum exclusiveMinimum exclusiveMaximum ' +
        'multipleOf minLength maxLength pattern format formatMinimum formatMaximum formatExclusiveMinimum formatExclusiveMaximum'
    ).split(' '),
);
const LEADS_TO_MEMBER: ReadonlySet<string> = new Set(['properties', 'patternProperties']);
const LEADS_TO_VALUE: ReadonlySet<string> = new Set(
    'items prefixItems additionalItems unevaluatedItems contains additionalProperties unevaluatedProperties'.split(' '),
);

/**
 * Folds the errors of an item into its faults. Ajv reports the errors of all branches of an `anyOf`, then the `anyOf` itself; the
 * same goes for `contains` and `propertyNames`. `if` is no fault beside the errors of its `then` or `else`.
 */
export function foldErrors(errors: readonly ItemError[]): Fault[] {
    const faults: Fault[] = [];
    for (const error of firstErrors(errors, MAX_ERRORS)) {
        if (error.keyword === 'if' && faults.length > 0) continue;
        if (!WITH_ERRORS_BELOW.has(error.keyword)) {
            faults.push({ error, best: [] });
            continue;
        }
        let first = faults.length;
        while (first > 0 && isBelow(faults[first - 1]!.error, error)) first--;
        const below = faults.splice(first).map((fault) => fault.error);
        faults.push(CHOICES.has(error.keyword) ? toChoice(error, below) : { error, best: [] });
    }
    return withoutRepeatedSizes(faults);
}

/** A tuple is often written with `additionalItems: false` and the same bound as `maxItems`: that is one fault. */
function withoutRepeatedSizes(faults: Fault[]): Fault[] {
    const sizeOf = ({ instancePath, params }: ItemError) => `${instancePath} ${String(params?.limit)}`;
    const tooLong = new Set(faults.flatMap(({ error }) => (error.keyword === 'maxItems' ? sizeOf(error) : [])));
    if (tooLong.size === 0) return faults;
    return faults.filter(({ error }) => !AFTER_TUPLE.has(error.keyword) || !tooLong.has(sizeOf(error)));
}

/** Whether `error` was made by a schema below the keyword of `choice`. A `$ref` hides where a branch comes from in `schemaPath`. */
function isBelow(error: ItemError, choice: ItemError): boolean {
    if (error.instancePath !== choice.instancePath && !error.instancePath.startsWith(`${choice.instancePath}/`))
        return false;
    if (error.schemaPath.startsWith(`${choice.schemaPath}/`)) return true;
    const parent = choice.schemaPath.slice(0, choice.schemaPath.lastIndexOf('/') + 1);
    if (error.schemaPath.startsWith(parent)) {
        const [keyword = ''] = error.schemaPath.slice(parent.length).split('/', 1);
        return !EVALUATED_BEFORE.has(keyword);
    }
    return isOfReferencedSchema(error);
}

/** Whether `schemaPath` does not begin at the item's own schema: it leads to another depth than `instancePath`. */
function isOfReferencedSchema({ schemaPath, instancePath }: ItemError): boolean {
    if (/^#\/(?:definitions|\$defs)\//.test(schemaPath)) return true;
    const tokens = pointerNames(schemaPath.replace(/^#/, ''));
    let depth = 0;
    // The last token is the keyword that failed.
    for (let index = 0; index < tokens.length - 1; index++) {
        if (LEADS_TO_MEMBER.has(tokens[index]!)) {
            depth++;
            index++;
        } else if (LEADS_TO_VALUE.has(tokens[index]!)) {
            depth++;
            if (/^\d+$/.test(tokens[index + 1]!)) index++;
        } else if (tokens[index] === 'dependentSchemas' || tokens[index] === 'dependencies') {
            index++;
        }
    }
    return depth !== pointerNames(instancePath).length;
}

function toChoice(error: ItemError, below: readonly ItemError[]): Fault {
    const branches = groupBy(below, (one) => branchOf(one, error));
    const isOfTypes = (errors: readonly ItemError[]) =>
        errors.length === 1 && errors[0]!.keyword === 'type' && errors[0]!.instancePath === error.instancePath;
    if (branches.length > 1 && branches.every(isOfTypes)) {
        return { error, best: [], types: branches.flatMap(([one]) => one!.params?.type) };
    }
    const misfits = branches.map((errors) => misfit(errors, error));
    const fitting = branches.filter((_, index) => misfits[index] === Math.min(...misfits));
    const [best = []] = fitting.toSorted((a, b) => a.length - b.length);
    const areOfTheValue = fitting.flat().every(({ instancePath }) => instancePath === error.instancePath);
    if (fitting.length === 0 || !areOfTheValue) return { error, best };
    return { error, best, alternatives: fitting.map(([first]) => first!) };
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
    const groups = new Map<string, T[]>();
    for (const value of values) {
        const group = groups.get(keyOf(value));
        if (group === undefined) groups.set(keyOf(value), [value]);
        else group.push(value);
    }
    return [...groups.values()];
}

/** The branch's index; what it refers to where that is not known. */
function branchOf({ schemaPath }: ItemError, choice: ItemError): string {
    if (schemaPath.startsWith(`${choice.schemaPath}/`)) {
        return schemaPath.slice(choice.schemaPath.length + 1).split('/', 1)[0]!;
    }
    return /^#\/(?:definitions|\$defs)\/[^/]*/.exec(schemaPath)?.[0] ?? '';
}

/** How little a branch is meant for the value: most if its type, `const` or `enum` fail, less if those of a member do. */
function misfit(errors: readonly ItemError[], { instancePath }: ItemError): number {
    const identifying = errors.filter(({ keyword }) => IDENTIFYING.has(keyword));
    if (identifying.some((one) => one.instancePath === instancePath)) return 2;
    return identifying.some(({ keyword }) => keyword !== 'type') ? 1 : 0;
}
