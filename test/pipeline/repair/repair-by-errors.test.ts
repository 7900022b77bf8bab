import type { ErrorObject } from 'ajv';
import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { type RepairOption, resolveRepair } from '../../../src/pipeline/repair/options.js';
import { RepairByErrors } from '../../../src/pipeline/repair/repair-by-errors.js';
import { RepairFunctions } from '../../../src/pipeline/repair/repair-function.js';
import type { Repair } from '../../../src/pipeline/repair/repairs.js';
import type { Dictionary, ItemError } from '../../../src/records.js';
import { items, schemas } from './support/random-schemas.js';
import { applyRepairs, inventionOf } from './support/reference.js';
import { plainAjv } from './support/repairing.js';
import { IS_LONG } from '../../support/mode.js';

/** Pushes an item as often as the repair asks for it. The platform tells errors as JSON, and nothing of its schema. */
function push(
    schema: Dictionary,
    item: unknown,
    option: RepairOption,
): { stored: unknown; requests: number; repairs: readonly Repair[] } {
    const validate = plainAjv(schema.$schema).compile(schema);
    const session = new RepairByErrors(item, resolveRepair(option)!, new RepairFunctions(() => {}));
    let sent = item;
    let repairs: readonly Repair[] = [];
    for (let requests = 1; requests < 100; requests++) {
        if (validate(sent)) return { stored: sent, requests, repairs };
        const next = session.next(overTheWire(validate.errors!));
        if (next === undefined) return { stored: undefined, requests, repairs: [] };
        sent = next.item;
        repairs = next.repairs;
    }
    throw new Error('The repair does not end.');
}

function overTheWire(errors: readonly ErrorObject[]): ItemError[] {
    return JSON.parse(JSON.stringify(errors)) as ItemError[];
}

