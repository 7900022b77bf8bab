import { describe, expect, it } from 'vitest';

import { suggestChanges } from '../../../src/infer/suggest/suggest-changes.js';
import { suggestForSamples } from '../../../src/infer/suggest/from-samples.js';
import { ReasonCounts, schemaPathOf } from '../../../src/quality/reasons.js';
import { SchemaNames } from '../../../src/quality/schema-names.js';
import { openRepair } from '../support/repairs.js';
import { compile } from '../support/strict-ajv.js';

type Item = Record<string, any>;

/** The reasons that a report has of items that fail. */
function reasonsOf(schema: Item, items: Item[]) {
    const isValid = compile(schema);
    const reasons = new ReasonCounts({ samples: true, names: new SchemaNames(schema) });
    for (const item of items) {
        if (isValid(item)) continue;
        reasons.count({ reason: 'schema', rejectedBy: 'guard', errors: [...isValid.errors!], item: () => item });
    }
    return reasons.details().map((reason) => ({ ...reason, schemaPath: schemaPathOf(reason) }));
}

/** Returns the suggestions for samples. Whole items must suggest the same, and each repair must mend the items. */
async function suggestionsFor(schema: Item, items: Item[]) {
    const suggestions = await suggestForSamples(schema, reasonsOf(schema, items));
    const { changes } = await suggestChanges(items, schema);
    const isValid = compile(schema);
    for (const { field, change, repair } of suggestions) {
        expect(changes.map(({ path, description }) => `${path}: ${description}`)).toContain(`${field}: ${change}`);
        if (repair?.mends !== 'such items' || changes.length > 1) continue;
        const apply = await openRepair(repair.code, schema);
        expect(items.map(apply).filter((item) => !isValid(item))).toEqual([]);
    }
    return suggestions.map(({ field, change, repair }) => [
        field,
        change,
        repair && `${repair.mends}: ${repair.name}: ${repair.sample?.before} → ${repair.sample?.after}`,
    ]);
}

const NUMBER = { type: 'number' };

describe('suggestions from the samples of a report', () => {
    it.each<[string, Item, Item[], unknown[]]>([
        [
            'a value of another type',
            { type: 'object', properties: { price: NUMBER } },
            [{ price: '$12.50' }, { price: '1,234' }],
            ['/price', 'allow the type string', 'such items: writing a value in the right type: "$12.50" → 12.5'],
        ],
        [
            'values of which some can be read',
            { type: 'object', properties: { price: NUMBER } },
            [{ price: '$12.50' }, { price: 'free' }],
            [
                '/price',
                'allow the type string',
                '1 of 2 such values: writing a value in the right type: "$12.50" → 12.5',
            ],
        ],
        [
            'an element of an array of objects, behind a reference',
            {
                type: 'object',
                definitions: { offer: { type: 'object', properties: { url: { type: 'string', format: 'uri' } } } },
                properties: { offers: { type: 'array', items: { $ref: '#/definitions/offer' } } },
            },
            [{ offers: [{}, { url: 'example.com' }] }],
            [
                '/offers/*/url',
                'drop "format"',
                'such items: reading a bare domain as an address: "example.com" → "https://example.com"',
            ],
        ],
        [
            'a value of a map',
            { type: 'object', properties: { byShop: { type: 'object', additionalProperties: NUMBER } } },
            [{ byShop: { a: '7' } }],
            ['/byShop/*', 'allow the type string', 'such items: writing a value in the right type: "7" → 7'],
        ],
        [
            'a missing property',
            { type: 'object', required: ['title'], properties: { title: { type: 'string' } } },
            [{}],
            ['/title', 'make it optional', 'such items: filling in an empty value: undefined → ""'],
        ],
        [
            'a missing property of an element',
            {
                type: 'object',
                properties: { offers: { type: 'array', items: { type: 'object', required: ['seller'] } } },
            },
            [{ offers: [{}] }],
            ['/offers/*/seller', 'make it optional', 'such items: filling in an empty value: undefined → null'],
        ],
        [
            'a property that is not allowed',
            { type: 'object', properties: { a: NUMBER }, additionalProperties: false },
            [{ a: 1, more: true }],
            ['', 'allow the property "more"', 'such items: removing what the schema forbids: true → undefined'],
        ],
        [
            'null where a value is required',
            { type: 'object', required: ['a'], properties: { a: NUMBER } },
            [{ a: null }],
            ['/a', 'allow null', undefined],
        ],
    ])('say of %s what whole items say', async (_what, schema, items, expected) => {
        const [suggestion] = await suggestionsFor(schema, items);
        expect(suggestion).toEqual(expected);
    });

    it('are none for values of which only the beginning is known, and for what refers to elsewhere', async () => {
        const long = { type: 'object', properties: { a: { type: 'string', maxLength: 5 } } };
        expect(await suggestionsFor(long, [{ a: 'x'.repeat(500) }])).toEqual([]);
        const elsewhere = {
            type: 'object',
            properties: {
                a: { type: 'object', properties: { b: { $ref: '#/properties/c' } }, maxProperties: 0 },
                c: {},
            },
        };
        expect(await suggestionsFor(elsewhere, [{ a: { b: 1 } }])).toEqual([]);
    });

    it('are none without samples', async () => {
        const schema = { type: 'object', properties: { a: NUMBER } };
        const reasons = reasonsOf(schema, [{ a: 'x' }]).map((reason) => ({ ...reason, samples: [] }));
        expect(await suggestForSamples(schema, reasons)).toEqual([]);
    });
});
