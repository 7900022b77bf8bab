import type { ErrorObject, Options, ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import type { Dictionary } from '../../../src/records.js';

const CLASSES = { 'draft-07': Ajv, '2019-09': Ajv2019, '2020-12': Ajv2020 };

/** The validator that the guard's verdicts are compared with: Ajv as it comes. */
export function plainAjv(schema: Dictionary, draft: keyof typeof CLASSES, options: Options = {}): ValidateFunction {
    const ajv = new CLASSES[draft]({
        allErrors: true,
        strict: false,
        logger: false,
        validateSchema: false,
        ...options,
    });
    addFormats.default(ajv);
    return ajv.compile(structuredClone(schema));
}

const BOUNDS = new Set(['type', 'maxLength', 'maxItems']);
const COSTLY = new Set(['pattern', 'format', 'uniqueItems', 'contains']);

/** Ajv's errors without those of costly keywords on a value whose bound is broken: guarantee 12. */
export function withoutCostly(errors: readonly ErrorObject[]): ErrorObject[] {
    const broken = errors.filter(({ keyword }) => BOUNDS.has(keyword));
    const isBroken = new Set(broken.map((error) => placeOf(error)));
    return errors.filter(
        (error) =>
            !(COSTLY.has(error.keyword) && error.params.format !== 'int32' && isBroken.has(placeOf(error))) &&
            !broken.some(
                (bound) =>
                    error.instancePath.startsWith(`${bound.instancePath}/`) &&
                    error.schemaPath.startsWith(`${parentOf(bound)}/contains/`),
            ),
    );
}

/** The value and the schema that an error is about. */
function placeOf(error: ErrorObject): string {
    return JSON.stringify([error.instancePath, parentOf(error), error.propertyName]);
}

function parentOf({ schemaPath }: ErrorObject): string {
    return schemaPath.slice(0, schemaPath.lastIndexOf('/'));
}
