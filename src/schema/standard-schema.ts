import { SchemaLoadError } from '../errors.js';
import type { Dictionary } from '../records.js';
import { isObject, kindOf } from './place.js';

/**
 * Returns the JSON Schema behind `options.schema`: JSON Schema as it is, a schema of a library by asking the library for the
 * item as code pushes it, its input. The output form would forbid further keys.
 *
 * Libraries are asked by Standard JSON Schema (`~standard.jsonSchema`: zod 4, arktype, valibot through
 * `toStandardJsonSchema`), else by `toJSONSchema`, which earlier versions of zod 4 have.
 * @throws SchemaLoadError that names the library and the line to write
 */
export function toJsonSchema(option: object): Dictionary {
    // JSON Schema that zod has written still has the property `~standard` of zod.
    if ('$schema' in option && typeof option.$schema === 'string') return option;
    const { '~standard': standard, toJSONSchema } = option as StandardSchema;
    if (typeof standard?.jsonSchema?.input === 'function') {
        const { jsonSchema } = standard;
        return converted(option, () => jsonSchema.input({ target: 'draft-07' }));
    }
    if (typeof toJSONSchema === 'function') {
        return converted(option, () => toJSONSchema.call(option, { target: 'draft-7', io: 'input' }));
    }
    if (standard !== undefined || typeof option === 'function') {
        throw new SchemaLoadError(
            SOURCE,
            `a schema of ${libraryOf(option)} has no JSON Schema by itself. ${remedyFor(option)}`,
        );
    }
    return option as Dictionary;
}

interface StandardSchema {
    '~standard'?: { vendor?: unknown; jsonSchema?: { input(options: { target: string }): unknown } };
    'toJSONSchema'?(options: { target: string; io: string }): unknown;
}

const SOURCE = 'options.schema';

function converted(option: object, convert: () => unknown): Dictionary {
    let result: unknown;
    try {
        result = convert();
    } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new SchemaLoadError(
            SOURCE,
            `${libraryOf(option)} cannot write this schema as JSON Schema: ${reason}. ${remedyFor(option)}`,
            { cause: error },
        );
    }
    if (isObject(result)) return result;
    throw new SchemaLoadError(
        SOURCE,
        `the JSON Schema from ${libraryOf(option)} must be an object, but is ${kindOf(result)}.`,
    );
}

function libraryOf(option: object): string {
    const { vendor } = (option as StandardSchema)['~standard'] ?? {};
    return typeof vendor === 'string' && vendor !== '' ? vendor : 'an unknown library';
}

/** The line to write. zod 4 has `_zod` in its schemas, zod/mini included; zod 3 has not. */
function remedyFor(option: object): string {
    const library = libraryOf(option);
    const canConvert = (option as StandardSchema)['~standard']?.jsonSchema !== undefined;
    if (library === 'zod' && '_zod' in option) {
        const unrepresentable = canConvert ? ", unrepresentable: 'any'" : '';
        return `Write: schema: z.toJSONSchema(yourSchema, { target: 'draft-7', io: 'input'${unrepresentable} })`;
    }
    if (library === 'zod') {
        return (
            'Use zod 4, or write with the package zod-to-json-schema: ' +
            "schema: zodToJsonSchema(yourSchema, { removeAdditionalStrategy: 'strict' })"
        );
    }
    if (library === 'valibot' && !canConvert) {
        return 'Write with the package @valibot/to-json-schema: schema: toStandardJsonSchema(yourSchema)';
    }
    if (library === 'valibot') {
        return "Write with the package @valibot/to-json-schema: schema: toJsonSchema(yourSchema, { typeMode: 'input', errorMode: 'ignore' })";
    }
    return 'Give the JSON Schema of one item instead; many libraries have a function that makes it';
}
