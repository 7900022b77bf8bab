import { describe, expect, it } from 'vitest';

import { DatasetGuardError, InvalidOptionsError } from '../src/errors.js';
import { resolveOptions } from '../src/resolve-options.js';
import type { Dictionary } from '../src/records.js';

const resolve = (options: unknown) => resolveOptions(options as Dictionary);

function rejection(options: unknown): InvalidOptionsError {
    try {
        resolve(options);
    } catch (error) {
        if (error instanceof InvalidOptionsError) return error;
        throw error;
    }
    throw new Error('The options were expected to be rejected, but were taken.');
}

/** Every value that is wrong for an option, with the words in which the message names it. */
const STRANGERS: Record<string, [value: unknown, words: string]> = {
    'null': [null, 'null'],
    'a string': ['many', '"many"'],
    'an empty string': ['', '""'],
    'a number': [0.5, '0.5'],
    'NaN': [NaN, 'NaN'],
    'a boolean': [true, 'true'],
    'a bigint': [5n, '5'],
    'a symbol': [Symbol('five'), 'Symbol(five)'],
    'an array': [[5], 'an array'],
    'an empty object': [{}, 'an object with the keys: (none)'],
    'an object': [{ value: 5 }, 'an object with the keys: value'],
    'a function': [() => 5, 'a function'],
    'a promise': [Promise.resolve({}), 'a promise'],
    'a Map': [new Map(), 'a Map'],
};
const strangersBut = (...fitting: string[]) => Object.entries(STRANGERS).filter(([name]) => !fitting.includes(name));

const INTEGERS: Record<string, [min: number, max: number]> = {
    maxPayloadBytes: [1_024, 9_437_184],
    maxBufferedBytes: [5_000_000, Number.MAX_SAFE_INTEGER],
    flushIntervalMillis: [0, 2_147_483_647],
    maxParallelRequests: [1, 64],
};
const CHOICES: Record<string, string[]> = {
    mode: ['quarantine', 'warn', 'fail'],
    ack: ['buffered', 'stored'],
    compression: ['auto', 'none'],
    duplicates: ['drop', 'quarantine', 'count'],
};

const EXPECTATIONS: [option: string, expected: string, fitting: string[]][] = [
    ...Object.entries(INTEGERS).map(([option, [min, max]]): [string, string, string[]] => [
        option,
        `an integer from ${min} to ${max}`,
        [],
    ]),
    ['mode', "one of 'quarantine', 'warn', 'fail'", []],
    ['ack', "one of 'buffered', 'stored'", []],
    ['compression', "one of 'auto', 'none'", []],
    ['dataset', 'a name, { id }, { name } or { alias }, or an open Dataset', ['a string']],
    ['quarantine', 'a name, { id }, { name } or { alias }', ['a string']],
    ['schema', 'a JSON Schema object, or false', ['an empty object', 'an object']],
    [
        'repair',
        "'prune', a policy such as { unknown: 'remove', invalid: 'null', missing: 'empty', coerce: true }, a function (item, errors) => item | undefined, or a list of these",
        // What is wrong within an object or a list is named itself.
        ['a function', 'an array', 'an object'],
    ],
    ['duplicates', "one of 'drop', 'quarantine', 'count'", []],
    [
        'unique',
        "a field such as 'url', a JSON Pointer such as '/product/id', a list of these, or a function (item) => string | undefined",
        // What is wrong within a list is named itself.
        ['a string', 'an array', 'a function'],
    ],
    [
        'expect',
        'an object such as { minItems: 1 }, or a function that returns one',
        ['a function', 'an empty object', 'an object'],
    ],
    ['redact', 'a function', ['a function']],
    ['onQuarantine', 'a function', ['a function']],
    ['samples', 'true or false', ['a boolean']],
    ['tolerance', 'an object { maxItems, maxRatio, minItems }', ['an empty object', 'an object']],
];
const TOLERANCES: [option: string, expected: string, fitting: string[]][] = [
    ['maxItems', 'an integer of 0 or more, or Infinity', []],
    ['maxRatio', 'a number from 0 to 1', ['a number']],
    ['minItems', 'an integer of 0 or more', []],
];

