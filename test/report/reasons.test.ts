import { describe, expect, it } from 'vitest';

import type { ItemError, QuarantineReason } from '../../src/records.js';
import type { CountedRejection } from '../../src/report/reasons.js';
import { ReasonCounts } from '../../src/report/reasons.js';

const error = (instancePath: string, keyword = 'type', message?: string): ItemError => ({
    instancePath,
    schemaPath: `#/${keyword}`,
    keyword,
    params: {},
    message: message ?? `must fulfil ${keyword}`,
});

type Kind = Pick<CountedRejection, 'reason' | 'rejectedBy'>;

function start(samples = true) {
    const reasons = new ReasonCounts(samples);
    let asked = 0;
    return {
        reasons,
        asked: () => asked,
        count: (item: unknown, errors: ItemError[], kind: Partial<Kind> = {}) =>
            reasons.count({ reason: 'schema', rejectedBy: 'guard', ...kind, errors, item: () => (asked++, item) }),
    };
}

describe('reasons', () => {
    it('are counted by path, keyword, message, kind and who rejected', () => {
        const { reasons, count } = start();
        count({}, [error('/a')]);
        count({}, [error('/a')]);
        count({}, [error('/b')]);
        count({}, [error('/a', 'pattern')]);
        count({}, [error('/a', 'type', 'must be number')]);
        count({}, [error('/a')], { rejectedBy: 'platform' });
        count({}, [error('/a')], { reason: 'rejected' });
        expect(reasons.list()).toHaveLength(6);
        expect(reasons.list()[0]).toEqual({
            reason: 'schema',
            keyword: 'type',
            path: '/a',
            message: 'must fulfil type',
            count: 2,
            rejectedBy: 'guard',
            samples: [],
        });
    });

    it('of the elements of an array are one, whatever the index', () => {
        const { reasons, count } = start();
        for (const path of ['/tags/0', '/tags/17', '/tags/3']) count({}, [error(path)]);
        for (const path of ['/a/0/b/1/c', '/a/5/b/12/c']) count({}, [error(path)]);
        count({}, [error('/a1/2b')]);
        expect(reasons.list().map(({ path, count: items }) => [path, items])).toEqual([
            ['/tags/*', 3],
            ['/a/*/b/*/c', 2],
            ['/a1/2b', 1],
        ]);
    });

    it('count items: one that fails twice for the same reason counts once', () => {
        const { reasons, count } = start();
        count({ tags: [1, 2, 3] }, [error('/tags/0'), error('/tags/1'), error('/year')]);
        expect(reasons.list().map(({ path, count: items }) => [path, items])).toEqual([
            ['/tags/*', 1],
            ['/year', 1],
        ]);
    });

    it('come most frequent first', () => {
        const { reasons, count } = start();
        for (const [path, times] of [
            ['/rare', 1],
            ['/often', 5],
            ['/sometimes', 3],
        ] as const) {
            for (let time = 0; time < times; time++) count({}, [error(path)]);
        }
        expect(reasons.list().map(({ path }) => path)).toEqual(['/often', '/sometimes', '/rare']);
    });

    it('are a hundred; the others are counted together, last', () => {
        const { reasons, count } = start();
        for (let n = 0; n < 150; n++) count({ secret: n }, [error(`/key${n}`)]);
        count({}, [error('/key7')]);
        count({}, [error('/key120'), error('/key121')]);
        const list = reasons.list();
        expect(list).toHaveLength(101);
        expect(list[0]).toMatchObject({ path: '/key7', count: 2 });
        expect(list.at(-1)).toMatchObject({ reason: 'other', keyword: '', path: '', count: 51, samples: [] });
    });

    it('are announced when they are new, and only then', () => {
        const { count } = start();
        expect(count({}, [error('/a'), error('/b')]).map(({ path }) => path)).toEqual(['/a', '/b']);
        expect(count({}, [error('/b'), error('/c')]).map(({ path }) => path)).toEqual(['/c']);
        expect(count({}, [error('/c')])).toEqual([]);
        for (let n = 0; n < 97; n++) count({}, [error(`/key${n}`)]);
        expect(count({}, [error('/one too many')]).map(({ reason }) => reason)).toEqual(['other']);
        expect(count({}, [error('/two too many')])).toEqual([]);
    });

    it('have a message even where the error has none', () => {
        const { reasons, count } = start();
        count({}, [{ ...error('/a', 'format'), message: undefined }]);
        expect(reasons.list()[0]?.message).toBe('fails "format"');
    });

    it('once listed do not change any more, and cannot be changed', () => {
        const { reasons, count } = start();
        count({ a: 1 }, [error('/a')]);
        const list = reasons.list();
        count({ a: 2 }, [error('/a')]);
        expect(list[0]).toMatchObject({ count: 1, samples: ['1'] });
        expect([list, list[0], list[0]?.samples].every((part) => Object.isFrozen(part))).toBe(true);
        expect(reasons.list()[0]).toMatchObject({ count: 2, samples: ['1', '2'] });
    });

    it('count on from what an earlier process listed', () => {
        const earlier = start();
        for (let n = 0; n < 102; n++) earlier.count({ a: n }, [error(`/key${n}`)]);
        earlier.count({ key0: 'first' }, [error('/key0')]);
        const { reasons, count } = start();
        reasons.restore(earlier.reasons.rejectedItems, earlier.reasons.details());
        expect(reasons.list()).toEqual(earlier.reasons.list());
        expect(reasons.details()).toEqual(earlier.reasons.details());
        expect(reasons.rejectedItems).toBe(103);
        expect(count({ key0: 'second' }, [error('/key0')])).toEqual([]);
        expect(count({}, [error('/new')])).toEqual([]);
        expect(reasons.list()[0]).toMatchObject({ path: '/key0', count: 3, samples: ['"first"', '"second"'] });
        expect(reasons.list().at(-1)).toMatchObject({ reason: 'other', count: 3 });
    });
});

