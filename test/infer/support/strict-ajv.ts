import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

/** Compiles the meta-schema only once, which takes longer than to compile most schemas. */
const META = new Ajv({ strict: false, allErrors: true });

/** A validator that refuses to compile what is dubious, with the formats that the platform checks. */
export function compileStrictly(schema: object) {
    return compileWith(schema, true);
}

/** One as the platform must use it. */
export function compile(schema: object) {
    return compileWith(schema, false);
}

function compileWith(schema: object, strict: boolean) {
    META.validateSchema(schema, true);
    const ajv = new Ajv({ strict, allErrors: true, validateSchema: false });
    addFormats.default(ajv);
    return ajv.compile(schema);
}
