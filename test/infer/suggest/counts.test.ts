import { readFileSync } from 'node:fs';

import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { inferSchema } from '../../../src/infer/infer-schema.js';
import { applyPatch } from '../../../src/infer/json-patch.js';
import { patchJsonText } from '../../../src/infer/json-text.js';
import type { SchemaChange } from '../../../src/index.js';
import { suggestChanges } from '../../../src/infer/suggest/suggest-changes.js';
import { loadVega } from '../support/data-sets.js';
import { mutate, randomNumbers, randomSchemas } from '../support/random-schemas.js';
import { compile } from '../support/strict-ajv.js';
import { openRepair } from '../support/repairs.js';
import { IS_LONG } from '../../support/mode.js';

type Item = Record<string, unknown>;
type Schema = Record<string, any>;

/** Each compiles some dozens of schemas. */
const RUNS = IS_LONG ? 40 : 1;

const ACTOR_SCHEMA = readFileSync(new URL('../../../.actor/dataset_schema.json', import.meta.url), 'utf8');

/** A change that several items need, and the same for one of them alone: what it must allow may differ. */
const nameOf = ({ kind, path, patch, description }: SchemaChange) => {
    const isOfType = kind === 'allow-type' || kind === 'add-alternative';
    return [kind, path, patch[0]?.path, isOfType && description.replace('integer', 'number')].join(' ');
};

/** The changes that an item needs, as they are found where it is the only one. */
function needsOfItems(document: Schema): (item: Item) => Promise<Set<string>> {
    const known = new Map<Item, Promise<Set<string>>>();
    const find = async (item: Item) => {
        const { changes } = await suggestChanges([item], document);
        return new Set(changes.map(nameOf));
    };
    return async (item) => {
        const found = known.get(item) ?? find(item);
        known.set(item, found);
        return found;
    };
}

/** Checks every count by validating, and that all changes together leave no item that fails. */
async function expectRightCounts(items: readonly Item[], document: Schema, fieldsOf = (schema: Schema) => schema) {
    const isValid = compile(fieldsOf(document));
    const failing = items.filter((item) => !isValid(item));
    const result = await suggestChanges(items, document);
    expect(result).toMatchObject({ checkedItems: items.length, failedItems: failing.length, unexplainedItems: 0 });
    const neededBy = needsOfItems(document);
    for (const change of result.changes) {
        const { path, description, letInItems, patch, repairs } = change;
        const passes = compile(fieldsOf(applyPatch(document, patch)));
        expect(failing.filter((item) => passes(item)).length, `${path}: ${description}`).toBe(letInItems);
        for (const { code, mendedItems } of repairs) {
            const repair = await openRepair(code, fieldsOf(document));
            const mended = failing.filter((item) => isValid(repair(structuredClone(item))));
            // A function is about the values at one path, a policy about all of the item.
            const isFunction = code.includes('=>');
            const isNeeded = await Promise.all(
                mended.map(async (item) => isFunction || (await neededBy(item)).has(nameOf(change))),
            );
            expect(isNeeded.filter(Boolean).length, `${path}: ${code}`).toBe(mendedItems);
        }
    }
    const passesAll = compile(fieldsOf(applyPatch(document, result.patch)));
    expect(items.filter((item) => !passesAll(item))).toEqual([]);
    return result;
}

describe('suggestChanges', { timeout: 120_000 }, () => {
    it('counts for the movies and the schema of the sample Actor as validating does, and leaves none that fails', async () => {
        const movies = await loadVega('movies.json');
        const { changes, patch } = await expectRightCounts(movies, JSON.parse(ACTOR_SCHEMA), ({ fields }) => fields);
        expect(changes.map(({ path, description }) => `${path}: ${description}`)).toEqual([
            '/Release Date: drop "pattern"',
            '/Title: drop "not"',
            '/Title: allow the type integer',
            '/Release Date: drop "not"',
            '/Title: drop "pattern"',
            '/MPAA Rating: allow the value "Open"',
            '/Distributor: drop "not"',
            '/Production Budget: allow null',
            '/Title: allow null',
        ]);
        expect(changes[2]!.repairs).toMatchObject([
            { code: 'repair: { coerce: true }', mendedItems: 9, samples: [{ before: 1776, after: '1776' }, {}, {}] },
        ]);
        const changed = patchJsonText(ACTOR_SCHEMA, patch);
        expect(JSON.parse(changed)).toEqual(applyPatch(JSON.parse(ACTOR_SCHEMA), patch));
        const linesBefore = new Set(ACTOR_SCHEMA.split('\n'));
        expect(changed.split('\n').filter((line) => !linesBefore.has(line))).toHaveLength(3);
    });

    it('counts for random schemas and mutated items as validating does, and leaves none that fails', async () => {
        const random = randomNumbers(2);
        for (const { schema, items } of randomSchemas(IS_LONG ? 6 : 2, 50, 2)) {
            const mutants = items.flatMap((item) => {
                const once = mutate(item, schema, random);
                return [item, ...(once === undefined ? [] : [once, mutate(once, { ...schema }, random) ?? once])];
            });
            await expectRightCounts(mutants, schema);
        }
    });

    it('counts so for items of any shape and a schema that was inferred of others', async () => {
        const name = fc.constantFrom('a', 'b', 'c/d', 'e');
        const { value } = fc.letrec<{ value: unknown }>((tie) => ({
            value: fc.oneof(
                { maxDepth: 2 },
                fc.constantFrom(null, true, 1, -2.5, '', 'text', 'https://example.com', '2025-01-31'),
                fc.array(tie('value'), { maxLength: 3 }),
                fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
            ),
        }));
        const item = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
        const items = fc.array(item, { minLength: 1, maxLength: 12 });
        await fc.assert(
            fc.asyncProperty(items, items, async (known, others) => {
                const { fields } = await inferSchema(known);
                await expectRightCounts(others, fields);
            }),
            { numRuns: RUNS, seed: 3, endOnFailure: false },
        );
    });
});
