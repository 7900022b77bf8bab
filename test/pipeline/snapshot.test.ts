import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { SnapshotFailure } from '../../src/pipeline/snapshot.js';
import { snapshot } from '../../src/pipeline/snapshot.js';
import { isNestedTooDeeply, MAX_LEVELS } from '../../src/utils/nesting.js';

function failureOf(item: unknown): SnapshotFailure {
    const result = snapshot(item);
    if (typeof result === 'string') throw new Error(`It was expected to have no JSON, but has: ${result}`);
    return result;
}

function cycle(): object {
    const item: Record<string, unknown> = { title: 'Alien' };
    item.sequel = { prequel: item };
    return item;
}

function nested(depth: number): object {
    let item: object = {};
    for (let level = 0; level < depth; level++) item = { deeper: item };
    return item;
}

const throwing = (thrown: unknown) => ({
    toJSON() {
        throw thrown;
    },
});
class Unspeakable extends Error {
    override get message(): string {
        throw new Error('not even that');
    }
}

describe('the snapshot of an object', () => {
    const MAP = new Map([['title', 'Alien']]);

    it.each<[string, unknown, string]>([
        ['plain data', { title: 'Alien', tags: ['a', 1, null, true] }, '{"title":"Alien","tags":["a",1,null,true]}'],
        ['nothing at all', {}, '{}'],
        ['a Date as a string', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
        ['a Date that cannot be as null', { at: new Date(NaN) }, '{"at":null}'],
        ['members that have no JSON left out', { a: undefined, b: () => 5, c: Symbol('c'), d: 1 }, '{"d":1}'],
        [
            'elements that have no JSON as null',
            { list: [undefined, () => 5, Symbol('c')] },
            '{"list":[null,null,null]}',
        ],
        ['holes as null', { list: [, 1] }, '{"list":[null,1]}'], // oxlint-disable-line no-sparse-arrays
        ['numbers that JSON lacks as null', { list: [NaN, Infinity, -Infinity] }, '{"list":[null,null,null]}'],
        ['minus zero as zero', { n: -0 }, '{"n":0}'],
        ['a Map as an empty object', MAP, '{}'],
        ['a Set as an empty object', { tags: new Set(['a']) }, '{"tags":{}}'],
        [
            'a class instance by its own members',
            new (class {
                title = 'Alien';
            })(),
            '{"title":"Alien"}',
        ],
        [
            'a getter by its value',
            {
                get title() {
                    return 'Alien';
                },
            },
            '{"title":"Alien"}',
        ],
        ['what its toJSON returns instead', { a: 1, toJSON: () => ({ b: 2 }) }, '{"b":2}'],
        ['a function with a toJSON by that', Object.assign(() => 5, { toJSON: () => ({ b: 2 }) }), '{"b":2}'],
        ['an own __proto__ key as any other', JSON.parse('{"__proto__":{"a":1},"b":2}'), '{"__proto__":{"a":1},"b":2}'],
        ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
        ['no symbol keys and no hidden members', Object.defineProperty({ [Symbol('s')]: 1 }, 'h', { value: 1 }), '{}'],
    ])('shows %s', (_, item, text) => {
        expect(snapshot(item)).toBe(text);
    });

    it('is well-formed text, whatever half of a character the item holds', () => {
        const text = snapshot({ 'broken \ud83d key': 'broken \ude00 value', 'whole': '😀' });
        expect(text).toBe('{"broken \\ud83d key":"broken \\ude00 value","whole":"😀"}');
        expect(Buffer.from(text as string, 'utf8').toString('utf8')).toBe(text);
    });

    it('does not follow later changes to the object', () => {
        const item = { title: 'Alien', tags: ['space'] };
        const text = snapshot(item);
        item.title = 'Aliens';
        item.tags.push('war');
        expect(text).toBe('{"title":"Alien","tags":["space"]}');
    });

    it('reads each member once', () => {
        let reads = 0;
        const item = {
            get count() {
                return ++reads;
            },
        };
        expect(snapshot(item)).toBe('{"count":1}');
        expect(reads).toBe(1);
    });

    it('survives nesting that is deep, but not too deep', () => {
        expect(snapshot(nested(500))).toMatch(/^(\{"deeper":){500}\{\}+$/);
    });
});

describe('what is no object', () => {
    it.each<[string, unknown, string, string | undefined]>([
        ['null', null, 'null', 'null'],
        ['a string', 'Alien', 'a string', '"Alien"'],
        ['a string that looks like an object', '{}', 'a string', '"{}"'],
        ['a number', 5, 'a number', '5'],
        ['NaN', NaN, 'a number', 'null'],
        ['a boolean', false, 'a boolean', 'false'],
        ['an array', [{ a: 1 }], 'an array', '[{"a":1}]'],
        ['a Date, whose JSON is a string', new Date(0), 'an object whose JSON is none', '"1970-01-01T00:00:00.000Z"'],
        ['a boxed string', Object('Alien'), 'an object whose JSON is none', '"Alien"'],
        ['an object that becomes an array', { toJSON: () => [1] }, 'an object whose JSON is none', '[1]'],
        ['an object that becomes null', { toJSON: () => null }, 'an object whose JSON is none', 'null'],
        ['undefined', undefined, 'undefined', undefined],
        ['a function', () => 5, 'a function', undefined],
        ['a symbol', Symbol('five'), 'a symbol', undefined],
    ])('is told apart: %s', (_, item, kind, text) => {
        expect(failureOf(item)).toEqual({
            reason: 'not-an-object',
            message: `must be an object, but is ${kind}`,
            text,
        });
    });
});

describe('what has no JSON', () => {
    it.each<[string, unknown, RegExp]>([
        ['a cycle', cycle(), /^has no JSON: Converting circular structure to JSON$/],
        ['a BigInt', { id: 5n }, /^has no JSON: .*BigInt/],
        ['a BigInt in place of an item', 5n, /^has no JSON: .*BigInt/],
        [
            'a getter that throws',
            {
                get title() {
                    throw new TypeError('no title');
                },
            },
            /^has no JSON: no title$/,
        ],
        ['a toJSON that throws', throwing(new Error('not today')), /^has no JSON: not today$/],
        ['a toJSON that throws further down', { list: [throwing(new Error('not today'))] }, /^has no JSON: not today$/],
        [
            'a toJSON that returns nothing',
            { toJSON: () => undefined },
            /^has no JSON: its toJSON\(\) returned nothing$/,
        ],
        ['nesting deeper than the stack', nested(200_000), /^is nested more than 1000 levels deep$/],
        ['a proxy that was revoked', revoked(), /^has no JSON: .*revoked/],
    ])('is not serializable: %s', (_, item, message) => {
        const failure = failureOf(item);
        expect(failure.reason).toBe('not-serializable');
        expect(failure.text).toBeUndefined();
        expect(failure.message).toMatch(message);
    });

    it.each<[string, unknown]>([
        ['a string', 'not today'],
        ['nothing', undefined],
        ['null', null],
        ['a symbol', Symbol('not today')],
        ['an object without prototype', Object.create(null)],
        ['an error without message', new Error()],
        ['an error whose message cannot be read', new Unspeakable()],
        ['an error whose message is a number', Object.assign(new Error(), { message: 404 })],
        ['an error whose message is nothing', Object.assign(new Error(), { message: undefined })],
    ])('is not serializable even where what is thrown is %s', (_, thrown) => {
        const failure = failureOf(throwing(thrown));
        expect(failure.reason).toBe('not-serializable');
        expect(failure.message).toMatch(/^has no JSON: ./);
    });

    it('says so in one short line', () => {
        const { message } = failureOf(throwing(new Error(`${'long '.repeat(100)}\nand more`)));
        expect(message.length).toBeLessThan(250);
        expect(message).not.toContain('\n');
    });
});

function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
}

describe('the limit on nesting', () => {
    it('accepts an item of exactly 1,000 levels', () => {
        expect(typeof snapshot(nested(MAX_LEVELS - 1))).toBe('string');
    });

    it('refuses an item of 1,001 levels as not serializable', () => {
        const expected = {
            reason: 'not-serializable',
            message: 'is nested more than 1000 levels deep',
            text: undefined,
        };
        expect(failureOf(nested(MAX_LEVELS))).toEqual(expected);
    });

    it('gives the same answer for an item that overflows the stack of JSON.stringify', () => {
        expect(failureOf(nested(200_000))).toMatchObject({ message: 'is nested more than 1000 levels deep' });
    });

    it('gives the same answer however full the stack is', () => {
        const [deep, deeper] = [nested(MAX_LEVELS - 1), nested(MAX_LEVELS)].map((item) => JSON.stringify(item));
        const answers = (frames: number): boolean[] =>
            frames === 0 ? [isNestedTooDeeply(deep!), isNestedTooDeeply(deeper!)] : answers(frames - 1);
        for (const frames of [0, 1_000, 5_000]) expect(answers(frames)).toEqual([false, true]);
    });

    it.each([
        ['siblings', JSON.stringify({ list: new Array(5_000).fill([{}]) })],
        ['brackets in strings', JSON.stringify({ text: '[{'.repeat(5_000) + ']}'.repeat(5_000) })],
        [
            'escaped quotes before brackets',
            JSON.stringify({ text: '\\"[\\\\'.repeat(5_000), more: [']'.repeat(2_000)] }),
        ],
        ['brackets in keys', JSON.stringify({ ['"]['.repeat(2_000)]: '}'.repeat(2_000) })],
    ])('does not count %s as levels', (_, text) => {
        expect(isNestedTooDeeply(text)).toBe(false);
    });

    it('counts arrays and objects alike', () => {
        const text = `${'[{"a":'.repeat(MAX_LEVELS / 2)}[]${'}]'.repeat(MAX_LEVELS / 2)}`;
        expect(JSON.parse(text)).toBeDefined();
        expect(isNestedTooDeeply(text)).toBe(true);
        expect(isNestedTooDeeply(text.slice(1, -1))).toBe(false);
    });

    it('agrees with a count of levels for random JSON', () => {
        const strings = fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', '}', ']', 'a', '\n'), maxLength: 20 });
        const wrap = fc.constantFrom('[', '{"a":', '{"[\\"":', '["]",', '{"b":{},"a":');
        fc.assert(
            fc.property(fc.array(wrap, { minLength: 980, maxLength: 1_010 }), strings, (openers, text) => {
                const end = openers.map((opener) => (opener.startsWith('[') ? ']' : '}')).reverse();
                const json = openers.join('') + JSON.stringify({ [text]: text }) + end.join('');
                expect(isNestedTooDeeply(json)).toBe(openers.length + 1 > MAX_LEVELS);
            }),
            { numRuns: 100 },
        );
    });
});
