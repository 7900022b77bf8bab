import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { collectLog } from './report/support/log-lines.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const cycle: any = { name: 'cycle' };
cycle.self = cycle;
const throws = (what: unknown) => () => {
    throw what;
};

/** A list that counts how often it is read. It throws before a test would run out of memory. */
function countedList(length: number, reads: { count: number }): unknown[] {
    return new Proxy(new Array<number>(length).fill(1), {
        get(target, key, receiver) {
            if (key !== 'length' && ++reads.count > 10_000_000) throw new Error('The list was read too often.');
            return Reflect.get(target, key, receiver) as unknown;
        },
    });
}

/** A trillion values of 120 references. Its JSON would take days. */
function manyReferences(): object {
    let part: object = {};
    for (let level = 0; level < 12; level++)
        part = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`k${n}`, part]));
    return part;
}

describe('pushData of what is neither an object nor an array', () => {
    it.each([
        ['undefined', undefined],
        ['number', 5],
        ['string', 'x'],
        ['null', null],
        ['function', () => {}],
        ['boolean', true],
        ['bigint', 1n],
        ['symbol', Symbol('s')],
    ])('rejects with a TypeError and counts nothing: %s', async (kind, data: any) => {
        const id = run.freshDataset();
        const guard = await run.open();
        const push = guard.pushData(data);
        expect(push).toBeInstanceOf(Promise);
        await expect(push).rejects.toThrow(TypeError);
        await expect(guard.pushData(data)).rejects.toThrow(
            `expects an object or an array of objects, but got: ${kind}.`,
        );
        await guard.close();
        expect(guard.report()).toMatchObject({ receivedItems: 0, discardedItems: 0, requests: 0, reasons: [] });
        expect(run.server.pushRequests(id)).toEqual([]);
    });

    it.each([[5], [''], [null], [{}]])('rejects an invalid event name: %j', async (eventName: any) => {
        run.freshDataset();
        const guard = await run.open();
        await expect(guard.pushData({ n: 1 }, eventName)).rejects.toThrow(TypeError);
        expect(guard.report().receivedItems).toBe(0);
    });
});

describe('a bad item among good ones', () => {
    const bad: [what: string, item: unknown, reason: string, message: string | RegExp, recorded?: unknown][] = [
        ['null', null, 'not-an-object', 'must be an object, but is null', null],
        ['undefined', undefined, 'not-an-object', 'must be an object, but is undefined'],
        ['a string', 'text', 'not-an-object', 'must be an object, but is a string', 'text'],
        ['a number', 5, 'not-an-object', 'must be an object, but is a number', 5],
        ['NaN', Number.NaN, 'not-an-object', 'must be an object, but is a number', null],
        ['a boolean', false, 'not-an-object', 'must be an object, but is a boolean', false],
        ['a function', () => {}, 'not-an-object', 'must be an object, but is a function'],
        ['a symbol', Symbol('s'), 'not-an-object', 'must be an object, but is a symbol'],
        ['an array', [{ n: 1 }], 'not-an-object', 'must be an object, but is an array', [{ n: 1 }]],
        ['a Date', new Date(0), 'not-an-object', /whose JSON is none/, '1970-01-01T00:00:00.000Z'],
        ['a toJSON that gives a number', { toJSON: () => 7 }, 'not-an-object', /whose JSON is none/, 7],
        ['a bare BigInt', 10n, 'not-serializable', /BigInt/],
        ['a BigInt within', { big: 10n }, 'not-serializable', /BigInt/],
        ['a cycle', cycle, 'not-serializable', /circular/i],
        [
            'a getter that throws',
            Object.defineProperty({}, 'x', { enumerable: true, get: throws(new Error('getter')) }),
            'not-serializable',
            /getter/,
        ],
        ['a toJSON that throws', { toJSON: throws(new Error('no JSON today')) }, 'not-serializable', /no JSON today/],
        ['a toJSON that throws no error', { toJSON: throws(Object.create(null)) }, 'not-serializable', /./],
        ['a toJSON that gives nothing', { toJSON: () => undefined }, 'not-serializable', /returned nothing/],
        ['a revoked proxy', revokedProxy(), 'not-serializable', /proxy/],
        [
            'what refers to the same parts ten times at each of twelve levels',
            manyReferences(),
            'not-serializable',
            /longer than a text/,
        ],
    ];
    it.each(bad)('goes to quarantine, its neighbours are stored: %s', async (_, item, reason, message, recorded) => {
        const id = run.freshDataset();
        const guard = await run.open();
        const result = await guard.pushData([{ before: true }, item, { after: true }] as any);
        await guard.close();

        expect(result).toMatchObject({ acceptedItems: 2, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ before: true }, { after: true }]);
        const records = run.quarantined(id);
        expect(records).toHaveLength(1);
        expect(records[0]).toMatchObject({ reason, rejectedBy: 'guard', itemPosition: 1 });
        expect(records[0]!.errors).toMatchObject([{ instancePath: '', keyword: reason }]);
        expect(records[0]!.errors[0]!.message).toMatch(message);
        if (recorded === undefined) expect(records[0]).not.toHaveProperty('item');
        else expect(records[0]!.item).toEqual(recorded);
        expect(guard.report()).toMatchObject({ receivedItems: 3, storedItems: 2, quarantinedItems: 1 });
    });

    it('goes to quarantine when it is an object pushed alone', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ ack: 'stored' });
        expect(await guard.pushData(cycle)).toMatchObject({ acceptedItems: 0, quarantinedItems: 1 });
        expect(run.quarantined(id)).toMatchObject([{ reason: 'not-serializable', itemPosition: 0, itemBytes: 0 }]);
    });

    it('is read a bounded number of times, however often its cycle leads past a long list', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ ack: 'stored' });
        const reads = { count: 0 };
        const item: any = { list: countedList(100_000, reads) };
        item.self = item;
        expect(await guard.pushData([item, { n: 1 }])).toMatchObject({ acceptedItems: 1, quarantinedItems: 1 });
        expect(run.quarantined(id)).toMatchObject([{ reason: 'not-serializable' }]);
        // What fits into a request has fewer values.
        expect(reads.count).toBeLessThan(5_000_000);
    });

    it('is one of many in a hole of a sparse array', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ ack: 'stored' });
        const sparse: any[] = [{ n: 0 }];
        sparse[2] = { n: 2 };
        expect(await guard.pushData(sparse)).toMatchObject({ acceptedItems: 2, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ n: 0 }, { n: 2 }]);
    });
});

