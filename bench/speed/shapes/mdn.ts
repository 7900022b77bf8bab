import { readFileSync } from 'node:fs';

import type { Item } from '../shapes.js';

const NOTES = { type: ['string', 'array'], items: { type: 'string' } };
const VERSION = { type: ['string', 'boolean', 'null'] };
const SUPPORT = {
    type: 'object',
    required: ['version_added'],
    properties: {
        version_added: VERSION,
        version_removed: VERSION,
        version_last: { type: 'string' },
        partial_implementation: { type: 'boolean' },
        prefix: { type: 'string', minLength: 1 },
        alternative_name: { type: 'string', minLength: 1 },
        notes: NOTES,
        flags: { type: 'array', items: { type: 'object', required: ['type', 'name'] } },
    },
};

/** The schema of an entry, after the documentation of the data set. */
export const COMPAT_FIELDS = {
    type: 'object',
    required: ['feature', 'support'],
    properties: {
        feature: { type: 'string', minLength: 1 },
        description: { type: 'string' },
        mdn_url: { type: 'string', format: 'uri' },
        spec_url: { type: ['string', 'array'], items: { type: 'string' } },
        source_file: { type: 'string' },
        tags: { type: 'array', items: { type: 'string', pattern: '^[a-z-]+:' } },
        support: {
            type: 'object',
            additionalProperties: { anyOf: [SUPPORT, { type: 'array', minItems: 2, items: SUPPORT }] },
        },
        status: {
            type: 'object',
            required: ['deprecated', 'experimental', 'standard_track'],
            additionalProperties: { type: 'boolean' },
        },
    },
};

/** Some 20,000 features, each with the browsers that have it: a kilobyte each. */
export function loadCompatEntries(): Item[] {
    const file = new URL(import.meta.resolve('@mdn/browser-compat-data'));
    const { __meta, browsers, ...features } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Item>;
    const items: Item[] = [];
    collect(features, [], items);
    return items;
}

function collect(node: Item, path: readonly string[], items: Item[]): void {
    for (const [name, value] of Object.entries(node)) {
        if (name === '__compat') items.push({ feature: path.join('.'), ...(value as Item) });
        else if (typeof value === 'object' && value !== null) collect(value as Item, [...path, name], items);
    }
}
