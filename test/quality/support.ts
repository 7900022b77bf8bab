import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

import { ReasonCounts } from '../../src/quality/reasons.js';
import type { ReasonOptions } from '../../src/quality/reasons.js';
import { SchemaNames } from '../../src/quality/schema-names.js';
import type { ItemError } from '../../src/records.js';

/** The errors that Ajv finds, as the guard has them. */
export function validatorOf(schema: object): (item: unknown) => ItemError[] {
    const is2020 = '$schema' in schema && String(schema.$schema).includes('2020-12');
    const ajv = new (is2020 ? Ajv2020 : Ajv)({ allErrors: true, strict: false });
    formats.default(ajv);
    const validate = ajv.compile(schema);
    return (item) => {
        validate(item);
        return (validate.errors ?? []).map(({ instancePath, schemaPath, keyword, params, message }) => ({
            instancePath,
            schemaPath,
            keyword,
            params,
            message,
        }));
    };
}

/** Counts the reasons of items that fail a schema, and tells how often an item was asked for. */
export function countingFor(schema: object, options: Partial<ReasonOptions> = {}) {
    const errorsOf = validatorOf(schema);
    const reasons = new ReasonCounts({ samples: true, names: new SchemaNames(schema), ...options });
    let asked = 0;
    return {
        reasons,
        asked: () => asked,
        count: (item: unknown, url?: string) =>
            reasons.count({
                reason: 'schema',
                rejectedBy: 'guard',
                errors: errorsOf(item),
                item: () => (asked++, item),
                url,
            }),
    };
}
