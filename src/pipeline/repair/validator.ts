import type { CodeKeywordDefinition, ErrorObject, KeywordCxt, Name as CodeName, ValidateFunction } from 'ajv';
import type { KeywordErrorCxt } from 'ajv/dist/types/index.js';

import type { Dictionary } from '../../records.js';
import { namesOf } from '../../utils/cjs-names.js';
import { loadAjv } from '../../schema/create-ajv.js';
import { dialectOf, DRAFT_07 } from '../../schema/dialect.js';
import { VERBOSE_BOUNDS } from '../../schema/item-errors.js';
import { WorkLimit } from '../../schema/work-limit.js';
import { type Fault, MAX_REPAIRED_ERRORS, type RepairValidator, TooManyErrorsError } from './fault.js';

/** Repair sees all errors of an item, which may be as many as the item has values: a larger item is not repaired. */
export const MAX_REPAIRED_BYTES = 1_000_000;

/** Characters of all paths together. Repair walks from the item to the place of each error. */
const MAX_LENGTH_OF_PATHS = 1_000_000;

/** The number of errors at the end of each branch, counted from the first error below the keyword. */
type BranchEnds = readonly number[];

/**
 * Compiles `schema` so that its errors come as a tree. Ajv lists the errors of all branches of an `anyOf` before the error of
 * the `anyOf` itself; the paths in them do not tell where a branch begins, because a `$ref` starts a path of its own.
 * The verdicts are those of the guard's own validation, and so are the errors, apart from their order.
 *
 * @throws Error where Ajv cannot compile the schema
 */
export async function createRepairValidator(schema: Dictionary): Promise<RepairValidator> {
    const create = await loadAjv(dialectOf(schema.$schema as string | undefined) ?? DRAFT_07);
    const limit = WorkLimit.of(schema);
    const bounds = { ...VERBOSE_BOUNDS, limit };
    const ajv = create({ allErrors: true, verbose: true, bounds });
    const { _, Name } = namesOf(await import('ajv'));
    const errorCount = new Name('errors');
    const branchEnds = new WeakMap<object, BranchEnds>();
    const fixedLength = new WeakSet<object>();

    /** Notes with each error of `keyword` how many errors stand below it; `trackFrom` says where they begin. */
    const withErrorsBelow = (keyword: string, trackFrom: 'keyword' | 'subschema'): void => {
        const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
        const full = { ...definition };
        const names = new WeakMap<object, CodeName>();
        const note = (params: object, ends: BranchEnds): object => {
            branchEnds.set(params, ends);
            return params;
        };
        const fullParams = full.error?.params;
        // Changed in place: a keyword that is removed and added comes at another place, and Ajv's verdicts depend on the order.
        Object.assign(definition, {
            trackErrors: true,
            error: {
                ...full.error,
                params: (cxt: KeywordErrorCxt) => {
                    const noteName = cxt.gen.scopeValue('func', { ref: note });
                    const params = typeof fullParams === 'function' ? fullParams(cxt) : _`{}`;
                    return _`${noteName}(${params}, ${names.get(cxt)!})`;
                },
            },
            code(cxt: KeywordCxt, ruleType?: string) {
                const { gen } = cxt;
                const subschema = cxt.subschema.bind(cxt);
                const trackBranches = keyword === 'anyOf' || keyword === 'oneOf';
                if (trackFrom === 'keyword') names.set(cxt, gen.const('_ends', _`[]`));
                cxt.subschema = (...args) => {
                    const start = trackFrom === 'keyword' ? cxt.errsCount! : gen.const('_start', errorCount);
                    const ends = trackFrom === 'keyword' ? names.get(cxt)! : gen.const('_ends', _`[]`);
                    names.set(cxt, ends);
                    const context = subschema(...args);
                    // `contains` forgets what is more than that, once this is noted.
                    const all = _`${errorCount} - ${start}`;
                    const end = keyword === 'contains' ? _`Math.min(${all}, ${VERBOSE_BOUNDS.maxErrors})` : all;
                    gen.code(trackBranches ? _`${ends}.push(${end})` : _`${ends}[0] = ${end}`);
                    return context;
                };
                full.code(cxt, ruleType);
            },
        });
    };

    /** Notes the arrays to which `keyword` applies in a way that forbids to take out elements. */
    const withFixedLength = (keyword: string, isFixed: (cxt: KeywordCxt) => boolean): void => {
        const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition | boolean;
        if (typeof definition === 'boolean') return; // a keyword of a later draft
        const full = { ...definition };
        Object.assign(definition, {
            code(cxt: KeywordCxt, ruleType?: string) {
                const { gen, data } = cxt;
                if (isFixed(cxt)) gen.code(_`${gen.scopeValue('obj', { ref: fixedLength })}.add(${data})`);
                full.code(cxt, ruleType);
            },
        });
    };

    withErrorsBelow('anyOf', 'keyword');
    withErrorsBelow('oneOf', 'keyword');
    withErrorsBelow('contains', 'keyword');
    withErrorsBelow('propertyNames', 'subschema');
    withFixedLength('items', (cxt) => Array.isArray(cxt.schema));
    withFixedLength('prefixItems', () => true);
    withFixedLength('minItems', ({ schema: minItems, parentSchema }) => minItems === parentSchema.maxItems);

    const check: ValidateFunction = ajv.compile(structuredClone(schema));
    return {
        validate(item) {
            limit?.begin();
            if (check(item)) return undefined;
            const errors = check.errors!;
            check.errors = null;
            if (errors.length >= MAX_REPAIRED_ERRORS || lengthOfPaths(errors) > MAX_LENGTH_OF_PATHS) {
                throw new TooManyErrorsError();
            }
            return nest(errors, branchEnds);
        },
        isFixedLength: (array) => fixedLength.has(array),
    };
}

function lengthOfPaths(errors: readonly ErrorObject[]): number {
    return errors.reduce((sum, { instancePath }) => sum + instancePath.length, 0);
}

/** The errors below one stand directly before it: read from the end, each says how many of those before it are its own. */
function nest(errors: readonly ErrorObject[], branchEnds: WeakMap<object, BranchEnds>): Fault[] {
    const faults: Fault[] = [];
    for (let index = errors.length - 1; index >= 0; index--) {
        const error = errors[index]!;
        const ends = branchEnds.get(error.params);
        const count = ends?.at(-1) ?? 0;
        const before = errors.slice(index - count, index);
        const below = ends?.map((end, branch) => nest(before.slice(ends[branch - 1] ?? 0, end), branchEnds));
        faults.push(toFault(error, below));
        index -= count;
    }
    return faults.reverse();
}

function toFault(
    { instancePath, schemaPath, keyword, params, message, parentSchema }: ErrorObject,
    below?: Fault[][],
): Fault {
    return { error: { instancePath, schemaPath, keyword, params, message }, parentSchema, ...(below && { below }) };
}
