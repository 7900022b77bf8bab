import { getDatasetSchemaValidator } from '@apify/json_schemas';
import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { Dictionary } from '../../src/records.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { dialectOf } from '../../src/schema/dialect.js';
import { toItemErrors } from '../../src/schema/item-errors.js';
import corpus from './fixtures/dataset-fields.json' with { type: 'json' };
import { loadError, recordingLog } from './helpers.js';
import { plainAjv, withoutCostly } from './support/plain-ajv.js';
import { values } from './support/random-schemas.js';

const PLACE = { source: 'the corpus', place: 'fields' };
/** Mistakes that public Actors make, and run with, though the meta-schema refuses some of them. */
const RUNS_IN_PUBLIC = 'is a bare map of properties';
const platformAccepts = getDatasetSchemaValidator();

const entries = corpus as { name: string; opens: string; fields: unknown; mentions?: string }[];

/** Items with the properties of the schema, of the right type now and then. Plain Ajv throws for some keys. */
function itemsFor(fields: Dictionary): fc.Arbitrary<unknown> {
    const names = new Set(JSON.stringify(fields).match(/(?<=")[^"\\]+(?=":)/g));
    const texts = JSON.stringify(fields).match(/(?<=[:[,]")[^"\\]+(?=")/g) ?? [''];
    const any = values.filter((one) => !JSON.stringify(one).includes('"toString"'));
    const value = fc.oneof(
        any,
        fc.constantFrom(...texts),
        fc.dictionary(fc.constantFrom(...names), any, { maxKeys: 3, noNullPrototype: true }),
    );
    return fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6, noNullPrototype: true });
}

describe('the corpus of dataset schemas', () => {
    it('has at least 60 shapes, each once', () => {
        expect(new Set(entries.map(({ fields }) => JSON.stringify(fields))).size).toBe(entries.length);
        expect(entries.length).toBeGreaterThanOrEqual(60);
    });

    it.each(entries)('opens "$name" $opens', async ({ fields, opens, mentions = '' }) => {
        const log = recordingLog();
        const isAccepted = platformAccepts({ actorSpecification: 1, fields, views: {} });
        if (opens === 'refused') {
            expect(isAccepted).toBe(false);
            expect((await loadError(compileItemSchema(fields, PLACE, log))).message).toContain(mentions);
            return;
        }
        const { schema, reason = '', remedy = '' } = await compileItemSchema(fields, PLACE, log);
        expect(isAccepted || reason.includes(RUNS_IN_PUBLIC)).toBe(true);
        expect(schema !== undefined).toBe(opens !== 'validating nothing');
        expect(log.lines).toHaveLength(opens === 'validating, with a warning' ? 1 : 0);
        expect(reason + remedy + log.lines.map(({ message }) => message).join()).toContain(mentions);
    });

    // Plain Ajv throws for an invalid regular expression. It accepts one that is valid only without the flag `u` if `unicodeRegExp` is false.
    const compared = entries.filter(
        ({ opens, name }) =>
            ['validating', 'validating, with a warning'].includes(opens) && name !== 'a pattern that is none',
    );
    it.each(compared)('has the verdicts and errors of plain Ajv for "$name"', async ({ fields, opens }) => {
        const { schema } = await compileItemSchema(fields, PLACE, recordingLog());
        const { $schema, ...others } = schema!.json;
        const { uri, name } = dialectOf($schema as string | undefined)!;
        const plain = plainAjv({ $schema: uri, ...others }, name, { unicodeRegExp: opens === 'validating' });
        fc.assert(
            fc.property(itemsFor(others), (item) => {
                const expected = plain(item) ? undefined : toItemErrors(withoutCostly(plain.errors!));
                expect(schema!.validate(item)).toEqual(expected);
            }),
            { numRuns: 60 },
        );
    });
});