describe('an unusual item', () => {
    const usual: [what: string, json: string][] = [
        ['__proto__ as a key', '{"__proto__":{"admin":true},"n":1}'],
        ['constructor and prototype as keys', '{"constructor":{"prototype":{"x":1}},"hasOwnProperty":2}'],
        ['an empty object', '{}'],
        ['an empty key', '{"":"","a":{"":[]}}'],
        ['keys that look like indexes', '{"0":"a","1":"b","n":1}'],
        ['lone surrogates', String.raw`{"high":"a\ud800b","low":"\udc00","key\udfff":1}`],
        [
            'control characters and separators',
            String.raw`{"text":"\u0000\u001f"}`.replace('}', ',"sep":"\u2028\u2029"}'),
        ],
        ['all of Unicode', '{"text":"ü€😀漢字אב","😀":1}'],
        ['numbers at the edge', '{"a":1e+308,"b":5e-324,"c":-0.1,"d":9007199254740993,"e":0}'],
        [
            'more properties than are copied one by one',
            JSON.stringify(
                Object.fromEntries(
                    Array.from({ length: 1_500 }, (_, n) => [
                        n % 3 === 0 ? String(n) : `k${n}`,
                        n % 5 === 0 ? { n } : n,
                    ]),
                ),
            ).replace('{', '{"__proto__":{"admin":true},'),
        ],
        ['deep nesting', `{"deep":${'['.repeat(500)}${']'.repeat(500)}}`],
    ];
    it.each(usual)('is stored to the letter: %s', async (_, json) => {
        const id = run.freshDataset();
        const guard = await run.open({ schema: { type: 'object' } });
        const item = JSON.parse(json);
        await guard.pushData([item, { neighbour: true }]);
        await guard.close();
        const [push] = run.server.pushRequests(id);
        expect(push!.bodyText).toBe(`[${JSON.stringify(item)},{"neighbour":true}]`);
        expect(JSON.stringify(run.server.items(id)[0])).toBe(JSON.stringify(item));
    });

    it.each([
        ['valid at first', [1, 'two', 'three'], [{ part: { n: 1 } }], 0],
        ['invalid at first', ['one', 2, 3], [], 1],
    ])(
        'is stored as it was validated, whatever its getter says next time: %s',
        async (_, answers, stored, quarantined) => {
            const id = run.freshDataset();
            const schema = { properties: { part: { properties: { n: { type: 'number' } } } } };
            const guard = await run.open({ schema });
            let calls = 0;
            await guard.pushData({
                part: {
                    get n() {
                        return answers[calls++];
                    },
                },
            });
            await guard.close();
            expect(run.server.items(id)).toEqual(stored);
            expect(run.quarantined(id)).toHaveLength(quarantined);
            expect(calls).toBe(1);
        },
    );

    it.each(usual.slice(0, 8))('is quarantined to the letter: %s', async (_, json) => {
        const id = run.freshDataset();
        const guard = await run.open({ schema: { type: 'object', required: ['missing'] } });
        const item = JSON.parse(json);
        await guard.pushData(item);
        await guard.close();
        const [record] = run.quarantined(id);
        expect(JSON.stringify(record!.item)).toBe(JSON.stringify(item));
        expect(record!.itemBytes).toBe(Buffer.byteLength(JSON.stringify(item)));
    });

    it('keeps __proto__ an own key, and no prototype is touched', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ schema: { type: 'object', required: ['n'] } });
        await guard.pushData([JSON.parse('{"__proto__":{"n":1}}'), JSON.parse('{"__proto__":{"x":1},"n":1}')]);
        await guard.close();
        expect(Object.hasOwn(run.server.items(id)[0], '__proto__')).toBe(true);
        expect(Object.hasOwn(run.quarantined(id)[0]!.item!, '__proto__')).toBe(true);
        expect(({} as any).x).toBeUndefined();
    });
});

