import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { Dictionary } from '../../src/records.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { toItemErrors } from '../../src/schema/item-errors.js';
import { recordingLog } from './helpers.js';
import { plainAjv, withoutCostly } from './support/plain-ajv.js';
import { items, schemas } from './support/random-schemas.js';
import { IS_LONG } from '../support/mode.js';

const DRAFTS = {
    'draft-07': 'http://json-schema.org/draft-07/schema#',
    '2019-09': 'https://json-schema.org/draft/2019-09/schema',
    '2020-12': 'https://json-schema.org/draft/2020-12/schema',
} as const;
const LARGE = 2_000_000;
/** Random schemas, each with 20 items. */
const SCHEMAS = Number(process.env.FUZZ_SCHEMAS ?? (IS_LONG ? 2_000 : 40));
const ITEMS = 20;

type Draft = keyof typeof DRAFTS;

/** The error of Ajv where a schema cannot be compiled, or an item not be validated. */
function attempt<T>(work: () => T): { value: T } | { error: unknown } {
    try {
        return { value: work() };
    } catch (error) {
        return { error };
    }
}

async function compare(fields: Dictionary, draft: Draft, candidates: readonly unknown[]): Promise<number> {
    const schema: Dictionary = JSON.parse(JSON.stringify({ $schema: DRAFTS[draft], ...fields }));
    const full = attempt(() => plainAjv(schema, draft));
    const compiled = await compileItemSchema(schema, { source: 'fuzz' }, recordingLog());
    if ('error' in full || compiled.schema === undefined) return 0;
    const first = plainAjv(schema, draft, { allErrors: false });
    let compared = 0;
    for (const item of candidates) {
        const expected = attempt(() => (full.value(item) ? undefined : full.value.errors!));
        const actual = compiled.schema.validate(item);
        // Ajv throws for keys such as `valueOf` in an object that it compares.
        if ('error' in expected) continue;
        compared++;
        expect(actual?.length).not.toBe(0);
        expect(actual).toEqual(expected.value && toItemErrors(withoutCostly(expected.value)));
        const isValid = first(item);
        expect(compiled.schema.validate(item, LARGE)).toEqual(isValid ? undefined : toItemErrors(first.errors!));
        const verbose = compiled.schema.validateVerbose(item);
        expect(verbose === undefined).toBe(expected.value === undefined);
    }
    return compared;
}

describe('verdicts and errors', () => {
    it.each(['draft-07', '2019-09', '2020-12'] as const)(
        'of %s are those of plain Ajv for random schemas and items',
        async (draft) => {
            let compared = 0;
            await fc.assert(
                fc.asyncProperty(
                    schemas(draft),
                    fc.array(items, { minLength: ITEMS, maxLength: ITEMS }),
                    async (fields, candidates) => {
                        compared += await compare(fields, draft, candidates);
                    },
                ),
                { numRuns: SCHEMAS },
            );
            expect(compared).toBeGreaterThan(SCHEMAS * ITEMS * 0.3);
        },
        600_000,
    );
});