describe('the repair by the errors of the platform', () => {
    it('repairs all that a rejection names at once', () => {
        const schema = {
            properties: { title: { type: 'string' }, price: { type: 'number' }, tags: { items: { type: 'string' } } },
            additionalProperties: false,
        };
        const item = { title: 'A', price: 'x', tags: ['a', 1, 'b'], more: 1 };
        const { stored, requests, repairs } = push(schema, item, 'prune');
        expect(stored).toEqual({ title: 'A', tags: ['a', 'b'] });
        expect(requests).toBe(2);
        expect(repairs.map(({ path, action }) => `${path} ${action}`)).toEqual([
            '/more removed',
            '/price removed',
            '/tags/1 removed',
        ]);
    });

    it.each(['/tags/', '/tags/01', '/tags/ 1', '/tags/0x1', '/tags/1e0', '/tags/-1', '/tags/length'])(
        'does not take the path %s for that of an element',
        (instancePath) => {
            const session = new RepairByErrors(
                { tags: [1, 2] },
                resolveRepair('prune')!,
                new RepairFunctions(() => {}),
            );
            const error = { instancePath, schemaPath: '#/x/type', keyword: 'type', params: { type: 'string' } };
            expect(session.next([error])).toBeUndefined();
        },
    );

    it('fills with the empty value of the type that the next rejection names', () => {
        const schema = { properties: { name: { type: 'string' } }, required: ['name'] };
        expect(push(schema, {}, 'prune')).toMatchObject({ stored: { name: '' }, requests: 3 });
    });

    it('remembers the type of a value that it removed', () => {
        const schema = {
            properties: { name: { type: 'string' }, price: { type: 'number' } },
            required: ['name', 'price'],
        };
        expect(push(schema, { name: 5, price: 1 }, 'prune')).toMatchObject({
            stored: { name: '', price: 1 },
            requests: 3,
        });
        expect(push(schema, { name: 'A', price: 'x' }, 'prune')).toMatchObject({ stored: undefined, requests: 2 });
    });

    it('coerces by the type in the error', () => {
        const schema = { properties: { price: { type: ['number', 'null'] }, sku: { type: 'string' } } };
        expect(push(schema, { price: '$5', sku: 7 }, { coerce: true })).toMatchObject({
            stored: { price: 5, sku: '7' },
            requests: 2,
        });
    });

    it('does not send again what it can do nothing about', () => {
        const schema = { properties: { a: { type: 'string' } }, required: ['b'], additionalProperties: false };
        expect(push(schema, { a: 1, b: 1 }, { invalid: 'remove' })).toMatchObject({ stored: undefined, requests: 1 });
    });

    it('gives the errors about which one step can do nothing to the next, and sends what both did', () => {
        const schema = { properties: { price: { type: 'number' }, tags: { items: { type: 'string' } } } };
        const item = { price: '5', tags: [null, 'a', {}] };
        expect(push(schema, item, [{ coerce: true }, 'prune'])).toMatchObject({
            stored: { price: 5, tags: ['a'] },
            requests: 2,
        });
    });

    it('calls a function once for an item, with the errors that are left', () => {
        const calls: unknown[] = [];
        const schema = { properties: { price: { type: 'number' }, name: { type: 'string' } } };
        const step = (item: Dictionary, errors: readonly ItemError[]) => {
            calls.push(errors.map(({ instancePath }) => instancePath));
            return { ...item, name: null };
        };
        expect(push(schema, { price: '5', name: {} }, [{ coerce: true }, step])).toMatchObject({ stored: undefined });
        expect(calls).toEqual([['/name']]);
        expect(push(schema, { price: '5', name: {} }, [{ coerce: true }, step, 'prune'])).toMatchObject({
            stored: { price: 5 },
            requests: 3,
            repairs: [
                { path: '/price', action: 'coerced', before: '5', after: 5 },
                { path: '/name', action: 'removed', before: {} },
            ],
        });
    });

    it.each([
        ['in place', { oneOf: [BOOK(), SHIRT()] }, {}],
        [
            'behind a $ref',
            { oneOf: [{ $ref: '#/definitions/book' }, { $ref: '#/definitions/shirt' }] },
            { definitions: { book: BOOK(), shirt: SHIRT() } },
        ],
    ])('repairs the branch that the value names, with branches %s', (_case, product, more) => {
        const schema = { properties: { product }, ...more };
        const item = { product: { kind: 'shirt', size: 'M', color: 5 } };
        expect(push(schema, item, 'prune').stored).toEqual({ product: { kind: 'shirt', size: 'M' } });
    });

    it('takes what contains reports of each element for no fault of theirs', () => {
        const schema = {
            properties: { list: { contains: { $ref: '#/definitions/one' } } },
            definitions: { one: { const: 1 } },
        };
        expect(push(schema, { list: [2, 3], other: 1 }, 'prune')).toMatchObject({ stored: { other: 1 }, requests: 2 });
    });

    it('removes no element of a tuple', () => {
        const schema = { properties: { pair: { items: [{ type: 'number' }, { type: 'number' }] } } };
        expect(push(schema, { pair: ['x', 1] }, 'prune')).toMatchObject({ stored: {}, requests: 2 });
    });

    it('takes a value as failing where nothing of the branch that it fits can be repaired', () => {
        const alternative = { if: { type: 'string' }, else: { $ref: '#/definitions/text' } };
        const schema = {
            properties: { a: { anyOf: [alternative, { type: 'string' }] } },
            definitions: { text: { type: 'string' } },
        };
        expect(push(schema, { a: null }, 'prune')).toMatchObject({ stored: {}, requests: 2 });
    });

    it('gives nothing for errors that lead nowhere, or for none', () => {
        const start = () => new RepairByErrors({ a: 1 }, resolveRepair('prune')!, new RepairFunctions(() => {}));
        const error = { schemaPath: '#/x', keyword: 'type', params: {}, message: 'm' };
        expect(start().next([])).toBeUndefined();
        expect(start().next([{ ...error, instancePath: '/b/c' }])).toBeUndefined();
        expect(start().next([{ ...error, instancePath: '/0/a' }])).toBeUndefined();
        expect(start().next([{ ...error, instancePath: '', keyword: 'if' }])).toBeUndefined();
    });

    it('ends, stores only what is valid, and makes nothing up', { timeout: 300_000 }, () => {
        fc.assert(
            fc.property(schemas, items, (schema, item) => {
                const before = JSON.stringify(item);
                let result: ReturnType<typeof push>;
                try {
                    result = push(schema, item, [{ coerce: true }, 'prune']);
                } catch (error) {
                    // A defect of Ajv 8, with some `patternProperties` of draft 2020-12.
                    if (error instanceof TypeError) fc.pre(false);
                    throw error;
                }
                expect(JSON.stringify(item)).toBe(before);
                if (result.stored === undefined) return;
                expect(result.stored).toEqual(applyRepairs(item, result.repairs));
                expect(result.repairs.flatMap((repair) => inventionOf(repair) ?? [])).toEqual([]);
            }),
            { numRuns: IS_LONG ? 10_000 : 250 },
        );
    });
});

function BOOK(): Dictionary {
    return { properties: { kind: { const: 'book' }, size: false }, required: ['kind'] };
}

function SHIRT(): Dictionary {
    return { properties: { kind: { const: 'shirt' }, color: { type: 'string' } }, required: ['kind'] };
}
