import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { ItemCopier } from '../../../src/pipeline/copy/item-copier.js';
import type { Dictionary } from '../../../src/records.js';
import { ajvView, anyJavaScriptValue } from '../../support/stage-values.js';

/** After so many objects of a shape with a few members it has a copier of its own. */
const ENOUGH = 100;

describe.each([
    ['objects of unknown shapes', 0],
    ['objects of known shapes', ENOUGH],
])('ItemCopier with %s', (_name, sightings) => {
    /** A copy of the item, by a copier that has seen it, or one that looks like it, so many times. */
    const copyItem = (item: unknown, likeness = item) => {
        const copier = new ItemCopier();
        for (let count = 0; count < sightings; count++) copier.copy(likeness);
        return copier.copy(item);
    };
    const isPlain = (item: unknown, likeness?: unknown) => copyItem(item, likeness).isPlain;

    it.each<[string, object]>([
        ['an empty object', {}],
        ['nested data', { a: [1, 'two', true, null, { b: -1.5 }], c: {} }],
        ['an own __proto__ key', JSON.parse('{"__proto__":{"a":1}}')],
        ['symbol keys, which neither JSON nor a schema sees', { a: 1, [Symbol('s')]: new Date() }],
        ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
        [
            'the same part twice',
            (() => {
                const part = { a: 1 };
                return { x: part, y: part };
            })(),
        ],
        ['-0, which equals 0', { a: -0 }],
        ['a hidden member, which its JSON has not', Object.defineProperty({ b: 1 }, 'a', { value: 1 })],
        ['the members of a proxy', new Proxy({ a: 'text' }, {})],
    ])('takes %s', (_, item) => {
        const text = JSON.stringify(item);
        const copy = copyItem(item);
        expect(copy.isPlain).toBe(true);
        expect(ajvView(copy.data)).toStrictEqual(ajvView(JSON.parse(text)));
        expect(JSON.stringify(copy.data)).toBe(text);
    });

    it.each<[string, unknown]>([
        ['undefined', undefined],
        ['a string', 'text'],
        ['an array', [{ a: 1 }]],
        ['a member that is undefined', { a: undefined }],
        ['a function', { a: () => 1 }],
        ['a symbol', { a: Symbol('a') }],
        ['a BigInt', { a: 1n }],
        ['NaN', { a: NaN }],
        ['Infinity', { a: -Infinity }],
        ['a Date', { a: new Date(0) }],
        ['a Map', { a: new Map() }],
        ['a boxed number', { a: Object(5) }],
        [
            'a class instance',
            new (class {
                a = 1;
            })(),
        ],
        ['an inherited member', Object.create({ a: 1 })],
        [
            'a setter alone',
            {
                set a(_value: unknown) {
                    /* nothing */
                },
            },
        ],
        ['a toJSON of its own', { toJSON: () => ({}) }],
        ['a hidden toJSON', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({}) })],
        ['an array with a toJSON', { a: Object.assign([1], { toJSON: () => 5 }) }],
        ['an array of a class of its own', { a: new (class extends Array {})() }],
        ['a hole', { a: [1, , 3] }], // oxlint-disable-line no-sparse-arrays
        ['a hole among more than could be walked', { a: Object.assign([], { length: 2 ** 32 - 1 }) }],
        ['an array of an undefined', { a: [undefined] }],
        ['a revoked proxy', revoked()],
        ['a proxy that shows other values than it has', new Proxy({ a: 'text' }, { get: () => new Date(0) })],
        ['a proxy that answers to every name, toJSON too', new Proxy({ a: 'text' }, { get: () => () => ({ b: 1 }) })],
        ['nesting deeper than the stack', nested(200_000)],
    ])('is not plain where there is %s', (_, item) => {
        expect(isPlain(item)).toBe(false);
    });

    // Where the language has it: its JSON is the number, not the object that holds it.
    it.runIf('rawJSON' in JSON)('is not plain where there is raw JSON', () => {
        const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };
        expect(isPlain({ id: rawJSON('12345678901234567890') })).toBe(false);
    });

    it.each<[string, (get: () => unknown) => object, string]>([
        ['an object', (get) => Object.defineProperty({}, 'a', { enumerable: true, get }), '{"a":1}'],
        [
            'an inner object',
            (get) => ({ list: [Object.defineProperty({}, 'a', { enumerable: true, get })] }),
            '{"list":[{"a":1}]}',
        ],
        ['an array', (get) => ({ list: Object.defineProperty([0], 0, { enumerable: true, get }) }), '{"list":[1]}'],
        ['a proxy', (get) => new Proxy({ a: 0 }, { get: (_, key) => (key === 'a' ? get() : undefined) }), '{"a":1}'],
    ])('reads a getter of %s once, for the JSON and the validation', (_, build, text) => {
        let calls = 0;
        const likeness = build(() => 1);
        const copy = copyItem(
            build(() => ++calls),
            likeness,
        );
        expect(copy.isPlain).toBe(true);
        expect(JSON.stringify(copy.data)).toBe(text);
        expect(calls).toBe(1);
    });

    it('reads a getter once beside what is not plain, too', () => {
        let calls = 0;
        const item = { at: new Date(0), none: undefined, part: { count: 0 } };
        const likeness = structuredClone(item);
        Object.defineProperty(item.part, 'count', { enumerable: true, get: () => ++calls });
        const copy = copyItem(item, likeness);
        expect(copy.isPlain).toBe(false);
        expect(JSON.stringify(copy.data)).toBe('{"at":"1970-01-01T00:00:00.000Z","part":{"count":1}}');
        expect(calls).toBe(1);
    });

    it('never calls an inherited getter', () => {
        let calls = 0;
        isPlain(Object.create(Object.defineProperty({}, 'a', { enumerable: true, get: () => ++calls })));
        expect(calls).toBe(0);
    });

    it.each<[string, object, object]>([
        ['what inherits the same names', Object.create({ a: 1, b: 2 }), { a: 1, b: 2 }],
        ['a class instance with the same members', Object.assign(new (class {})(), { a: 1 }), { a: 1 }],
        ['what inherits from nothing', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
        ['a hidden toJSON', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({}) }), { a: 1 }],
        ['an undefined value of the same name', { a: undefined }, { a: 1 }],
        ['a Date in the same place', { a: new Date(0) }, { a: { b: 1 } }],
        [
            'an array with the same names',
            { a: Object.assign(Object.create(Array.prototype), ['x']) },
            { a: { 0: 'x' } },
        ],
    ])('tells %s from plain objects', (_, item, likeness) => {
        const copy = copyItem(item, likeness);
        expect(copy.isPlain).toBe(false);
        expect(JSON.stringify(copy.data)).toBe(JSON.stringify(item));
    });

    it.each<[string, object, object]>([
        ['another order', { b: 1, a: 2 }, { a: 1, b: 2 }],
        ['a name less', { a: 1 }, { a: 1, b: 2 }],
        ['a name more', { a: 1, b: 2, c: 3 }, { a: 1, b: 2 }],
        ['other kinds of values', { a: 'text', b: [{ c: null }] }, { a: { d: 1 }, b: true }],
        ['no names', {}, { a: 1 }],
        ['numbers as names', { 2: 'b', 10: 'c', 1: 'a' }, { 1: 'x', 2: 'y', 10: 'z' }],
        [
            'names that are no identifiers',
            { 'it\'s "quoted"\\': 1, 'line\n\u2028\u2029': 2, '\uD800': 3, '': 4, '${x}`': 5, 'constructor': 6 },
            { 'it\'s "quoted"\\': 0, 'line\n\u2028\u2029': 0, '\uD800': 0, '': 0, '${x}`': 0, 'constructor': 0 },
        ],
        ['an own __proto__', JSON.parse('{"a":{"__proto__":[1]}}'), JSON.parse('{"a":{"__proto__":null}}')],
    ])('copies %s as it is', (_, item, likeness) => {
        const copy = copyItem(item, likeness);
        expect(copy.isPlain).toBe(true);
        expect(JSON.stringify(copy.data)).toBe(JSON.stringify(item));
        expect(ajvView(copy.data)).toStrictEqual(ajvView(item));
    });

    it('sees what a getter takes away while it is read', () => {
        const item: Dictionary = { a: 0, b: 1 };
        const likeness = { ...item };
        Object.defineProperty(item, 'a', { enumerable: true, get: () => delete item.b });
        const copy = copyItem(item, likeness);
        const text = JSON.stringify(copy.data);
        if (copy.isPlain) expect(ajvView(copy.data)).toStrictEqual(ajvView(JSON.parse(text)));
        expect(['{"a":true}', '{"a":true,"b":1}']).toContain(text);
    });

    it('changes nothing of the item', () => {
        const item = { list: [{ a: 1 }], part: { b: [2] } };
        const { list, part } = item;
        const copy = copyItem(item).data as typeof item;
        expect(copy).toStrictEqual({ list: [{ a: 1 }], part: { b: [2] } });
        copy.list[0]!.a = 5;
        copy.part.b.push(6);
        expect(item).toStrictEqual({ list: [{ a: 1 }], part: { b: [2] } });
        expect(item.list === list && item.part === part).toBe(true);
    });

    it('says that its JSON is what its data is, and has the JSON that the item has', () => {
        let taken = 0;
        fc.assert(
            fc.property(anyJavaScriptValue(), (value) => {
                const copy = copyItem(value);
                expect(jsonOf(copy.data)).toStrictEqual(jsonOf(value));
                if (!copy.isPlain) return;
                taken++;
                expect(ajvView(copy.data)).toStrictEqual(ajvView(JSON.parse(JSON.stringify(value))));
            }),
            { numRuns: sightings === 0 ? 5_000 : 1_000 },
        );
        expect(taken).toBeGreaterThan(sightings === 0 ? 500 : 100);
    });

    it('takes every object that came out of JSON', () => {
        fc.assert(
            fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
                expect(isPlain(JSON.parse(JSON.stringify(object)))).toBe(true);
            }),
        );
    });

    describe('where somebody has added to what all objects inherit', () => {
        const added = Object.prototype as Dictionary;
        afterEach(() => {
            delete added.extra;
            delete added.toJSON;
        });

        it('neither takes nor writes what is inherited', () => {
            const extra = { a: 1 };
            added.extra = extra;
            const copy = copyItem({ b: 2 });
            expect(copy.isPlain).toBe(false);
            expect(Object.keys(copy.data as object)).toStrictEqual(['b']);
            expect(added.extra).toBe(extra);
        });

        it('leaves an inherited toJSON to decide', () => {
            Object.defineProperty(added, 'toJSON', { value: () => ({ c: 3 }), configurable: true });
            const copy = copyItem({ b: 2 });
            expect(copy.isPlain).toBe(false);
            expect(JSON.stringify(copy.data)).toBe('{"c":3}');
        });
    });
});

/** The JSON of a value, or what making it throws. */
function jsonOf(value: unknown): unknown {
    try {
        return { text: JSON.stringify(value) };
    } catch (error) {
        return { error: (error as Error).message };
    }
}

function nested(depth: number): object {
    let item: object = {};
    for (let level = 0; level < depth; level++) item = { deeper: item };
    return item;
}

function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
}
