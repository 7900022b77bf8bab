import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { ApiError, isObject } from './exchange.js';

/** How a dataset words its rejections. The public texts disagree, so each way can be had. */
export interface RejectionStyle {
    type: 'schema-validation-error' | 'schema-validation-failed' | 'schema-validation';
    /**
     * - `array-path`: a list, paths from the array (`/1/price`, `/items/properties/price/type`)
     * - `item-path`: a list, paths from the item (`/price`, `#/properties/price/type`)
     * - `map`: position to messages
     * - `missing`: an error without `data`
     * - `empty`: a list that names nobody
     * - `malformed`: something else where the list should be
     */
    shape: 'array-path' | 'item-path' | 'map' | 'missing' | 'empty' | 'malformed';
    /** The number of the first item in `itemPosition`. */
    countFrom: 0 | 1;
    /** Added to each `itemPosition`; with a large number it lies outside the request. */
    shift: number;
    /** Whether `shift` moves the index in `instancePath` too (`array-path`). */
    shiftPaths: boolean;
}

export const DOCUMENTED_STYLE: RejectionStyle = {
    type: 'schema-validation-error',
    shape: 'array-path',
    countFrom: 0,
    shift: 0,
    shiftPaths: false,
};

export type ItemValidator = (item: unknown) => readonly ErrorObject[] | undefined;

interface Invalid {
    index: number;
    errors: readonly ErrorObject[];
}

/** Compiles the JSON Schema of an item. One that cannot be compiled enforces nothing. */
export function compileFields(fields: unknown): ItemValidator | undefined {
    if (!isObject(fields) || Object.keys(fields).length === 0) return undefined;
    const create = validatorsOf(String(fields.$schema ?? ''));
    let validate: ValidateFunction;
    try {
        if (checkerOf(create).validateSchema(fields) !== true) return undefined;
        validate = create({ validateSchema: false }).compile(fields);
    } catch {
        return undefined;
    }
    return (item) => (validate(item) ? undefined : (validate.errors ?? []));
}

type CreateAjv = (options: Options) => Ajv | Ajv2019 | Ajv2020;

const OPTIONS: Options = { allErrors: true, strict: false, logger: false };
const DRAFT_07: CreateAjv = (options) => addFormats.default(new Ajv({ ...OPTIONS, ...options }));
const DRAFT_2019: CreateAjv = (options) => addFormats.default(new Ajv2019({ ...OPTIONS, ...options }));
const DRAFT_2020: CreateAjv = (options) => addFormats.default(new Ajv2020({ ...OPTIONS, ...options }));

function validatorsOf(draft: string): CreateAjv {
    if (draft.includes('2020-12')) return DRAFT_2020;
    return draft.includes('2019-09') ? DRAFT_2019 : DRAFT_07;
}

/** To compile a meta-schema takes longer than to compile most schemas, so there is one validator for all datasets. */
const checkers = new Map<CreateAjv, ReturnType<CreateAjv>>();

function checkerOf(create: CreateAjv): ReturnType<CreateAjv> {
    const checker = checkers.get(create) ?? create({});
    checkers.set(create, checker);
    return checker;
}

/** Throws as the platform does when one of the items fails. */
export function enforce(validate: ItemValidator, items: readonly unknown[], style: () => RejectionStyle): void {
    const invalid: Invalid[] = [];
    for (const [index, item] of items.entries()) {
        const errors = validate(item);
        if (errors) invalid.push({ index, errors });
    }
    if (invalid.length === 0) return;
    const chosen = style();
    throw new ApiError(400, chosen.type, 'Schema validation failed', describe(invalid, chosen));
}

function describe(invalid: Invalid[], style: RejectionStyle): unknown {
    const position = (index: number): number => index + style.countFrom + style.shift;
    switch (style.shape) {
        case 'missing':
            return undefined;
        case 'empty':
            return { invalidItems: [] };
        case 'malformed':
            return { invalidItems: [null, 'item', { position: 'first' }, { itemPosition: -1.5, validationErrors: 7 }] };
        case 'map':
            return {
                invalidItems: Object.fromEntries(
                    invalid.map(({ index, errors }) => [position(index), errors.map(({ message }) => message)]),
                ),
            };
        default:
            return {
                invalidItems: invalid.map(({ index, errors }) => ({
                    itemPosition: position(index),
                    validationErrors: errors.map((error) => wireError(error, index, style)),
                })),
            };
    }
}

function wireError(error: ErrorObject, index: number, style: RejectionStyle): Record<string, unknown> {
    const { instancePath, schemaPath, keyword, params, message } = error;
    if (style.shape === 'item-path') return { instancePath, schemaPath, keyword, params, message };
    return {
        instancePath: `/${index + (style.shiftPaths ? style.shift : 0)}${instancePath}`,
        schemaPath: `/items${schemaPath.replace(/^#/, '')}`,
        keyword,
        params,
        message,
    };
}