describe('a promise pushed as an item', () => {
    it('is stored as bare Actor.pushData stores it, and said once', async () => {
        const makeItem = async (n: number) => ({ n });
        const bareId = run.freshDataset();
        await Actor.pushData([makeItem(1), makeItem(2)]);
        const id = run.freshDataset();
        const lines = collectLog();
        const guard = await run.open({ ack: 'stored' });
        await guard.pushData(makeItem(1));
        await guard.pushData([makeItem(2)]);
        expect(run.server.items(id)).toEqual(run.server.items(bareId));
        expect(lines.filter((line) => line.includes('A promise was pushed as an item'))).toHaveLength(1);
    });
});

describe('validation and storage see the same: the JSON of the item', () => {
    const schema = {
        type: 'object',
        required: ['at', 'n'],
        properties: { at: { type: 'string', format: 'date-time' }, n: { type: 'number' } },
    };
    class Price {
        constructor(readonly n: number) {}
        toJSON() {
            return { at: '2020-01-01T00:00:00Z', n: this.n };
        }
    }
    const at = new Date(0);
    const cases: [what: string, item: object, stored: object | undefined][] = [
        ['a Date is a string', { at, n: 1 }, { at: at.toJSON(), n: 1 }],
        ['an invalid Date is null', { at: new Date(Number.NaN), n: 1 }, undefined],
        ['undefined is absent', { at, n: undefined }, undefined],
        ['undefined beside is gone', { at, n: 1, x: undefined }, { at: at.toJSON(), n: 1 }],
        ['NaN is null', { at, n: Number.NaN }, undefined],
        ['Infinity is null', { at, n: Number.POSITIVE_INFINITY }, undefined],
        ['a function is absent', { at, n: () => 1 }, undefined],
        ['a symbol key is gone', { at, n: 1, [Symbol('s')]: 1 }, { at: at.toJSON(), n: 1 }],
        ['toJSON is applied', new Price(5), { at: '2020-01-01T00:00:00Z', n: 5 }],
        ['toJSON within is applied', { at, n: { toJSON: () => 5 } }, { at: at.toJSON(), n: 5 }],
        ['a boxed number is a number', { at, n: Object(5) }, { at: at.toJSON(), n: 5 }],
        ['a Map is an empty object', { at, n: 1, map: new Map([[1, 2]]) }, { at: at.toJSON(), n: 1, map: {} }],
        [
            'a getter is its value',
            {
                at,
                get n() {
                    return 5;
                },
            },
            { at: at.toJSON(), n: 5 },
        ],
        ['an inherited property is absent', Object.create({ at, n: 1 }), undefined],
        ['a hidden property is absent', Object.defineProperty({ at }, 'n', { value: 1 }), undefined],
    ];
    it.each(cases)('%s', async (_, item, stored) => {
        const id = run.freshDataset({ ...schema });
        const guard = await run.open();
        await guard.pushData(item);
        await guard.close();
        expect(run.server.items(id)).toEqual(stored === undefined ? [] : [stored]);
        expect(run.quarantined(id).map(({ item: recorded }) => JSON.stringify(recorded))).toEqual(
            stored === undefined ? [JSON.stringify(item)] : [],
        );
        expect(guard.report()).toMatchObject({ rejectedRequests: 0 });
    });
});

function revokedProxy(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
}