describe('the details of a reason', () => {
    const required = (instancePath: string, missingProperty: string): ItemError => ({
        ...error(instancePath, 'required', `must have required property '${missingProperty}'`),
        params: { missingProperty },
    });

    it('have the rule in words, and the place of what is missing', () => {
        const { reasons, count } = start();
        count({}, [required('/offers/3', 'a/b'), { ...error('/price'), params: { type: 'number' } }]);
        expect(reasons.details().map(({ path, place, rule }) => [path, place, rule])).toEqual([
            ['/offers/*', '/offers/*/a~1b', 'is missing'],
            ['/price', '/price', 'must be a number'],
        ]);
    });

    it('have the first three items: the value that failed, its place, and the page that it came from', () => {
        const { reasons } = start();
        for (let n = 1; n <= 5; n++) {
            const item = () => ({ tags: ['a', n] });
            const url = `https://example.com/${n}`;
            reasons.count({ reason: 'schema', rejectedBy: 'guard', errors: [error('/tags/1')], item, url });
        }
        const [details] = reasons.details();
        expect(details).toMatchObject({ path: '/tags/*', count: 5, samples: ['1', '2', '3'] });
        expect(details!.examples).toEqual([
            { path: '/tags/1', value: '1', url: 'https://example.com/1' },
            { path: '/tags/1', value: '2', url: 'https://example.com/2' },
            { path: '/tags/1', value: '3', url: 'https://example.com/3' },
        ]);
        expect([details, details?.examples, details?.examples[0]].every((part) => Object.isFrozen(part))).toBe(true);
    });

    it('show a property that must not be there, and not the object around it', () => {
        const { reasons, count } = start();
        count({ good: 'secret', bad: 5 }, [
            { ...error('', 'additionalProperties'), params: { additionalProperty: 'bad' } },
        ]);
        expect(reasons.details()[0]).toMatchObject({ place: '', examples: [{ path: '/bad', value: '5' }] });
    });

    it('ask for no item once there are three, even where there is no value to be shown', () => {
        const { asked, count } = start();
        for (let n = 0; n < 10; n++) count({ secret: n }, [required('', 'title')]);
        expect(asked()).toBe(3);
    });

    it('have no examples where samples are switched off', () => {
        const { reasons, count } = start(false);
        count({ a: 1 }, [error('/a')]);
        expect(reasons.details()[0]).toMatchObject({ count: 1, examples: [] });
    });

    it('are bounded, whatever the item: paths, values and addresses', () => {
        const { reasons } = start();
        const key = 'k'.repeat(100_000);
        for (const path of [`/${key}`, `/${key}/also`]) {
            reasons.count({
                reason: 'schema',
                rejectedBy: 'guard',
                errors: [error(path)],
                item: () => ({ [key]: 'v'.repeat(100_000) }),
                url: `https://example.com/${key}`,
            });
        }
        const [details, ...others] = reasons.details();
        expect(others).toEqual([]);
        expect([details?.path.length, details?.count]).toEqual([1_000, 2]);
        expect(details?.examples[0]).toEqual({
            path: expect.stringMatching(/^\/k{298}…$/),
            value: expect.stringMatching(/^"v{198}…$/),
        });
    });

    it('count items, each once', () => {
        const { reasons, count } = start();
        count({}, [error('/a'), error('/b')]);
        count({}, [error('/a')]);
        expect(reasons.rejectedItems).toBe(2);
    });
});

describe('samples', () => {
    const sampled = (item: unknown, path: string) => {
        const { reasons, count } = start();
        count(item, [error(path)]);
        return reasons.list()[0]!.samples;
    };

    it.each<[string, unknown, string, string[]]>([
        ['a number', { price: 5, secret: 'x' }, '/price', ['5']],
        ['a string', { title: 'Alien' }, '/title', ['"Alien"']],
        ['null', { title: null }, '/title', ['null']],
        ['an element', { tags: ['a', 5] }, '/tags/1', ['5']],
        ['an inner object', { a: { b: { c: 1 } } }, '/a/b', ['{"c":1}']],
        ['a key with a slash', { 'a/b': 1 }, '/a~1b', ['1']],
        ['a key with a tilde', { 'a~b': 2 }, '/a~0b', ['2']],
        ['a key that looks escaped', { '~1': 3 }, '/~01', ['3']],
        ['an empty key', { '': 4 }, '/', ['4']],
        ['an own __proto__ key', JSON.parse('{"__proto__":{"a":5}}'), '/__proto__/a', ['5']],
        ['nothing where the item itself fails', { secret: 'x' }, '', []],
        ['nothing where there is no such member', { secret: 'x' }, '/title/first', []],
        ['nothing that is only inherited', { secret: 'x' }, '/toString', []],
        ['nothing of an item that is none', undefined, '/title', []],
    ])('show the failing value alone: %s', (_, item, path, samples) => {
        expect(sampled(item, path)).toEqual(samples);
    });

    it('are three for a reason, the first ones', () => {
        const { reasons, count, asked } = start();
        for (let n = 0; n < 10; n++) count({ a: n }, [error('/a')]);
        expect(reasons.list()[0]?.samples).toEqual(['0', '1', '2']);
        expect(asked()).toBe(3);
    });

    it('are at most 200 characters long', () => {
        const [exact] = sampled({ a: 'x'.repeat(198) }, '/a');
        const [cut] = sampled({ a: 'x'.repeat(199) }, '/a');
        expect([exact, exact?.length]).toEqual([JSON.stringify('x'.repeat(198)), 200]);
        expect([cut?.length, cut?.at(-1)]).toEqual([200, '…']);
    });

    it('are not cut in the middle of a character', () => {
        const [sample] = sampled({ a: `${'x'.repeat(197)}${'😀'.repeat(10)}` }, '/a');
        expect(sample).not.toMatch(/\p{Surrogate}/u);
    });

    it('are asked for once for all the errors of an item', () => {
        const { count, asked } = start();
        count({ a: 1, b: 2 }, [error('/a'), error('/b')]);
        expect(asked()).toBe(1);
    });

    it('are neither kept nor asked for when they are switched off', () => {
        const { reasons, count, asked } = start(false);
        count({ a: 1 }, [error('/a')]);
        expect([reasons.list()[0]?.samples, reasons.list()[0]?.count, asked()]).toEqual([[], 1, 0]);
    });

    it.each<QuarantineReason>(['too-large', 'not-an-object', 'not-serializable', 'rejected'])(
        'are of schema failures alone, not of %s',
        (reason) => {
            const { reasons, count, asked } = start();
            count({ a: 1 }, [error('/a')], { reason });
            expect([reasons.list()[0]?.samples, asked()]).toEqual([[], 0]);
        },
    );

    it.each<[string, unknown]>([
        ['a function', () => 5],
        ['a symbol', Symbol('hidden')],
        ['a BigInt', 5n],
        [
            'an object that refuses',
            {
                toJSON: () => {
                    throw new Error('no');
                },
            },
        ],
        ['an object that says nothing', { toJSON: () => undefined }],
    ])('are left out where what the redaction put there has no JSON: %s', (_, value) => {
        expect(sampled({ a: value }, '/a')).toEqual([]);
    });

    it('are left out where what the redaction made cannot be read', () => {
        expect(
            sampled(
                {
                    get a() {
                        throw new Error('no');
                    },
                },
                '/a',
            ),
        ).toEqual([]);
    });
});
