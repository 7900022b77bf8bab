import type { ValidateFunction } from 'ajv';

import type { ItemSchema, Log, VerboseError } from '../ports.js';
import type { Dictionary, ItemError } from '../records.js';
import { loadBounds } from './bounded-keywords.js';
import type { AnyAjv, Dialect } from './dialect.js';
import { BOUNDS, toItemErrors } from './item-errors.js';
import type { Bounds } from './keyword-code.js';
import { addSafeFormats, patternEngine } from './patterns.js';

/** Bytes of JSON above which an item is validated up to its first error only. */
const MAX_BYTES_FOR_ALL_ERRORS = 1_000_000;
/** For repair, which follows the paths: of a megabyte of wrong elements it repairs as many as this in each round. */
const VERBOSE_BOUNDS: Bounds = { maxErrors: 10_000, maxKeyLength: Infinity };
/** The name under which Ajv knows the schema. */
const ITEM = 'item';

export interface SchemaOrigin {
    hash: string;
    source: string;
}

type Mode = 'all errors' | 'first error' | 'verbose';

/** Called with findings about the schema and its items. */
export interface ValidatorListeners {
    /** A text was too long for a pattern or a format. */
    onUndecided: () => void;
    /** Ajv says something about the schema. */
    onWarning: (message: string) => void;
}

/** Compiles the schema, or the one at `pointer` in it, without waiting for anything. */
export type Compile = (mode: Mode, pointer?: string) => ValidateFunction;

/** Loads Ajv with the options of the platform, as far as they are known: unknown keywords ignored, formats checked. */
export async function loadValidators(
    dialect: Dialect,
    schema: Dictionary,
    { onUndecided, onWarning }: ValidatorListeners,
): Promise<Compile> {
    const create = await dialect.load();
    const bound = await loadBounds();
    const { default: formats } = await import('ajv-formats');
    const instances = new Map<Mode, AnyAjv>();

    const createFor = (mode: Mode): AnyAjv => {
        const ajv = create({
            allErrors: mode !== 'first error',
            verbose: mode === 'verbose',
            strict: false,
            validateFormats: true,
            validateSchema: false,
            code: { regExp: patternEngine(onUndecided) },
            logger: { log: () => {}, error: () => {}, warn: (message: unknown) => onWarning(String(message)) },
        });
        formats.default(ajv);
        addSafeFormats(ajv, onUndecided);
        bound(ajv, mode === 'verbose' ? VERBOSE_BOUNDS : BOUNDS);
        ajv.addSchema(schema, ITEM);
        return ajv;
    };

    return (mode, pointer = '') => {
        const ajv = instances.get(mode) ?? createFor(mode);
        instances.set(mode, ajv);
        const check = ajv.getSchema(pointer === '' ? ITEM : `${ITEM}#${pointer}`);
        if (check === undefined) throw new TypeError(`The schema has nothing at ${pointer}.`);
        return check as ValidateFunction;
    };
}

/** A schema made ready. An item that cannot be decided here is left to the platform, and one warning says so. */
export function itemSchema(compile: Compile, schema: Dictionary, origin: SchemaOrigin, log: Log): ItemSchema {
    const all = compile('all errors');
    let first: ValidateFunction | undefined;
    let isWarned = false;

    const validate = (item: unknown, byteLength = 0): ItemError[] | undefined => {
        const check = byteLength > MAX_BYTES_FOR_ALL_ERRORS ? (first ??= compile('first error')) : all;
        try {
            if (check(item)) return undefined;
        } catch (error) {
            if (!isWarned) log.warning(undecidedMessage(origin.source, error));
            isWarned = true;
            return undefined;
        }
        const errors = toItemErrors(check.errors!);
        // The errors of a large item are not to live until the next one.
        check.errors = null;
        return errors;
    };

    const validateVerbose = (value: unknown, schemaPointer?: string): VerboseError[] | undefined => {
        const check = compile('verbose', schemaPointer);
        if (check(value)) return undefined;
        const errors = check.errors as VerboseError[];
        check.errors = null;
        return errors;
    };

    return Object.freeze({ validate, validateVerbose, json: schema, ...origin });
}

/** The error's own message could hold a part of the item. */
function undecidedMessage(source: string, error: unknown): string {
    const name = error instanceof Error ? error.name : 'Error';
    return (
        `${source}: an item could not be validated here (${name}): checking it takes more memory than the engine gives. ` +
        'It is left to the platform, and so are others like it.'
    );
}