describe('the defaults', () => {
    const table = {
        dataset: undefined,
        schema: undefined,
        quarantine: undefined,
        mode: 'quarantine',
        ack: 'buffered',
        maxPayloadBytes: 5_000_000,
        maxBufferedBytes: 32 * 1024 * 1024,
        flushIntervalMillis: 1_000,
        maxParallelRequests: 1,
        compression: 'auto',
        tolerance: { maxItems: Infinity, maxRatio: 1, minItems: 100 },
        repair: undefined,
        unique: undefined,
        duplicates: 'drop',
        expect: undefined,
        redact: undefined,
        identify: undefined,
        onQuarantine: undefined,
        samples: true,
    };

    it.each([
        ['no options', undefined],
        ['an empty object', {}],
        ['an object without prototype', Object.create(null)],
        ['every option undefined', Object.fromEntries(Object.keys(table).map((key) => [key, undefined]))],
        ['a tolerance of undefined parts', { tolerance: { maxItems: undefined, maxRatio: undefined } }],
    ])('are those of the documented table for %s', (_, options) => {
        expect(resolve(options)).toStrictEqual(table);
    });

    it('fill in the parts of a tolerance that were not given', () => {
        expect(resolve({ tolerance: { maxItems: 0 } }).tolerance).toEqual({ maxItems: 0, maxRatio: 1, minItems: 100 });
    });
});

describe('an option of a wrong type', () => {
    const cases = EXPECTATIONS.flatMap(([option, expected, fitting]) =>
        strangersBut(...fitting).map(([name, [value, words]]) => ({ option, name, value, expected, words })),
    );

    it.each(cases)('is named: $option as $name', ({ option, value, expected, words }) => {
        const error = rejection({ [option]: value });
        expect(error.message).toBe(`Option "${option}" must be ${expected}, but got: ${words}.`);
        expect(error).toMatchObject({ option, code: 'INVALID_OPTIONS', name: 'InvalidOptionsError' });
    });

    const nested = TOLERANCES.flatMap(([part, expected, fitting]) =>
        strangersBut(...fitting).map(([name, [value, words]]) => ({ part, name, value, expected, words })),
    ).filter(({ part, name }) => !(part === 'maxRatio' && name === 'a number'));

    it.each(nested)('is named by its path: tolerance.$part as $name', ({ part, value, expected, words }) => {
        const error = rejection({ tolerance: { [part]: value } });
        expect(error.message).toBe(`Option "tolerance.${part}" must be ${expected}, but got: ${words}.`);
        expect(error.option).toBe(`tolerance.${part}`);
    });

    it.each([null, 5, 'options', true, [], () => ({}), Promise.resolve({}), new Map()])(
        'is named for the options as a whole: %s',
        (options) => {
            expect(rejection(options).message).toMatch(/^Option "options" must be an object, but got: .+\.$/);
        },
    );

    it('is not repeated where it is long, because it may be a secret', () => {
        const secret = 'apify_api_'.padEnd(46, 'x');
        expect(rejection({ mode: secret }).message).toMatch(/but got: a string of 46 characters\.$/);
        expect(rejection({ dataset: { token: secret } }).message).not.toContain(secret);
    });

    it('is an error of this library, too', () => {
        expect(rejection({ mode: 'strict' })).toBeInstanceOf(DatasetGuardError);
    });
});

describe('a number', () => {
    const bounds = Object.entries(INTEGERS).map(([option, [min, max]]) => ({ option, min, max }));

    it.each(bounds)('of $option may be $min and $max', ({ option, min, max }) => {
        expect(resolve({ [option]: min })).toMatchObject({ [option]: min });
        expect(resolve({ [option]: max })).toMatchObject({ [option]: max });
    });

    it.each(bounds)('of $option may not be less than $min, more than $max, or lie between two integers', (bound) => {
        const { option, min, max } = bound;
        for (const value of [min - 1, max + 1, min + 0.5, Infinity, -Infinity]) {
            expect(rejection({ [option]: value }).option).toBe(option);
        }
    });

    it('of maxBufferedBytes must leave room for one payload', () => {
        expect(resolve({ maxPayloadBytes: 2_000, maxBufferedBytes: 2_000 }).maxBufferedBytes).toBe(2_000);
        expect(rejection({ maxPayloadBytes: 2_000, maxBufferedBytes: 1_999 }).message).toContain('from 2000 to');
    });

    it.each([
        ['maxItems', [0, 1, Infinity, Number.MAX_SAFE_INTEGER], [-1, 0.5, -Infinity, NaN, 2 ** 53]],
        ['maxRatio', [0, 0.001, 0.5, 1], [-0.001, 1.001, Infinity, NaN]],
        ['minItems', [0, 1, 100], [-1, 0.5, Infinity, NaN]],
    ])('of tolerance.%s has its bounds', (part, good, bad) => {
        for (const value of good)
            expect(resolve({ tolerance: { [part]: value } }).tolerance).toMatchObject({ [part]: value });
        for (const value of bad) expect(rejection({ tolerance: { [part]: value } }).option).toBe(`tolerance.${part}`);
    });
});

