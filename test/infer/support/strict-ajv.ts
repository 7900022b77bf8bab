import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

/** A validator that refuses to compile what is dubious, with the formats that the platform checks. */
export function compileStrictly(schema: object) {
    const ajv = new Ajv({ strict: true, allErrors: true });
    addFormats.default(ajv);
    return ajv.compile(schema);
}

/** One as the platform must use it. */
export function compile(schema: object) {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    return ajv.compile(schema);
}
