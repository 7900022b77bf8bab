import type { ValidateFunction } from 'ajv';

import type { ItemSchema, Log, VerboseError } from '../ports.js';
import type { Dictionary, ItemError } from '../records.js';
import { freezeAll } from '../utils/freeze.js';
import { type AjvSettings, loadAjv } from './create-ajv.js';
import type { AnyAjv, Dialect } from './dialect.js';
import { BOUNDS, toItemErrors, VERBOSE_BOUNDS } from './item-errors.js';
import { TooMuchWorkError, WorkLimit } from './work-limit.js';

/** Bytes of JSON above which an item is validated up to its first error only. */
const MAX_BYTES_FOR_ALL_ERRORS = 1_000_000;
/** The name under which Ajv knows the schema: one that no "$id" in it has. */
export const ITEM = 'apify-dataset-guard-item';

export interface SchemaOrigin {
    hash: string;
    source: string;
}

type Mode = 'all errors' | 'first error' | 'verbose';

/** Called with findings about the schema and its items. */
export type ValidatorListeners = Required<Pick<AjvSettings, 'onUndecided' | 'onWarning'>>;

/** Compiles the schema, or the one at `pointer` in it, without waiting for anything. */
export type Compile = (mode: Mode, pointer?: string) => ValidateFunction;

/** Validators of one schema. */
export interface Validators {
    readonly compile: Compile;
    /** Undefined where the schema needs no limit. */
    readonly limit: WorkLimit | undefined;
}

export async function loadValidators(
    dialect: Dialect,
    schema: Dictionary,
    listeners: ValidatorListeners,
): Promise<Validators> {
    const create = await loadAjv(dialect);
    const limit = WorkLimit.of(schema);
    const instances = new Map<Mode, AnyAjv>();

    const createFor = (mode: Mode): AnyAjv => {
        const ajv = create({
            allErrors: mode !== 'first error',
            verbose: mode === 'verbose',
            bounds: { ...(mode === 'verbose' ? VERBOSE_BOUNDS : BOUNDS), limit },
            ...listeners,
        });
        // While Ajv compiles, it adds "null" to each list of types that is nullable. Errors point into the schema
        // (`params.allowedValues`), so that nobody may change it afterwards.
        const own = structuredClone(schema);
        ajv.addSchema(own, ITEM);
        ajv.getSchema(ITEM);
        freezeAll(own);
        return ajv;
    };

    const compile: Compile = (mode, pointer = '') => {
        const ajv = instances.get(mode) ?? createFor(mode);
        instances.set(mode, ajv);
        const check = ajv.getSchema(pointer === '' ? ITEM : `${ITEM}#${pointer}`);
        if (check === undefined) throw new TypeError(`The schema has nothing at ${pointer}.`);
        return check as ValidateFunction;
    };
    return { compile, limit };
}

/** A schema made ready. An item that cannot be decided here is left to the platform, and one warning says so. */
export function itemSchema(
    { compile, limit }: Validators,
    schema: Dictionary,
    origin: SchemaOrigin,
    log: Log,
): ItemSchema {
    const all = compile('all errors');
    let first: ValidateFunction | undefined;
    let isWarned = false;

    const errorsOf = (check: ValidateFunction): ItemError[] => {
        const errors = toItemErrors(check.errors!);
        // The errors of a large item are not to live until the next one.
        check.errors = null;
        return errors;
    };

    const leaveToPlatform = (error: unknown): undefined => {
        if (!isWarned) log.warning(undecidedMessage(origin.source, error));
        isWarned = true;
    };

    const firstErrorOf = (item: unknown, byteLength: number): ItemError[] | undefined => {
        limit?.beginFirstError(byteLength);
        try {
            first ??= compile('first error');
            return first(item) ? undefined : errorsOf(first);
        } catch (error) {
            return leaveToPlatform(error);
        }
    };

    const validate = (item: unknown, byteLength = MAX_BYTES_FOR_ALL_ERRORS): ItemError[] | undefined => {
        if (byteLength > MAX_BYTES_FOR_ALL_ERRORS) return firstErrorOf(item, byteLength);
        limit?.begin();
        try {
            return all(item) ? undefined : errorsOf(all);
        } catch (error) {
            // A validator that stops at the first error of an alternative mostly does not look below the others.
            return error instanceof TooMuchWorkError ? firstErrorOf(item, byteLength) : leaveToPlatform(error);
        }
    };

    const validateVerbose = (value: unknown, schemaPointer?: string): VerboseError[] | undefined => {
        const check = compile('verbose', schemaPointer);
        limit?.begin();
        if (check(value)) return undefined;
        const errors = check.errors as VerboseError[];
        check.errors = null;
        return errors;
    };

    return Object.freeze({ validate, validateVerbose, json: schema, ...origin });
}

/** The error's own message could hold a part of the item. */
function undecidedMessage(source: string, error: unknown): string {
    const why =
        error instanceof TooMuchWorkError
            ? 'its schema leads to so much work on it that checking it takes too long'
            : `checking it takes more memory than the engine gives (${error instanceof Error ? error.name : 'Error'})`;
    return (
        `${source}: an item could not be validated here: ${why}. ` +
        'It is left to the platform, and so are others like it.'
    );
}