describe('a choice', () => {
    it.each(Object.entries(CHOICES))('of %s is one of its names, to the letter', (option, names) => {
        for (const name of names) expect(resolve({ [option]: name })).toMatchObject({ [option]: name });
        for (const name of names) expect(rejection({ [option]: name.toUpperCase() }).option).toBe(option);
    });

    it("of mode 'fail' implies that a push waits until its items are stored", () => {
        expect(resolve({ mode: 'fail' }).ack).toBe('stored');
        expect(resolve({ mode: 'fail', ack: 'stored' }).ack).toBe('stored');
    });

    it("of mode 'fail' contradicts ack 'buffered'", () => {
        expect(rejection({ mode: 'fail', ack: 'buffered' }).message).toBe(
            `Option "ack" must be 'stored' (mode: 'fail' implies it), but got: "buffered".`,
        );
    });
});

describe('a storage', () => {
    it.each(['dataset', 'quarantine'] as const)('may be named in four ways: %s', (option) => {
        for (const target of ['movies', { id: 'abc' }, { name: 'movies' }, { alias: 'bad' }]) {
            expect(resolve({ [option]: target })[option]).toEqual(target);
        }
    });

    it.each([
        { id: 'abc', name: 'movies' },
        { id: '' },
        { name: 5 },
        { alias: null },
        { title: 'movies' },
        { pushData: () => undefined },
    ])('is nothing else: %o', (target) => {
        expect(rejection({ dataset: target }).option).toBe('dataset');
        expect(rejection({ quarantine: target }).option).toBe('quarantine');
    });

    it('refuses a schema that was not awaited, which as JSON says nothing', () => {
        expect(rejection({ schema: Promise.resolve({ type: 'object' }) }).message).toBe(
            'Option "schema" must be a JSON Schema object, or false, but got: a promise.',
        );
    });

    it('may be an open dataset for the items, and is handed on as it is', () => {
        const dataset = { id: 'abc', name: 'movies', client: {}, pushData: async () => undefined };
        expect(resolve({ dataset }).dataset).toBe(dataset);
        expect(rejection({ quarantine: dataset }).option).toBe('quarantine');
    });
});

describe('an unknown option', () => {
    it('is named, with all that are known', () => {
        expect(rejection({ maxPayloadByte: 5_000 }).message).toBe(
            'Unknown option "maxPayloadByte". Expected one of: ack, compression, dataset, duplicates, expect, flushIntervalMillis, identify, ' +
                'maxBufferedBytes, maxParallelRequests, maxPayloadBytes, mode, onQuarantine, quarantine, redact, repair, samples, schema, tolerance, unique.',
        );
    });

    it('is named by its path inside tolerance', () => {
        const error = rejection({ tolerance: { maxItem: 5 } });
        expect(error.message).toBe(
            'Unknown option "tolerance.maxItem". Expected one of: maxItems, maxRatio, minItems.',
        );
        expect(error.option).toBe('tolerance.maxItem');
    });

    it('counts even when its value is undefined, because it is still misspelled', () => {
        expect(rejection({ ak: undefined }).option).toBe('ak');
    });
});

describe('what is resolved', () => {
    it('leaves the object of the caller as it was', () => {
        const given = {
            mode: 'warn',
            dataset: { name: 'movies' },
            tolerance: { maxItems: 5 },
            schema: { type: 'object' },
        };
        const before = structuredClone(given);
        resolve(given);
        expect(given).toEqual(before);
        expect(Object.isFrozen(given)).toBe(false);
        expect(Object.isFrozen(given.tolerance)).toBe(false);
        expect(Object.isFrozen(given.dataset)).toBe(false);
    });

    it('does not follow later changes to the object of the caller', () => {
        const given = { mode: 'warn', dataset: { name: 'movies' }, tolerance: { maxItems: 5 } };
        const resolved = resolve(given);
        given.mode = 'fail';
        given.dataset.name = 'other';
        given.tolerance.maxItems = 0;
        expect(resolved).toMatchObject({ mode: 'warn', dataset: { name: 'movies' }, tolerance: { maxItems: 5 } });
    });

    it.each([
        ['given options', { dataset: { id: 'abc' }, quarantine: { name: 'bad' }, tolerance: { maxItems: 5 } }],
        ['the defaults', {}],
    ])('is frozen, its parts too: %s', (_, options) => {
        const resolved = resolve(options);
        expect(Object.isFrozen(resolved)).toBe(true);
        expect(Object.isFrozen(resolved.tolerance)).toBe(true);
        expect(Object.isFrozen(resolved.dataset)).toBe(true);
        expect(Object.isFrozen(resolved.quarantine)).toBe(true);
    });
});
