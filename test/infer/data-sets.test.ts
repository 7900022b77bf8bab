import { getDatasetSchemaValidator } from '@apify/json_schemas';
import { describe, expect, it } from 'vitest';

import { inferSchema } from '../../src/infer/infer-schema.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { compileStrictly } from './support/strict-ajv.js';
import { loadCompatEntries, loadVega, VEGA_LISTS } from './support/data-sets.js';

type Item = Record<string, unknown>;
type Node = Record<string, any>;

const LOG = { debug: () => undefined, info: () => undefined, warning: () => undefined, error: () => undefined };

/** All schemas in a schema, with their paths. */
function* nodesOf(schema: Node, path = ''): Generator<[string, Node]> {
    yield [path, schema];
    for (const [key, child] of Object.entries<Node>(schema.properties ?? {})) yield* nodesOf(child, `${path}/${key}`);
    for (const key of ['items', 'additionalProperties']) if (schema[key]) yield* nodesOf(schema[key], `${path}/*`);
    for (const child of schema.anyOf ?? []) yield* nodesOf(child, path);
}

async function expectToFit(items: readonly Item[]): Promise<Node> {
    const { fields, readItems, outliers } = await inferSchema(items);
    expect({ readItems, outliers }).toEqual({ readItems: items.length, outliers: [] });
    const validate = compileStrictly(fields);
    expect(items.filter((item) => !validate(item))).toEqual([]);
    const isDatasetSchema = getDatasetSchemaValidator();
    isDatasetSchema({ actorSpecification: 1, fields });
    expect(isDatasetSchema.errors).toBeNull();
    for (const [path, node] of nodesOf(fields)) {
        expect(Object.keys(node.properties ?? {}).length, path).toBeLessThan(60);
        for (const example of node.examples ?? []) expect(String(example).length, path).toBeLessThan(100);
        if (node.enum !== undefined) expectValuesAPersonWouldList(path, node);
    }
    return fields;
}

function expectValuesAPersonWouldList(path: string, { type, format, enum: values }: Node): void {
    expect(format, path).toBeUndefined();
    expect(values.length, path).toBeLessThan(30);
    expect(values.includes(null), path).toBe([type].flat().includes('null'));
    const texts = values.filter((value: unknown) => value !== null);
    expect(
        texts.every((value: unknown) => typeof value === 'string' && !/^-?[\d.,]+$/.test(value)),
        path,
    ).toBe(true);
}

/** The output of `check` for the item without a required field, and with another type in each field. */
async function expectChangesToBeFound(items: readonly Item[], fields: Node): Promise<void> {
    const { schema } = await compileItemSchema(fields, { source: 'inferred' }, LOG);
    const [item] = items as [Item];
    for (const key of fields.required) {
        const { [key]: _dropped, ...rest } = item;
        expect(schema!.validate(rest), `without ${key}`).toBeDefined();
    }
    for (const key of Object.keys(fields.properties)) {
        expect(schema!.validate({ ...item, [key]: [['no such type']] }), `another type of ${key}`).toBeDefined();
    }
}

describe('the schema inferred of a data set', { timeout: 60_000 }, () => {
    it('is tried with all lists of vega-datasets', () => {
        const json = VEGA_LISTS.filter((name) => name.endsWith('.json'));
        expect([json.length, VEGA_LISTS.length - json.length]).toEqual([36, 24]);
    });

    it.each(VEGA_LISTS)('accepts every item of %s in strict mode, and finds changed fields', async (name) => {
        const items = await loadVega(name);
        const fields = await expectToFit(items);
        await expectChangesToBeFound(items, fields);
    });

    it('accepts every entry of the compatibility data, and lists no browser', async () => {
        const entries = loadCompatEntries();
        const fields = await expectToFit(entries);
        const { support, status } = fields.properties;
        expect(support.properties).toBeUndefined();
        expect(support.additionalProperties.anyOf.map(({ type }: Node) => type)).toEqual(['object', 'array']);
        expect(Object.keys(status.properties)).toEqual(['deprecated', 'experimental', 'standard_track']);
        await expectChangesToBeFound(entries, fields);
    });

    it('has the years of a budget as the keys of a map', async () => {
        const { properties, additionalProperties } = await expectToFit(await loadVega('budget.json'));
        expect(Object.keys(properties)).not.toContain('1962');
        expect(additionalProperties).toMatchObject({ type: 'string' });
    });

    it('names the movies whose title is no text as outliers of 1 %', async () => {
        const movies = await loadVega('movies.json');
        const { fields, outliers } = await inferSchema(movies, { tolerate: 0.01 });
        expect(fields.properties.Title).toMatchObject({ type: 'string', title: 'Title', examples: ['The Land Girls'] });
        expect(outliers.filter(({ path }) => path === '/Title')).toMatchObject([
            {
                found: 'integer',
                expected: ['string'],
                count: 9,
                total: 3_201,
                samples: [{ itemPosition: 21, value: 1776 }, {}, {}],
            },
            { found: 'null', expected: ['string'], count: 1, samples: [{ itemPosition: 3_053 }] },
        ]);
        const validate = compileStrictly(fields);
        const failing = movies.filter((movie) => !validate(movie));
        expect(failing).toHaveLength(18);
    });
});
